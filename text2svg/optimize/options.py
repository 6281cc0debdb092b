"""What the optimizer is asked to do, and what it answers.

    keeps                     web                    model                   seed
    grid                      256 or its own units   256, whole numbers      256, whole numbers
    page                      its proportions        a square                its proportions
    arcs, circles, rects      where shorter          yes                     as curves (rects as lines)
    colours                   exact                  #rgb                    exact
    currentColor              yes                    black                   yes
    title, desc, role         of the root            no                      no
    width, height             where it would stretch no                      no
    text, masks, filters,
      patterns, images        under a transform      on lower rungs only     under a transform
    dashes, blends, markers   yes                    on lower rungs only     yes
    style sheets, ids, links  resolved, new, no      resolved, new, no       resolved, new, no

Verification: `off` renders nothing; `sample` renders one drawing in 20, chosen by its digest, and every one that left the
first rung; `all` renders each.

Refuses contradictory options at construction. Importing this loads nothing, so command lines may use its defaults. The
trade-off: one table of profiles instead of a switch for everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from text2svg.errors import ConfigError

if TYPE_CHECKING:
    from text2svg.optimize.fidelity import Difference

Profile = Literal["web", "model", "seed"]
Rung = Literal["integer", "decimal1", "decimal2", "wrap", "svgo", "original"]
Verify = Literal["off", "sample", "all"]

RUNGS: tuple[Rung, ...] = ("integer", "decimal1", "decimal2", "wrap", "svgo", "original")
"""The ladder, from the smallest text to the safest."""

PROFILES: tuple[Profile, ...] = ("web", "model", "seed")
SAMPLE_EVERY = 20
"""With verify `sample`, one drawing in this many is rendered, chosen by its digest."""


@dataclass(frozen=True, slots=True)
class OptimizeOptions:
    """How far to go and how sure to be.

    `web` gives the smallest faithful file, `model` gives canonical SVG, `seed` gives absolute path data without arcs, as
    the first Text2SVG wrote it.
    """

    profile: Profile = "web"
    decimals: int | None = None
    """Decimals of the first grid rung, 0..2; None means 1 for `web` and 0 otherwise. For `seed`, 0 also rounds stage 1."""
    verify: Verify = "all"
    verify_size: int = 128
    """Side in pixels of the compared renders; a multiple of 64."""
    cubic_only: bool = False
    """Write lines and quadratics as cubics in stage 1 (`seed` only)."""
    normalize_points: bool = True
    """False keeps the drawing's own units (`seed` only)."""
    normalize_scale: float = 256.0
    """Target length of the longer side (`seed` only)."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ConfigError(f"unknown profile {self.profile!r}", hint=f"one of: {', '.join(PROFILES)}")
        if self.decimals not in (None, 0, 1, 2):
            raise ConfigError(f"decimals {self.decimals!r} is not 0, 1 or 2", hint="leave it out")
        if self.verify not in ("off", "sample", "all"):
            raise ConfigError(f"unknown verify {self.verify!r}", hint="one of: off, sample, all")
        if self.verify_size % 64 or not 64 <= self.verify_size <= 1024:
            raise ConfigError(f"verify_size {self.verify_size} is not a multiple of 64 in 64..1024", hint="128")

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs to try, in order."""
        first = self.decimals if self.decimals is not None else (1 if self.profile == "web" else 0)
        if self.profile == "model":
            # Between whole numbers and a wrapper nothing serves a model; one form is kept for showing.
            return ("integer", "decimal2", "wrap", "svgo", "original")
        if self.profile == "web":
            # A wrapper serves whoever needs the 256 square; a page is better served by the drawing as it came.
            return tuple(rung for rung in RUNGS[first:] if rung != "wrap")
        return RUNGS[first:]


@dataclass(frozen=True, slots=True)
class Optimized:
    """One drawing after the ladder."""

    text: str
    rung: Rung
    raw_bytes: int
    bytes: int
    gzip_bytes: int
    difference: Difference | None
    """Measured against the sanitised input; None when this drawing was not rendered."""
    warnings: tuple[str, ...] = ()
    """What was removed, why rungs were left, and which SVGO answered."""


@dataclass(frozen=True, slots=True)
class StageOne:
    """Upstream-compatible stage-1 options of `optimize_svg_string`."""

    cubic_only: bool = True
    normalize_points: bool = True
    normalize_scale: float = 256.0
    normalize_to_int: bool = False
