"""Measures a rendered drawing: silhouettes, clusters of ink, colours, glyphs. Arrays in, numbers out.

Pictures are (H, W, 4) uint8, sRGB, straight alpha. Refuses nothing. The trade-off: plain numpy, no image library, which
costs a few milliseconds a picture of 128 pixels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from text2svg.svg.palette import COLORS, parse_color, rgb_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

INK = 128
"""Alpha from which a pixel counts as drawn."""
NEAR = 60.0
"""Euclidean RGB distance up to which two colours are taken for one."""
SAME = 24.0
"""Distance that reading a colour to a sixteenth may cost; gold and yellow are 51 apart."""
ALIKE = 0.6
"""Overlap (intersection over union) from which two pieces are taken for copies."""


def ink(picture: Picture) -> Mask:
    """Pixels that are drawn."""
    return picture[..., 3] >= INK


def near(picture: Picture, rgb: tuple[int, ...], distance: float = NEAR) -> Mask:
    """Drawn pixels of about one colour."""
    gap = picture[..., :3].astype(np.float32) - np.array(rgb, np.float32)
    return ink(picture) & (np.sqrt((gap**2).sum(-1)) <= distance)


def main_color(picture: Picture, where: Mask) -> tuple[int, int, int] | None:
    """The most frequent colour of drawn pixels in a region, to a sixteenth; None when nothing is drawn."""
    pixels = picture[where & ink(picture)][:, :3] // 16
    if not len(pixels):
        return None
    codes = pixels[:, 0].astype(int) * 256 + pixels[:, 1] * 16 + pixels[:, 2]
    most = int(np.bincount(codes).argmax())
    return most // 256 * 16 + 8, most // 16 % 16 * 16 + 8, most % 16 * 16 + 8


def is_color(rgb: tuple[int, int, int] | None, asked: str) -> bool:
    """Whether a colour passes for a colour word: near to it, or nearer to it than to any other word's."""
    if rgb is None:
        return False
    wanted = np.array(rgb_of(parse_color(asked) or "#000"), float)
    gap = float(np.linalg.norm(wanted - rgb))
    others = [float(np.linalg.norm(np.array(rgb_of(c), float) - rgb)) for c in COLORS.values()]
    return gap <= SAME or gap <= min(others) + 1e-6


def solid(mask: Mask) -> Mask:
    """A mask with its holes filled: all that the outside cannot reach."""
    padded = np.pad(mask, 1)
    outside = np.zeros_like(padded)
    outside[0, :] = outside[-1, :] = outside[:, 0] = outside[:, -1] = True
    free = ~padded
    while True:
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        grown &= free
        grown |= outside
        if (grown == outside).all():
            return ~outside[1:-1, 1:-1]
        outside = grown


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union, 0 for two empty masks."""
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 0.0


def box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    """Rows and columns (top, bottom, left, right; ends exclusive) of what is set."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def normalized(mask: Mask, side: int = 40) -> Mask:
    """What is set, centred in a square of `side` pixels, its aspect kept."""
    box = box_of(mask)
    out = np.zeros((side, side), bool)
    if box is None:
        return out
    top, bottom, left, right = box
    most = max(bottom - top, right - left)
    at = (np.arange(side) + 0.5) * most / side
    rows = (top + bottom) / 2 - most / 2 + at
    columns = (left + right) / 2 - most / 2 + at
    inside_r, inside_c = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    piece = mask[np.ix_(rows[inside_r].astype(int), columns[inside_c].astype(int))]
    out[np.ix_(inside_r, inside_c)] = piece
    return out


def components(mask: Mask) -> list[Mask]:
    """8-connected pieces of at least six pixels, as masks of the whole picture."""
    rest, out = mask.copy(), []
    while rest.any():
        seed = np.zeros_like(rest)
        seed[np.unravel_index(int(rest.argmax()), rest.shape)] = True
        while True:
            grown = _grow(seed) & rest
            if (grown == seed).all():
                break
            seed = grown
        rest &= ~seed
        if seed.sum() >= 6:
            out.append(seed)
    return out


def _grow(mask: Mask) -> Mask:
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    out = wide.copy()
    out[:, 1:] |= wide[:, :-1]
    out[:, :-1] |= wide[:, 1:]
    return out


def copies(mask: Mask) -> dict[int, list[tuple[float, float]]]:
    """How many alike pieces the ink may be seen as, each with the pieces' centres (x, y); pieces are joined nearest first.

    `{3: ...}` for three hearts; `{6: ..., 3: ...}` for three pairs of bars.
    """
    clusters = components(mask)
    found: dict[int, list[tuple[float, float]]] = {}
    while 1 <= len(clusters) <= 64:
        if _alike(clusters):
            found[len(clusters)] = [_center(cluster) for cluster in clusters]
        if len(clusters) == 1:
            break
        clusters = _joined(clusters)
    return found


def _alike(clusters: list[Mask]) -> bool:
    areas = sorted(int(cluster.sum()) for cluster in clusters)
    if areas[0] < 0.6 * areas[-1]:
        return False
    first = normalized(clusters[0])
    return all(overlap(first, normalized(cluster)) >= ALIKE for cluster in clusters[1:])


def _joined(clusters: list[Mask]) -> list[Mask]:
    """All pairs at the smallest distance joined, so that equal gaps close together."""
    boxes = np.array([box_of(cluster) for cluster in clusters])
    gaps = np.full((len(clusters), len(clusters)), np.inf)
    for i, a in enumerate(boxes):
        for j, b in enumerate(boxes[:i]):
            dy, dx = max(a[0] - b[1], b[0] - a[1], 0), max(a[2] - b[3], b[2] - a[3], 0)
            gaps[i, j] = np.hypot(dx, dy)
    close = gaps <= gaps.min() + 1.0
    group = list(range(len(clusters)))
    for i, j in zip(*np.nonzero(close), strict=True):
        old, new = group[i], group[j]
        group = [new if g == old else g for g in group]
    return [np.logical_or.reduce([c for c, g in zip(clusters, group, strict=True) if g == k]) for k in sorted(set(group))]


def _center(mask: Mask) -> tuple[float, float]:
    top, bottom, left, right = box_of(mask) or (0, 0, 0, 0)
    return (left + right) / 2, (top + bottom) / 2


def stands(arrangement: str, centers: list[tuple[float, float]]) -> bool:
    """Whether centres stand in a row, column (or stack), grid or ring."""
    points = np.array(centers)
    spread_x, spread_y = np.ptp(points, axis=0)
    if arrangement == "row":
        return bool(spread_y < 0.25 * spread_x)
    if arrangement in ("column", "stack"):
        return bool(spread_x < 0.25 * spread_y)
    if arrangement == "ring":
        reach = np.linalg.norm(points - points.mean(0), axis=1)
        return bool(min(spread_x, spread_y) > 0 and np.ptp(reach) < 0.35 * reach.mean())
    rows = _rows(points[:, 1])
    widest = max(rows)
    # Only the last row may have gaps: four in a diamond are no grid.
    return widest > 1 and len(rows) > 1 and len(rows) * widest - len(points) < widest


def _rows(values: NDArray[np.float64]) -> list[int]:
    """How many values lie on each level, those within a tenth of the spread taken as one."""
    ordered = np.sort(values)
    step = max(2.0, 0.1 * float(np.ptp(ordered)))
    cuts = [i for i, (a, b) in enumerate(pairwise(ordered), 1) if b - a > step]
    return [b - a for a, b in pairwise([0, *cuts, len(ordered)])]
