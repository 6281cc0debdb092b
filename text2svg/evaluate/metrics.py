"""Pure functions from outcomes to figures; each names its range and which end is better.

Refuses to compute a figure from nothing (ConfigError). The trade-off: bootstrap intervals resample prompts, not seeds,
so they say how the figure would move with other prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import ConfigError


class Figure(NamedTuple):
    """A mean with its 95 % bootstrap interval over prompts."""

    value: float
    low: float
    high: float
    n: int


def share(flags: Sequence[bool], seed: int = 0) -> Figure:
    """The share of true flags, 0..1."""
    return mean([float(f) for f in flags], seed)


def mean(values: Sequence[float], seed: int = 0) -> Figure:
    """The mean of values with its interval."""
    data = np.asarray(values, float)
    if not len(data):
        raise ConfigError("nothing was measured", hint="ask for at least one prompt")
    random = np.random.default_rng(seed)
    picks = data[random.integers(len(data), size=(1000, len(data)))].mean(1)
    low, high = np.percentile(picks, [2.5, 97.5])
    return Figure(round(float(data.mean()), 4), round(float(low), 4), round(float(high), 4), len(data))


def retrieval_ranks(
    drawings: NDArray[np.float32], texts: NDArray[np.float32], pool: int = 100
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """For each drawing: how many of the others' words score at least as its own (0 is best), the share that score less,
    and the size of the pool. The others are the `pool` - 1 that follow in the prompts' order; a tie counts against.
    """
    count = len(drawings)
    if count < 2:
        raise ConfigError("retrieval needs two prompts at least", hint="ask for more prompts")
    size = min(pool, count)
    scores = drawings @ texts.T
    own = np.diagonal(scores)
    others = (np.arange(count)[:, None] + np.arange(1, size)[None, :]) % count
    theirs = np.take_along_axis(scores, others, axis=1)
    ranks = (theirs >= own[:, None]).sum(1)
    return ranks.astype(np.int64), (theirs < own[:, None]).mean(1), size


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float], count: int, seed: int = 0, *, times: int = 200
) -> Figure:
    """A statistic of row numbers with its 95 % interval over resampled rows.

    For statistics that are no mean, such as a Fréchet distance; those are biased upwards by resampling, so the value
    may lie below its interval, which shows how much of it is sample size.
    """
    if count < 2:
        raise ConfigError("an interval needs two rows at least", hint="ask for more prompts")
    random = np.random.default_rng(seed)
    found = [statistic(random.integers(count, size=count)) for _ in range(times)]
    low, high = np.percentile(found, [2.5, 97.5])
    value = statistic(np.arange(count))
    return Figure(round(value, 4), round(float(low), 4), round(float(high), 4), count)
