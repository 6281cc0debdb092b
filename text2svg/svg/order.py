"""One order for one picture: parts from large to small, each from its top left corner, clockwise.

The same bell comes from thirty icon sets with thirty starting points; what cannot be seen need not be learned, so the
generator is trained on this order (DeepSVG, Carlier et al. 2020, section 4.1, sorts for the same reason). The corpus keeps
the order its authors chose. Refuses to touch what would show: shapes change places only within a run of one opaque paint,
and directions only where the fill rule cannot tell. The trade-off: parts of nearly one size may swap between two sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from text2svg.svg.affine import map_drawing, repaint, segments_of
from text2svg.svg.canonical import Drawing, Group, Paint, Shape
from text2svg.svg.path import Segment, arc_center
from text2svg.svg.reader import parse_canonical
from text2svg.svg.schema import OPAQUE
from text2svg.svg.snap import GRID, shorten, split_subpaths

Point = tuple[int, int]


def order(text: str) -> str:
    """The same picture as canonical `text`, its parts and points in the one order; canonical again.

    Raises like `canonicalize` for text that is not canonical.
    """
    drawing = parse_canonical(text)
    items: list[Shape | Group] = []
    for kind, run in groupby(drawing.items, key=type):
        if kind is Shape:
            items += _ordered(list(run))
        else:
            items += [group._replace(shapes=tuple(_ordered(group.shapes))) for group in run]
    # Reading once more settles what a new starting point turned into a circle, a rect or a straight line.
    return parse_canonical(Drawing(tuple(items), drawing.gradients).to_text()).to_text()


def recolor(text: str, color: str) -> str:
    """Canonical `text` with every black fill and stroke in `color`, a `#rgb`; canonical again."""
    return repaint(parse_canonical(text), lambda value: color if value == "#000" else value).to_text()


def mirror(text: str) -> str:
    """Canonical `text` with left and right changed over; canonical again."""
    return map_drawing(parse_canonical(text), (-1, 0, 0, 1, GRID, 0)).to_text()


def _ordered(shapes: Sequence[Shape]) -> list[Shape]:
    out: list[Shape] = []
    for paint, run in groupby(shapes, key=lambda shape: shape.paint):
        members = [_path(shape) if shape.kind == "path" else shape for shape in run]
        out += sorted(members, key=_rank) if _hides_order(paint) else members
    return out


def _hides_order(paint: Paint) -> bool:
    """Whether overlapping shapes of this paint look the same in any order."""
    opaque = paint.opacity == paint.fill_opacity == paint.stroke_opacity == OPAQUE
    return opaque and (paint.fill == "none" or paint.stroke == "none")


def _rank(shape: Shape) -> tuple[int, int, int]:
    if shape.kind == "path":
        return _size_first(_corners(split_subpaths(_segments(shape))[0]))
    x, y, *rest = shape.data
    if shape.kind == "rect":
        return _size_first([(x, y), (x + rest[0], y + rest[1])])
    rx, ry = rest[0], rest[-1]
    return _size_first([(x - rx, y - ry), (x + rx, y + ry)])


def _size_first(points: Sequence[Point]) -> tuple[int, int, int]:
    """Sort key of a part: half its outline in powers of two, largest first, then top to bottom, left to right."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    size = max(xs) - min(xs) + max(ys) - min(ys)
    return -size.bit_length(), min(ys), min(xs)


def _segments(shape: Shape) -> list[Segment]:
    """Absolute integer M, L, C, Q, A and Z of a path."""
    return [(s[0], *map(int, s[1:])) for s in segments_of(shape)]


def _path(shape: Shape) -> Shape:
    paint = shape.paint
    subpaths = split_subpaths(_segments(shape))
    free = len(subpaths) == 1 or paint.fill == "none" or paint.fill_rule == "evenodd"
    if paint.stroke == "none":
        subpaths = [_open_end(subpath) for subpath in subpaths]
    if free:
        subpaths = [_reversed(s) if _backwards(s) else s for s in subpaths]
    else:
        largest = min(subpaths, key=lambda s: _size_first(_corners(s)))
        if _is_closed(largest) and _backwards(largest):
            subpaths = [_reversed(s) for s in subpaths]
    turned = sorted((_turned(s) for s in subpaths), key=lambda s: _size_first(_corners(s)))
    return shape._replace(data=tuple(shorten([segment for s in turned for segment in s])))


def _open_end(subpath: list[Segment]) -> list[Segment]:
    """A filled contour without stroke is closed whether it says so or not; saying so lets it start anywhere."""
    return subpath if _is_closed(subpath) else [*subpath, ("Z",)]


def _is_closed(subpath: Sequence[Segment]) -> bool:
    return subpath[-1][0] == "Z"


def _corners(subpath: Sequence[Segment]) -> list[Point]:
    return [(s[-2], s[-1]) for s in subpath if s[0] != "Z"]


def _backwards(subpath: list[Segment]) -> bool:
    """Counter-clockwise if closed; ending nearer to the top left than it starts if open."""
    first, last = subpath[0][1:], subpath[-1][-2:]
    return _area(subpath) < 0 if _is_closed(subpath) else _top_left(last) < _top_left(first)


def _top_left(point: Sequence[int]) -> tuple[int, int]:
    # Icons are symmetric left to right far more often than along the diagonal, so x + y has few ties.
    return point[0] + point[1], point[1]


def _area(subpath: Sequence[Segment]) -> float:
    """Signed area, positive when clockwise on screen; curves count by their control polygon, arcs exactly."""
    points: list[Sequence[float]] = []
    bulges = 0.0
    for s in subpath:
        if s[0] == "A":
            _, _, rx, ry, _, sweep = arc_center(*points[-1], s)
            bulges += rx * ry / 2 * (sweep - math.sin(sweep))
            points.append(s[-2:])
        else:
            points += [s[i : i + 2] for i in range(1, len(s), 2)]
    ends = zip(points, [*points[1:], points[0]], strict=True)
    return bulges + sum(a[0] * b[1] - b[0] * a[1] for a, b in ends) / 2


def _reversed(subpath: list[Segment]) -> list[Segment]:
    closed = _is_closed(subpath)
    body = subpath[:-1] if closed else subpath
    corners = _corners(body)
    out: list[Segment] = [("M", *corners[-1])]
    for s, end in zip(reversed(body[1:]), reversed(corners[:-1]), strict=True):
        if s[0] == "A":
            out.append((*s[:5], 1 - s[5], *end))
        else:
            controls = [s[i : i + 2] for i in range(1, len(s) - 2, 2)]
            out.append((s[0], *(v for point in reversed(controls) for v in point), *end))
    return [*out, ("Z",)] if closed else out


def _turned(subpath: list[Segment]) -> list[Segment]:
    """A closed contour begun at its top left corner, at the end of a straight side where it has one: Z draws that side."""
    if not _is_closed(subpath):
        return subpath
    corners, sides = _corners(subpath), list(subpath[1:-1])
    if corners[-1] == corners[0]:
        corners.pop()
    else:
        sides.append(("L", *corners[0]))
    straight = [i for i in range(len(corners)) if sides[i - 1][0] == "L"]
    start = min(straight or range(len(corners)), key=lambda i: _top_left(corners[i]))
    sides = sides[start:] + sides[:start]
    if sides[-1][0] == "L":
        sides.pop()
    return [("M", *corners[start]), *sides, ("Z",)]
