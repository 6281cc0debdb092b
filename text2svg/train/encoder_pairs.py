"""Batches of the token encoder's contrastive stage: words, their drawing, a near miss, and a sister of another set.

Each is a pure function of (seed, step), over the same choices as the towers' batches: captions, tags, both, templates, a
style word. Refuses two drawings of one caption in a batch, which would be negatives of each other, and held-out captions.
The trade-off: a small corpus may not have enough captions for the batch; then it is refused, not filled up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from text2svg.encode.words import Vocabulary
from text2svg.errors import TrainError
from text2svg.train.encoder_batches import Batches, Chances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.train.encoder_documents import Documents

CHANCES = Chances(template=0.1, sister=0.5, near=0.5)
"""The last two only say that kin are wanted."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """N texts and the rows of N drawings, near misses and sisters; without kin a row stands in for itself."""

    texts: list[str]
    drawings: NDArray[np.int64]
    near: NDArray[np.int64]
    sisters: NDArray[np.int64]


class PairBatches(Batches):
    """`pairs(step)` gives that step's batch of documents."""

    def __init__(self, documents: Documents, size: int, seed: int, chances: Chances = CHANCES) -> None:
        super().__init__(documents, Vocabulary.of([], 1), size, seed, chances)
        self._distinct = len(np.unique(self._keys))
        if self._distinct < size:
            hint = f"use a batch of at most {self._distinct}"
            raise TrainError(f"{self._distinct} different captions for a batch of {size}", hint=hint)

    def pairs(self, step: int) -> Pairs:
        """The same for the same documents, seed and step."""
        rng = np.random.default_rng((self._seed, step))
        chosen: dict[int, int] = {}
        while len(chosen) < self._size:
            pick = min(int(np.searchsorted(self._upto, rng.random())), len(self._train) - 1)
            chosen.setdefault(int(self._keys[pick]), pick)
        picks = list(chosen.values())
        near = [self._kin.near(pick, rng) for pick in picks]
        sisters = [self._kin.sister(pick, rng) for pick in picks]
        texts = [" ".join(self.text(pick, rng)) for pick in picks]
        return Pairs(texts, *(self._train[np.array(rows)] for rows in (picks, near, sisters)))
