"""Training batches of the encoder, each a pure function of (seed, step): that is what makes resuming exact.

A drawing is drawn with a chance that falls with the square root of how often its caption occurs ("calendar": 245
icons); its text is the caption, some tags, or both, with words dropped. Black drawings are sometimes dyed and told so,
because icon names almost never say a colour. Refuses held-out rows. Never mirrors: a left arrow must stay one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from text2svg.encode.embedded import pad
from text2svg.encode.words import Vocabulary, words_of
from text2svg.errors import TrainError
from text2svg.train.encoder_data import Prepared
from text2svg.train.encoder_kin import Kin

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray
    from torch import Tensor

DYES = {
    "red": (220, 40, 40), "orange": (245, 140, 30), "yellow": (250, 205, 40), "green": (45, 165, 75),
    "blue": (40, 105, 225), "purple": (140, 70, 200), "pink": (240, 110, 170), "brown": (130, 80, 45),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "cyan": (30, 185, 205),
}  # fmt: skip
TEMPLATES = ("icon", "symbol", "sign", "picture", "drawing", "logo", "svg")
SHIFT = 2
"""Pixels a drawing may move each way."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How texts and pictures vary. Probabilities."""

    tags_only: float = 0.25
    tags_too: float = 0.2
    style_word: float = 0.12
    drop_word: float = 0.1
    pieces: float = 0.04
    """A known word is spelled by its n-grams instead."""
    dye: float = 0.1
    say_dye: float = 0.8
    template: float = 0.0
    """A word such as `icon` beside the others, as people write it."""
    sister: float = 0.0
    """Share of a batch that repeats the meaning of its first drawings in other sets."""
    near: float = 0.0
    """Share of a batch that is hard to tell from its first drawings."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's input; N drawings, L table rows a text."""

    pixels: NDArray[np.uint8]
    ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    keys: NDArray[np.int64]
    sisters: int = 0
    """The drawings 0.. of this many have their sisters at N - sisters.."""


class Batches:
    """`at(step)` gives that step's batch."""

    def __init__(self, data: Prepared, vocabulary: Vocabulary, size: int, seed: int, chances: Chances) -> None:
        self._data, self._vocabulary, self._size = data, vocabulary, size
        self._seed, self._chances = seed, chances
        self._words = list(vocabulary.rows)
        self._train = np.flatnonzero(~data.heldout)
        if len(self._train) < size:
            hint = f"prepare more drawings or use a batch of at most {len(self._train)}"
            raise TrainError(f"{len(self._train)} training drawings for a batch of {size}", hint=hint)
        names = [data.rows[at]["key"] for at in self._train]
        counts = Counter(names)
        share = np.array([counts[name] ** -0.5 for name in names])
        self._upto = np.cumsum(share) / share.sum()
        numbers = {name: at for at, name in enumerate(counts)}
        self._keys = np.array([numbers[name] for name in names], np.int64)
        sets = {name: at for at, name in enumerate(dict.fromkeys(row["collection"] for row in data.rows))}
        self._captions = [words_of(data.rows[at]["caption"]) for at in self._train]
        self._tags = [[words_of(tag) for tag in data.rows[at]["tags"]] for at in self._train]
        self._kin = None
        if chances.sister or chances.near:
            numbered = np.array([sets[data.rows[at]["collection"]] for at in self._train], np.int64)
            self._kin = Kin(self._keys, numbered, self._captions)

    def at(self, step: int) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        picks = np.minimum(np.searchsorted(self._upto, rng.random(self._size)), len(self._train) - 1)
        sisters = self._with_kin(picks, rng)
        pixels = _moved(self._data.pixels(self._train[picks]), rng)
        black = self._data.color_row[self._train[picks]] < 0
        texts = [self.text(int(pick), rng) for pick in picks]
        for at in np.flatnonzero(black & (rng.random(self._size) < self._chances.dye)):
            name = list(DYES)[rng.integers(len(DYES))]
            pixels[at, ..., :3] = np.clip(np.array(DYES[name]) + rng.integers(-25, 26, 3), 0, 255)
            if rng.random() < self._chances.say_dye:
                texts[at] = [name, *texts[at]]
        ids, weights = pad([self._spelled(words, rng) for words in texts])
        return Batch(pixels, ids, weights, self._keys[picks], sisters)

    def _with_kin(self, picks: NDArray[np.int64], rng: Generator) -> int:
        """Replace the end of `picks` by near ones and sisters of its beginning; returns the number of sisters."""
        if self._kin is None:
            return 0
        sisters, near = int(self._size * self._chances.sister), int(self._size * self._chances.near)
        first = self._size - sisters
        picks[first:] = [self._kin.sister(int(pick), rng) for pick in picks[:sisters]]
        picks[first - near : first] = [self._kin.near(int(pick), rng) for pick in picks[:near]]
        return sisters

    def text(self, pick: int, rng: Generator) -> list[str]:
        """Words for one drawing, given by its place among the training rows."""
        chances, caption, tags = self._chances, self._captions[pick], self._tags[pick]
        which = rng.random()
        if tags and which < chances.tags_only + chances.tags_too:
            chosen = rng.choice(len(tags), min(len(tags), int(rng.integers(1, 3))), replace=False)
            words = [word for at in chosen for word in tags[at]]
            if which >= chances.tags_only:
                words = caption + words
        else:
            words = caption
        words = self.thinned(words, rng)
        if chances.template and rng.random() < chances.template:
            words = [*words, TEMPLATES[rng.integers(len(TEMPLATES))]]
        style = self.row(pick)["style"]
        return [*words, style] if style and rng.random() < chances.style_word else words

    def thinned(self, words: list[str], rng: Generator) -> list[str]:
        """Several words without those that chance drops; never none."""
        if len(words) < 2:
            return words
        return [word for word in words if rng.random() >= self._chances.drop_word] or words

    def row(self, pick: int) -> dict[str, Any]:
        """What is known of a training row."""
        return self._data.rows[self._train[pick]]

    def _spelled(self, words: list[str], rng: Generator) -> list[tuple[int, float]]:
        found = self._vocabulary.features(words)
        if rng.random() < self._chances.pieces * len(words):
            word = words[rng.integers(len(words))]
            row = self._vocabulary.rows.get(word)
            pieces = self._vocabulary.pieces(word)
            found = [item for item in found if item[0] != row]
            found += [(piece, 1.0 / len(pieces)) for piece in pieces]
        return found

    def spelling(self, count: int, rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """`count` known words: their rows (N,), and their n-grams as padded rows and weights (N, L)."""
        picks = rng.integers(0, len(self._words), count)
        rows = [[(piece, 1.0) for piece in self._vocabulary.pieces(self._words[at])] for at in picks]
        ids, weights = pad(rows)
        weights /= weights.sum(1, keepdims=True)
        # Padding must stay inside the n-gram rows; its weight is zero.
        ids = np.maximum(ids, len(self._words))
        return torch.from_numpy(picks), torch.from_numpy(ids), torch.from_numpy(weights)


def _moved(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Each picture shifted by up to SHIFT pixels over transparent paper."""
    count, size = pixels.shape[:2]
    wide = np.zeros((count, size + 2 * SHIFT, size + 2 * SHIFT, 4), np.uint8)
    wide[:, SHIFT:-SHIFT, SHIFT:-SHIFT] = pixels
    offsets = rng.integers(0, 2 * SHIFT + 1, (count, 2))
    out = np.empty_like(pixels)
    for at, (top, left) in enumerate(offsets):
        out[at] = wide[at, top : top + size, left : left + size]
    return out
