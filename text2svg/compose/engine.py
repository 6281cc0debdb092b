"""The composer behind the door of the engines: answers are pictures put together from licensed corpus drawings.

    ComposeEngine(find).reading("a blue circular button with a power symbol", "filled")

An engine's prompt holds the few words a model reads; a composer reads the whole sentence, so a request binds it first.
`made` then holds each candidate's composition, whose sources and licences must be shown with it. Refuses to pass for a
model: it has no log-probabilities and is called `compose`. The trade-off: temperature, top-p and the token budget bound a
model's work and change nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from text2svg.compose.compose import Composition, compose
from text2svg.compose.read import read_prompt
from text2svg.engine.base import Completion, Delta, Prompt, Sampling, by_turns, collect
from text2svg.errors import EngineError, Text2SVGError
from text2svg.svg.vocabulary import split_pattern

if TYPE_CHECKING:
    from text2svg.compose.shelf import Find
    from text2svg.spec import Spec


class ComposeEngine:
    """An Engine without a model."""

    name = "compose"
    reads_images = False
    streams = True

    def __init__(self, find: Find, sentence: str | None = None, style: str = "") -> None:
        self._find, self._sentence, self._style = find, sentence, style
        self.made: dict[int, Composition] = {}
        """The composition of each candidate of this engine's last call."""

    def reading(self, sentence: str, style: str = "") -> ComposeEngine:
        """The same composer, reading one request's sentence in place of its prompts."""
        return ComposeEngine(self._find, sentence, style)

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Compose for every prompt, in order; one that nobody can draw fails alone."""
        return collect(self.stream(prompts, sampling), [len(prompt.text.split()) for prompt in prompts])

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """Yield the tokens of each picture in turn; candidate i composes with seed + i."""
        if any(prompt.images for prompt in prompts):
            raise EngineError("compose reads no images", hint="use the openai engine with a vision model")
        self.made = {}
        yield from by_turns(self._pieces(i, p.text, sampling.seed + i) for i, p in enumerate(prompts))

    def close(self) -> None:
        """Nothing to give back."""

    def _pieces(self, index: int, text: str, seed: int) -> Iterator[Delta]:
        try:
            scene = read_prompt(text if self._sentence is None else self._sentence).scene
            made = compose(replace(scene, style=scene.style or self._style), self._find, seed)
        except Text2SVGError as error:
            yield Delta(index, "", "error", error=f"{error.message}; {error.hint}" if error.hint else error.message)
            return
        self.made[index] = made
        for piece in _piece().findall(made.svg):
            yield Delta(index, piece, "", 1)
        yield Delta(index, "", "stop")


@lru_cache(maxsize=1)
def _piece() -> re.Pattern[str]:
    return re.compile(split_pattern())


def from_spec(spec: Spec, find: Find) -> ComposeEngine:
    """`compose`, without name or options. Raises ConfigError."""
    spec.read({})
    return ComposeEngine(find)
