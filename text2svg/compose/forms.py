"""Our own geometry: shapes to stand behind a subject, marks for a corner, digits for a count.

Everything is made of canonical values, drawn on a unit square and mapped where it is needed. Refuses nothing; names come
checked from the scene. The trade-off: digits are single strokes with round ends, which read down to 20 grid units.
"""

from __future__ import annotations

import math

from text2svg.svg.affine import Box, bounds, fit
from text2svg.svg.canonical import Paint, Shape, make_shapes
from text2svg.svg.path import Segment, parse_path, transform

UNIT: Box = (0.0, 0.0, 100.0, 100.0)

SHIELD = "M50 0C66 10 82 14 94 14V48C94 74 74 91 50 100C26 91 6 74 6 48V14C18 14 34 10 50 0Z"

DIGITS = {
    0: "M30 0A28 28 0 0 1 58 28V72A28 28 0 0 1 2 72V28A28 28 0 0 1 30 0Z", 1: "M8 20L34 0V100",
    2: "M3 24A27 27 0 0 1 57 28C57 52 3 70 3 100H57", 3: "M5 0H55L27 38A31 31 0 1 1 4 88", 4: "M44 100V0L2 70H60",
    5: "M54 0H12L8 44A30 30 0 1 1 4 90", 6: "M46 0L8 54M0 70A30 30 0 0 1 60 70A30 30 0 0 1 0 70Z", 7: "M4 0H56L22 100",
    8: "M6 24A24 24 0 0 1 54 24A24 24 0 0 1 6 24ZM2 72A28 28 0 0 1 58 72A28 28 0 0 1 2 72Z",
    9: "M14 100L52 46M0 30A30 30 0 0 1 60 30A30 30 0 0 1 0 30Z",
}  # fmt: skip
"""Each digit's strokes in 60 by 100."""

MARKS = {
    "plus": "M50 0V100M0 50H100", "minus": "M0 50H100", "check": "M0 54L34 88L100 18", "cross": "M8 8L92 92M92 8L8 92",
    "slash": "M0 0L100 100", "dot": "M0 50A50 50 0 0 1 100 50A50 50 0 0 1 0 50Z",
}  # fmt: skip
"""Each mark's strokes in 100 by 100; the dot is meant to be filled."""

INNER = {
    "circle": (54, 54, 202, 202), "square": (46, 46, 210, 210), "rounded square": (48, 48, 208, 208),
    "badge": (64, 64, 192, 192), "shield": (64, 44, 192, 172), "hexagon": (60, 60, 196, 196),
    "octagon": (54, 54, 202, 202), "diamond": (74, 74, 182, 182), "pill": (48, 80, 208, 176),
}  # fmt: skip
"""The box inside each background where a subject stands."""

OUTER: Box = (8.0, 8.0, 248.0, 248.0)
"""Where backgrounds and lone subjects stand: the canvas less a margin of 8."""


def background(shape: str, paint: Paint) -> list[Shape]:
    """A background as large as OUTER; a stroke stays inside it."""
    inset = paint.stroke_width / 2 if paint.stroke != "none" else 0
    x0, y0, x1, y1 = OUTER[0] + inset, OUTER[1] + inset, OUTER[2] - inset, OUTER[3] - inset
    radius = (x1 - x0) / 2
    if shape == "circle":
        return [Shape("circle", (128, 128, round(radius)), paint)]
    box = (round(x0), round(y0), round(x1 - x0), round(y1 - y0))
    if shape == "square":
        return [Shape("rect", box, paint)]
    if shape == "rounded square":
        return [Shape("rect", (*box, 48), paint)]
    if shape == "pill":
        return [Shape("rect", (box[0], round(y0 + 48), box[2], round(y1 - y0 - 96), round((y1 - y0 - 96) / 2)), paint)]
    if shape == "shield":
        segments = transform(parse_path(SHIELD), fit(UNIT, (x0, y0, x1, y1)))
    elif shape == "badge":
        segments = _scallops(radius)
    else:
        sides, turn = {"hexagon": (6, -90.0), "octagon": (8, 22.5), "diamond": (4, -90.0)}[shape]
        segments = polygon((128.0, 128.0), radius if sides != 8 else radius * 1.05, sides, turn)
    return make_shapes(segments, paint)


def polygon(center: tuple[float, float], radius: float, sides: int, turn: float) -> list[Segment]:
    """A regular polygon; `turn` is the angle of its first corner in degrees."""
    corners = [math.radians(turn + 360 / sides * i) for i in range(sides)]
    points = [(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in corners]
    return [("M", *points[0]), *(("L", *p) for p in points[1:]), ("Z",)]


def _scallops(radius: float, teeth: int = 12) -> list[Segment]:
    """A round badge with bulging edges."""
    inner = radius * 0.92
    at = [2 * math.pi * i / teeth for i in range(teeth + 1)]
    points = [(128 + inner * math.cos(a), 128 + inner * math.sin(a)) for a in at]
    bulge = inner * math.sin(math.pi / teeth) * 1.15
    return [("M", *points[0]), *(("A", bulge, bulge, 0, 0, 1, *p) for p in points[1:]), ("Z",)]


def glyph(kind: str, number: int = 0) -> list[Segment]:
    """A mark's outline, about 100 high."""
    if kind != "number":
        return parse_path(MARKS[kind])
    digits = [int(digit) for digit in str(number)]
    return [s for at, d in enumerate(digits) for s in transform(parse_path(DIGITS[d]), (1, 0, 0, 1, at * 84, 0))]


def stroked(color: str, width: float) -> Paint:
    """A round stroke."""
    return Paint(fill="none", stroke=color, stroke_width=max(1, round(width)), linecap="round", linejoin="round")


def filled(color: str) -> Paint:
    """A plain fill."""
    return Paint(fill=color)


def draw_glyph(mark: tuple[str, int], box: Box, color: str, width: float) -> list[Shape]:
    """A mark `(kind, number)` centred in a box; its strokes are centred on the box's edge, a dot fills it."""
    segments = glyph(*mark)
    if mark[0] != "number":
        own = UNIT
    else:
        own = bounds([Shape("path", tuple(segments), Paint())], painted=False)
    paint = filled(color) if mark[0] == "dot" else stroked(color, width)
    return make_shapes(transform(segments, fit(own, box)), paint)
