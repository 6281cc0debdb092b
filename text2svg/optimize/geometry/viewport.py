"""Viewports: how a viewBox lies in the rectangle it is shown in, for the root, nested `svg` and `symbol`.

Refuses nothing but unreadable numbers, as `length` does. The trade-off: a nested viewport that cuts becomes a clip, which
costs a few bytes more than the element it replaces.
"""

from __future__ import annotations

from collections.abc import Mapping

from text2svg.optimize.geometry.units import IDENTITY, length
from text2svg.optimize.wrap import Box, view_box
from text2svg.svg.path import Matrix

RELATIVE = ("%", "em", "ex", "rem", "vw", "vh")


def fit(box: Box, width: float, height: float, ratio: str) -> Matrix:
    """Map `box` into 0..width, 0..height by preserveAspectRatio (SVG 2 section 8.2)."""
    words = ratio.split() or ["xMidYMid"]
    align, slices = words[0], "slice" in words[1:]
    sx, sy = width / box[2], height / box[3]
    if align != "none":
        sx = sy = max(sx, sy) if slices else min(sx, sy)
    free = (width - box[2] * sx, height - box[3] * sy)
    shares = [0.0 if "Min" in part else 1.0 if "Max" in part else 0.5 for part in (align[:4], align[4:])]
    if align == "none":
        shares = [0.0, 0.0]
    return (sx, 0.0, 0.0, sy, free[0] * shares[0] - box[0] * sx, free[1] * shares[1] - box[1] * sy)


def own_size(a: Mapping[str, str]) -> tuple[float, float]:
    """Width and height of the root in pixels; 0 for one that is absent or relative to the page."""
    size = [
        length(a[name]) if name in a and not a[name].strip().endswith(RELATIVE) and a[name].strip() != "auto" else 0.0
        for name in ("width", "height")
    ]
    return size[0], size[1]


def inner(a: Mapping[str, str], size: tuple[float, float], outer: tuple[float, float]) -> tuple[Box, Matrix, Box]:
    """A nested viewport: its rectangle outside, the map from its inside, and its inside user space.

    `size` is what a `use` asks for, 0 where it says nothing; `outer` is what percentages refer to.
    """
    x, y = length(a.get("x", "0"), outer[0]), length(a.get("y", "0"), outer[1])
    width = size[0] or _extent(a.get("width", "100%"), outer[0])
    height = size[1] or _extent(a.get("height", "100%"), outer[1])
    box = view_box(a.get("viewBox", ""))
    if box is None or width <= 0 or height <= 0:
        inside = (0.0, 0.0, width, height)
        return (x, y, width, height), (1.0, 0.0, 0.0, 1.0, x, y) if x or y else IDENTITY, inside
    m = fit(box, width, height, a.get("preserveAspectRatio", "xMidYMid"))
    return (x, y, width, height), (*m[:4], m[4] + x, m[5] + y), box


def _extent(text: str, whole: float) -> float:
    return whole if text.strip() == "auto" else length(text, whole)
