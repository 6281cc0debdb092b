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
    control: tuple[str, int, int] = ("", 0, 0)
    for s in segments:
        kind = s[0]
        if kind == "Z":
            out.append("z")
            x, y, at, control = sx, sy, start, ("", 0, 0)
            continue
        if kind == "A":
            for radii, large, ex, ey in _arcs(at, (x, y), s, decimals):
                out.append(f"A{radii} {large} {s[5]} {text[ex]} {text[ey]}")
                x, y = ex, ey
            at, control = s[6:], ("", 0, 0)
            continue
        points = [round(v * q) for v in s[1:]]
        kept = points
        if kind in "CQ":
            if control[0] == kind:
                rx, ry = 2 * x - control[1], 2 * y - control[2]
                if abs(rx - s[1] * q) <= REFLECTED and abs(ry - s[2] * q) <= REFLECTED:
                    kind, kept = "S" if kind == "C" else "T", points[2:]
                    points[0], points[1] = rx, ry
            control = (s[0], points[-4], points[-3])
        else:
            control = ("", 0, 0)
        out.append(kind + " ".join([text[v] for v in kept]))
        x, y = points[-2], points[-1]
        at = s[-2:]
        if kind == "M":
            sx, sy, start = x, y, at
    return "".join(out)


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
