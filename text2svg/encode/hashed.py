"""The untrained encoder: hashed n-grams, deterministic, no model file. It is the number every trained encoder must beat.

Text: words and character n-grams. Drawings: 1- to 3-grams of SVG tokens with numbers rounded to a sixteenth of the 256
grid. Equal texts meet and similar drawings meet, but a text and a drawing share no features: their similarity is
noise around zero, and that is the honest baseline of cross-modal search. Safe to share between threads.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from text2svg.encode.base import positive
from text2svg.encode.words import bucket, ngrams, words_of
from text2svg.spec import Spec

_TOKEN = re.compile(r"#[0-9a-fA-F]+|\d*\.?\d+|[A-Za-z][A-Za-z-]*")
_BODY = re.compile(r"<svg[^>]*>")
_WORD_WEIGHT, _PIECE_WEIGHT = 1.0, 0.25


class HashedEncoder:
    """`dim` buckets; 512 keeps collisions of a 100-token drawing under a fifth."""

    name = "hashed"

    def __init__(self, dim: int = 512) -> None:
        self.dim = dim
        self.digest = f"hashed-1-{dim}"

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._matrix(_text_features(text) for text in texts)

    def encode_svg(self, svgs: Sequence[str]) -> NDArray[np.float32]:
        return self._matrix(_drawing_features(svg) for svg in svgs)

    def _matrix(self, rows: Iterable[dict[str, float]]) -> NDArray[np.float32]:
        listed = list(rows)
        matrix = np.zeros((len(listed), self.dim), np.float32)
        for vector, features in zip(matrix, listed, strict=True):
            for piece, weight in features.items():
                # The lowest bit gives the sign, so that collisions cancel instead of adding up.
                code = bucket(piece, 2 * self.dim)
                vector[code >> 1] += weight if code & 1 else -weight
        return unit(matrix)


def from_spec(spec: Spec) -> HashedEncoder:
    """`hashed[?dim=512]`."""
    return HashedEncoder(**spec.read({"dim": positive}))


def unit(matrix: NDArray) -> NDArray[np.float32]:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _text_features(text: str) -> dict[str, float]:
    features: dict[str, float] = {}
    for word in set(words_of(text)):
        features[f"w:{word}"] = _WORD_WEIGHT
        for piece in ngrams(word):
            features[f"c:{piece}"] = features.get(f"c:{piece}", 0.0) + _PIECE_WEIGHT
    return features


def _drawing_features(svg: str) -> dict[str, float]:
    tokens = [_coarse(token) for token in _TOKEN.findall(_BODY.sub("", svg, count=1))]
    grams = Counter(
        "d:" + " ".join(tokens[at : at + size])
        for size in (1, 2, 3)
        for at in range(len(tokens) - size + 1)
    )
    return {gram: 1.0 + math.log(count) for gram, count in grams.items()}


def _coarse(token: str) -> str:
    return str(round(float(token) / 16)) if token[0].isdigit() or token[0] == "." else token
