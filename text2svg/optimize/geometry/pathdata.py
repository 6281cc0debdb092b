"""Path data with a few decimals: rounded points, never rounded vectors, so errors do not add up along a path.

Curves that went on smoothly before rounding still do: their first control point is left out where the reflected one lies
within a quantum or so of it, which moves the curve by half of that. Refuses nothing. The trade-off: radii keep two digits
more than points, because the bulge of an arc near half a circle runs away with the square root of an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from text2svg.svg.path import Segment, write_number

MAX_TEXTS = 100_000

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
    control: tuple[str, int, int] = ("", 0, 0)
    for s in segments:
        kind = s[0]
        if kind == "Z":
            out.append("z")
            x, y, control = sx, sy, ("", 0, 0)
            continue
        if kind == "A":
            radii = " ".join([fixed(v, decimals + 2) for v in s[1:4]])
            x, y = round(s[6] * q), round(s[7] * q)
            out.append(f"A{radii} {s[4]} {s[5]} {text[x]} {text[y]}")
            control = ("", 0, 0)
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
        if kind == "M":
            sx, sy = x, y
    return "".join(out)
