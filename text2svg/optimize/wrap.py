"""The wrap rung: a drawing of any size inside `viewBox="0 0 256 256"`, its own numbers untouched.

A square drawing gets one `<g transform>`; any other gets a nested `<svg>`, which keeps percentages, clipping at the edges
and `preserveAspectRatio` exact. Refuses drawings without a viewport. The trade-off: 60 bytes more than the drawing itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element

from text2svg.errors import Refused
from text2svg.svg.document import parse, serialize

SIDE = 256.0
PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "Q": 2.4 / 2.54}
LENGTH = re.compile(r"\s*\+?(\d*\.?\d+(?:[eE][-+]?\d+)?)(px|pt|pc|in|cm|mm|Q)?\s*")
VIEWPORT_ATTRIBUTES = {"x", "y", "width", "height", "viewBox", "preserveAspectRatio", "version", "baseProfile"}


class Box(NamedTuple):
    """A rectangle in user units."""

    x: float
    y: float
    width: float
    height: float


def wrap(text: str) -> str:
    """Put a sanitised drawing on the 256 grid by one wrapper. Raises ParseError, Refused("viewport")."""
    root = parse(text).root
    if "transform" in root.attrib or "transform" in root.get("style", ""):
        raise Refused("root-transform", "a transform on the root svg is applied outside of its viewBox")
    viewbox = view_box(root.get("viewBox", ""))
    width, height = _viewport(root, viewbox)
    kept = {k: v for k, v in root.attrib.items() if k not in VIEWPORT_ATTRIBUTES}
    scale = SIDE / max(width, height)
    inner = viewbox or Box(0.0, 0.0, width, height)
    plain = width == height and inner.width == inner.height and "%" not in text and "userSpaceOnUse" not in text
    if plain:
        root.tag = "g"
        root.attrib.clear()
        root.attrib.update(kept)
        factor = SIDE / inner.width
        if factor != 1 or inner.x or inner.y:
            root.set("transform", _transform(factor, -inner.x * factor, -inner.y * factor))
    else:
        ratio = root.get("preserveAspectRatio")
        root.attrib.clear()
        root.attrib.update(kept)
        outer = Box((SIDE - width * scale) / 2, (SIDE - height * scale) / 2, width * scale, height * scale)
        root.attrib.update({key: _number(v) for key, v in outer._asdict().items()})
        root.set("viewBox", " ".join(map(_number, inner)))
        if ratio:
            root.set("preserveAspectRatio", ratio)
    return _inside(root)


def _inside(inner: Element) -> str:
    outer = Element("svg", {"viewBox": "0 0 256 256"})
    outer.append(inner)
    return serialize(outer)


def _transform(scale: float, x: float, y: float) -> str:
    move = f"translate({_number(x)} {_number(y)})" if x or y else ""
    return f"{move}scale({_number(scale)})" if scale != 1 else move


def view_box(text: str) -> Box | None:
    """The four numbers, or None when they are absent, broken or span nothing."""
    try:
        numbers = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        return None
    if len(numbers) != 4 or numbers[2] <= 0 or numbers[3] <= 0:
        return None
    return Box(*numbers)


def _viewport(root: Element, viewbox: Box | None) -> tuple[float, float]:
    """Width and height in CSS pixels: the attributes, or the viewBox when an attribute is absent or a percentage."""
    width, height = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
    if viewbox is not None:
        if width is None and height is None:
            return viewbox.width, viewbox.height
        width = width if width is not None else viewbox.width / viewbox.height * height
        height = height if height is not None else viewbox.height / viewbox.width * width
    if width is None or height is None:
        raise Refused("viewport", "the drawing has neither a viewBox nor a size")
    return width, height


def _pixels(text: str) -> float | None:
    match = LENGTH.fullmatch(text)
    value = float(match[1]) * PIXELS[match[2] or ""] if match else 0.0
    return value if value > 0 else None


def _number(value: float) -> str:
    """Shortest decimal within a millionth, never in exponent form."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
