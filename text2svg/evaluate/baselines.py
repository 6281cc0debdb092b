"""Generators that draw nothing: the floor and the ceilings that a model's figures stand between.

`random-drawing` gives any drawing of the corpus, `nearest-caption` the one whose caption shares the most telling words
with the prompt, `reference` the real drawing. Refuses rows of held-out captions, so nobody finds the answer in the
corpus. The trade-off: captions are compared by their words, not by the judge's vectors, which would grade its own choice.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.caption.keywords import is_heldout, words_of
from text2svg.errors import ConfigError
from text2svg.evaluate.tasks import Task
from text2svg.sample import Sample

BASELINES = ("random-drawing", "nearest-caption", "reference")


@dataclass(frozen=True, slots=True)
class Row:
    """What a baseline keeps of a corpus row."""

    words: frozenset[str]
    style: str
    svg: str
    tokens: int


def rows_of(samples: Iterable[Sample]) -> list[Row]:
    """Canonical rows whose captions may be trained on."""
    return [
        Row(frozenset(words_of(sample.caption)), sample.style, sample.optimized, sample.tokens)
        for sample in samples
        if sample.canonical and sample.caption and not is_heldout(sample.caption)
    ]


class Baseline:
    """Draws a task: `(task, seed) -> (svg, tokens)`. Raises ConfigError for an unknown name or an empty corpus."""

    def __init__(self, name: str, rows: list[Row]) -> None:
        if name not in BASELINES:
            raise ConfigError(f"unknown baseline {name!r}", hint=f"one of: {', '.join(BASELINES)}")
        if not rows and name != "reference":
            raise ConfigError("the corpus has no rows that may be used", hint="text2svg corpus optimize")
        self.name, self.rows = name, rows
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(rows if name == "nearest-caption" else ()):
            for word in row.words:
                self._places[word].append(place)

    def __call__(self, task: Task, seed: int) -> tuple[str, int]:
        """The drawing for one prompt."""
        if self.name == "reference":
            return task.svg, 0
        choose = random.Random(f"{self.name} {seed}")
        if self.name == "random-drawing":
            row = self.rows[choose.randrange(len(self.rows))]
        else:
            row = self._nearest(frozenset(words_of(task.words)), task.style, choose)
        return row.svg, row.tokens

    def _nearest(self, words: frozenset[str], style: str, choose: random.Random) -> Row:
        """The row with the most weight of shared words less half that of its others; style breaks ties, then chance."""
        shared: dict[int, float] = defaultdict(float)
        for word in sorted(words):
            for place in self._places.get(word, ()):
                shared[place] += self._weight(word)
        if not shared:
            return self.rows[choose.randrange(len(self.rows))]
        best = max(self._score(place, weight, style) for place, weight in shared.items())
        ties = [place for place, weight in shared.items() if self._score(place, weight, style) == best]
        return self.rows[choose.choice(sorted(ties))]

    def _score(self, place: int, weight: float, style: str) -> tuple[float, bool]:
        row = self.rows[place]
        return round(weight - 0.5 * sum(self._weight(word) for word in row.words) + 0.5 * weight, 9), row.style == style

    def _weight(self, word: str) -> float:
        return math.log1p(len(self.rows) / (1 + len(self._places.get(word, ()))))
