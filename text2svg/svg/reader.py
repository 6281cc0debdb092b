"""Reads the canonical subset in any spelling and writes the canonical text: `canonicalize`, `is_canonical`.

Accepts relative commands, nested paint groups, long colours, shorthand or not; everything must already lie on the 256
grid. Refuses transforms, style sheets, other elements and dangling references with NotCanonical(reason). The trade-off:
end points beyond the grid are refused, control points are clamped (a smooth command can imply them anywhere), since
a generated drawing should lose half a pixel of a curve rather than itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical, SvgError
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
from text2svg.svg.document import parse
from text2svg.svg.path import Segment, parse_path
from text2svg.svg.schema import (
    FOOTER,
    GEOMETRY,
    GRADIENT,
    HEADER,
    LINECAPS,
    LINEJOINS,
    OPAQUE,
    PAINT,
    POSITIVE,
)
from text2svg.svg.snap import GRID, snap_value

_KNOWN = frozenset(PAINT) | {"id"}


def canonicalize(text: str) -> str:
    """The canonical text of a drawing on the 256 grid; a fixed point on its own output.

    Raises ParseError, LimitError, or NotCanonical with the reason.
    """
    return parse_canonical(text).to_text()


def is_canonical(text: str) -> bool:
    """Whether text is exactly what `canonicalize` would write."""
    if not (text.startswith(HEADER) and text.endswith(FOOTER)):
        return False
    try:
        return canonicalize(text) == text
    except SvgError:
        return False


def parse_canonical(text: str) -> Drawing:
    """The values of a drawing on the 256 grid. Raises like `canonicalize`."""
    root = parse(text).root
    if root.get("viewBox", "").split() != ["0", "0", "256", "256"]:
        raise NotCanonical("viewbox", "the viewBox is not 0 0 256 256")
    gradients: dict[str, Gradient] = {}
    for element in root.iter():
        if element.tag in GRADIENT:
            gradients[element.get("id", "")] = _gradient(element)
    items: list[Shape | Group] = []
    for child in root:
        if child.tag not in GRADIENT and child.tag != "defs":
            items += _read(child, _paint(root, Paint(), gradients), gradients)
    return Drawing(tuple(items), gradients)


def _read(
    element: Element, inherited: Paint, gradients: Mapping[str, Gradient]
) -> list[Shape | Group]:
    if element.tag == "g":
        opacity = _level(element.get("opacity", "1"))
        paint = _paint(element, inherited, gradients)._replace(opacity=OPAQUE)
        items = [item for child in element for item in _read(child, paint, gradients)]
        return _fade(items, opacity)
    if element.tag not in GEOMETRY:
        raise NotCanonical("element", f"<{element.tag}> is not part of canonical SVG")
    extra = element.attrib.keys() - _KNOWN - set(GEOMETRY[element.tag])
    if extra:
        raise NotCanonical("attribute", f"{sorted(extra)[0]!r} is not part of canonical SVG")
    paint = _paint(element, inherited, gradients).normalized()
    if paint is None:
        return []
    if element.tag == "path":
        return list(make_shapes(_clamped(parse_path(element.get("d", ""))), paint))
    shape = _basic(element, paint._replace(fill_rule="nonzero"))
    return [shape] if shape else []


def _fade(items: list[Shape | Group], opacity: int) -> list[Shape | Group]:
    if opacity == OPAQUE or not items:
        return items
    if opacity == 0:
        return []
    if len(items) == 1 and isinstance(items[0], Shape):
        paint = items[0].paint
        faded = paint._replace(opacity=round(paint.opacity * opacity / OPAQUE)).normalized()
        return [items[0]._replace(paint=faded)] if faded else []
    shapes = [s for item in items for s in (item.shapes if isinstance(item, Group) else (item,))]
    if len(shapes) != len(items):
        raise NotCanonical("nested-opacity", "group opacity inside group opacity")
    return [Group(opacity, tuple(shapes))]


def _clamped(segments: list[Segment]) -> list[Segment]:
    """Control points that a smooth command put off the grid, moved to its edge."""
    out = []
    for s in segments:
        if s[0] in "CQ":
            head = tuple(min(float(GRID), max(0.0, v)) for v in s[1:-2])
            s = (s[0], *head, *s[-2:])
        out.append(s)
    return out


def _basic(element: Element, paint: Paint) -> Shape | None:
    values = []
    for name in GEOMETRY[element.tag]:
        text = element.get(name)
        if name == "rx" and element.tag == "rect" and text is None:
            text = element.get("ry", "0")
        value = snap_value(_float(text or "0"))
        if name in POSITIVE and value == 0 and not (name == "rx" and element.tag == "rect"):
            return None
        values.append(value)
    kind = element.tag
    if kind == "ellipse" and values[2] == values[3]:
        kind, values = "circle", values[:3]
    if kind == "rect":
        # A radius beyond half a side is drawn as half a side (SVG 2 section 10.2).
        values[4] = min(values[4], (min(values[2], values[3]) + 1) // 2)
        values = values if values[4] else values[:4]
    return Shape(kind, tuple(values), paint)


def _paint(element: Element, inherited: Paint, gradients: Mapping[str, Gradient]) -> Paint:
    a = element.attrib
    if "style" in a or "transform" in a or "class" in a:
        raise NotCanonical("attribute", "style, class and transform are not part of canonical SVG")
    changes: dict[str, object] = {"opacity": _level(a.get("opacity", "1"))}
    for name, key in (("fill", "fill"), ("stroke", "stroke")):
        if name in a:
            changes[key] = _color(a[name], gradients)
    for name, key in (("fill-opacity", "fill_opacity"), ("stroke-opacity", "stroke_opacity")):
        if name in a:
            changes[key] = _level(a[name])
    if "fill-rule" in a:
        changes["fill_rule"] = "evenodd" if a["fill-rule"] == "evenodd" else "nonzero"
    if "stroke-width" in a:
        width = _float(a["stroke-width"])
        changes["stroke_width"] = max(1, round(width)) if width > 0 else 0
    for name, key, known in (
        ("stroke-linecap", "linecap", LINECAPS),
        ("stroke-linejoin", "linejoin", LINEJOINS),
    ):
        if name in a:
            if a[name] not in known:
                raise NotCanonical(
                    "attribute", f"{name} {a[name][:20]!r} is not part of canonical SVG"
                )
            changes[key] = a[name]
    return inherited._replace(**changes)


def _color(text: str, gradients: Mapping[str, Gradient]) -> str:
    text = text.strip()
    if text == "none":
        return "none"
    if text.startswith("url(#") and text.endswith(")"):
        if text[5:-1] not in gradients:
            raise NotCanonical("reference", f"{text[:40]} is not defined")
        return text
    digits = text[1:].lower()
    if text[:1] != "#" or len(digits) not in (3, 6) or set(digits) - set("0123456789abcdef"):
        raise NotCanonical("color", f"{text[:40]!r} is not #rgb or #rrggbb")
    if len(digits) == 3:
        return f"#{digits}"
    return hex_color(*(int(digits[i : i + 2], 16) for i in (0, 2, 4)))


def _gradient(element: Element) -> Gradient:
    if (
        element.get("gradientUnits") != "userSpaceOnUse"
        or "gradientTransform" in element.attrib
        or "href" in element.attrib
    ):
        raise NotCanonical("gradient", "gradients are in user space, without transform or href")
    names = GRADIENT[element.tag]
    coords = [
        snap_value(_float(element.get(n, "0")))
        for n in names
        if n in element.attrib or n not in ("fx", "fy")
    ]
    if element.tag == "radialGradient" and (len(coords) == 4 or coords[3:] == coords[:2]):
        coords = coords[:3]
    stops = tuple(
        Stop(
            _level(s.get("offset", "0")),
            _color(s.get("stop-color", "#000"), {}),
            _level(s.get("stop-opacity", "1")),
        )
        for s in element
        if s.tag == "stop"
    )
    if not stops:
        raise NotCanonical("gradient", "a gradient without stops")
    return Gradient(element.tag, tuple(coords), stops)


def _level(text: str) -> int:
    return level(_float(text[:-1]) / 100 if text.endswith("%") else _float(text))


def _float(text: str) -> float:
    try:
        value = float(text.removesuffix("px"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NotCanonical("number", f"cannot read {text[:40]!r}")
    return value
