"""Text to words, and words to rows of an embedding table: the one text preparation of training, encoding and search.

A word is a run of letters or a run of digits, lower case, without accents; `ArrowLeft2` gives `arrow left 2`. A word
outside the vocabulary becomes its hashed character n-grams, so that a typo lands near the right word. Refuses to stem:
`windows` and `window` are different drawings. The trade-off: order is not kept, "arrow left" equals "left arrow".
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_EMPTY = frozenset(("a", "an", "the", "of", "with", "and"))
MAX_WORDS = 24
"""Words read of a text. Longer texts are cut: 99.9 % of captions with all their tags have fewer."""


def words_of(text: str) -> list[str]:
    """The words of `text` in order, repeats kept."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return _WORD.findall(plain.lower())


def key_of(text: str) -> str:
    """Captions of one key mean the same: their words in any order."""
    return " ".join(sorted(set(words_of(text))))


def content_words(words: Sequence[str]) -> list[str]:
    """What a query is about: `a blue button with a star` without `a` and `with`; everything when only such words are left.

    The last word always counts, so `letter a` keeps its letter. Icon names have no articles, and there `a` is a letter.
    """
    last = len(words) - 1
    return [word for at, word in enumerate(words) if at == last or word not in _EMPTY]


def ngrams(word: str) -> list[str]:
    """Character 3- to 5-grams of `<word>`; the word itself when it is shorter than two letters."""
    marked = f"<{word}>"
    return [
        marked[at : at + size]
        for size in range(3, min(5, len(marked)) + 1)
        for at in range(len(marked) - size + 1)
    ] or [marked]


def bucket(piece: str, buckets: int) -> int:
    """A stable hash of `piece` into range(buckets); crc32, because Python's own hash changes between processes."""
    return zlib.crc32(piece.encode()) % buckets


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Rows 0..len(words)-1 are words, the next `buckets` rows are n-gram buckets."""

    rows: Mapping[str, int]
    buckets: int

    @classmethod
    def of(cls, words: Iterable[str], buckets: int) -> Vocabulary:
        """Words in table order."""
        return cls({word: row for row, word in enumerate(words)}, buckets)

    def pieces(self, word: str) -> list[int]:
        """Rows of the n-grams of `word`, known or not."""
        first = len(self.rows)
        return [first + bucket(piece, self.buckets) for piece in ngrams(word)]

    def features(self, words: Sequence[str]) -> list[tuple[int, float]]:
        """(row, weight) pairs; each word weighs 1 in sum. Repeated words count once."""
        found: list[tuple[int, float]] = []
        for word in list(dict.fromkeys(words))[:MAX_WORDS]:
            row = self.rows.get(word)
            if row is not None:
                found.append((row, 1.0))
                continue
            pieces = self.pieces(word)
            found += [(piece, 1.0 / len(pieces)) for piece in pieces]
        return found
