"""Moves whole canonical drawings: outlines as points, tight bounds, and maps that keep shapes similar.

Circles, rects and arcs keep their kind wherever the map allows it. Refuses maps that are no similarity (they would bend
strokes), and results off the 256 grid: NotCanonical. The trade-off: bounds are those of 16 points a curve, which misses
less than a quarter of a unit on curves as large as the canvas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from text2svg.errors import NotCanonical
from text2svg.svg.canonical import Drawing, Gradient, Group, Paint, Shape, make_shapes
from text2svg.svg.path import Matrix, Segment, arc_center, arc_point, parse_path, transform, write_path
from text2svg.svg.schema import GRADIENT, MAX_STROKE
from text2svg.svg.snap import GRID, split_subpaths

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in grid units."""

STEPS = 16
"""Points a curve is flattened to."""


def shapes_of(drawing: Drawing) -> Iterator[Shape]:
    """Every shape, those of groups too, in drawing order."""
    for item in drawing.items:
        yield from item.shapes if isinstance(item, Group) else (item,)


def segments_of(shape: Shape) -> list[Segment]:
    """A shape as absolute M, L, C, Q, A, Z segments."""
    kind, d = shape.kind, shape.data
    if kind == "path":
        return parse_path(write_path(d))
    if kind == "rect":
        x, y, w, h = d[:4]
        r = d[4] if len(d) > 4 else 0
        if not r:
            return [("M", x, y), ("L", x + w, y), ("L", x + w, y + h), ("L", x, y + h), ("Z",)]
        corner = ("A", r, r, 0, 0, 1)
        return [("M", x + r, y), ("L", x + w - r, y), (*corner, x + w, y + r), ("L", x + w, y + h - r),
                (*corner, x + w - r, y + h), ("L", x + r, y + h), (*corner, x, y + h - r), ("L", x, y + r),
                (*corner, x + r, y), ("Z",)]  # fmt: skip
    cx, cy, rx, ry = d if kind == "ellipse" else (d[0], d[1], d[2], d[2])
    half = ("A", rx, ry, 0, 0, 1)
    return [("M", cx - rx, cy), (*half, cx + rx, cy), (*half, cx - rx, cy), ("Z",)]


def outlines_of(shape: Shape) -> list[list[tuple[float, float]]]:
    """Points along each contour of a shape, lines and curves in STEPS pieces."""
    out: list[list[tuple[float, float]]] = []
    for subpath in split_subpaths(segments_of(shape)):
        x, y = start = subpath[0][1:]
        points = [(x, y)]
        for s in subpath[1:]:
            line = ("L", *start) if s[0] == "Z" else s
            points += _along(x, y, line)
            x, y = line[-2:]
        out.append(points)
    return out


def points_of(shapes: Iterable[Shape]) -> list[tuple[float, float]]:
    """The points of all outlines."""
    return [point for shape in shapes for outline in outlines_of(shape) for point in outline]


def _along(x: float, y: float, s: Segment) -> list[tuple[float, float]]:
    steps = [i / STEPS for i in range(1, STEPS + 1)]
    ex, ey = s[-2], s[-1]
    if s[0] == "L":
        return [(x + (ex - x) * t, y + (ey - y) * t) for t in steps]
    if s[0] == "A":
        if math.hypot(ex - x, ey - y) == 0:
            return []
        center = arc_center(x, y, s)
        return [arc_point(center, s[3], center[4] + center[5] * t) for t in steps]
    px, py = [x, *s[1::2]], [y, *s[2::2]]
    return [(_bezier(px, t), _bezier(py, t)) for t in steps]


def _bezier(values: Sequence[float], t: float) -> float:
    while len(values) > 1:
        values = [a + (b - a) * t for a, b in zip(values, values[1:], strict=False)]
    return values[0]


def reach(paint: Paint) -> float:
    """How far paint goes beyond the outline; mitres count up to their usual right angle."""
    if paint.stroke == "none":
        return 0.0
    corner = paint.linejoin == "miter" or paint.linecap == "square"
    return paint.stroke_width / 2 * (math.sqrt(2) if corner else 1.0)


def bounds(shapes: Iterable[Shape], *, painted: bool = True) -> Box:
    """The smallest box round shapes, strokes included when `painted`. Raises NotCanonical("empty")."""
    xs: list[float] = []
    ys: list[float] = []
    for shape in shapes:
        points = points_of([shape])
        if not points:
            continue
        pad = reach(shape.paint) if painted else 0.0
        xs += (min(p[0] for p in points) - pad, max(p[0] for p in points) + pad)
        ys += (min(p[1] for p in points) - pad, max(p[1] for p in points) + pad)
    if not xs:
        raise NotCanonical("empty", "nothing is drawn")
    return min(xs), min(ys), max(xs), max(ys)


def _same(width: float) -> float:
    return width


def map_drawing(drawing: Drawing, m: Matrix, stroke: Callable[[float], float] = _same) -> Drawing:
    """The drawing under a similarity; `stroke` has the last word on each scaled stroke width.

    Raises NotCanonical: `transform` for another map, `off-grid` when the drawing leaves the canvas.
    """
    a, b, c, d = m[:4]
    scale = math.sqrt(abs(a * d - b * c))
    if scale == 0 or abs(a * c + b * d) > 1e-6 * scale**2 or abs(math.hypot(a, b) - scale) > 1e-6 * scale:
        raise NotCanonical("transform", "only moves, turns, mirrors and even scales keep strokes")

    def shapes(members: Iterable[Shape]) -> tuple[Shape, ...]:
        return tuple(new for shape in members for new in _map_shape(shape, m, scale, stroke))

    items: list[Shape | Group] = []
    for item in drawing.items:
        items += [item._replace(shapes=shapes(item.shapes))] if isinstance(item, Group) else shapes([item])
    return Drawing(tuple(items), {key: _map_gradient(g, m, scale) for key, g in drawing.gradients.items()})


def _map_shape(shape: Shape, m: Matrix, scale: float, stroke: Callable[[float], float]) -> list[Shape]:
    paint = shape.paint
    if paint.stroke != "none":
        width = stroke(paint.stroke_width * scale)
        paint = paint._replace(stroke_width=min(MAX_STROKE, max(1, round(width))))
    return make_shapes(transform(segments_of(shape), m), paint)


def _map_gradient(gradient: Gradient, m: Matrix, scale: float) -> Gradient:
    a, b, c, d, e, f = m

    def clamp(value: float) -> int:
        return min(GRID, max(0, round(value)))

    values = dict(zip(GRADIENT[gradient.kind], gradient.coords, strict=False))
    for xn, yn in (("x1", "y1"), ("x2", "y2"), ("cx", "cy"), ("fx", "fy")):
        if xn in values:
            x, y = values[xn], values[yn]
            values[xn], values[yn] = clamp(a * x + c * y + e), clamp(b * x + d * y + f)
    if "r" in values:
        values["r"] = max(1, clamp(values["r"] * scale))
    return gradient._replace(coords=tuple(values.values()))


def fit(box: Box, into: Box) -> Matrix:
    """The even scale and move that centres one box in another, as large as it fits."""
    width, height = max(box[2] - box[0], 1e-6), max(box[3] - box[1], 1e-6)
    scale = min((into[2] - into[0]) / width, (into[3] - into[1]) / height)
    x = (into[0] + into[2]) / 2 - scale * (box[0] + box[2]) / 2
    y = (into[1] + into[3]) / 2 - scale * (box[1] + box[3]) / 2
    return scale, 0.0, 0.0, scale, x, y


def merge(drawings: Sequence[Drawing]) -> Drawing:
    """Drawings one over the other, the first at the bottom; their gradients keep apart."""
    items: list[Shape | Group] = []
    gradients: dict[str, Gradient] = {}
    for at, drawing in enumerate(drawings):
        keys = {f"url(#{key})": f"url(#{at}-{key})" for key in drawing.gradients}
        gradients |= {f"{at}-{key}": gradient for key, gradient in drawing.gradients.items()}
        items += repaint(drawing, lambda value, keys=keys: keys.get(value, value)).items
    return Drawing(tuple(items), gradients)


def repaint(drawing: Drawing, color: Callable[[str], str]) -> Drawing:
    """The drawing with every fill and stroke that paints replaced by `color(it)`; gradients stay as they are."""

    def new(shape: Shape) -> Shape:
        changes = {n: color(v) for n in ("fill", "stroke") if (v := getattr(shape.paint, n)) != "none"}
        return shape._replace(paint=shape.paint._replace(**changes))

    return each_shape(drawing, new)


def each_shape(drawing: Drawing, change: Callable[[Shape], Shape]) -> Drawing:
    """The drawing with every shape, those of groups too, replaced by `change(it)`."""
    items = tuple(
        item._replace(shapes=tuple(map(change, item.shapes))) if isinstance(item, Group) else change(item)
        for item in drawing.items
    )
    return Drawing(items, drawing.gradients)
