"""A drawing with everything resolved: painted paths in final coordinates, in paint order.

What `walk` produces and the writers write. Numbers are floats, colours are exact; nothing is rounded yet, so that each rung
of the fidelity ladder rounds from the same truth. Refuses nothing; the trade-off is one more copy of the drawing.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element

from text2svg.optimize.geometry.units import RGBA
from text2svg.svg.path import Matrix, Segment, map_ellipse, transform

CURRENT = "currentColor"
"""The paint of whoever embeds the drawing, when nothing in the drawing decides it."""


class FlatStop(NamedTuple):
    """Offset 0..1 and colour."""

    offset: float
    color: RGBA


class FlatGradient(NamedTuple):
    """A gradient in final coordinates: x1 y1 x2 y2, or cx cy r fx fy."""

    kind: str
    coords: tuple[float, ...]
    stops: tuple[FlatStop, ...]
    spread: str = "pad"
    matrix: Matrix | None = None
    """What still has to be done to the coordinates: a circle under a non-uniform map is no circle."""


FlatPaint = RGBA | FlatGradient | str | None


class FlatShape(NamedTuple):
    """One painted path; `fill` and `stroke` are None when not painted, stroke width in final units."""

    segments: list[Segment]
    fill: FlatPaint
    fill_rule: str
    stroke: FlatPaint
    stroke_width: float
    linecap: str
    linejoin: str
    miterlimit: float
    fill_opacity: float
    stroke_opacity: float
    opacity: float
    dashes: tuple[float, ...] = ()
    dash_offset: float = 0.0
    stroke_first: bool = False
    """The stroke lies under the fill."""
    basic: tuple[str, tuple[float, ...]] | None = None
    """`circle` (cx cy r), `ellipse` (cx cy rx ry) or `rect` (x y width height rx ry) where that is what it draws."""


class FlatClip(NamedTuple):
    """What is let through: the union of these paths, each with its fill rule."""

    paths: tuple[tuple[tuple[Segment, ...], str], ...]


class FlatGroup(NamedTuple):
    """Items composited together, clipped, then faded by `opacity`."""

    opacity: float
    shapes: tuple[FlatItem, ...]
    clip: FlatClip | None = None


class FlatKept(NamedTuple):
    """An element that has no flat form, drawn as it is under a transform."""

    element: Element
    matrix: Matrix
    style: tuple[tuple[str, str], ...]
    """What it inherits."""
    reason: str
    needs: tuple[Element, ...]
    """What it refers to, in document order."""


FlatItem = FlatShape | FlatGroup | FlatKept


def moved(item: FlatItem, m: Matrix) -> FlatItem:
    """The item under a uniform scale and a shift."""
    if isinstance(item, FlatKept):
        a, b, c, d, e, f = item.matrix
        s = m[0]
        return item._replace(matrix=(s * a, s * b, s * c, s * d, s * e + m[4], s * f + m[5]))
    if isinstance(item, FlatGroup):
        clip = item.clip
        if clip is not None:
            clip = FlatClip(tuple((tuple(transform(path, m)), rule) for path, rule in clip.paths))
        return item._replace(shapes=tuple(moved(each, m) for each in item.shapes), clip=clip)
    s = m[0]
    return item._replace(
        segments=transform(item.segments, m),
        fill=_gradient(item.fill, m),
        stroke=_gradient(item.stroke, m),
        stroke_width=item.stroke_width * s,
        dashes=tuple(s * v for v in item.dashes),
        dash_offset=item.dash_offset * s,
        basic=basic_under(item.basic, m) if item.basic else None,
    )


def _gradient(paint: FlatPaint, m: Matrix) -> FlatPaint:
    if not isinstance(paint, FlatGradient):
        return paint
    s = m[0]
    if paint.matrix is not None:
        a, b, c, d, e, f = paint.matrix
        return paint._replace(matrix=(s * a, s * b, s * c, s * d, s * e + m[4], s * f + m[5]))
    x = paint.coords
    if paint.kind == "linearGradient":
        return paint._replace(coords=(x[0] * s + m[4], x[1] * s + m[5], x[2] * s + m[4], x[3] * s + m[5]))
    center, focal = (x[0] * s + m[4], x[1] * s + m[5]), (x[3] * s + m[4], x[4] * s + m[5])
    return paint._replace(coords=(*center, x[2] * s, *focal))


def basic_under(basic: tuple[str, tuple[float, ...]], m: Matrix) -> tuple[str, tuple[float, ...]] | None:
    """The same shape element after the map, or None when no shape element says it."""
    kind, v = basic
    a, b, c, d, e, f = m
    if kind == "rect":
        if b or c or a <= 0 or d <= 0:
            return None
        return kind, (v[0] * a + e, v[1] * d + f, v[2] * a, v[3] * d, v[4] * a, v[5] * d)
    center = (a * v[0] + c * v[1] + e, b * v[0] + d * v[1] + f)
    rx, ry, turn, _ = map_ellipse(v[2], v[-1], 0.0, m)
    if abs(rx - ry) <= 1e-6 * rx:
        return "circle", (*center, rx)
    if abs(turn - 90) < 1e-6:
        rx, ry, turn = ry, rx, 0.0
    return ("ellipse", (*center, rx, ry)) if min(turn, 180 - turn) < 1e-6 else None
