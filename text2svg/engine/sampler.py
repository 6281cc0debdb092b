"""Chooses one token from one row of logits, looking only at the tokens that are allowed.

Top-p is applied among the allowed tokens, after the grammar, so a mask never leaves an empty nucleus. Refuses to own
randomness: the caller passes one uniform number a token, which keeps a candidate's choices independent of its batch.
The trade-off: float64 arithmetic on at most a few hundred allowed ids (about 10 microseconds) for sums that do not
depend on the vector width of the machine's float32 routines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Choice(NamedTuple):
    """A chosen token and its log-probability among the allowed ones at temperature 1."""

    token: int
    logprob: float


def choose(
    logits: NDArray[np.float32],
    allowed: NDArray[np.intp],
    *,
    temperature: float,
    top_p: float,
    uniform: float,
) -> Choice:
    """Pick from `allowed` (ascending ids, at least one); `uniform` lies in [0, 1)."""
    if len(allowed) == 1:
        return Choice(int(allowed[0]), 0.0)
    scores = logits[allowed].astype(np.float64)
    scores -= scores.max()
    log_total = float(np.log(np.exp(scores).sum()))
    if temperature <= 0:
        picked = int(np.argmax(scores))
    else:
        picked = _nucleus(scores / temperature, top_p, uniform)
    return Choice(int(allowed[picked]), float(scores[picked]) - log_total)


def _nucleus(scores: NDArray[np.float64], top_p: float, uniform: float) -> int:
    """Sample among the smallest set of likeliest entries whose probability reaches `top_p`."""
    weights = np.exp(scores)
    order = np.argsort(-weights, kind="stable")
    cumulative = np.cumsum(weights[order])
    kept = int(np.searchsorted(cumulative, top_p * cumulative[-1])) + 1
    kept = min(kept, len(order))
    place = int(np.searchsorted(cumulative[:kept], uniform * cumulative[kept - 1], side="right"))
    return int(order[min(place, kept - 1)])
