"""A drawing with everything resolved: painted paths in final coordinates, in paint order.

What `walk` produces and `emit` writes. Numbers are floats on the target grid, colours are exact; nothing is rounded yet,
so that each rung of the fidelity ladder rounds from the same truth.
"""

from __future__ import annotations

from typing import NamedTuple

from text2svg.optimize.geometry.units import RGBA
from text2svg.svg.path import Segment


class FlatStop(NamedTuple):
    """Offset 0..1 and colour."""

    offset: float
    color: RGBA


class FlatGradient(NamedTuple):
    """A pad gradient in grid coordinates: x1 y1 x2 y2, or cx cy r fx fy."""

    kind: str
    coords: tuple[float, ...]
    stops: tuple[FlatStop, ...]


class FlatShape(NamedTuple):
    """One painted path; `fill` and `stroke` are None when not painted, stroke width in grid units."""

    segments: list[Segment]
    fill: RGBA | FlatGradient | None
    fill_rule: str
    stroke: RGBA | FlatGradient | None
    stroke_width: float
    linecap: str
    linejoin: str
    miterlimit: float
    fill_opacity: float
    stroke_opacity: float
    opacity: float


class FlatGroup(NamedTuple):
    """Shapes composited together, then faded by `opacity`."""

    opacity: float
    shapes: tuple[FlatShape, ...]


FlatItem = FlatShape | FlatGroup
