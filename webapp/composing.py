"""Pictures put together from corpus drawings, beside those that the model draws, and labelled as what they are.

Words are read into a scene, the scene is drawn by rules and a seed, and every picture names the drawings it is made of
with author and licence. Refuses to stand in for the model: what cannot be composed is said, and nothing is drawn in its
place. The trade-off: plain English only, as the reader of scenes knows no other language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from text2svg.errors import SvgError, Text2SVGError
from webapp.gallery import relative
from webapp.handlers import Runtime, Wish
from webapp.notices import notice_of
from webapp.preview import shown
from webapp.views import Composed, ComposeView, Notice

MAX_COMPOSED = 4
"""Pictures of one scene; more of them repeat themselves."""


def compose(runtime: Runtime, wish: Wish) -> ComposeView:
    """Up to `wish.n` pictures, at most MAX_COMPOSED, of the scene that the words name; fewer when the corpus has no more."""
    from text2svg.compose.read import read_prompt

    asked = wish.clamped()
    view = ComposeView("done", " ".join(asked.prompt.split()))
    if not view.prompt:
        return replace(view, state="error", notice=Notice("error.empty", level="info"))
    try:
        reading = read_prompt(asked.prompt)
        scene = reading.scene if reading.scene.style else replace(reading.scene, style=asked.style)
        made = runtime.compose(scene, min(MAX_COMPOSED, int(asked.n or 1)), int(asked.seed or 0))
        return replace(view, composed=tuple(_composed(made)), unread=tuple(reading.unread), notes=tuple(reading.notes))
    except Text2SVGError as error:
        # Words that name nothing in the corpus are no fault of the visitor's.
        return replace(view, state="error", notice=replace(notice_of(error), key="compose.none", level="info"))


def _composed(made: Any) -> Iterator[Composed]:
    for index, one in enumerate(made):
        sources = tuple(_sources(one.sources))
        drawing = shown(one.svg).drawing
        yield Composed(index, drawing, one.seed, one.scene.style, tuple(one.notes), sources, one.attribution)


def _sources(samples: Any) -> Iterator[Any]:
    for sample in samples:
        try:
            drawing = shown(sample.optimized or sample.raw).drawing
        except SvgError:
            # It was drawn from, so its licence is told even where the row itself may not be shown.
            drawing = shown("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>").drawing
        yield relative(sample, drawing)
