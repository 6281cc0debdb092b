"""Colours by name: words to `#rgb`, `#rgb` to words, how light a colour is, and what can be read on it.

Refuses to guess: a word that is no colour gives None. The trade-off: one shade a word, chosen so that white or black reads
well on it, instead of the CSS list, whose `green` and `cyan` nobody would choose for a button.
"""

from __future__ import annotations

import colorsys
import re

from text2svg.svg.canonical import hex_color

COLORS = {
    "red": "#e33", "orange": "#f80", "yellow": "#fc1", "green": "#2a4", "teal": "#199", "cyan": "#1be", "blue": "#27e",
    "navy": "#136", "indigo": "#43b", "purple": "#83d", "magenta": "#d2b", "pink": "#f5a", "brown": "#853",
    "maroon": "#822", "gold": "#da2", "lime": "#8c2", "olive": "#772", "turquoise": "#3cb", "beige": "#ecb",
    "black": "#000", "gray": "#888", "silver": "#bbb", "white": "#fff",
}  # fmt: skip
"""One `#rgb` a word."""

SYNONYMS = {
    "grey": "gray", "violet": "purple", "lilac": "light purple", "crimson": "dark red", "scarlet": "red",
    "golden": "gold", "azure": "light blue", "emerald": "green", "aqua": "cyan", "amber": "orange", "charcoal": "dark gray",
    "cream": "beige", "tan": "beige", "fuchsia": "magenta", "burgundy": "maroon",
}  # fmt: skip
SHADES = {"dark": ("#000", 0.4), "deep": ("#000", 0.3), "light": ("#fff", 0.5), "pale": ("#fff", 0.6)}
"""What a shade word mixes in, and how much of it."""

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z")
HUES = ((16, "red"), (44, "orange"), (68, "yellow"), (158, "green"), (188, "teal"), (252, "blue"), (292, "purple"),
         (342, "pink"), (361, "red"))  # fmt: skip
"""Upper ends of the hue ranges, in degrees."""

FAMILIES = {
    "navy": "blue", "indigo": "blue", "azure": "blue", "cyan": "teal", "turquoise": "teal", "magenta": "pink",
    "maroon": "brown", "gold": "yellow", "lime": "green", "olive": "yellow", "silver": "gray", "beige": "orange",
}  # fmt: skip
"""Words that a coarse look cannot tell from a plainer one."""


def rgb_of(color: str) -> tuple[int, int, int]:
    """Components 0..255 of `#rgb` or `#rrggbb`."""
    digits = color[1:]
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def mix(color: str, other: str, share: float) -> str:
    """`color` with `share` 0..1 of `other` in it."""
    pairs = zip(rgb_of(color), rgb_of(other), strict=True)
    return hex_color(*(a * (1 - share) + b * share for a, b in pairs))


def toned(target: str, ink: str) -> str:
    """`target`, as much lighter or darker as `ink` is."""
    wanted, own = luminance(ink), luminance(target)
    if wanted > own:
        return mix(target, "#fff", min(0.7, (wanted - own) / (1 - own)))
    return mix(target, "#000", min(0.6, (own - wanted) / max(own, 0.01) * 0.7))


def parse_color(text: str) -> str | None:
    """`#rgb` of a colour word, a shade of one (`dark blue`) or a hex colour; None for anything else."""
    text = " ".join(text.lower().split())
    if _HEX.match(text):
        return hex_color(*rgb_of(text))
    text = SYNONYMS.get(text, text)
    shade, _, word = text.rpartition(" ")
    word = SYNONYMS.get(word, word)
    if word not in COLORS or (shade and shade not in SHADES):
        return None
    return mix(COLORS[word], *SHADES[shade]) if shade else COLORS[word]


def luminance(color: str) -> float:
    """Relative luminance 0..1 (WCAG 2.2)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb_of(color))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio 1..21 (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(color: str) -> str:
    """White, or near black where white would be too faint (below 2.2 to 1)."""
    return "#fff" if contrast("#fff", color) >= 2.2 else "#222"


def family(color: str) -> str:
    """The plain word for a `#rgb`: black, white, gray, brown or one of eight hues."""
    red, green, blue = (v / 255 for v in rgb_of(color))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if light < 0.15:
        return "black"
    if light > 0.93:
        return "white"
    if saturation < 0.16:
        return "gray"
    name = next(name for end, name in HUES if hue * 360 < end)
    return "brown" if name in ("orange", "red") and light < 0.42 and saturation < 0.65 else name
