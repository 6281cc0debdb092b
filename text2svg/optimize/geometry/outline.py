"""Basic shapes as paths (SVG 2 chapter 10) and exact bounds of paths.

Refuses nothing: a shape with a zero or negative size draws nothing, as the specification says. `bounds` solves curves
for their extremes, because bounding-box gradients move with every wrong pixel of the box.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from text2svg.optimize.geometry.fastpath import read_path
from text2svg.optimize.geometry.units import length
from text2svg.svg.path import Segment, arc_to_cubics

_POINT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def outline(tag: str, a: Mapping[str, str], viewport: tuple[float, float]) -> list[Segment]:
    """Absolute segments of a shape element in its own user space; empty when it draws nothing."""
    if tag == "path":
        return read_path(a.get("d", ""))
    if tag in ("polyline", "polygon"):
        return _poly(a.get("points", ""), tag == "polygon")
    w, h = viewport
    if tag == "line":
        x1, y1 = length(a.get("x1", "0"), w), length(a.get("y1", "0"), h)
        return [("M", x1, y1), ("L", length(a.get("x2", "0"), w), length(a.get("y2", "0"), h))]
    if tag == "rect":
        return _rect(a, w, h)
    cx, cy = length(a.get("cx", "0"), w), length(a.get("cy", "0"), h)
    if tag == "circle":
        rx = ry = length(a.get("r", "0"), math.sqrt((w * w + h * h) / 2))
    else:
        rx, ry = a.get("rx", "auto"), a.get("ry", "auto")
        rx, ry = (ry if rx == "auto" else rx), (rx if ry == "auto" else ry)
        rx, ry = (length(rx, w), length(ry, h)) if rx != "auto" else (0.0, 0.0)
    if rx <= 0 or ry <= 0:
        return []
    arc = ("A", rx, ry, 0.0, 0, 1)
    return [("M", cx - rx, cy), (*arc, cx + rx, cy), (*arc, cx - rx, cy), ("Z",)]


def basic(
    tag: str, a: Mapping[str, str], viewport: tuple[float, float]
) -> tuple[str, tuple[float, ...]] | None:
    """A circle, ellipse or rounded rect as itself, where its element is shorter than its path."""
    w, h = viewport
    if tag == "circle":
        r = length(a.get("r", "0"), math.sqrt((w * w + h * h) / 2))
        return tag, (length(a.get("cx", "0"), w), length(a.get("cy", "0"), h), r, r)
    if tag == "ellipse" and "auto" not in (a.get("rx"), a.get("ry")):
        rx, ry = length(a.get("rx", "0"), w), length(a.get("ry", "0"), h)
        return tag, (length(a.get("cx", "0"), w), length(a.get("cy", "0"), h), rx, ry)
    if tag == "rect" and ("rx" in a or "ry" in a):
        rx, ry = a.get("rx", "auto"), a.get("ry", "auto")
        rx, ry = (ry if rx == "auto" else rx), (rx if ry == "auto" else ry)
        if rx == "auto":
            return None
        x, y = length(a.get("x", "0"), w), length(a.get("y", "0"), h)
        width, height = length(a.get("width", "0"), w), length(a.get("height", "0"), h)
        r, s = min(length(rx, w), width / 2), min(length(ry, h), height / 2)
        return (tag, (x, y, width, height, r, s)) if r > 0 and s > 0 else None
    return None


def _poly(text: str, closed: bool) -> list[Segment]:
    values = [float(v) for v in _POINT.findall(text)]
    if len(values) < 4:
        return []
    points = [(values[i], values[i + 1]) for i in range(0, len(values) - 1, 2)]
    out: list[Segment] = [("M", *points[0]), *(("L", *p) for p in points[1:])]
    return [*out, ("Z",)] if closed else out


def _rect(a: Mapping[str, str], w: float, h: float) -> list[Segment]:
    x, y = length(a.get("x", "0"), w), length(a.get("y", "0"), h)
    width, height = length(a.get("width", "0"), w), length(a.get("height", "0"), h)
    if width <= 0 or height <= 0:
        return []
    rx, ry = a.get("rx", "auto"), a.get("ry", "auto")
    rx, ry = (ry if rx == "auto" else rx), (rx if ry == "auto" else ry)
    r = min(length(rx, w), width / 2) if rx != "auto" else 0.0
    s = min(length(ry, h), height / 2) if ry != "auto" else 0.0
    right, bottom = x + width, y + height
    if r <= 0 or s <= 0:
        return [("M", x, y), ("L", right, y), ("L", right, bottom), ("L", x, bottom), ("Z",)]
    arc = ("A", r, s, 0.0, 0, 1)
    return [
        ("M", x + r, y),
        ("L", right - r, y),
        (*arc, right, y + s),
        ("L", right, bottom - s),
        (*arc, right - r, bottom),
        ("L", x + r, bottom),
        (*arc, x, bottom - s),
        ("L", x, y + s),
        (*arc, x + r, y),
        ("Z",),
    ]


def bounds(segments: list[Segment]) -> tuple[float, float, float, float]:
    """Exact fill bounds as x, y, width, height; zeros for an empty path."""
    xs: list[float] = []
    ys: list[float] = []
    x = y = 0.0
    for s in segments:
        if s[0] == "Z":
            continue
        pieces = arc_to_cubics(x, y, s) if s[0] == "A" and (x, y) != (s[6], s[7]) else [s]
        for piece in pieces:
            if piece[0] in "CQ":
                xs += _extremes([x, *piece[1::2]])
                ys += _extremes([y, *piece[2::2]])
            x, y = piece[-2], piece[-1]
            xs.append(x)
            ys.append(y)
    if not xs:
        return (0.0, 0.0, 0.0, 0.0)
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _extremes(p: list[float]) -> list[float]:
    """Values of a quadratic or cubic Bezier coordinate where its derivative is zero."""
    if len(p) == 3:
        denominator = p[0] - 2 * p[1] + p[2]
        roots = [(p[0] - p[1]) / denominator] if denominator else []
        return [
            (1 - t) ** 2 * p[0] + 2 * t * (1 - t) * p[1] + t * t * p[2] for t in roots if 0 < t < 1
        ]
    a = -p[0] + 3 * p[1] - 3 * p[2] + p[3]
    b = 2 * (p[0] - 2 * p[1] + p[2])
    c = p[1] - p[0]
    if abs(a) < 1e-12:
        roots = [-c / b] if b else []
    else:
        disc = b * b - 4 * a * c
        roots = [(-b + k * math.sqrt(disc)) / (2 * a) for k in (1, -1)] if disc >= 0 else []
    return [
        (1 - t) ** 3 * p[0] + 3 * t * (1 - t) ** 2 * p[1] + 3 * t * t * (1 - t) * p[2] + t**3 * p[3]
        for t in roots
        if 0 < t < 1
    ]
