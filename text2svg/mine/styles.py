"""Judges how an icon is drawn: outline, filled, duotone or color, from its name's suffix, its set and its body.

Refuses to render: it reads attributes only, so a thin shape drawn as a filled contour counts as `filled` unless its
name or its set says otherwise. The trade-off: 40 µs an icon, and wrong for sets that mark nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

OUTLINE = frozenset({"outline", "outlined", "line", "lines", "linear", "stroke", "broken", "o", "outlin"})
FILLED = frozenset({"filled", "fill", "solid", "f", "baseline", "block"})
DUOTONE = frozenset({"duotone", "twotone", "duo", "two-tone", "boldduotone"})
WEIGHTS = frozenset({"thin", "light", "regular", "bold", "medium", "rounded", "round", "sharp", "basic", "path", "pop"})

_OUTLINE_SETS = frozenset({
    "uil", "uit", "fa-regular", "fa6-regular", "fa7-regular", "simple-line-icons", "ei", "la", "mdi-light", "carbon",
    "cil", "ep", "radix-icons", "vaadin", "f7", "bi", "octicon", "gravity-ui", "fluent-mdl2", "ooui", "pajamas", "oui",
    "codicon", "gg", "icons8", "lineicons", "mi", "mono-icons", "nimbus", "prime", "qlementine-icons", "bx", "iwwa",
    "formkit", "fad", "ginetex",
})  # fmt: skip
"""Sets whose unmarked icons are contours drawn as filled shapes; looked at by eye."""

_REMOVED = re.compile(r"<(mask|clipPath)\b.*?</\1>", re.S)
_PAINT = re.compile(r"""\b(fill|stroke|stop-color)\s*[=:]\s*["']?\s*([^"';>]+?)\s*["';]""")
_OPACITY = re.compile(r"""\b(?:fill-|stroke-)?opacity\s*[=:]\s*["']?\s*(0?\.\d+)""")
_SHAPE = re.compile(r"<(path|circle|ellipse|rect|line|polyline|polygon|use)\b")
_NO_COLOR = frozenset({
    "none", "currentcolor", "transparent", "inherit", "context-fill", "context-stroke", "freeze", "remove",
})  # fmt: skip
"""Values that are no colour; the last two are what `fill` means inside an animation."""
_GREYS = re.compile(r"#(?:([0-9a-f])\1\1|([0-9a-f]{2})\2\2)$|black$|white$|gr[ae]y$")


def set_marks(title: str) -> tuple[str, ...]:
    """Style words that hold for a whole set, from its title: `IconPark Solid` gives `solid`."""
    words = title.lower().replace("-", " ").split()
    return tuple(word for word in words if word in FILLED or word in DUOTONE)


def set_lean(prefix: str, title: str, endings: Mapping[str, int]) -> str:
    """What an unmarked icon of a set is, `outline`, `filled` or empty, from how often names end in a style word.

    A set that has `bell` and `bell-fill` draws `bell` as an outline; one that has `bell` and `bell-outline` fills it.
    """
    words = set(title.lower().replace("-", " ").split())
    if words & (OUTLINE | {"thin"}) or prefix in _OUTLINE_SETS:
        return "outline"
    total = max(1, sum(endings.values()))
    lines = sum(count for word, count in endings.items() if word in OUTLINE) / total
    fills = sum(count for word, count in endings.items() if word in FILLED) / total
    if fills >= 0.05 and lines < 0.02:
        return "outline"
    if lines >= 0.05 and fills < 0.02:
        return "filled"
    return ""


def colors_of(body: str) -> frozenset[str]:
    """The explicit colours of a drawing, lower case, without those that only shape masks and clips."""
    found = {match[2].strip().lower() for match in _PAINT.finditer(_REMOVED.sub("", body))}
    return frozenset(color for color in found if color not in _NO_COLOR and not color.startswith(("url(", "var(")))


def style_of(body: str, marks: Collection[str], *, palette: bool = False, lean: str = "") -> str:
    """The style of an icon: `marks` are the style words of its name, `lean` what unmarked icons of its set are."""
    colors = colors_of(body)
    chromatic = [color for color in colors if not _GREYS.match(color)]
    if chromatic or (palette and len(colors) > 1):
        return "color"
    if DUOTONE.intersection(marks):
        return "duotone"
    opacities, shapes = _OPACITY.findall(body), len(_SHAPE.findall(body))
    if opacities and (shapes > 1 or "<g" in body):
        return "duotone"
    if OUTLINE.intersection(marks):
        return "outline"
    if FILLED.intersection(marks):
        return "filled"
    return _drawn(body) or lean or ("color" if palette and colors else "filled")


def _drawn(body: str) -> str:
    """`outline` when strokes draw the picture; empty when only fills are seen, which contours may also be."""
    strokes = sum(1 for match in _PAINT.finditer(body) if match[1] == "stroke" and match[2].lower() != "none")
    if not strokes:
        return ""
    hollow = len(re.findall(r"""fill\s*[=:]\s*["']?none""", body))
    return "outline" if hollow or strokes >= len(_SHAPE.findall(body)) else "filled"
