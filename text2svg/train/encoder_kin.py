"""Who belongs with whom in a batch: sisters (the same words in another set's style) and near ones (a word in common).

A sister is a second right answer for a drawing; a near drawing ("arrow right" for "arrow left") is a wrong one that is hard
to tell. Both come from the training rows alone. Refuses to invent: a drawing without a sister or a near one stands for
itself, and a batch then just holds it twice. The trade-off: near means a shared word, so what looks alike under other
words is met by chance only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

TRIES = 4
"""Draws for a row that fits: most captions with several rows have them in several sets."""


class Kin:
    """Rows are places among the training rows; `keys` say which mean the same, `sets` number their collections."""

    def __init__(self, keys: NDArray[np.int64], sets: NDArray[np.int64], captions: Sequence[Sequence[str]]) -> None:
        self._keys, self._sets = keys, sets
        numbers: dict[str, int] = {}
        self._words = [[numbers.setdefault(word, len(numbers)) for word in set(words)] for words in captions]
        self._by_key = _Groups(keys, np.arange(len(keys)))
        rows = np.repeat(np.arange(len(captions)), [len(words) for words in self._words])
        flat = np.fromiter((word for words in self._words for word in words), np.int64, len(rows))
        self._by_word = _Groups(flat, rows)

    def sister(self, pick: int, rng: Generator) -> int:
        """Another row of the same key, from another set where chance finds one."""
        found = pick
        for _ in range(TRIES):
            other = self._by_key.any(int(self._keys[pick]), rng)
            if other == pick:
                continue
            if self._sets[other] != self._sets[pick]:
                return other
            found = other
        return found

    def near(self, pick: int, rng: Generator) -> int:
        """A row of another key that shares one of the words."""
        words = self._words[pick]
        for _ in range(TRIES if words else 0):
            other = self._by_word.any(words[int(rng.integers(len(words)))], rng)
            if self._keys[other] != self._keys[pick]:
                return other
        return pick


class _Groups:
    """Rows by a number 0.., as one sorted array."""

    def __init__(self, numbers: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        order = np.argsort(numbers, kind="stable")
        self._rows = rows[order]
        self._starts = np.searchsorted(numbers[order], np.arange(int(numbers.max(initial=-1)) + 2))

    def any(self, number: int, rng: Generator) -> int:
        return int(self._rows[rng.integers(self._starts[number], self._starts[number + 1])])
