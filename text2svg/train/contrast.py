"""Two small towers and the loss that brings them together: a bag of word vectors, and a residual net over 48 px renders.

The word table is `teacher vectors @ project + residual`: a word that no caption contains still gets a vector from the
sentence model the table was distilled from, so "automobile" finds cars. Residuals are dropped at random in training,
which keeps the shared projection good enough to be used alone. Refuses to know files, batches or schedules.
The trade-off: pooling is a weighted mean, so word order is lost; in captions of two words it says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Widths of both towers. 48 channels: 1.5 M parameters, 25 M multiply-adds a drawing."""

    dim: int = 128
    word_dim: int = 96
    hidden: int = 256
    channels: int = 32
    size: int = 48


class TextTower(nn.Module):
    """(ids, weights) of Vocabulary.features, padded with weight 0, to unit vectors (N, dim)."""

    def __init__(self, shape: Shape, teacher: Tensor, buckets: int) -> None:
        super().__init__()
        words, width = teacher.shape
        self.words, self.buckets = words, buckets
        self.register_buffer("teacher", teacher, persistent=True)
        self.project = nn.Linear(width, shape.word_dim, bias=False)
        self.residual = nn.Embedding(words, shape.word_dim)
        self.pieces = nn.Embedding(buckets, shape.word_dim)
        self.gain = nn.Embedding(words + buckets, 1)
        self.straight = nn.Linear(shape.word_dim, shape.dim)
        self.inner = nn.Linear(shape.word_dim, shape.hidden)
        self.outer = nn.Linear(shape.hidden, shape.dim)
        nn.init.zeros_(self.residual.weight)
        nn.init.normal_(self.pieces.weight, std=0.1)
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.outer.weight)
        _start_from_components(self.project, teacher)

    def rows(self, ids: Tensor, keep: Tensor | None = None) -> Tensor:
        """Vectors of table rows; `keep` (len(ids), 1) in {0, 1} says whose residual counts."""
        known = ids < self.words
        word = ids.clamp(max=self.words - 1)
        residual = self.residual(word)
        vectors = self.project(self.teacher[word]) + (residual if keep is None else residual * keep)
        return torch.where(known[:, None], vectors, self.pieces((ids - self.words).clamp(min=0)))

    def table(self) -> tuple[Tensor, Tensor]:
        """The whole table (words + buckets, word_dim) and the gains (words + buckets, 1), for export."""
        every = torch.arange(self.words + self.buckets)
        return self.rows(every), self.gain.weight.exp()

    def forward(self, ids: Tensor, weights: Tensor, keep: Tensor | None = None) -> Tensor:
        """`keep` covers the distinct ids in ascending order, as torch.unique gives them."""
        distinct, back = torch.unique(ids, return_inverse=True)
        vectors = self.rows(distinct, keep)[back]
        return self.pooled(vectors, weights[..., None] * self.gain(ids).exp())

    def pooled(self, vectors: Tensor, share: Tensor) -> Tensor:
        """Unit vectors (N, dim) of words (N, L, word_dim) that count by `share` (N, L, 1)."""
        pooled = (vectors * share).sum(1) / (share.sum(1) + 1e-6)
        return functional.normalize(self.straight(pooled) + self.outer(functional.relu(self.inner(pooled))), dim=1)


def _start_from_components(project: nn.Linear, teacher: Tensor) -> None:
    # Principal axes of the teacher's words, scaled so that a word vector has length about 1.
    width = project.weight.shape[0]
    _, vectors = torch.linalg.eigh(teacher.T @ teacher)
    axes = vectors[:, -width:].T
    scale = (teacher @ axes.T).norm(dim=1).mean()
    with torch.no_grad():
        project.weight.copy_(axes / scale)


class Block(nn.Module):
    """Two 3x3 convolutions with a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(x + self.second_norm(self.second(inner)))


class Down(nn.Module):
    """Halves the picture."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)))


class DrawingTower(nn.Module):
    """(N, 4, S, S) of `planes` to unit vectors (N, dim). The last map is flattened: place matters in a drawing."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        c = shape.channels
        self.body = nn.Sequential(
            Down(4, c // 2), Down(c // 2, c), Block(c), Down(c, 2 * c), Block(2 * c), Block(2 * c),
            Down(2 * c, 4 * c), Block(4 * c),
        )  # fmt: skip
        side = shape.size // 16
        self.head = nn.Linear(4 * c * side * side, shape.dim)

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(self.head(self.body(x).flatten(1)).float(), dim=1)


class Towers(nn.Module):
    """Both towers and the learnt temperature (as log of its inverse)."""

    def __init__(self, shape: Shape, teacher: Tensor, buckets: int) -> None:
        super().__init__()
        self.text = TextTower(shape, teacher, buckets)
        self.drawing = DrawingTower(shape)
        self.scale = nn.Parameter(torch.tensor(2.66))  # exp(2.66) = 1 / 0.07


def planes(pixels: Tensor) -> Tensor:
    """(N, S, S, 4) uint8 straight RGBA to (N, 4, S, S): darkness of R, G, B over white paper, and alpha; 0..1."""
    values = pixels.permute(0, 3, 1, 2).float() / 255
    alpha = values[:, 3:]
    return torch.cat([(1 - values[:, :3]) * alpha, alpha], 1)


def contrast(drawings: Tensor, texts: Tensor, keys: Tensor, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE over a batch; rows of one key are no negatives of each other."""
    logits = drawings @ texts.T * scale.exp().clamp(max=100)
    same = keys[:, None] == keys[None, :]
    same.fill_diagonal_(False)
    logits = logits.masked_fill(same, -torch.inf)
    target = torch.arange(len(keys))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def nested_contrast(one: Tensor, two: Tensor, keys: Tensor, scale: Tensor, widths: Sequence[int]) -> Tensor:
    """`contrast` of the whole vectors (N, D) plus that of their first numbers, for each of `widths` < D, averaged in."""
    loss = contrast(one, two, keys, scale)
    for width in widths:
        cut = [functional.normalize(vectors[:, :width], dim=1) for vectors in (one, two)]
        loss = loss + contrast(cut[0], cut[1], keys, scale) / len(widths)
    return loss


def piece_loss(tower: TextTower, ids: Tensor, pieces: Tensor, weights: Tensor) -> Tensor:
    """How far the n-grams (N, L) of words `ids` (N,) are from those words' own vectors, relative to their length."""
    with torch.no_grad():
        wanted = tower.rows(ids)
    made = (tower.pieces(pieces - tower.words) * weights[..., None]).sum(1)
    return ((made - wanted).square().sum(1) / (wanted.square().sum(1) + 0.1)).mean()
