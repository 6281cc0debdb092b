from __future__ import annotations

import numpy as np

from text2svg.engine.guidance import GuidedCache


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
