"""Writes a resolved drawing as canonical SVG on the integer grid.

Refuses what the canonical form itself refuses. The trade-off: opacities in steps of .05 and colours of three digits, which
is what the vocabulary has; `markup` writes the same floats with decimals and exact colours.
"""

from __future__ import annotations

from collections.abc import Iterable

from text2svg.optimize.geometry.flat import FlatGradient, FlatGroup, FlatPaint, FlatShape
from text2svg.optimize.geometry.gradients import onto_grid
from text2svg.svg.canonical import (
    Drawing,
    Gradient,
    Group,
    Paint,
    Shape,
    Stop,
    hex_color,
    level,
    make_shapes,
)
from text2svg.svg.schema import LINECAPS, LINEJOINS, OPAQUE
from text2svg.svg.snap import GRID


class _Gradients:
    """Keys for gradients in order of first use; equal gradients share one."""

    def __init__(self) -> None:
        self.keys: dict[object, str] = {}

    def key(self, gradient: object) -> str:
        return self.keys.setdefault(gradient, f"g{len(self.keys)}")


def emit_canonical(items: Iterable[FlatShape | FlatGroup]) -> str:
    """Canonical text. Raises NotCanonical with `off-grid`, `stroke-width`, `gradient-limit`, `empty`."""
    gradients = _Gradients()
    out: list[Shape | Group] = []
    for item in items:
        if isinstance(item, FlatShape):
            out += _canonical_shapes(item, gradients)
            continue
        shapes = [s for member in item.shapes for s in _canonical_shapes(member, gradients)]
        opacity = level(item.opacity)
        if len(shapes) == 1:
            out += _canonical_shapes(
                item.shapes[0]._replace(opacity=item.shapes[0].opacity * item.opacity), gradients
            )
        elif shapes and 0 < opacity < OPAQUE:
            out.append(Group(opacity, tuple(shapes)))
        elif opacity:
            out += shapes
    table = {
        key: gradient for gradient, key in gradients.keys.items() if isinstance(gradient, Gradient)
    }
    return Drawing(tuple(out), table).to_text()


def _canonical_shapes(s: FlatShape, gradients: _Gradients) -> list[Shape]:
    fill, fill_alpha = _canonical_paint(s.fill, gradients)
    stroke, stroke_alpha = _canonical_paint(s.stroke, gradients)
    paint = Paint(
        fill=fill,
        fill_rule="evenodd" if s.fill_rule == "evenodd" else "nonzero",
        fill_opacity=level(s.fill_opacity * fill_alpha),
        stroke=stroke,
        stroke_width=max(1, round(s.stroke_width)),
        linecap=s.linecap if s.linecap in LINECAPS else "butt",
        linejoin=s.linejoin if s.linejoin in LINEJOINS else "miter",
        stroke_opacity=level(s.stroke_opacity * stroke_alpha),
        opacity=level(s.opacity),
    ).normalized()
    return make_shapes(s.segments, paint) if paint else []


def _canonical_paint(paint: FlatPaint, gradients: _Gradients) -> tuple[str, float]:
    if paint is None:
        return "none", 1.0
    if not isinstance(paint, FlatGradient):
        return hex_color(*paint[:3]), paint[3]
    g = onto_grid(paint, GRID)
    coords = tuple(min(GRID, max(0, round(v))) for v in g.coords)
    if g.kind == "linearGradient" and coords[:2] == coords[2:]:
        last = g.stops[-1].color
        return hex_color(*last[:3]), last[3]
    if g.kind == "radialGradient":
        coords = (*coords[:2], max(1, coords[2]), *(coords[3:] if coords[3:] != coords[:2] else ()))
    stops = tuple(
        Stop(level(s.offset), hex_color(*s.color[:3]), level(s.color[3])) for s in g.stops
    )
    if len(set(stops)) == 1 or len({s[1:] for s in stops}) == 1:
        return stops[0].color, stops[0].opacity / OPAQUE
    return f"url(#{gradients.key(Gradient(g.kind, coords, stops))})", 1.0
