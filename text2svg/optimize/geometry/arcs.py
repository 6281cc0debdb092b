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

FULL = 5.8
"""Radians after which an arc is not extended: the ends of a full circle coincide, and then nothing says which way round."""

_AT = ((0.25, 0.421875, 0.421875, 0.140625, 0.015625), (0.75, 0.015625, 0.140625, 0.421875, 0.421875))
"""Parameters, and the weights of the four points there."""


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


def _append(
    out: list[Segment], at: Point, s: Segment, found: tuple[float, float], run: _Run | None, tolerance: float
) -> _Run:
    """Add the arc of a cubic, or make the one before it longer."""
    r, turn = found
    end = (s[5], s[6])
    middle = ((at[0] + 3 * (s[1] + s[3]) + end[0]) / 8, (at[1] + 3 * (s[2] + s[4]) + end[1]) / 8)
    if run is not None and run.turn * turn > 0 and abs(run.turn + turn) < FULL:
        through = (*run.through, at, middle)
        longer = _through(run.start, through, end, tolerance)
        if longer:
            total = run.turn + turn
            out[-1] = ("A", longer, longer, 0.0, int(abs(total) > math.pi + 1e-3), int(turn > 0), *end)
            return _Run(run.start, through, total)
    out.append(("A", r, r, 0.0, int(abs(turn) > math.pi + 1e-3), int(turn > 0), *end))
    return _Run(at, (middle,), turn)


def _through(start: Point, points: Sequence[Point], end: Point, tolerance: float) -> float:
    """Radius of the circle by both ends and the point halfway, if all the others lie on it; else 0."""
    (ax, ay), (bx, by), (cx, cy) = start, points[len(points) // 2], end
    bx, by, cx, cy = bx - ax, by - ay, cx - ax, cy - ay
    d = 2 * (bx * cy - by * cx)
    if d == 0:
        return 0.0
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    ox, oy = (cy * b2 - by * c2) / d, (bx * c2 - cx * b2) / d
    r = math.hypot(ox, oy)
    ox, oy = ox + ax, oy + ay
    return r if all(abs(math.hypot(x - ox, y - oy) - r) <= tolerance for x, y in points) else 0.0


def _circle(x: float, y: float, s: Segment, tolerance: float) -> tuple[float, float] | None:
    """Radius and signed angle of the circle a cubic from (x, y) follows, or None."""
    _, ax, ay, bx, by, ex, ey = s
    one, two = math.hypot(ax - x, ay - y), math.hypot(ex - bx, ey - by)
    if one == 0 or abs(one - two) > EVEN * max(one, two):
        return None
    dx, dy = ex - x, ey - y
    chord = math.hypot(dx, dy)
    if chord < 4 * tolerance:
        return None
    mx, my = (x + 3 * (ax + bx) + ex) / 8, (y + 3 * (ay + by) + ey) / 8
    # The height of the curve's middle over its chord gives the radius; a circle's middle lies over the chord's.
    height = ((mx - x) * dy - (my - y) * dx) / chord
    along = ((mx - x) * dx + (my - y) * dy) / chord
    if abs(along - chord / 2) > tolerance or abs(height) < max(2 * tolerance, chord / 50) or abs(height) > chord / 2 * 1.05:
        return None
    r = (height * height + chord * chord / 4) / (2 * abs(height))
    rise = (r - abs(height)) * (1 if height > 0 else -1)
    cx, cy = (x + ex) / 2 - rise * dy / chord, (y + ey) / 2 + rise * dx / chord
    for _, w0, w1, w2, w3 in _AT:
        px, py = w0 * x + w1 * ax + w2 * bx + w3 * ex, w0 * y + w1 * ay + w2 * by + w3 * ey
        if abs(math.hypot(px - cx, py - cy) - r) > tolerance:
            return None
    turn = 2 * math.asin(min(1.0, chord / (2 * r)))
    if abs(height) > r:
        turn = 2 * math.pi - turn
    return r, turn if height > 0 else -turn
