"""The words an encoder knows and where their vectors start: the corpus' own, then the teacher's.

The teacher is any sentence encoder, used in training only. Refuses to give a word outside the teacher's script a
teacher vector: Cyrillic words start at the mean of the captions they tag. The trade-off: one fixed list instead of
sub-word pieces, 30,000 words at 96 bytes; everything else goes through hashed n-grams.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.encode.words import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.encode.base import Encoder

TEACHER_BATCH = 512


def choose_words(rows: Sequence[Mapping[str, Any]], extra: Sequence[str], min_count: int) -> list[str]:
    """Words of at least `min_count` drawings, most frequent first, then `extra` ones not among them.

    Held-out rows count too: the list fixes what can be spelled, not what it means.
    """
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(set(words_of(" ".join([row["caption"], *row["tags"]]))))
    own = [word for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    own = [word for word in own if counts[word] >= min_count]
    known = set(own)
    return own + [word for word in dict.fromkeys(extra) if word not in known]


def whole_words(encoder: Encoder) -> list[str]:
    """Plain words of three letters or more that are one piece of the teacher's tokenizer; empty when it has none."""
    vocabulary = getattr(encoder, "vocabulary", None)
    pieces = vocabulary() if callable(vocabulary) else []
    return [word for word in pieces if len(word) > 2 and word.isascii() and word.isalpha() and word.islower()]


def teacher_vectors(words: Sequence[str], rows: Sequence[Mapping[str, Any]], teacher: Encoder) -> NDArray[np.float32]:
    """(len(words), teacher.dim): the teacher's vectors minus their mean, unit length."""
    vectors = np.concatenate(
        [teacher.encode_text(words[at : at + TEACHER_BATCH]) for at in range(0, len(words), TEACHER_BATCH)]
    )
    place = {word: at for at, word in enumerate(words)}
    ascii_ = np.array([word.isascii() for word in words], bool)
    vectors -= vectors[ascii_].mean(0)
    _borrow(vectors, place, rows)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def _borrow(vectors: NDArray[np.float32], place: Mapping[str, int], rows: Sequence[Mapping[str, Any]]) -> None:
    # A foreign word means what the captions beside it mean; each caption counts once a word.
    seen: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["heldout"]:
            continue
        for tag in row["tags"]:
            if not tag.isascii():
                for word in words_of(tag):
                    seen.setdefault(word, {})[row["key"]] = None
    for word, at in place.items():
        if word.isascii():
            continue
        near = [place[w] for key in seen.get(word, ()) for w in key.split() if w in place]
        vectors[at] = vectors[near].mean(0) if near else 0.0
