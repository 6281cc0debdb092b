"""Colour augmentation for training: the same drawing in other colours, chosen by a seed.

Every hue turns by one angle in OKLCH, so what went together still does, and light stays light. A colour comes out the
same wherever and however it is written; `none`, `currentColor` and references stay, and so do masks, whose colours are
opacity. Refuses what the parser refuses. The trade-off: colours inside `style` and `drop-shadow()` stay, because
sanitised drawings hold theirs in attributes.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from text2svg.errors import ConfigError
from text2svg.svg.css import hex_color
from text2svg.svg.document import parse, serialize

PAINTS = ("fill", "stroke", "color", "stop-color", "flood-color", "lighting-color")
GRAY_CHROMA = 0.03
"""OKLCH chroma below which a colour is a grey; `#f00` has 0.26."""
WHITE = 0.95
"""OKLCH lightness from which a grey is paper and is never inked."""
INK_CHROMA = 0.16
FAMILY = 40.0
"""Degrees between hues that a palette treats as one colour with its shades."""
LEAST_TURN = 25.0
"""Degrees; smaller turns would not be seen."""

_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{8})\Z")
_SHORT = re.compile(r"#[0-9a-fA-F]{3,4}\Z")
_FALLBACK = re.compile(r"(url\([^)]*\)\s*)(.*)\Z", re.DOTALL)
_TARGET = re.compile(r"url\(#([^)]+)\)")


class Lch(NamedTuple):
    """A colour in OKLCH: lightness 0..1, chroma 0..0.4, hue in degrees."""

    light: float
    chroma: float
    hue: float


def shift_colors(svg: str, seed: int, *, palette: Sequence[str] = (), grays: bool = False) -> str:
    """`svg` (sanitised) with its hues turned; the same seed gives the same text.

    With a `palette` of CSS colours, the drawing's most frequent hue and its shades take the hue and strength of one of
    them, the next another, keeping their own lightness. Greys stay unless `grays`, which inks all but white. A drawing
    that writes all its colours as `#rgb` still does, so canonical SVG reads as canonical again; where two colours meet,
    `canonicalize` may join their shapes. Raises ParseError, LimitError, and ConfigError for a palette entry that is none.
    """
    root = parse(svg).root
    places = list(_places(root))
    rng = random.Random(seed)
    counts = Counter(_lch(hex_color(color)) for _, _, _, color in places)
    turn = _turn(counts, rng, [_entry(color) for color in palette])
    ink = _ink(rng.uniform(0, 360)) if grays else None
    short = all(_SHORT.match(color) for _, _, _, color in places)
    for element, name, head, color in places:
        element.set(name, head + _shifted(color, turn, ink, short))
    # What has no fill at all is black; masks would inherit an ink from the root and let less through.
    if ink is not None and root.get("fill") is None and root.find(".//mask") is None:
        root.set("fill", _shifted("#000", turn, ink, short))
    return serialize(root)


def _places(root: Element) -> Iterator[tuple[Element, str, str, str]]:
    """Each colour: its element and attribute, the reference before it, and how it is written."""
    kept = _masked(root)
    for element in root.iter():
        if element in kept:
            continue
        for name in PAINTS:
            value = element.get(name)
            if value is None:
                continue
            match = _FALLBACK.match(value)
            head, color = match.groups() if match else ("", value.strip())
            if _HEX.match(hex_color(color)):
                yield element, name, head, color


def _masked(root: Element) -> set[Element]:
    """Mask contents, and what they refer to: there a colour means opacity."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    pending = list(root.iter("mask"))
    kept: set[Element] = set()
    while pending:
        for element in pending.pop().iter():
            if element in kept:
                continue
            kept.add(element)
            values = [value for name, value in element.attrib.items() if name != "href"]
            names = [name for value in values for name in _TARGET.findall(value)] + [element.get("href", "")[1:]]
            pending += [named[name] for name in names if name in named]
    return kept


def _entry(color: str) -> Lch:
    text = hex_color(color)
    if not _HEX.match(text):
        raise ConfigError(f"palette entry {color!r} is no colour", hint="a CSS colour such as #28c or teal")
    return _lch(text)


def _turn(counts: Counter[Lch], rng: random.Random, palette: list[Lch]) -> Callable[[Lch], Lch]:
    """What happens to a colour that is no grey."""
    angle = rng.uniform(LEAST_TURN, 360 - LEAST_TURN)
    if not palette:
        return lambda color: color._replace(hue=(color.hue + angle) % 360)
    order = rng.sample(palette, len(palette))
    families = _families(counts)

    def onto(color: Lch) -> Lch:
        place = min(range(len(families)), key=lambda i: _between(color.hue, families[i].hue))
        entry, first = order[place % len(order)], families[place]
        aside = (color.hue - first.hue + 180) % 360 - 180
        return Lch(color.light, color.chroma * entry.chroma / first.chroma, (entry.hue + aside / 4) % 360)

    return onto


def _families(counts: Counter[Lch]) -> list[Lch]:
    """One colour of each hue that the drawing uses, the most frequent first, further apart than shades are."""
    vivid = {color: n for color, n in counts.items() if color.chroma >= GRAY_CHROMA}
    uses = Counter[int]()
    for color, n in vivid.items():
        for step in range(-3, 4):
            uses[int(color.hue / 10 + step) % 36] += n
    found: list[Lch] = []
    for color in sorted(vivid, key=lambda c: (-uses[int(c.hue / 10) % 36], -c.chroma, c)):
        if all(_between(color.hue, first.hue) > FAMILY for first in found):
            found.append(color)
    return found


def _ink(hue: float) -> Callable[[Lch], Lch]:
    """Greys as shades of one ink, the darkest still a colour."""
    return lambda gray: Lch(0.4 + 0.5 * gray.light, INK_CHROMA, hue)


def _shifted(written: str, turn: Callable[[Lch], Lch], ink: Callable[[Lch], Lch] | None, short: bool) -> str:
    text = hex_color(written)
    color = _lch(text)
    if color.chroma >= GRAY_CHROMA:
        color = turn(color)
    elif ink is not None and color.light < WHITE:
        color = ink(color)
    else:
        return written
    return _hex(color, text[7:], short)


def _between(one: float, other: float) -> float:
    """Degrees between two hues, 0..180."""
    return abs((one - other + 180) % 360 - 180)


def _lch(text: str) -> Lch:
    """OKLCH (Ottosson 2020) of `#rrggbb` or `#rrggbbaa`."""
    red, green, blue = (_linear(int(text[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l_ = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    m_ = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    s_ = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_
    b = 0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_
    light = 0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_
    return Lch(light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def _hex(color: Lch, alpha: str, short: bool) -> str:
    """The colour as hex digits, less strong where the screen cannot show it; `alpha` is kept."""
    low, high = 0.0, color.chroma
    if not _shown(color):
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if _shown(color._replace(chroma=middle)) else (low, middle)
        color = color._replace(chroma=low)
    levels = [255 * _encoded(value) for value in _rgb(color)]
    if short:
        return "#" + "".join(f"{round(level / 17):x}" for level in levels) + alpha[:1]
    digits = "".join(f"{round(level):02x}" for level in levels) + alpha
    return "#" + (digits[::2] if digits[::2] == digits[1::2] else digits)


def _shown(color: Lch) -> bool:
    return all(-1e-4 <= value <= 1 + 1e-4 for value in _rgb(color))


def _rgb(color: Lch) -> tuple[float, float, float]:
    """Linear sRGB, outside 0..1 where no screen shows the colour."""
    a = color.chroma * math.cos(math.radians(color.hue))
    b = color.chroma * math.sin(math.radians(color.hue))
    l_ = (color.light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (color.light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (color.light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
