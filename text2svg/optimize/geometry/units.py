"""Values of SVG attributes as numbers: lengths, colours, transforms. The only user of svgelements.

Refuses unknown spellings with NotCanonical instead of guessing; everything is cached, since one icon set repeats the
same few hundred strings.
"""

from __future__ import annotations

import re
from functools import lru_cache

from svgelements import Matrix as _Matrix
from tinycss2.color4 import parse_color

from text2svg.errors import NotCanonical
from text2svg.svg.path import Matrix

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
RGBA = tuple[float, float, float, float]
"""Red, green, blue 0..255 and alpha 0..1."""

_LENGTH = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z%]*)\s*$")
_PX = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "Q": 96 / 101.6,
}
_FONT = {"em": 16.0, "rem": 16.0, "ex": 8.0}


@lru_cache(maxsize=65536)
def length(text: str, whole: float = 0.0) -> float:
    """A length in user units; percentages are of `whole`. Raises NotCanonical("length")."""
    match = _LENGTH.match(text)
    if not match:
        raise NotCanonical("length", f"cannot read {text[:40]!r}")
    value, unit = float(match[1]), match[2]
    if unit == "%":
        return value / 100 * whole
    factor = _PX.get(unit) or _PX.get(unit.lower()) or _FONT.get(unit.lower())
    if factor is None:
        raise NotCanonical("length", f"unknown unit in {text[:40]!r}")
    return value * factor


@lru_cache(maxsize=65536)
def color(text: str) -> RGBA | None:
    """An sRGB colour, or None for a spelling that is not a colour."""
    try:
        value = parse_color(text.strip())
        if value is None or value == "currentcolor":
            return None
        srgb = value.to("srgb")
    except (ValueError, TypeError, NotImplementedError):
        return None
    red, green, blue = (min(255.0, max(0.0, (c or 0.0) * 255)) for c in srgb.coordinates)
    return (red, green, blue, min(1.0, max(0.0, srgb.alpha)))


@lru_cache(maxsize=16384)
def matrix(text: str) -> Matrix:
    """A transform list. Raises NotCanonical("transform")."""
    if not text.strip() or text.strip() == "none":
        return IDENTITY
    if "%" in text or "var(" in text or "calc(" in text:
        raise NotCanonical("transform", f"cannot resolve {text[:40]!r}")
    try:
        m = _Matrix(text)
        return (float(m.a), float(m.b), float(m.c), float(m.d), float(m.e), float(m.f))
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        raise NotCanonical("transform", f"cannot read {text[:40]!r}") from error


def multiply(m: Matrix, n: Matrix) -> Matrix:
    """m after n: the point is mapped by n first."""
    a, b, c, d, e, f = m
    g, h, i, j, k, o = n
    return (
        a * g + c * h,
        b * g + d * h,
        a * i + c * j,
        b * i + d * j,
        a * k + c * o + e,
        b * k + d * o + f,
    )


def similarity(m: Matrix, tolerance: float = 0.02) -> float | None:
    """The uniform scale of a map that keeps circles circles (within `tolerance`), else None."""
    a, b, c, d = m[:4]
    one, two = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
    big = max(one, two)
    if big == 0 or abs(one - two) > tolerance * big or abs(a * c + b * d) > tolerance * big * big:
        return None
    return abs(a * d - b * c) ** 0.5
