"""The drawing's own units or the 256 grid: whichever says the same drawing, as precisely, in fewer digits.

Icons drawn on a 24 grid have coordinates like 12 and 4.5 there and 128 and 48 here, but 21 there is 224 here and 7 is 74.7.
Refuses nothing. The trade-off: judged by the first few hundred numbers as relative commands would write them, not by
writing the drawing twice.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache

from text2svg.optimize.geometry.flat import FlatGroup, FlatItem, FlatShape, moved
from text2svg.optimize.geometry.pathdata import MAX_TEXTS, texts
from text2svg.svg.snap import GRID

COARSER = 0.2
"""Decades that own units may be coarser than the 256 grid: a quantum 1.6 times as large at most."""

SIZED = 30
"""Characters that `width` and `height` take."""

SAMPLE = 160
"""Numbers looked at."""


def shortest(
    items: list[FlatItem], size: tuple[float, float], decimals: int, pixels: tuple[float, float]
) -> tuple[list[FlatItem], tuple[float, float], int]:
    """Items in the units that take fewer digits, the viewBox size, and the digits after the point there.

    `decimals` is what the 256 grid would get; `items` come in the drawing's own units, `pixels` is its size on a page.
    """
    factor = GRID / max(size)
    own = max(0, decimals + math.ceil(math.log10(factor) - COARSER))
    if factor != 1:
        here, there = _costs(items, (10**own, own), (factor * 10**decimals, decimals))
        if not same_shape(pixels, (size[0] * factor, size[1] * factor)):
            there += SIZED
        if not same_shape(pixels, size):
            here += SIZED
        if here > there or own > 4:
            return *enlarged(items, size, GRID), decimals
    return items, size, own


def single(item: FlatItem) -> FlatItem:
    """The item with its points in single precision, as the first Text2SVG held them before it scaled them."""
    if isinstance(item, FlatGroup):
        return item._replace(shapes=tuple(single(each) for each in item.shapes))
    if not isinstance(item, FlatShape):
        return item
    segments = [
        s if s[0] in "AZ" else (s[0], *struct.unpack(f"{len(s) - 1}f", struct.pack(f"{len(s) - 1}f", *s[1:])))
        for s in item.segments
    ]
    return item._replace(segments=segments)


def enlarged(items: list[FlatItem], size: tuple[float, float], side: float) -> tuple[list[FlatItem], tuple[float, float]]:
    """Items and viewBox size with the longer side `side` units long."""
    factor = side / max(size)
    scale = (factor, 0.0, 0.0, factor, 0.0, 0.0)
    return [moved(item, scale) for item in items], (size[0] * factor, size[1] * factor)


def same_shape(pixels: tuple[float, float], page: tuple[float, float]) -> bool:
    """Whether a rasterizer draws both pages alike when only the second one's viewBox is left.

    Rasterizers round the size of a picture to whole pixels and stretch the drawing to fill them: 256 x 227.56 is not
    quite the shape of 576 x 512, nor 256 x 256 of 533.33 x 533.33. Where it shows, width and height are kept.
    """
    if pixels == page:
        return True
    return all(abs(side - round(side)) < 0.001 for side in (*pixels, *page))


class _Widths(dict[int, int]):
    """Characters that a step of so many quanta takes, with what parts it from the number before."""

    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.decimals = decimals

    def __missing__(self, quanta: int) -> int:
        step = texts(self.decimals)[quanta]
        width = len(step) + (step[0] != "-")
        if len(self) < MAX_TEXTS:
            self[quanta] = width
        return width


@lru_cache(maxsize=16)
def _widths(decimals: int) -> _Widths:
    return _Widths(decimals)


def _costs(items: Sequence[FlatItem], one: tuple[float, int], other: tuple[float, int]) -> tuple[int, int]:
    """Characters of the first SAMPLE numbers as relative commands, in two units: quanta in a unit, and decimals."""
    p, q = one[0], other[0]
    short, long = _widths(one[1]), _widths(other[1])
    here = there = 0
    left = SAMPLE
    for shape in _shapes(items):
        x0 = y0 = u0 = v0 = 0
        for s in shape.segments:
            if s[0] == "Z":
                continue
            points = s[1:] if s[0] != "A" else s[6:]
            for x, y in zip(points[::2], points[1::2], strict=True):
                i, j, k, n = round(x * p), round(y * p), round(x * q), round(y * q)
                here += short[i - x0] + short[j - y0]
                there += long[k - u0] + long[n - v0]
            x0, y0, u0, v0 = i, j, k, n
            left -= len(points)
            if left <= 0:
                return here, there
    return here, there


def _shapes(items: Sequence[FlatItem]) -> Iterator[FlatShape]:
    for item in items:
        if isinstance(item, FlatGroup):
            yield from _shapes(item.shapes)
        elif isinstance(item, FlatShape):
            yield item
