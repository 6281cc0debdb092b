from __future__ import annotations

import numpy as np
import pytest

from text2svg.engine.guidance import GuidedCache
from text2svg.generate.events import Finished
from text2svg.generate.rank import fitness, rank


class _Told:
    """Logits that depend on the prompt's second id, so that words matter."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[int, ...]] = {}

    def prefill(self, row, ids):
        self.rows[row] = tuple(ids)
        return self._logits(row)

    def step(self, ids):
        return np.stack([self._logits(row) for row in range(len(ids))])

    def copy(self, source, target, length):
        self.rows[target] = self.rows[source][:length]

    def _logits(self, row):
        out = np.zeros(4, np.float32)
        out[self.rows[row][1]] = 1.0
        return out


def test_guidance_pushes_away_from_the_blank_prompt() -> None:
    cache = GuidedCache(_Told(), _Told(), {(9, 2): (9, 0)}, 3.0)
    assert cache.prefill(0, (9, 2, 7)).tolist() == [-2.0, 0.0, 3.0, 0.0]
    assert cache.untold.rows[0] == (9, 0, 7)
    assert cache.step([1]).tolist() == [[-2.0, 0.0, 3.0, 0.0]]


def test_relevance_is_the_log_ratio_among_the_allowed() -> None:
    cache = GuidedCache(_Told(), _Told(), {(9, 2): (9, 0)}, 1.0)
    cache.prefill(0, (9, 2))
    assert cache.relevance(0, np.array([0, 2]), 2) == 0.0
    cache.step([1])
    assert cache.relevance(0, np.array([0, 2]), 2) == pytest.approx(1.0)
    assert cache.relevance(0, np.array([0, 2]), 0) == pytest.approx(-1.0)
    assert cache.relevance(0, np.array([2]), 2) == 0.0


def test_the_most_relevant_drawing_comes_first() -> None:
    found = [Finished(i, f"<svg{i}>", 16, True, (), -0.1 * i, r) for i, r in enumerate((1.0, 9.0, 4.0))]
    assert rank("heart", found) == (1, 2, 0)
    assert fitness("heart", found)[1] == pytest.approx(2.25)
    unguided = [Finished(i, f"<svg{i}>", 16, True, (), lp) for i, lp in enumerate((-0.9, -0.1))]
    assert rank("heart", unguided) == (1, 0)
