"""The one table of canonical SVG: elements, attributes, values, argument counts.

The canonical writer, the tokenizer, the token automaton and the Lark grammar are all generated from these names, so none
of them can disagree. Refuses nothing by itself; it is data. The trade-off: values are coarse (opacity in steps of .05,
colours in 4,096 steps, stroke widths up to 64), which buys a vocabulary of about 1,150 drawing tokens.
"""

from __future__ import annotations

from typing import Final

HEADER: Final = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
FOOTER: Final = "</svg>"

HEX: Final = "0123456789abcdef"
LEVELS: Final = tuple(
    f"{i / 20:.2f}".rstrip("0").rstrip(".").removeprefix("0") or "0" for i in range(21)
)
"""Opacity and stop offset texts by level: LEVELS[10] == ".5"."""
OPAQUE: Final = 20
GRADIENT_IDS: Final = "abcdefghijklmnop"
MAX_STROKE: Final = 64
"""Widest stroke in grid units, a quarter of the canvas."""

LINECAPS: Final = ("butt", "round", "square")
LINEJOINS: Final = ("miter", "round", "bevel")

PAINT: Final = (
    "fill",
    "fill-rule",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "opacity",
)
"""Paint attributes in canonical order, all before the geometry."""

GEOMETRY: Final = {
    "path": ("d",),
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "rect": ("x", "y", "width", "height", "rx"),
}
"""Geometry attributes in canonical order; rect's rx is the only optional one."""

POSITIVE: Final = frozenset({"r", "rx", "ry", "width", "height"})
"""Attributes for which 0 would draw nothing."""

GRADIENT: Final = {
    "linearGradient": ("x1", "y1", "x2", "y2"),
    "radialGradient": ("cx", "cy", "r", "fx", "fy"),
}
"""Gradient attributes in canonical order; fx and fy come together or not at all."""
