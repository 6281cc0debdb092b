"""From a request to events, while the engine is still drawing.

Frames are throttled for each candidate, so a fast engine does not flood a slow page, and every frame is canonical.
Closing the generator closes the engine's stream, which stops the model. Refuses to choose engines, rasterizers or
scorers: they are parameters. The trade-off: checking a frame costs about 0.3 ms, 2 % of a core at 20 frames a second
and four candidates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from text2svg.engine.base import Delta, Engine, Sampling
from text2svg.errors import ConfigError
from text2svg.generate.events import Done, Event, Finished, Partial, Ranked, Started
from text2svg.generate.manner import dress
from text2svg.generate.prompt import GUIDANCE, PromptEncoder, build_prompts
from text2svg.generate.rank import Scorer, likelihood, rank
from text2svg.generate.request import Request
from text2svg.generate.settle import Redraw, frame, settle
from text2svg.generate.vocabulary import Vocabulary
from text2svg.svg.palette import parse_color

if TYPE_CHECKING:
    from text2svg.raster.base import Rasterizer


CLOSING = 40
"""Bytes that closing a drawing adds, and a reference's line ends, with room to spare."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a generation may use beside its engine."""

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    rasterizer: Rasterizer | None = None
    """Asked whether a finished drawing shows anything; None skips the question."""
    redraw: Redraw | None = None
    """Tried on answers that are not canonical, for engines that speak SVG of their own; None refuses those."""
    scorer: Scorer = likelihood
    max_fps: float = 20.0
    """Most Partial events a second for each candidate; 0 sends none."""
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _Candidate:
    """One answer as it grows."""

    index: int
    text: list[str] = field(default_factory=list)
    tokens: int = 0
    logprob: float | None = 0.0
    shown: str = ""
    shown_at: float = float("-inf")
    error: str = ""
    dress: Callable[[str], str] | None = None
    """Puts a drawing into the manner of the reference."""

    def add(self, delta: Delta) -> None:
        self.text.append(delta.text)
        self.tokens += delta.tokens
        self.error = self.error or delta.error
        if delta.tokens:
            known = self.logprob is not None and delta.logprob is not None
            self.logprob = self.logprob + delta.logprob if known else None

    def outgrown(self, most: int | None) -> bool:
        """Whether it is larger than `most` bytes when it is closed; then it is cut back to what fits."""
        # Closing adds an end tag and a quote at the least; before that nothing needs to be read.
        if most is None or sum(map(len, self.text)) + CLOSING <= most or len(self.drawn()) <= most:
            return False
        while self.text and len(self.drawn()) > most:
            self.text.pop()
        self.error = f"closed at {most:,} bytes"
        return True

    def drawn(self) -> str:
        """What there is of the drawing, closed, in the manner of the reference; empty when that is nothing."""
        svg = frame("".join(self.text))
        return self.dress(svg) if svg and self.dress else svg

    def partial(self, setup: Setup) -> Partial | None:
        """A frame, when one is due and shows something new."""
        now = setup.clock()
        if not setup.max_fps or now - self.shown_at < 1 / setup.max_fps:
            return None
        self.shown_at = now
        svg = self.drawn()
        if not svg or svg == self.shown:
            return None
        self.shown = svg
        return Partial(self.index, svg, self.tokens)

    def finish(self, setup: Setup) -> Finished:
        settled = settle("".join(self.text), setup.rasterizer, setup.redraw, self.dress)
        warnings = settled.warnings + ((self.error,) if self.error else ())
        mean = self.logprob / self.tokens if self.tokens and self.logprob is not None else None
        return Finished(self.index, settled.svg, self.tokens, settled.valid, warnings, mean)


def generate(request: Request, engine: Engine, tokenizer: PromptEncoder, setup: Setup | None = None) -> Iterator[Event]:
    """Draw a request: Started, Partial and Finished as they come, Ranked, Done.

    Raises EngineError when the engine cannot answer at all; a candidate that fails alone is an invalid Finished.
    """
    setup = setup or Setup()
    began = setup.clock()
    reading = setup.vocabulary.read(request.text)
    if not reading.words:
        raise ConfigError(f"no words in {request.prompt!r}", hint="say what to draw, e.g. left arrow")
    prompts = build_prompts(request, reading, tokenizer)
    yield Started(request.n, request.seed, reading.words, reading.substitutions, engine.name)
    guidance = GUIDANCE[request.style] if request.guidance is None else request.guidance
    sampling = Sampling(request.max_tokens, request.temperature, request.top_p, request.seed, guidance=guidance)
    finished: list[Finished] = []
    dressed = _dressing(request, reading.words)
    deltas = engine.stream(prompts, sampling)
    try:
        for event in _follow(deltas, [_Candidate(i, dress=dressed) for i in range(request.n)], request, setup):
            if isinstance(event, Finished):
                finished.append(event)
            yield event
    finally:
        _close(deltas)
    yield Ranked(rank(" ".join(reading.words), finished, setup.scorer))
    yield Done(setup.clock() - began, sum(f.tokens for f in finished))


def _dressing(request: Request, words: Sequence[str]) -> Callable[[str], str] | None:
    """What puts a drawing into the manner and the colours that are asked for, if there are any.

    A palette was asked for by itself; a reference's colours give way to those that the words name.
    """
    taken = request.manner.inks if request.manner and not any(map(parse_color, words)) else ()
    palette = request.palette or taken
    return partial(dress, manner=request.manner, palette=palette) if request.manner or palette else None


def _follow(
    deltas: Iterator[Delta], candidates: Sequence[_Candidate], request: Request, setup: Setup
) -> Iterator[Partial | Finished]:
    open_ = {candidate.index: candidate for candidate in candidates}
    ends = setup.clock() + request.max_seconds if request.max_seconds else 0.0
    ended = "the engine stopped before this drawing was finished"
    for delta in deltas:
        candidate = open_.get(delta.index)
        if candidate is None:
            continue
        candidate.add(delta)
        if delta.finish or candidate.outgrown(request.max_bytes):
            yield open_.pop(delta.index).finish(setup)
        elif delta.text:
            partial = candidate.partial(setup)
            if partial:
                yield partial
        if not open_:
            break
        if request.max_seconds and setup.clock() > ends:
            ended = f"closed after {request.max_seconds:g} s"
            break
    for candidate in open_.values():
        candidate.error = candidate.error or ended
        yield candidate.finish(setup)


def _close(deltas: Iterator[Delta]) -> None:
    """Generators stop their engine when closed; other iterators have nothing to close."""
    close = getattr(deltas, "close", None)
    if close is not None:
        close()


def best(events: Sequence[Event]) -> Finished | None:
    """The first ranked valid drawing among collected events, None when there is none."""
    finished = {e.index: e for e in events if isinstance(e, Finished) and e.valid}
    orders = [e.order for e in events if isinstance(e, Ranked)]
    return next((finished[i] for order in orders for i in order if i in finished), None)
