"""What a composed picture holds, as values: subjects, their arrangement, a shape behind them, marks, style.

A Scene is what a prompt is read into, what a sentence is written from, and what a drawing is scored against. Refuses
words nobody can draw with ConfigError, naming the ones that can be. The trade-off: at most MAX_COUNT things in one scene,
since more are too small for the 256 grid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.errors import ConfigError
from text2svg.svg.palette import parse_color

BACKGROUNDS = ("circle", "square", "rounded square", "badge", "shield", "hexagon", "octagon", "diamond", "pill")
MARKS = ("plus", "minus", "check", "cross", "slash", "dot", "number")
CORNERS = ("top left", "top right", "bottom left", "bottom right")
REPEATS = ("row", "column", "grid", "ring", "stack")
"""Arrangements of one subject drawn several times."""
RELATIONS = ("beside", "inside", "on top", "above", "below")
"""Arrangements of two subjects; `inside` draws the second within the first, the others place the first."""
STYLES = ("outline", "filled", "duotone", "color")
WEIGHTS = {"thin": 8, "regular": 16, "thick": 24}
"""Stroke widths by word, in grid units; a 24-unit icon's usual stroke of 2 is 21."""
MAX_COUNT = 9
MAX_WIDTH = 40
MAX_WORDS = 60
"""Characters of a subject."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing to find in the corpus; `color` is a colour word or `#rgb`, empty leaves it to the scene."""

    words: str
    color: str = ""
    count: int = 1

    def __post_init__(self) -> None:
        if not self.words.strip() or len(self.words) > MAX_WORDS:
            raise ConfigError(f"a subject has 1 to {MAX_WORDS} characters", hint="name one thing, e.g. house")
        _color(self.color)
        if not 1 <= self.count <= MAX_COUNT:
            raise ConfigError(f"cannot draw {self.count} of a thing", hint=f"1 to {MAX_COUNT}")


@dataclass(frozen=True, slots=True)
class Background:
    """A shape behind everything, as large as the canvas."""

    shape: str
    color: str = ""

    def __post_init__(self) -> None:
        _one_of("background", self.shape, BACKGROUNDS)
        _color(self.color)


@dataclass(frozen=True, slots=True)
class Mark:
    """A small sign in a corner; a slash crosses the whole picture. `number` 0..99 belongs to kind `number`."""

    kind: str
    corner: str = "bottom right"
    color: str = ""
    number: int = 0

    def __post_init__(self) -> None:
        _one_of("mark", self.kind, MARKS)
        _one_of("corner", self.corner, CORNERS)
        _color(self.color)
        if not 0 <= self.number <= 99:
            raise ConfigError(f"cannot write {self.number} in a corner", hint="0 to 99")


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture. Empty texts leave the choice to the composer's seed."""

    subjects: tuple[Subject, ...]
    arrangement: str = ""
    """One of REPEATS for one subject drawn several times, of RELATIONS for two; empty for one thing."""
    background: Background | None = None
    marks: tuple[Mark, ...] = ()
    style: str = ""
    stroke: int = 0
    """Stroke width in grid units, 0 for the usual one."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.subjects) <= 2:
            raise ConfigError(f"a scene has one or two subjects, not {len(self.subjects)}", hint="split the sentence")
        if self.style:
            _one_of("style", self.style, STYLES)
        if not 0 <= self.stroke <= MAX_WIDTH:
            raise ConfigError(f"stroke width {self.stroke} is out of range", hint=f"1 to {MAX_WIDTH}")
        if len(self.marks) > 2 or len({mark.corner for mark in self.marks if mark.kind != "slash"}) < sum(
            mark.kind != "slash" for mark in self.marks
        ):
            raise ConfigError("at most two marks, in two corners", hint="leave one out")
        self._check_arrangement()

    def _check_arrangement(self) -> None:
        many = self.subjects[0].count > 1
        if len(self.subjects) == 2:
            _one_of("arrangement of two things", self.arrangement, RELATIONS)
            if any(subject.count > 1 for subject in self.subjects):
                raise ConfigError("two different things come once each", hint="ask for one thing several times")
        elif many:
            _one_of("arrangement of several", self.arrangement, REPEATS)
            if self.arrangement in ("grid", "ring") and self.subjects[0].count < 3:
                raise ConfigError(f"a {self.arrangement} needs three or more", hint="ask for a row")
            if self.arrangement in ("row", "column", "stack") and self.subjects[0].count > 5:
                raise ConfigError(f"a {self.arrangement} holds up to five", hint="ask for a grid or a ring")
        elif self.arrangement:
            raise ConfigError(f"one thing has no {self.arrangement}", hint="leave the arrangement out")


def _one_of(what: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise ConfigError(f"unknown {what} {value!r}", hint=f"one of: {', '.join(known)}")


def _color(value: str) -> None:
    if value and parse_color(value) is None:
        raise ConfigError(f"unknown colour {value!r}", hint="a colour word such as blue or dark green, or #rgb")
