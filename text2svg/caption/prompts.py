"""The questions a vision model is asked: style x focus x length, 80 in all, chosen by the drawing's hash.

The grid is that of the first Text2SVG; the sentences are ours. Refuses to depend on the order of a run: the same seed
and hash always ask the same, so a run that was stopped goes on with the questions it would have asked. The trade-off:
the focus is drawn blindly, so some icons are asked for a scene they do not have.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from text2svg.errors import ConfigError

STYLES = ("concise", "detailed", "technical", "schematic")
FOCUSES = ("object", "scene", "color", "action")
LENGTHS = (5, 10, 15, 20, 50)
"""Most words of an answer."""

_MANNER = {
    "concise": "briefly and plainly",
    "detailed": "with its visible details",
    "technical": "in precise technical terms",
    "schematic": "as the arrangement of its shapes",
}
_SUBJECT = {
    "object": "which object this drawing shows",
    "scene": "what scene this drawing shows",
    "color": "what this drawing shows and its colors",
    "action": "what happens in this drawing",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One cell of the grid."""

    style: str
    focus: str
    words: int
    """Most words of the answer."""

    @property
    def text(self) -> str:
        """What the model reads."""
        return f"Say {_SUBJECT[self.focus]}, {_MANNER[self.style]}, in at most {self.words} words. Answer in English."


GRID = tuple(Question(style, focus, words) for style in STYLES for focus in FOCUSES for words in LENGTHS)


def questions(key: str, seed: int, count: int = 1) -> tuple[Question, ...]:
    """`count` different questions for the drawing with that hash; a larger count keeps the first ones.

    Raises ConfigError unless 1 <= count <= 80.
    """
    if not 1 <= count <= len(GRID):
        raise ConfigError(f"{count} captions a drawing is outside 1..{len(GRID)}", hint="--captions 3")
    order = list(GRID)
    random.Random(f"questions {seed} {key}").shuffle(order)
    return tuple(order[:count])
