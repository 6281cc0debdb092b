"""Names the colours a drawing is painted with, as plain English words, the largest area first.

Refuses to render: areas are those of bounding boxes, so an outline round the page counts as the page. The trade-off:
100 µs a drawing, exact enough to tell a red heart from a blue one; texts with relative paths count every shape alike.
"""

from __future__ import annotations

import colorsys
import re
from collections import defaultdict
from collections.abc import Mapping

from text2svg.svg.palette import HUES, rgb_of

_TAG = re.compile(r"<(/?)([A-Za-z]+)\b([^>]*?)(/?)>")
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)\s*=\s*["']([^"']*)["']""")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_ABSOLUTE = re.compile(r"^[MLHVCSQTAZ\d\s.,-]*$")
_SEGMENT = re.compile(r"([MLHVCSQTA])([^MLHVCSQTAZ]*)")
_SHAPES = frozenset({"path", "circle", "ellipse", "rect", "polygon", "polyline", "line"})
_UNSEEN = frozenset({"mask", "clipPath", "defs"})
_NEUTRAL = frozenset({"white", "gray", "black"})

SHADES: Mapping[str, tuple[str, ...]] = {
    "red": ("#e33", "#d22", "#f44"), "orange": ("#f80", "#f71", "#e72"), "yellow": ("#fc0", "#fd3", "#fc2"),
    "green": ("#3a4", "#2b5", "#4b4"), "teal": ("#0aa", "#1ba", "#099"), "blue": ("#27e", "#38f", "#16c"),
    "purple": ("#83d", "#95e", "#72b"), "pink": ("#f5a", "#e4a", "#f7b"), "brown": ("#742", "#853", "#631"),
    "gray": ("#888", "#999", "#777"),
}  # fmt: skip
"""Usual shades of each colour word, for painting what was black."""

SMALLEST_SHARE = 0.25
"""A colour is named when it covers at least this part of what the largest one covers."""


def color_words(svg: str, most: int = 2) -> tuple[str, ...]:
    """At most `most` colour names of a drawing, largest first; empty for drawings without explicit colours.

    White, gray and black are named only when no other colour is large enough.
    """
    areas = _areas(svg)
    least = SMALLEST_SHARE * max(areas.values(), default=0.0)
    large = [color for color in sorted(areas, key=lambda color: (-areas[color], color)) if areas[color] >= least]
    vivid = [color for color in large if color not in _NEUTRAL]
    return tuple((vivid or large)[:most])


def _areas(svg: str) -> dict[str, float]:
    """Area by colour name; strokes count for 0.3 of their shape."""
    areas: dict[str, float] = defaultdict(float)
    gradients: dict[str, list[str]] = defaultdict(list)
    stack: list[dict[str, str]] = [{}]
    unseen = 0
    for closing, name, text, empty in _TAG.findall(svg):
        if closing:
            unseen -= name in _UNSEEN
            if len(stack) > 1:
                stack.pop()
            continue
        own = dict(_ATTRIBUTE.findall(text))
        paint = {**stack[-1], **{key: own[key] for key in ("fill", "stroke", "id") if key in own}}
        if name == "stop":
            gradients[paint.get("id", "")].append(own.get("stop-color", ""))
        elif name in _SHAPES and not unseen:
            for value, part in ((paint.get("fill", ""), 1.0), (paint.get("stroke", ""), 0.3)):
                colors = gradients.get(value[5:-1], []) if value.startswith("url(#") else [value]
                for color in (color for color in colors if _is_hex(color)):
                    areas[color_name(color[1:])] += part * _area(name, own) / len(colors)
        if not empty:
            unseen += name in _UNSEEN
            stack.append(paint)
    return areas


def color_name(hex_digits: str) -> str:
    """`red` for `f00` or `e53935`; one of eleven names, or black, white, gray."""
    red, green, blue = (value / 255 for value in rgb_of(f"#{hex_digits}"))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if light < 0.12:
        return "black"
    if light > 0.93:
        return "white"
    # Slate blues at saturation 0.2 read as gray beside pure hues.
    if saturation < 0.18:
        return "gray"
    name = next(name for end, name in HUES if hue * 360 < end)
    if name in ("orange", "red", "yellow") and light < 0.4 and saturation < 0.75:
        return "brown"
    if name == "red" and light > 0.72:
        return "pink"
    if name == "pink" and hue * 360 < 320 and light < 0.4:
        return "purple"
    return name


def _is_hex(color: str) -> bool:
    return bool(re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", color))


def _area(name: str, own: dict[str, str]) -> float:
    """Bounding box of a shape, in square units; 1 for what cannot be told without a path parser."""
    if name == "path":
        d = own.get("d", "")
        return _path_area(d) if _ABSOLUTE.match(d) else 1.0
    numbers = {key: float(value) for key, value in own.items() if _NUMBER.fullmatch(value)}
    if name == "rect":
        return numbers.get("width", 1.0) * numbers.get("height", 1.0)
    radius = numbers.get("r", 0.0)
    return max(1.0, 4 * numbers.get("rx", radius) * numbers.get("ry", radius))


def _path_area(d: str) -> float:
    xs: list[float] = []
    ys: list[float] = []
    for letter, text in _SEGMENT.findall(d):
        numbers = [float(number) for number in _NUMBER.findall(text)]
        if letter == "H":
            xs += numbers
        elif letter == "V":
            ys += numbers
        elif letter == "A":
            xs += numbers[5::7]
            ys += numbers[6::7]
        else:
            xs += numbers[0::2]
            ys += numbers[1::2]
    if not xs or not ys:
        return 1.0
    return max(1.0, (max(xs) - min(xs)) * (max(ys) - min(ys)))
