"""Curves that are circles: a cubic that follows a circle becomes an arc, and neighbours on one circle become one arc.

Designers draw circles; editors export them as four cubics, 24 numbers for three. Refuses what strays from its circle by
more than the tolerance at five points. The trade-off: only circles, since ellipses are a tenth as frequent and four times
the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from text2svg.svg.path import Segment

Point = tuple[float, float]

EVEN = 0.1
"""Share by which the handles of a cubic may differ in length; those of a circle's do not."""
_EVEN = (1 - EVEN) ** 2

FULL = 5.8
"""Radians after which an arc is not extended: the ends of a full circle coincide, and then nothing says which way round."""

TIGHT = 0.4
"""Share of the tolerance that circles of any size have."""

_AT = ((0.421875, 0.421875, 0.140625, 0.015625), (0.015625, 0.140625, 0.421875, 0.421875))
"""Weights of a cubic's four points a quarter and three quarters along."""


class _Arc(NamedTuple):
    """A circle's radius and the radians turned along it, clockwise on the screen when positive."""

    r: float
    turn: float

    def segment(self, end: Point) -> Segment:
        return ("A", self.r, self.r, 0.0, int(abs(self.turn) > math.pi), int(self.turn > 0), *end)


class _Run(NamedTuple):
    """The arc last written: where it begins, points it must pass, and the radians it spans."""

    start: Point
    through: tuple[Point, ...]
    turn: float


def rounded(segments: Sequence[Segment], tolerance: float) -> list[Segment]:
    """The same path with circular cubics as arcs, within `tolerance` units."""
    out: list[Segment] = []
    x = y = 0.0
    run: _Run | None = None
    for s in segments:
        kind = s[0]
        if kind == "C":
            found = _circle(x, y, s, tolerance)
            if found is None:
                out.append(s)
                run = None
            else:
                run = _append(out, (x, y), s, found, run, tolerance)
        else:
            out.append(s)
            run = None
        if kind != "Z":
            x, y = s[-2], s[-1]
    return out


def _append(out: list[Segment], at: Point, s: Segment, found: _Arc, run: _Run | None, tolerance: float) -> _Run:
    """Add the arc of a cubic, or make the one before it longer."""
    end, turn = (s[5], s[6]), found.turn
    middle = ((at[0] + 3 * (s[1] + s[3]) + end[0]) / 8, (at[1] + 3 * (s[2] + s[4]) + end[1]) / 8)
    if run is not None and run.turn * turn > 0 and abs(run.turn + turn) < FULL:
        through = (*run.through, at, middle)
        longer = _through(run.start, through, end, tolerance)
        if longer:
            out[-1] = longer.segment(end)
            return _Run(run.start, through, run.turn + turn)
    out.append(found.segment(end))
    return _Run(at, (middle,), turn)


def _through(start: Point, points: Sequence[Point], end: Point, tolerance: float) -> _Arc | None:
    """The arc by both ends and the point halfway, if all the others lie on it.

    A small circle bends for less: at a hundredth of its radius, if a quantum or so allows that.
    """
    (ax, ay), (bx, by), (cx, cy) = start, points[len(points) // 2], end
    bx, by, cx, cy = bx - ax, by - ay, cx - ax, cy - ay
    side = bx * cy - by * cx
    if side == 0:
        return None
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    ox, oy = (cy * b2 - by * c2) / (2 * side), (bx * c2 - cx * b2) / (2 * side)
    r = math.hypot(ox, oy)
    allowed = min(tolerance, max(TIGHT * tolerance, r / 100))
    if any(abs(math.hypot(x - ax - ox, y - ay - oy) - r) > allowed for x, y in points):
        return None
    # More than half a circle when its centre and its middle lie on one side of the chord.
    large = (ox * cy - oy * cx) * side > 0
    turn = 2 * math.asin(min(1.0, math.sqrt(c2) / (2 * r)))
    turn = 2 * math.pi - turn if large else turn
    return _Arc(r, turn if side > 0 else -turn)


def _circle(x: float, y: float, s: Segment, tolerance: float) -> _Arc | None:
    """The arc that a cubic from (x, y) follows, or None."""
    _, ax, ay, bx, by, ex, ey = s
    one, two = (ax - x) ** 2 + (ay - y) ** 2, (ex - bx) ** 2 + (ey - by) ** 2
    if one == 0 or one < _EVEN * two or two < _EVEN * one:
        return None
    dx, dy = ex - x, ey - y
    chord = math.hypot(dx, dy)
    if chord < 4 * tolerance:
        return None
    middle = ((x + 3 * (ax + bx) + ex) / 8, (y + 3 * (ay + by) + ey) / 8)
    height = abs((middle[0] - x) * dy - (middle[1] - y) * dx) / chord
    if height < max(2 * tolerance, chord / 50) or height > chord / 2 * 1.05:
        return None
    quarters = [(w0 * x + w1 * ax + w2 * bx + w3 * ex, w0 * y + w1 * ay + w2 * by + w3 * ey) for w0, w1, w2, w3 in _AT]
    return _through((x, y), (quarters[0], middle, quarters[1]), (ex, ey), tolerance)
