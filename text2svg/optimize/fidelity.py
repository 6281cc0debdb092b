"""The gate: how different two renders look, and how much difference each rung may have.

Alpha is composited over black and over white and the worse of the two counts, so neither white on transparent nor black
on transparent can hide. Refuses nothing; it measures. The trade-off: one renderer judges, and a fault it shares with the
optimizer stays unseen.

Thresholds rest on 1,300 icons of ten sets brought to whole numbers of a 256 grid, 128 px, looked at in order of
difference. Faithful ones reach 9 % bad pixels and a blurred mean of 7 (edges move by up to half a unit, colours to `#rgb`),
so neither tells right from wrong: a spinner with three dots run together had 3.7. The worst cell does: it was 59 or more
for every wrong drawing and at most 40 for every right one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BAD_STEP = 16
"""A pixel is bad when a channel differs by more than this, of 255."""

COARSE = 64
"""Side in cells of the blurred comparison."""

CELLS = 16
"""Side in cells of the comparison that looks for a missing part."""


class Difference(NamedTuple):
    """What separates two renders; zero everywhere means the same pixels."""

    bad_fraction: float
    """Share of pixels, 0..1, with a channel that differs by more than 16 of 255."""
    mean_abs: float
    """Mean absolute difference, 0..255."""
    mean_abs_64: float
    """The same after averaging to 64 x 64, which forgives a shifted edge."""
    worst_cell: float
    """Largest absolute difference after averaging to 16 x 16, 0..255: a part that is missing or somewhere else."""


class Threshold(NamedTuple):
    """The largest difference a rung may have."""

    bad_fraction: float
    mean_abs_64: float
    worst_cell: float

    def accepts(self, difference: Difference) -> bool:
        """Whether all three limits hold."""
        return (
            difference.bad_fraction <= self.bad_fraction
            and difference.mean_abs_64 <= self.mean_abs_64
            and difference.worst_cell <= self.worst_cell
        )


EXACT = Threshold(bad_fraction=0.01, mean_abs_64=1.0, worst_cell=20.0)
"""Float rungs: 1 % of the pixels, as the published comparisons count."""

GRID = Threshold(bad_fraction=0.20, mean_abs_64=8.0, worst_cell=48.0)
"""The integer rung."""


def difference(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Difference:
    """Compare two (S, S, 4) straight-alpha renders of one size; S is best a multiple of 64."""
    if before.shape != after.shape:
        raise ValueError(f"shapes differ: {before.shape} and {after.shape}")
    if np.array_equal(before, after):
        return Difference(0.0, 0.0, 0.0, 0.0)
    first, second = before.astype(np.float32), after.astype(np.float32)
    black = first[..., :3] * (first[..., 3:] / 255.0) - second[..., :3] * (second[..., 3:] / 255.0)
    white = black - (first[..., 3:] - second[..., 3:])
    return Difference(*map(max, _measure(black), _measure(white)))


def _measure(delta: NDArray[np.float32]) -> tuple[float, float, float, float]:
    size = np.abs(delta)
    return (
        float((size.max(axis=2) > BAD_STEP).mean()),
        float(size.mean()),
        float(np.abs(_cells(delta, COARSE)).mean()),
        float(np.abs(_cells(delta, CELLS)).max()),
    )


def _cells(delta: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Average (S, S, 3) into count x count cells; a side that does not divide stays as it is."""
    side = delta.shape[0]
    if side <= count or side % count:
        return delta
    step = side // count
    return delta.reshape(count, step, count, step, 3).mean(axis=(1, 3))
