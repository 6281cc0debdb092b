"""Classifier-free guidance: what the words change, made stronger.

Each row is decoded twice, with its prompt and with the prompt's words blanked, and the logits become
blank + scale * (prompt - blank) (Ho and Salimans, 2022). A small model hears the style louder than the subject; guidance
turns the subject up. Refuses to choose a scale: 1 is the plain model and costs nothing. The trade-off: two passes a
token, so a guided drawing takes about twice the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from text2svg.engine.decoder import Cache

Ids = tuple[int, ...]


@dataclass(slots=True)
class GuidedCache:
    """A cache whose logits are guided; `blanks` gives each prompt its twin without words."""

    told: Cache
    untold: Cache
    blanks: Mapping[Ids, Ids]
    scale: float

    def prefill(self, row: int, ids: Sequence[int]) -> NDArray[np.float32]:
        """Read a prompt, and its twin followed by the same forced tokens."""
        return self._mix(self.told.prefill(row, ids), self.untold.prefill(row, self._twin(tuple(ids))))

    def step(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Feed one token to each active row of both."""
        return self._mix(self.told.step(ids), self.untold.step(ids))

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the row in both; a twin is never longer than its prompt."""
        self.told.copy(source, target, length)
        self.untold.copy(source, target, length)

    def _twin(self, ids: Ids) -> Ids:
        # One prompt of a batch may begin another ("arrow", "arrow left"); the longest is the one that was asked.
        prompt = max((own for own in self.blanks if ids[: len(own)] == own), key=len)
        return self.blanks[prompt] + ids[len(prompt) :]

    def _mix(self, told: NDArray[np.float32], untold: NDArray[np.float32]) -> NDArray[np.float32]:
        return untold + np.float32(self.scale) * (told - untold)
