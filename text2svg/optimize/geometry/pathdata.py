"""Path data with a few decimals: rounded points, never rounded vectors, so errors do not add up along a path.

Curves that went on smoothly before rounding still do: their first control point is left out where the reflected one lies
within a quantum or so of it, which moves the curve by half of that. Refuses nothing. The trade-off: an arc near half a
circle, whose bulge runs away with the square root of an error, is written as two where no radius keeps it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

from text2svg.svg.path import Segment, arc_center, arc_point, write_number
from text2svg.svg.snap import steady_radius

MAX_TEXTS = 100_000

BULGE = 1.0
"""Quanta that the height of an arc may be off: at 2.5, 54 of 620 files on whole numbers had mad64 > 2, at this 42."""

REFLECTED = 1.25
"""Quanta that a left out control point may be off: its own rounding and twice that of the point it is reflected in."""


class _Texts(dict[int, str]):
    """Counts of quanta as decimal text, without leading or trailing zeros; a few thousand serve all drawings."""

    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.decimals = decimals

    def __missing__(self, value: int) -> str:
        text = write_number(value / 10**self.decimals, self.decimals) if self.decimals else str(value)
        if len(self) < MAX_TEXTS:
            self[value] = text
        return text


@lru_cache(maxsize=16)
def texts(decimals: int) -> _Texts:
    """The table for so many decimals."""
    return _Texts(decimals)


@lru_cache(maxsize=65536)
def fixed(value: float, decimals: int) -> str:
    """`write_number`, remembered: one set of icons has one stroke width."""
    return write_number(value, decimals)


def write(segments: Iterable[Segment], decimals: int) -> str:
    """Absolute path data with `decimals` digits."""
    q = 10**decimals
    text = texts(decimals)
    out: list[str] = []
    x = y = sx = sy = 0
    at = start = (0.0, 0.0)
    smooth = ("", 0, 0)  # kind and control point of the curve before, for the next one to reflect
    for s in segments:
        kind = s[0]
        if kind == "C" or kind == "Q":
            said, smooth = _curve(s, (x, y), smooth, q, text)
            out.append(said)
            x, y = round(s[-2] * q), round(s[-1] * q)
            at = s[-2:]
            continue
        smooth = ("", 0, 0)
        if kind == "Z":
            out.append("z")
            x, y, at = sx, sy, start
        elif kind == "A":
            for radii, large, ex, ey in _arcs(at, (x, y), s, decimals):
                out.append(f"A{radii} {large} {s[5]} {text[ex]} {text[ey]}")
                x, y = ex, ey
            at = s[6:]
        else:
            at = s[1:]
            x, y = round(at[0] * q), round(at[1] * q)
            out.append(f"{kind}{text[x]} {text[y]}")
            if kind == "M":
                sx, sy, start = x, y, at
    return "".join(out)


def _curve(
    s: Segment, at: tuple[int, int], before: tuple[str, int, int], q: int, text: _Texts
) -> tuple[str, tuple[str, int, int]]:
    """The text of a curve from `at`, and what the next one may reflect. Points but the curve's are in quanta."""
    kind, bx, by = before
    reflected = False
    if kind == s[0]:
        bx, by = 2 * at[0] - bx, 2 * at[1] - by
        reflected = abs(bx - s[1] * q) <= REFLECTED and abs(by - s[2] * q) <= REFLECTED
    if s[0] == "C":
        _, ax, ay, cx, cy, ex, ey = s
        ix, iy = round(cx * q), round(cy * q)
        end = f"{text[ix]} {text[iy]} {text[round(ex * q)]} {text[round(ey * q)]}"
        said = f"S{end}" if reflected else f"C{text[round(ax * q)]} {text[round(ay * q)]} {end}"
        return said, ("C", ix, iy)
    _, ax, ay, ex, ey = s
    end = f"{text[round(ex * q)]} {text[round(ey * q)]}"
    if reflected:
        return f"T{end}", ("Q", bx, by)
    ix, iy = round(ax * q), round(ay * q)
    return f"Q{text[ix]} {text[iy]} {end}", ("Q", ix, iy)


def _arcs(
    start: tuple[float, float], at: tuple[int, int], s: Segment, decimals: int
) -> Iterator[tuple[str, int, int, int]]:
    """Radii and rotation as text, large flag and end in quanta, of an arc or of its halves. `at` is `start` rounded."""
    q = 10**decimals
    ex, ey = round(s[6] * q), round(s[7] * q)
    exact, snapped = math.hypot(s[6] - start[0], s[7] - start[1]) * q, math.hypot(ex - at[0], ey - at[1])
    if s[1] != s[2] or exact < 1.5 * s[1] * q:
        # Two digits more than points have; SVGO takes them back where they do not show.
        yield " ".join([fixed(v, decimals + 2) for v in s[1:4]]), s[4], ex, ey
        return
    radius, large, off = steady_radius(s[1] * q, s[4], exact, snapped)
    if off > BULGE and snapped > 4:
        center = arc_center(*start, s)
        middle = arc_point(center, s[3], center[4] + center[5] / 2)
        half = (*s[:4], 0, s[5])
        yield from _arcs(start, at, (*half, *middle), decimals)
        yield from _arcs(middle, (round(middle[0] * q), round(middle[1] * q)), (*half, *s[6:]), decimals)
        return
    radii = texts(decimals)[radius]
    yield f"{radii} {radii} 0", large, ex, ey
