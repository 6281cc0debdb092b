"""Writes a resolved drawing: as canonical SVG on the integer grid, or with a few decimals and exact colours.

The two forms come from the same floats, so stepping back from integers to decimals costs nothing but bytes. Refuses
nothing beyond what the canonical form itself refuses.
"""

from __future__ import annotations

from collections.abc import Iterable

from text2svg.optimize.geometry.flat import FlatGradient, FlatGroup, FlatItem, FlatShape
from text2svg.optimize.geometry.gradients import onto_grid
from text2svg.optimize.geometry.units import RGBA
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
from text2svg.svg.path import write_number, write_path
from text2svg.svg.schema import FOOTER, GRADIENT, LINECAPS, LINEJOINS, OPAQUE
from text2svg.svg.snap import GRID


class _Gradients:
    """Keys for gradients in order of first use; equal gradients share one."""

    def __init__(self) -> None:
        self.keys: dict[object, str] = {}

    def key(self, gradient: object) -> str:
        return self.keys.setdefault(gradient, f"g{len(self.keys)}")


def emit_canonical(items: Iterable[FlatItem]) -> str:
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


def _canonical_paint(paint: RGBA | FlatGradient | None, gradients: _Gradients) -> tuple[str, float]:
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


def emit_decimal(items: Iterable[FlatItem], decimals: int, side: float = GRID) -> str:
    """The same drawing with `decimals` digits after the point, on a square viewBox of `side` units."""
    gradients = _Gradients()
    body = "".join(_decimal_item(item, gradients, decimals) for item in items)
    defs = "".join(
        _decimal_gradient(g, key, decimals)
        for g, key in gradients.keys.items()
        if isinstance(g, FlatGradient)
    )
    size = write_number(side, decimals)
    header = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
    return f"{header}{defs}{body}{FOOTER}"


def _decimal_item(item: FlatItem, gradients: _Gradients, decimals: int) -> str:
    if isinstance(item, FlatGroup):
        inner = "".join(_decimal_item(s, gradients, decimals) for s in item.shapes)
        return f'<g opacity="{write_number(item.opacity, 3)}">{inner}</g>'
    return f'<path{_decimal_paint(item, gradients, decimals)} d="{write_path(item.segments, decimals)}"/>'


def _decimal_paint(s: FlatShape, gradients: _Gradients, decimals: int) -> str:
    fill, fill_alpha = _decimal_color(s.fill, gradients)
    stroke, stroke_alpha = _decimal_color(s.stroke, gradients)
    pairs = [
        ("fill", fill, "#000000"),
        ("fill-rule", s.fill_rule, "nonzero"),
        ("fill-opacity", write_number(s.fill_opacity * fill_alpha, 3), "1"),
        ("opacity", write_number(s.opacity, 3), "1"),
    ]
    if s.stroke is not None:
        pairs += [
            ("stroke", stroke, "none"),
            ("stroke-width", write_number(s.stroke_width, max(decimals, 2)), "1"),
            ("stroke-linecap", s.linecap, "butt"),
            ("stroke-linejoin", s.linejoin, "miter"),
            ("stroke-miterlimit", write_number(s.miterlimit, 2), "4"),
            ("stroke-opacity", write_number(s.stroke_opacity * stroke_alpha, 3), "1"),
        ]
    return "".join(f' {name}="{value}"' for name, value, default in pairs if value != default)


def _decimal_color(paint: RGBA | FlatGradient | None, gradients: _Gradients) -> tuple[str, float]:
    if paint is None:
        return "none", 1.0
    if isinstance(paint, FlatGradient):
        return f"url(#{gradients.key(paint)})", 1.0
    return "#" + "".join(f"{round(v):02x}" for v in paint[:3]), paint[3]


def _decimal_gradient(g: FlatGradient, key: str, decimals: int) -> str:
    coords = "".join(
        f' {name}="{write_number(v, max(decimals, 2))}"'
        for name, v in zip(GRADIENT[g.kind], g.coords, strict=True)
    )
    stops = ""
    for s in g.stops:
        text, alpha = _decimal_color(s.color, _Gradients())
        faded = f' stop-opacity="{write_number(alpha, 3)}"' if alpha < 1 else ""
        stops += f'<stop offset="{write_number(s.offset, 3)}" stop-color="{text}"{faded}/>'
    return f'<{g.kind} id="{key}" gradientUnits="userSpaceOnUse"{coords}>{stops}</{g.kind}>'
