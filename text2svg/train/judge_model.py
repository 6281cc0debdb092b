"""The judge's towers and batches: made of the encoder's parts, and like it in nothing that is learned.

Words keep their order, by a convolution over a text's words; a drawing is seen at 64 px through one wide stem. Texts are
sentences, lists of words and tags in equal shares with captions. Refuses to start from the encoder's weights. The
trade-off: both learn words from the same kind of teacher, so a word that the teacher misunderstands misleads both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from text2svg.encode.words import content_words, words_of
from text2svg.train.contrast import Block, Down, Shape, TextTower, Towers
from text2svg.train.encoder_batches import Batches

if TYPE_CHECKING:
    from numpy.random import Generator

CAPTION = 0.5
"""Chance that a drawing's text is its caption where it has other texts."""


class OrderedTower(TextTower):
    """A text tower in which a word's vector depends on the words beside it."""

    def __init__(self, shape: Shape, teacher: Tensor, buckets: int) -> None:
        super().__init__(shape, teacher, buckets)
        self.beside = nn.Conv1d(shape.word_dim, shape.word_dim, 3, padding=1)
        # Small, so that the teacher's vectors are heard first; not zero, where ReLU passes no gradient.
        nn.init.normal_(self.beside.weight, std=0.02)

    def forward(self, ids: Tensor, weights: Tensor, keep: Tensor | None = None) -> Tensor:
        """As TextTower; padding has weight 0 and adds nothing to its neighbours."""
        distinct, back = torch.unique(ids, return_inverse=True)
        vectors = self.rows(distinct, keep)[back] * (weights > 0)[..., None]
        vectors = vectors + functional.relu(self.beside(vectors.transpose(1, 2))).transpose(1, 2)
        return self.pooled(vectors, weights[..., None] * self.gain(ids).exp())


class Stem(Down):
    """A quarter of the side at once: overlapping patches of 6 pixels, 4 apart."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__(inside, outside)
        self.conv = nn.Conv2d(inside, outside, 6, stride=4, padding=1, bias=False)


class PictureTower(nn.Module):
    """(N, 4, S, S) of `planes` to unit vectors (N, dim); S is a multiple of 16."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        c = shape.channels
        self.body = nn.Sequential(Stem(4, c), Block(c), Down(c, 2 * c), Block(2 * c), Down(2 * c, 4 * c), Block(4 * c))
        self.head = nn.Linear(4 * c * (shape.size // 16) ** 2, shape.dim)

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(self.head(self.body(x).flatten(1)).float(), dim=1)


class JudgeTowers(Towers):
    """Both towers and the learnt temperature."""

    def __init__(self, shape: Shape, teacher: Tensor, buckets: int) -> None:
        super().__init__(shape, teacher, buckets)
        self.text = OrderedTower(shape, teacher, buckets)
        self.drawing = PictureTower(shape)


class JudgeBatches(Batches):
    """Batches whose texts are those of `judge_data`."""

    def text(self, pick: int, rng: Generator) -> list[str]:
        """The words of one text, thinned, with the style before them at times."""
        row = self.row(pick)
        texts = row["texts"]
        other = len(texts) > 1 and rng.random() >= CAPTION
        chosen = texts[int(rng.integers(1, len(texts)))] if other else texts[0]
        words = self.thinned(content_words(words_of(chosen)), rng)
        return [row["style"], *words] if row["style"] and rng.random() < self._chances.style_word else words
