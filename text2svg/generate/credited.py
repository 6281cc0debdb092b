"""Generation by any engine, also by one that puts drawings of others together and must name them.

    draw(request, engine, tokenizer, setup)

Such an engine reads the whole sentence in place of the few words a model is asked for, and each of its drawings comes out
as `composed`, with its sources and the line that credits them. Refuses to let a composed drawing pass for a generated one.
The trade-off: what stood in for something else is a warning of the drawing, as with any other engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from text2svg.engine.base import Engine
from text2svg.errors import ConfigError
from text2svg.generate.events import Event, Finished
from text2svg.generate.loop import Setup, generate
from text2svg.generate.vocabulary import Vocabulary

if TYPE_CHECKING:
    from text2svg.generate.prompt import PromptEncoder
    from text2svg.generate.request import Request
    from text2svg.sample import Sample


class Composed(Protocol):
    """What a composition owes."""

    sources: tuple[Sample, ...]
    notes: tuple[str, ...]

    @property
    def attribution(self) -> str:
        """The line to keep with the picture."""
        ...


@runtime_checkable
class Composer(Engine, Protocol):
    """An engine that composes: `text2svg.compose.engine.ComposeEngine`."""

    made: Mapping[int, Composed]

    def reading(self, sentence: str, style: str = "") -> Composer:
        """The same engine, reading one request's sentence."""
        ...


def draw(request: Request, engine: Engine, tokenizer: PromptEncoder, setup: Setup) -> Iterator[Event]:
    """The events of a request. Raises as `generate` does."""
    if not isinstance(engine, Composer):
        yield from generate(request, engine, tokenizer, setup)
        return
    if request.references:
        raise ConfigError(f"{engine.name} reads no references", hint="leave references out, or choose a model")
    bound = engine.reading(request.text, request.style)
    # The composer reads every word itself: nothing is replaced by what a model knows.
    for event in generate(request, bound, tokenizer, replace(setup, vocabulary=Vocabulary())):
        made = bound.made.get(event.index) if isinstance(event, Finished) else None
        yield replace(
            event, kind="composed", sources=made.sources, attribution=made.attribution,
            warnings=event.warnings + made.notes,
        ) if made else event  # fmt: skip
