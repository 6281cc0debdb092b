"""How a corpus grows: Heaps' law `unique = k * read ^ beta`, fitted in log space, with its interval and extrapolation.

Points of a growth curve lean on their forerunners, so the interval comes from a moving-block bootstrap of the
residuals, which keeps neighbours together. Refuses fewer than eight points. The trade-off: the interval says how well a
power law is known if growth goes on as it did; it knows nothing of a source that runs dry, which the back-test shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import SourceError

POINTS = 80
"""Evenly spaced in the logarithm of what was read."""
IGNORED = 0.01
"""The first hundredth is not fitted: a corpus begins with one source, not with a sample of all."""
LEAST_POINTS = 8
REPEATS = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heaps:
    """A fitted law."""

    k: float
    beta: float
    low: float
    """Of beta, 2.5 %."""
    high: float
    """Of beta, 97.5 %."""
    error: float
    """Root mean square of the residuals, in natural log units."""
    fits: tuple[tuple[float, float], ...]
    """(log k, beta) of each bootstrap repeat."""

    def at(self, read: float) -> tuple[float, float, float]:
        """Unique drawings after `read`: expected, 2.5 % and 97.5 % of where a curve may pass, not of the law alone."""
        many, middle = np.array(self.fits), math.log(self.k) + self.beta * math.log(read)
        low, high = np.percentile(many[:, 0] + many[:, 1] * math.log(read), (2.5, 97.5))
        around = 1.96 * self.error  # the curve itself strays from its law
        return (
            math.exp(middle),
            math.exp(middle - math.hypot(max(0.0, middle - low), around)),
            math.exp(middle + math.hypot(max(0.0, high - middle), around)),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """A growth curve with its law."""

    read: tuple[int, ...]
    unique: tuple[int, ...]
    law: Heaps
    tested_from: int
    """The law fitted up to here ..."""
    tested_error: float
    """... misses the last point by this part of it, signed."""


def curve(fresh: NDArray[np.bool_], steps: NDArray[np.int64] | None = None) -> tuple[list[int], list[int]]:
    """(read, unique) at POINTS places; `fresh` marks the first sighting of a drawing, `steps` counts what was read.

    Without steps, what was read is rows: 1, 2, 3, ...
    """
    if not len(fresh):
        return [], []
    unique = np.cumsum(fresh)
    read = np.arange(1, len(fresh) + 1) if steps is None else steps
    wanted = np.unique(np.geomspace(1, int(read[-1]), POINTS).round().astype(np.int64))
    at = np.minimum(np.searchsorted(read, wanted, side="right"), len(read)) - 1
    pairs = {int(read[i]): int(unique[i]) for i in at.tolist() if i >= 0 and unique[i] > 0}
    return list(pairs), list(pairs.values())


def grow(read: Sequence[int], unique: Sequence[int], seed: int = 0) -> Growth:
    """Fits the law, and tests it by fitting the first half of the curve alone. Raises SourceError for too few points."""
    law = fit(read, unique, seed)
    half = [x for x in read if x <= read[-1] / 2]
    early = fit(half, unique[: len(half)], seed) if len(_fitted(half)) >= LEAST_POINTS else law
    predicted = early.at(read[-1])[0]
    return Growth(tuple(read), tuple(unique), law, half[-1] if early is not law else read[-1], predicted / unique[-1] - 1)


def fit(read: Sequence[int], unique: Sequence[int], seed: int = 0) -> Heaps:
    """Least squares in log space. Raises SourceError for too few points."""
    kept = _fitted(read)
    if len(kept) < LEAST_POINTS:
        raise SourceError(f"{len(kept)} points make no growth curve", hint="import more rows first")
    x = np.log(np.array([read[i] for i in kept], float))
    y = np.log(np.array([unique[i] for i in kept], float))
    beta, log_k = np.polyfit(x, y, 1)
    residuals = y - (log_k + beta * x)
    fits = _bootstrap(x, log_k + beta * x, residuals, np.random.default_rng(seed))
    low, high = np.percentile(fits[:, 1], (2.5, 97.5))
    error = float(np.sqrt((residuals**2).mean()))
    return Heaps(math.exp(log_k), float(beta), float(low), float(high), error, tuple(map(tuple, fits.tolist())))


def _fitted(read: Sequence[int]) -> list[int]:
    return [i for i, value in enumerate(read) if value >= max(2.0, IGNORED * read[-1])]


def _bootstrap(x: Floats, line: Floats, residuals: Floats, random: np.random.Generator) -> Floats:
    """(log k, beta) of REPEATS refits with residuals drawn in blocks."""
    block = max(2, round(len(x) ** 0.5))
    starts = random.integers(0, len(x) - block + 1, (REPEATS, -(-len(x) // block)))
    order = (starts[..., None] + np.arange(block)).reshape(REPEATS, -1)[:, : len(x)]
    values = line + residuals[order]
    centred = x - x.mean()
    betas = (values - values.mean(axis=1, keepdims=True)) @ centred / (centred @ centred)
    return np.column_stack([values.mean(axis=1) - betas * x.mean(), betas])
