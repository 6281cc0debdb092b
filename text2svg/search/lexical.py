"""Exact words: which rows have a query's words in their caption or tags, weighed by rarity.

    score = sum over matched words of idf * (1 in the caption, 0.6 in a tag) / sum of idf over the query
            * (0.7 + 0.3 * matched caption words / caption words)

so 1.0 means the caption is the query in any order. Stored as three flat arrays over sorted terms. Refuses word order
and phrases: captions have two or three words. The trade-off: a plural `s` is cut from both sides, "lens" meets "len".
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text2svg.encode.words import content_words, words_of
from text2svg.errors import StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAG_WEIGHT = 0.6
LENGTH_SHARE = 0.3
_ARRAYS = ("starts", "rows", "marks", "lengths")


def term_of(word: str) -> str:
    """The form under which a word is stored."""
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word


@dataclass(frozen=True, slots=True)
class Lexical:
    """Postings of term t are rows[starts[t]:starts[t + 1]], ascending; marks are 1 for caption, 0 for tag."""

    terms: dict[str, int] = field(repr=False)
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    marks: NDArray[np.uint8]
    lengths: NDArray[np.uint8]
    """Distinct caption terms of each row."""

    def scores(self, query: str) -> NDArray[np.float32]:
        """(rows,) float32 in 0..1."""
        rows, values = self.matches(query)
        found = np.zeros(len(self.lengths), np.float32)
        found[rows] = values
        return found

    def matches(self, query: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows that have a word of the query, ascending, and their scores in 0..1."""
        terms = list(dict.fromkeys(map(term_of, content_words(words_of(query)))))
        spans = [self._span(term) for term in terms]
        weights = [math.log1p(len(self.lengths) / (span.stop - span.start + 1)) for span in spans]
        total = sum(weights)
        sizes = [span.stop - span.start for span in spans]
        if not sum(sizes):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows, place = np.unique(np.concatenate([self.rows[span] for span in spans]), return_inverse=True)
        marks = np.concatenate([self.marks[span] for span in spans])
        each = np.repeat(weights, sizes) * (TAG_WEIGHT + (1 - TAG_WEIGHT) * marks)
        found = np.bincount(place, each, len(rows))
        share = np.bincount(place, marks, len(rows)) / np.maximum(self.lengths[rows], 1)
        return rows.astype(np.int64), (found / total * (1 - LENGTH_SHARE + LENGTH_SHARE * share)).astype(np.float32)

    def _span(self, term: str) -> slice:
        at = self.terms.get(term)
        return slice(0, 0) if at is None else slice(int(self.starts[at]), int(self.starts[at + 1]))

    def save(self, folder: Path) -> None:
        """Write into an existing folder."""
        for name in _ARRAYS:
            np.save(folder / f"words-{name}.npy", getattr(self, name))
        text = json.dumps(list(self.terms), ensure_ascii=False)
        (folder / "words-terms.json").write_text(text, encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Lexical:
        """Memory-maps what `save` wrote."""
        try:
            terms = json.loads((folder / "words-terms.json").read_text(encoding="utf-8"))
            arrays = [np.load(folder / f"words-{name}.npy", mmap_mode="r") for name in _ARRAYS]
        except (OSError, ValueError) as error:
            hint = "build the search index again"
            raise StoreError(f"{folder} holds no word index: {error}", hint=hint) from error
        return cls({term: at for at, term in enumerate(terms)}, *arrays)


class LexicalBuilder:
    """Takes rows in order; `finish` makes the index. Holds 4 bytes a posting and mark."""

    def __init__(self) -> None:
        self._rows: dict[str, array[int]] = {}
        self._marks: dict[str, bytearray] = {}
        self._lengths = bytearray()

    def add(self, caption: str, tags: Iterable[str]) -> None:
        """The next row."""
        row = len(self._lengths)
        own = set(map(term_of, words_of(caption)))
        others = set(map(term_of, words_of(" ".join(tags)))) - own
        for mark, terms in ((1, own), (0, others)):
            for term in terms:
                self._rows.setdefault(term, array("i")).append(row)
                self._marks.setdefault(term, bytearray()).append(mark)
        self._lengths.append(min(len(own), 255))

    def finish(self) -> Lexical:
        """The index of all rows added."""
        terms = sorted(self._rows)
        sizes = [len(self._rows[term]) for term in terms]
        rows = [np.frombuffer(self._rows[term], np.int32) for term in terms]
        marks = b"".join(self._marks[term] for term in terms)
        return Lexical(
            {term: at for at, term in enumerate(terms)},
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate(rows) if rows else np.zeros(0, np.int32),
            np.frombuffer(marks, np.uint8),
            np.frombuffer(bytes(self._lengths), np.uint8),
        )
