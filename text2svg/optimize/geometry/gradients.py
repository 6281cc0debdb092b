"""Gradients in final coordinates: href inheritance, units, transforms, and ends brought onto the grid.

A linear gradient survives every affine map exactly, since its parameter is affine in the point. A radial one survives
similarities only: elliptical gradients, reflect and repeat are refused, or with `loose` said by a gradientTransform and
a spreadMethod. Units are always those of the final space; the trade-off is one gradient per transform that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.flat import FlatGradient, FlatStop
from text2svg.optimize.geometry.units import (
    IDENTITY,
    RGBA,
    color,
    length,
    matrix,
    multiply,
    similarity,
)
from text2svg.svg.path import Matrix

Box = tuple[float, float, float, float]
"""x, y, width, height."""


def styles(element: Element) -> dict[str, str]:
    """Attributes with the declarations of `style` over them."""
    attributes = dict(element.attrib)
    style = attributes.pop("style", "")
    if style:
        for declaration in style.split(";"):
            name, colon, value = declaration.partition(":")
            if colon:
                attributes[name.strip().lower()] = value.replace("!important", "").strip()
    return attributes


class _Resolved:
    """A gradient element with its href chain folded in."""

    def __init__(self, element: Element, ids: Mapping[str, Element]) -> None:
        self.kind = element.tag
        self.attributes: dict[str, str] = {}
        self.stops: list[Element] = []
        seen: set[str] = set()
        node: Element | None = element
        while node is not None:
            for name, value in node.attrib.items():
                self.attributes.setdefault(name, value)
            if not self.stops:
                self.stops = [child for child in node if child.tag == "stop"]
            href = node.get("href", "")
            if href in seen:
                break
            seen.add(href)
            node = ids.get(href[1:]) if href.startswith("#") else None


def gradient(
    element: Element, place: tuple[Mapping[str, Element], tuple[float, float], Matrix], box: Box, loose: bool = False
) -> FlatGradient | RGBA | None:
    """The paint a gradient element gives a shape of user-space bounds `box`; `place` is ids, viewport, transform.

    One stop is a plain colour, none is no paint. Raises NotCanonical with `spread`, `elliptical-gradient`.
    """
    ids, viewport, ctm = place
    g = _Resolved(element, ids)
    stops = _stops(g.stops)
    if not stops:
        return None
    if len({s.color for s in stops}) == 1:
        return stops[0].color
    spread = g.attributes.get("spreadMethod", "pad")
    if spread != "pad" and not loose:
        raise NotCanonical("spread", "only pad gradients are kept")
    own = matrix(g.attributes.get("gradientTransform", ""))
    user = g.attributes.get("gradientUnits") == "userSpaceOnUse"
    if user:
        base, (width, height) = IDENTITY, viewport
    else:
        if box[2] == 0 or box[3] == 0:
            return None
        base, width, height = (box[2], 0.0, 0.0, box[3], box[0], box[1]), 1.0, 1.0
    m = multiply(ctm, multiply(base, own))
    if float(g.attributes.get("fr", "0").rstrip("%") or 0) > 0:
        raise NotCanonical("focal", "a focal radius")
    if g.kind == "linearGradient":
        paint = _linear(g.attributes, m, (width, height), stops)
    else:
        paint = _radial(g.attributes, m, (width, height), stops, loose)
    return paint._replace(spread=spread) if spread != "pad" and isinstance(paint, FlatGradient) else paint


def _stops(elements: list[Element]) -> tuple[FlatStop, ...]:
    out: list[FlatStop] = []
    last = 0.0
    for element in elements:
        a = styles(element)
        last = max(last, min(1.0, max(0.0, length(a.get("offset", "0"), 1.0))))
        text = a.get("stop-color", "#000")
        if text.lower() == "currentcolor":
            text = a.get("color", "#000")
        rgba = color(text)
        if rgba is None:
            raise NotCanonical("color", f"cannot read {text[:40]!r}")
        alpha = min(1.0, max(0.0, length(a.get("stop-opacity", "1"), 1.0)))
        out.append(FlatStop(last, (*rgba[:3], rgba[3] * alpha)))
    return tuple(out)


def _linear(
    a: Mapping[str, str], m: Matrix, size: tuple[float, float], stops: tuple[FlatStop, ...]
) -> FlatGradient | RGBA:
    x1, y1 = length(a.get("x1", "0"), size[0]), length(a.get("y1", "0"), size[1])
    x2, y2 = length(a.get("x2", "100%"), size[0]), length(a.get("y2", "0"), size[1])
    dx, dy = x2 - x1, y2 - y1
    norm = dx * dx + dy * dy
    det = m[0] * m[3] - m[1] * m[2]
    if norm == 0 or det == 0:
        return stops[-1].color
    # t(p) = (p - p1)·v / |v|²; its gradient is a covector, so it maps by the inverse transpose.
    gx, gy = dx / norm, dy / norm
    hx, hy = (m[3] * gx - m[1] * gy) / det, (m[0] * gy - m[2] * gx) / det
    scale = hx * hx + hy * hy
    sx, sy = m[0] * x1 + m[2] * y1 + m[4], m[1] * x1 + m[3] * y1 + m[5]
    ex, ey = sx + hx / scale, sy + hy / scale
    return FlatGradient("linearGradient", (sx, sy, ex, ey), stops)


def _radial(
    a: Mapping[str, str], m: Matrix, size: tuple[float, float], stops: tuple[FlatStop, ...], loose: bool
) -> FlatGradient | RGBA:
    diagonal = ((size[0] ** 2 + size[1] ** 2) / 2) ** 0.5
    cx, cy = length(a.get("cx", "50%"), size[0]), length(a.get("cy", "50%"), size[1])
    r = length(a.get("r", "50%"), diagonal)
    fx = length(a["fx"], size[0]) if "fx" in a else cx
    fy = length(a["fy"], size[1]) if "fy" in a else cy
    if r <= 0:
        return stops[-1].color
    scale = similarity(m, 0.001 if loose else 0.06)
    if scale is None and loose:
        return FlatGradient("radialGradient", (cx, cy, r, fx, fy), stops, matrix=m)
    if scale is None:
        raise NotCanonical("elliptical-gradient", "a radial gradient under a non-uniform transform")
    center = (m[0] * cx + m[2] * cy + m[4], m[1] * cx + m[3] * cy + m[5])
    focal = (m[0] * fx + m[2] * fy + m[4], m[1] * fx + m[3] * fy + m[5])
    return FlatGradient("radialGradient", (*center, r * scale, *focal), stops)


def onto_grid(g: FlatGradient, size: float) -> FlatGradient:
    """Moves the ends of a linear gradient onto 0..size, with the colours it has there.

    Raises NotCanonical("off-grid") for radial gradients that do not fit and linear ones that miss the grid.
    """
    if g.kind == "radialGradient":
        if not all(-1 <= v <= size + 1 for v in g.coords):
            raise NotCanonical("off-grid", "a radial gradient reaches beyond the grid")
        return g
    x1, y1, x2, y2 = g.coords
    low, high = 0.0, 1.0
    for start, delta in ((x1, x2 - x1), (y1, y2 - y1)):
        if delta == 0:
            if not 0 <= start <= size:
                raise NotCanonical("off-grid", "a gradient line misses the grid")
            continue
        t0, t1 = sorted((-start / delta, (size - start) / delta))
        low, high = max(low, t0), min(high, t1)
    if low == 0.0 and high == 1.0:
        return g
    if high - low < 0.02:
        raise NotCanonical("off-grid", "a gradient line misses the grid")
    at = lambda t: (x1 + (x2 - x1) * t, y1 + (y2 - y1) * t)  # noqa: E731
    inner = [
        FlatStop((s.offset - low) / (high - low), s.color) for s in g.stops if low < s.offset < high
    ]
    stops = (FlatStop(0.0, color_at(g.stops, low)), *inner, FlatStop(1.0, color_at(g.stops, high)))
    return FlatGradient(g.kind, (*at(low), *at(high)), stops)


def color_at(stops: tuple[FlatStop, ...], t: float) -> RGBA:
    """The colour of a pad gradient at parameter t."""
    before = stops[0]
    for stop in stops:
        if stop.offset >= t:
            span = stop.offset - before.offset
            k = (t - before.offset) / span if span > 0 else 1.0
            k = min(1.0, max(0.0, k))
            r, g, b, a = (p + (q - p) * k for p, q in zip(before.color, stop.color, strict=True))
            return (r, g, b, a)
        before = stop
    return stops[-1].color
