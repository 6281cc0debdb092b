"""Protocol `core`: draw held-out captions, then parse, sanitise, render and judge every drawing; offline, on a CPU.

The judge is the search encoder, which the generator's ranking does not use. Refuses to drop failures: a drawing that
cannot be parsed, rendered or encoded counts against its figure. The trade-off: one candidate a prompt, no ranking, so the
figures are of the model and not of its best of four.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

import numpy as np

from text2svg.errors import RenderError, SvgError
from text2svg.evaluate.metrics import Figure, mean, retrieval, share
from text2svg.svg.document import parse
from text2svg.svg.reader import is_canonical
from text2svg.svg.sanitize import sanitize

PROTOCOL = "core-1"
SIZE = 64
"""Side of the judged renders, in pixels."""


class Draws(Protocol):
    """Anything that draws one prompt: `(words, style, seed) -> (svg, tokens)`."""

    def __call__(self, words: str, style: str, seed: int) -> tuple[str, int]: ...  # noqa: D102


class Judge(Protocol):
    """Text and drawing vectors in one space."""

    name: str

    def encode_text(self, texts: Sequence[str]) -> Any: ...  # noqa: D102
    def encode_svg(self, svgs: Sequence[str]) -> Any: ...  # noqa: D102


class Renders(Protocol):
    """The rasterizer."""

    name: str

    def render(self, svg: str, size: int) -> Any: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one prompt."""

    words: str
    style: str
    svg: str
    tokens: int
    parsed: bool
    safe: bool
    canonical: bool
    rendered: bool
    blank: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one evaluation, with everything needed to repeat it."""

    protocol: str
    n: int
    seed: int
    engine: str
    renderer: str
    judge: str
    figures: dict[str, Figure]
    """parse, safe, canonical, render and not_blank are shares; tokens is a mean."""
    retrieval: dict[str, float]
    by_style: dict[str, int] = field(default_factory=dict)
    median_tokens: float = 0.0


def outcomes(prompts: Sequence[tuple[str, str]], draw: Draws, renderer: Renders, seed: int) -> Iterator[Outcome]:
    """Draws every prompt with seed + its place."""
    for place, (words, style) in enumerate(prompts):
        svg, tokens = draw(words, style, seed + place)
        yield judge_one((words, style), svg, tokens, renderer)


def judge_one(prompt: tuple[str, str], svg: str, tokens: int, renderer: Renders) -> Outcome:
    """Parses, cleans and renders one answer; nothing is repaired."""
    words, style = prompt
    try:
        parse(svg)
        parsed = True
        safe = sanitize(svg).removed == ()
    except SvgError:
        parsed = safe = False
    try:
        pixels = renderer.render(svg, SIZE)
        rendered, blank = True, not bool((pixels[..., 3] > 0).any())
    except RenderError:
        rendered, blank = False, True
    return Outcome(words, style, svg, tokens, parsed, safe, is_canonical(svg), rendered, blank)


def report(found: Sequence[Outcome], judge: Judge, names: tuple[str, str], seed: int) -> Report:
    """Figures over outcomes; `names` are engine and renderer. Drawings that do not render are judged as zero vectors."""
    flags: dict[str, Callable[[Outcome], bool]] = {
        "parse": lambda o: o.parsed,
        "safe": lambda o: o.safe,
        "canonical": lambda o: o.canonical,
        "render": lambda o: o.rendered,
        "not_blank": lambda o: not o.blank,
    }
    figures = {name: share([flag(o) for o in found], seed) for name, flag in flags.items()}
    figures["tokens"] = mean([float(o.tokens) for o in found], seed)
    texts = np.asarray(judge.encode_text([o.words for o in found]))
    drawings = np.zeros_like(texts)
    good = [i for i, o in enumerate(found) if o.rendered and not o.blank]
    if good:
        drawings[good] = judge.encode_svg([found[i].svg for i in good])
    styles = {style: sum(o.style == style for o in found) for style in sorted({o.style for o in found})}
    return Report(
        PROTOCOL,
        len(found),
        seed,
        names[0],
        names[1],
        judge.name,
        figures,
        retrieval(drawings, texts),
        styles,
        float(median(o.tokens for o in found)),
    )
