"""What the first page shows before anybody has asked: a few words with what this server makes of them.

Drawn and composed by the server itself when it starts, with the seeds that a click uses again, so nothing here is better
than what a visitor gets. Refuses stored pictures: after a change of model they would be another model's. The trade-off: a
second of the engine at every start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webapp import handlers
from webapp.composing import compose
from webapp.views import Composed, Drawing

DRAWN = (("red heart", "color"), ("mail", "outline"), ("camera", "outline"), ("cloud", "duotone"))
"""Words and style."""
COMPOSED = (
    "a blue circular button with a power symbol",
    "three red hearts in a row",
    "house with a plus in the corner",
    "a green shield with a check mark",
)
SEED = 1


@dataclass(frozen=True, slots=True)
class Example:
    """Words, and what came of them: the first ranked candidate or the first composition."""

    text: str
    style: str
    seed: int
    drawing: Drawing
    sources: tuple[str, ...] = ()
    """Attributions, of a composed one."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Both kinds, apart."""

    drawn: tuple[Example, ...] = ()
    composed: tuple[Example, ...] = ()


def made(runtime: Any, wanted: Callable[[], bool] = lambda: True) -> Examples:
    """The examples of this runtime; what fails is left out, and what comes after they are no longer wanted."""
    drawn = [_drawn(runtime, text, style) for text, style in DRAWN if wanted()]
    composed = [_composed(runtime, text) for text in COMPOSED if wanted()]
    return Examples(tuple(filter(None, drawn)), tuple(filter(None, composed)))


def _drawn(runtime: Any, text: str, style: str) -> Example | None:
    view = deque(handlers.generate(runtime, handlers.Wish(text, style, seed=SEED)), maxlen=1)[0]
    best = next((view.candidates[at] for at in view.order if view.candidates[at].state == "done"), None)
    return Example(text, style, SEED, best.drawing) if best else None


def _composed(runtime: Any, text: str) -> Example | None:
    view = compose(runtime, handlers.Wish(text, n=1, seed=SEED))
    first: Composed | None = next(iter(view.composed), None)
    return Example(text, "", SEED, first.drawing, tuple(s.attribution for s in first.sources)) if first else None
