"""Where things stand: boxes for repetitions and pairs, room beside a corner mark, free room inside a drawing.

Refuses to draw; it computes boxes from boxes and points. The trade-off: free room is looked for on a coarse raster of
squares, so a container may have a little more room than is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from text2svg.compose.forms import OUTER
from text2svg.svg.affine import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]

GAP = 0.14
"""Space between neighbours, as a share of their size."""
PILE_GAP = 4.0
"""Space between the things of a stack."""
MARK_SIZE = 84.0
"""Side of the box that a corner mark fills."""
SHRINK = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64)
"""Sizes to try, largest first, until a drawing keeps clear of its mark; at the last one nothing can touch."""
LEAST_ROOM = 64.0
"""Side of the smallest square worth drawing something in."""


def repeated(arrangement: str, count: int, region: Box, aspect: float = 1.0) -> list[Box]:
    """One box for each copy, all of one size, in drawing order; squares, but for a stack, whose boxes are `aspect` times
    as wide as high and nearly touch."""
    x0, y0, x1, y1 = region
    width, height = x1 - x0, y1 - y0
    if arrangement == "stack":
        high = min((height - PILE_GAP * (count - 1)) / count, width / aspect)
        left, top = (x0 + x1 - high * aspect) / 2, (y0 + y1 - high * count - PILE_GAP * (count - 1)) / 2
        tops = [top + i * (high + PILE_GAP) for i in range(count)]
        return [(left, y, left + high * aspect, y + high) for y in tops]
    if arrangement == "ring":
        reach = math.sin(math.pi / count)
        side = min(width, height) * reach / (1 + GAP + reach)
        radius, cx, cy = (min(width, height) - side) / 2, (x0 + x1) / 2, (y0 + y1) / 2
        turns = [2 * math.pi * i / count - math.pi / 2 for i in range(count)]
        return [_box(cx + radius * math.cos(a) - side / 2, cy + radius * math.sin(a) - side / 2, side) for a in turns]
    columns = {"row": count, "column": 1, "grid": math.ceil(math.sqrt(count))}[arrangement]
    rows = math.ceil(count / columns)
    most = max(columns, rows)
    pitch = min(width, height) / (most - GAP / (1 + GAP))
    side = pitch / (1 + GAP)
    boxes = []
    for i in range(count):
        row, column = divmod(i, columns)
        inside = min(columns, count - row * columns)
        left = (x0 + x1) / 2 - (inside * pitch - pitch * GAP / (1 + GAP)) / 2
        top = (y0 + y1) / 2 - (rows * pitch - pitch * GAP / (1 + GAP)) / 2
        boxes.append(_box(left + column * pitch, top + row * pitch, side))
    return boxes


def _box(x: float, y: float, side: float) -> Box:
    return x, y, x + side, y + side


def pair(arrangement: str, region: Box) -> tuple[Box, Box]:
    """Boxes of two different things; for `on top` the first stands on the second's upper edge."""
    x0, y0, x1, y1 = region
    mx, my, gap = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * 0.035
    if arrangement == "beside":
        return (x0, y0, mx - gap, y1), (mx + gap, y0, x1, y1)
    upper, lower = (x0, y0, x1, my - gap), (x0, my + gap, x1, y1)
    return (lower, upper) if arrangement == "below" else (upper, lower)


def corner_box(corner: str, size: float = MARK_SIZE, region: Box = OUTER) -> Box:
    """A square in a corner of the canvas."""
    x = region[0] if "left" in corner else region[2] - size
    y = region[1] if "top" in corner else region[3] - size
    return _box(x, y, size)


def regions(corners: Sequence[str], region: Box) -> Iterator[Box]:
    """Ever smaller parts of a region, away from the corners."""
    for share in SHRINK if corners else SHRINK[:1]:
        width, height = (region[2] - region[0]) * share, (region[3] - region[1]) * share
        free_x, free_y = region[2] - region[0] - width, region[3] - region[1] - height
        lefts = [0.0 if "right" in c else 1.0 for c in corners] or [0.5]
        tops = [0.0 if "bottom" in c else 1.0 for c in corners] or [0.5]
        x = region[0] + free_x * sum(lefts) / len(lefts)
        y = region[1] + free_y * sum(tops) / len(tops)
        yield x, y, x + width, y + height


def clear_of(points: Sequence[Point], box: Box, distance: float) -> bool:
    """Whether points keep `distance` from the disc in a box."""
    cx, cy, reach = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, (box[2] - box[0]) / 2 + distance
    return all(math.hypot(x - cx, y - cy) >= reach for x, y in points)


def free_square(outlines: Sequence[Sequence[Point]], box: Box, *, filled: bool, pad: float) -> Box | None:
    """The largest square near the middle of `box` that no outline crosses; None below LEAST_ROOM.

    With `filled` it lies on paint, by the even-odd rule; without, outlines surround it. `pad` is kept free around it.
    """
    points = np.array([p for outline in outlines for p in outline])
    steps = (np.arange(17) + 4) / 24
    xs, ys = box[0] + (box[2] - box[0]) * steps, box[1] + (box[3] - box[1]) * steps
    centers = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    # A square's half side: Chebyshev distance to the nearest point of an outline.
    halves = np.abs(centers[:, None] - points[None]).max(-1).min(-1) - pad
    worth = 2 * halves - 0.6 * np.hypot(*(centers - (xs[8], ys[8])).T)
    for at in np.argsort(-worth, kind="stable"):
        half, (cx, cy) = float(halves[at]), map(float, centers[at])
        if 2 * half >= LEAST_ROOM and (_painted(outlines, cx, cy) if filled else _surrounded(points - (cx, cy))):
            return cx - half, cy - half, cx + half, cy + half
    return None


def _surrounded(around: NDArray[np.float64]) -> bool:
    sectors = (np.arctan2(around[:, 1], around[:, 0]) + math.pi) / (math.pi / 6)
    return len(set(sectors.astype(int) % 12)) >= 11


def _painted(outlines: Sequence[Sequence[Point]], cx: float, cy: float) -> bool:
    crossings = 0
    for outline in outlines:
        for (xa, ya), (xb, yb) in zip(outline, [*outline[1:], outline[0]], strict=True):
            crossings += (ya > cy) != (yb > cy) and xa + (cy - ya) * (xb - xa) / (yb - ya) > cx
    return crossings % 2 == 1
