"""Neighbours of one paint as one path: the same picture with fewer elements.

Opaque strokes may always share a path. Fills may where their outlines keep clear of each other and neither lies in the
other, so that no rule of filling sees a difference. Refuses nothing: what it cannot tell apart stays apart. The trade-off:
boxes around pieces of outline are compared, not the outlines, and only a few times in a drawing, so that thousands of
shapes take no longer than their writing; some that could be joined are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from text2svg.optimize.geometry.flat import CURRENT, FlatItem, FlatPaint, FlatShape
from text2svg.svg.path import Segment, arc_to_cubics

STEPS = 8
"""Pieces of a segment."""

LONGEST = 24
"""Segments of a fill that is compared."""

ATTEMPTS = 4
"""Comparisons in one drawing that may fail."""

CLEAR = 1e-3
"""Share of the larger side that two outlines stay apart, so that no rounding makes them touch."""

_TIMES = tuple(step / STEPS for step in range(1, STEPS + 1))
_QUADRATIC = tuple(((1 - t) ** 2, 2 * t * (1 - t), t**2) for t in _TIMES)
_CUBIC = tuple(((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3) for t in _TIMES)
"""Weights of a curve's points at those times."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""
Contour = tuple[list[Point], list[float]]
"""Points along a closed subpath, and how far it strays from each line between two of them."""


def joined(items: Sequence[FlatItem]) -> list[FlatItem]:
    """The items with neighbours put into one path where nothing but their number changes."""
    out: list[FlatItem] = []
    left = ATTEMPTS
    for item in items:
        last = out[-1] if out else None
        if isinstance(item, FlatShape) and isinstance(last, FlatShape) and left and _alike(last, item):
            if item.fill is None or _apart(last, item):
                out[-1] = last._replace(segments=last.segments + item.segments)
                continue
            left -= 1
        out.append(item)
    return out


def _alike(one: FlatShape, other: FlatShape) -> bool:
    """Whether both are opaque paths of one paint, filled or stroked but not both."""
    if one.basic is not None or other.basic is not None or one[1:] != other[1:] or one.opacity < 1 or one.dashes:
        return False
    if one.fill is None:
        return _opaque(one.stroke) and one.stroke_opacity >= 1
    return one.stroke is None and _opaque(one.fill) and one.fill_opacity >= 1


def _opaque(paint: FlatPaint) -> bool:
    return paint == CURRENT or (type(paint) is tuple and paint[3] >= 1)


def _apart(one: FlatShape, other: FlatShape) -> bool:
    """Whether two fills neither touch nor cover each other."""
    a, b = _hull(one.segments), _hull(other.segments)
    if (
        a is not None
        and b is not None
        and not _meet(a, b, CLEAR * max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1]))
    ):
        return True
    if max(len(one.segments), len(other.segments)) > LONGEST:
        return False
    first, second = _contours(one.segments), _contours(other.segments)
    a, b = (_around([point for points, _ in each for point in points]) for each in (first, second))
    clear = CLEAR * max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])
    near = [box for box in _boxes(second) if _meet(box, a, clear)]
    if any(_meet(box, each, clear) for box in _boxes(first) if _meet(box, b, clear) for each in near):
        return False
    rule = 2 if one.fill_rule == "evenodd" else 0
    return not (_covers(first, second, rule) or _covers(second, first, rule))


def _hull(segments: Sequence[Segment]) -> Box | None:
    """A box that holds the outline: that of its points and control points; None where there are arcs."""
    if any(s[0] == "A" for s in segments):
        return None
    xs, ys = [v for s in segments for v in s[1::2]], [v for s in segments for v in s[2::2]]
    return min(xs), min(ys), max(xs), max(ys)


def _contours(segments: Sequence[Segment]) -> list[Contour]:
    out: list[Contour] = []
    for s in segments:
        if s[0] == "M":
            out.append(([(s[1], s[2])], []))
            continue
        contour = out[-1]
        points = contour[0]
        if s[0] == "A":
            if points[-1] != s[6:]:
                for piece in arc_to_cubics(*points[-1], s):
                    _curve(contour, piece)
        elif s[0] in "CQ":
            _curve(contour, s)
        else:
            _line(contour, points[0] if s[0] == "Z" else s[1:])
    for contour in out:
        if contour[0][-1] != contour[0][0]:
            _line(contour, contour[0][0])
    return out


def _line(contour: Contour, end: Point) -> None:
    points, stray = contour
    x, y = points[-1]
    dx, dy = end[0] - x, end[1] - y
    if dx and dy:
        points += [(x + dx * t, y + dy * t) for t in _TIMES]
        stray += [0.0] * STEPS
    else:  # its box is no smaller in pieces
        points.append(end)
        stray.append(0.0)


def _curve(contour: Contour, s: Segment) -> None:
    points, stray = contour
    x, y = points[-1]
    if s[0] == "C":
        _, ax, ay, bx, by, ex, ey = s
        points += [(h * x + i * ax + j * bx + k * ex, h * y + i * ay + j * by + k * ey) for h, i, j, k in _CUBIC]
        bend = max(abs(x - 2 * ax + bx), abs(y - 2 * ay + by), abs(ax - 2 * bx + ex), abs(ay - 2 * by + ey))
        off = 6 * bend / (8 * STEPS * STEPS)
    else:
        _, ax, ay, ex, ey = s
        points += [(h * x + i * ax + j * ex, h * y + i * ay + j * ey) for h, i, j in _QUADRATIC]
        off = 2 * max(abs(x - 2 * ax + ex), abs(y - 2 * ay + ey)) / (8 * STEPS * STEPS)
    stray += [off] * STEPS


def _around(points: Sequence[Point]) -> Box:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _boxes(contours: Sequence[Contour]) -> Iterator[Box]:
    for points, strays in contours:
        for ((x, y), (u, v)), off in zip(pairwise(points), strays, strict=True):
            x0, x1 = (x, u) if x < u else (u, x)
            y0, y1 = (y, v) if y < v else (v, y)
            yield x0 - off, y0 - off, x1 + off, y1 + off


def _meet(one: Box, other: Box, clear: float) -> bool:
    return (
        one[0] <= other[2] + clear
        and other[0] <= one[2] + clear
        and one[1] <= other[3] + clear
        and other[1] <= one[3] + clear
    )


def _covers(outer: Sequence[Contour], inner: Sequence[Contour], rule: int) -> bool:
    """Whether the one paints where a contour of the other lies, no line of which it touches."""
    turns = (sum(_winding(points, contour[0]) for points, _ in outer) for contour, _ in inner)
    return any(turn % rule if rule else turn for turn in turns)


def _winding(points: Sequence[Point], at: Point) -> int:
    x, y = at
    turns = 0
    for (x0, y0), (x1, y1) in pairwise(points):
        if (y0 <= y) != (y1 <= y) and (x0 + (x1 - x0) * (y - y0) / (y1 - y0)) > x:
            turns += 1 if y1 > y0 else -1
    return turns
