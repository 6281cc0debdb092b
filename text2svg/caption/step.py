"""Stage `vision` of the pipeline: a Sample in, the same with a vision model's captions out, wherever an executor puts it.

    text2svg corpus caption --engine openai:http://gpu:8000/v1 --executor ray:head:6379

Refuses a row of which no caption is good enough: it is dropped, and the first caption's first fault is the reason. The
trade-off: a worker asks about one row at a time, so a server is kept busy by as many workers as it has seats; each machine
keeps the answers it was given in a file of its own, and a shard that was cut off asks it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from text2svg.caption.answers import Answers
from text2svg.caption.journal import FAILED, OK, Entry
from text2svg.caption.rows import Drawing
from text2svg.caption.vision import CaptionOptions, Tools, caption
from text2svg.encode.base import Encoder
from text2svg.errors import EngineError, Refused
from text2svg.sample import Sample


class Nowhere:
    """A journal of nothing: the pipeline keeps what became of a row."""

    done: frozenset[tuple[str, int]] = frozenset()

    def add(self, entry: Entry) -> None:
        """Forgets an outcome."""


def agreement(encoder: Encoder) -> Callable[[str, str], float]:
    """Cosine of a caption and a drawing."""
    return lambda text, svg: float(encoder.encode_text([text])[0] @ encoder.encode_svg([svg])[0])


@dataclass(frozen=True, slots=True)
class VisionStep:
    """Where the server is, what it costs to render and where answers lie decide no caption, and so no shard's name."""

    options: CaptionOptions
    engine: str = field(compare=False)
    """Spec of `served.engine_spec`; a worker opens it for itself."""
    cache: str = field(compare=False)
    """File of answers on each machine."""
    api_key: str = field(default="", compare=False, repr=False)
    encoder: str = ""
    """Spec of the encoder that captions are compared by; empty leaves that out."""
    rasterizer: str = field(default="resvg?timeout=1", compare=False)
    name: str = "vision"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        """Holds the engine, a rasterizer and the answers."""
        from text2svg.encode import load as load_encoder
        from text2svg.engine import load as load_engine
        from text2svg.raster import load as load_rasterizer

        with ExitStack() as stack:
            engine = load_engine(self.engine, defaults={"openai.api_key": self.api_key})
            stack.callback(engine.close)
            rasterizer = load_rasterizer(self.rasterizer)
            stack.callback(rasterizer.close)  # type: ignore[attr-defined]
            answers = stack.enter_context(Answers(Path(self.cache)))
            agree = agreement(load_encoder(self.encoder)) if self.encoder else None

            def run(sample: Sample) -> Sample:
                tools = Tools(rasterizer, answers, agree=agree)
                return captioned(sample, list(caption([Drawing.of(sample)], engine, Nowhere(), tools, self.options)))

            yield run


def captioned(sample: Sample, entries: list[Entry]) -> Sample:
    """The sample with the captions that were kept. Raises Refused when none was, EngineError when none was given."""
    kept = tuple(dict.fromkeys(entry.caption for entry in entries if entry.status == OK))
    if kept:
        return replace(sample, captions=kept)
    if broken := next((entry for entry in entries if entry.status == FAILED), None):
        raise EngineError(f"{broken.reason}: {broken.error}")
    faults = [fault for entry in entries for fault in entry.reason.split(",")]
    raise Refused(faults[0], f"no caption is good enough: {', '.join(dict.fromkeys(faults))}")
