"""Words of other languages from emoji annotations: each means what the English words of its emoji mean.

Reads the package emojibase-data (MIT; the annotations are Unicode's CLDR, Unicode-3.0): `LOCALE/compact.json` lists every
emoji with a label and tags, in 27 locales. A word's vector is the mean over its emoji, a label that is that word alone
counting most. Refuses Latin words that the vocabulary has already: "chat" stays English talk. The trade-off: no grammar, so
an inflected form that no label has is spelled by its n-grams.

Words in another script that the vocabulary has already get their emoji's meaning too: tags that a few captions shared
taught them less (Russian labels found in ten 0.35 so, with emoji meanings as other languages 0.5).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.encode.words import content_words, words_of
from text2svg.errors import SourceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL, TAG = 1.0, 0.3
"""What a word's place in a label or in a tag counts, divided by the words beside it."""
MAX_LETTERS = 24
Senses = Mapping[str, Mapping[str, float]]
"""Foreign word to emoji code to weight."""


def locales(folder: Path) -> list[str]:
    """Names of the locales in an unpacked emojibase-data, English ones left out. Raises SourceError."""
    found = sorted(path.parent.name for path in folder.glob("*/compact.json"))
    if "en" not in found:
        raise SourceError(f"{folder} is not emojibase-data", hint="npm install emojibase-data, and give its folder")
    return [name for name in found if not name.startswith("en")]


def foreign_words(folder: Path, known: Sequence[str]) -> tuple[list[str], NDArray[np.int64], NDArray[np.float32]]:
    """New words in a fixed order, and as (N, L) places among `known` and weights what each is the mean of."""
    place = {word: at for at, word in enumerate(known) if word.isascii()}
    english = dict(_entries(folder, "en"))
    senses: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for locale in locales(folder):
        for code, (label, tags) in _entries(folder, locale):
            if code not in english:
                continue
            for share, texts in ((LABEL, [label]), (TAG, tags)):
                for words in map(words_of, texts):
                    for word in words:
                        if word not in place and len(word) <= MAX_LETTERS and not word.isdigit():
                            senses[word][code] += share / len(words) ** 2
    meanings = {word: _meaning(codes, english, place) for word, codes in sorted(senses.items())}
    return _padded({word: parts for word, parts in meanings.items() if parts})


def extended(words: Sequence[str], vectors: NDArray[np.float32], folder: Path) -> tuple[list[str], NDArray[np.float32]]:
    """`words` and their unit vectors with the foreign ones behind them."""
    found, ids, weights = foreign_words(folder, words)
    made = np.einsum("nlw,nl->nw", vectors[ids], weights) if found else np.zeros((0, vectors.shape[1]), np.float32)
    length = np.linalg.norm(vectors, axis=1).mean()
    made = (made * length / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    place = {word: at for at, word in enumerate(words)}
    fresh = [at for at, word in enumerate(found) if word not in place]
    vectors = vectors.copy()
    for at, word in enumerate(found):
        if word in place:
            vectors[place[word]] = made[at]
    return [*words, *(found[at] for at in fresh)], np.concatenate([vectors, made[fresh]])


def _meaning(codes: Mapping[str, float], english: Mapping[str, Any], place: Mapping[str, int]) -> dict[int, float]:
    """Places of English words with weights of sum 1, for one foreign word."""
    parts: dict[int, float] = defaultdict(float)
    best = max(codes.values())
    for code, weight in codes.items():
        if weight < 0.2 * best:
            continue  # "house" is the label of one emoji and a part of fifty
        own = [place[word] for word in content_words(words_of(english[code][0])) if word in place]
        for at in own:
            parts[at] += weight / len(own)
    ranked = sorted(parts.items(), key=lambda item: (-item[1], item[0]))[:8]
    total = sum(weight for _, weight in ranked)
    return {at: weight / total for at, weight in ranked}


def _padded(meanings: Mapping[str, Mapping[int, float]]) -> tuple[list[str], NDArray[np.int64], NDArray[np.float32]]:
    width = max((len(parts) for parts in meanings.values()), default=1)
    ids, weights = np.zeros((len(meanings), width), np.int64), np.zeros((len(meanings), width), np.float32)
    for row, parts in enumerate(meanings.values()):
        for column, (at, weight) in enumerate(parts.items()):
            ids[row, column], weights[row, column] = at, weight
    return list(meanings), ids, weights


def _entries(folder: Path, locale: str) -> list[tuple[str, tuple[str, list[str]]]]:
    """(hex code, (label, tags)) of every emoji without a skin tone."""
    try:
        rows = json.loads((folder / locale / "compact.json").read_text(encoding="utf-8"))
        return [(row["hexcode"], (row["label"], row.get("tags", []))) for row in rows]
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"cannot read {folder / locale}: {error}", hint="install emojibase-data again") from error
