"""Rows that repeat others, over a whole corpus: by canonical text, by edges and picture, and across the caption split.

Positions are those of the stream that `Twins` was given; it must give the same rows each time. Refuses to drop
anything: it lists. The trade-off: a list is greedy, in stream order, so every listed row has an unlisted original that it
was compared with itself, and a chain of small steps does not collapse into one row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from text2svg.curate.dedup import drawing_key
from text2svg.curate.minhash import Signatures
from text2svg.curate.pictures import SAME, Pictures, near_hashes
from text2svg.errors import SvgError
from text2svg.executor.base import Executor
from text2svg.sample import Sample
from text2svg.svg.sanitize import sanitize

HASH_BITS = 36
"""Of 256. Of 1,954 pairs among 5,583 icons that look the same, 99.4 % differ in no more; of random pairs, 0.3 %."""

COPY = 0.12
"""Largest patch difference of a copy. Between it and SAME lie a shade behind an outline, an open lock, a 5 and an S."""

_PALETTE = re.compile(r'#[0-9a-f]{3,8}|opacity="[^"]*"')

Source = Callable[[], Iterable[Sample]]
OnRows = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Twin:
    """A row and the earlier row that it repeats."""

    row: int
    original: int
    kind: str
    """`canonical`: the same optimized text; `near`: nearly the same edges, the same colours and the same picture."""
    similarity: float
    """Jaccard index of edges, 0..1."""
    difference: float
    """Largest patch difference of the pictures, 0..1."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A held-out row and a training row that look the same."""

    heldout: int
    train: int
    bits: int
    """In which their hashes differ, of 256."""
    difference: float


@dataclass(frozen=True, slots=True)
class Found:
    """Twins, and how many pairs were looked at for them."""

    rows: int
    twins: tuple[Twin, ...]
    pairs: int
    """Whose edges are near enough."""
    same: int
    """Of which colours and pictures are the same, too."""


class Twins:
    """One corpus under comparison; what was signed and drawn stays in the folder `work`."""

    def __init__(self, source: Source, work: Path, count: int) -> None:
        self.source = source
        self.work = work
        self.count = count
        self.pictures = Pictures(work, count)

    def duplicates(self, executor: Executor, threshold: float, on_rows: OnRows = lambda _: None) -> Found:
        """Every row that repeats an earlier one."""
        texts: dict[bytes, int] = {}
        copies: dict[int, int] = {}
        palettes = np.zeros(self.count, np.uint32)
        signatures = Signatures(self.work)
        signatures.write(self._signed(texts, copies, palettes, on_rows))
        near = [pair for pair in signatures.pairs(threshold) if pair.second not in copies and pair.first not in copies]
        pairs = [pair for pair in near if palettes[pair.first] == palettes[pair.second]]
        first = np.array([pair.first for pair in pairs], np.int64)
        second = np.array([pair.second for pair in pairs], np.int64)
        wanted = np.zeros(self.count, bool)
        wanted[first] = wanted[second] = True
        self._draw(wanted, executor, on_rows)
        gaps = self.pictures.differences(first, second)
        twins = {row: Twin(row, original, "canonical", 1.0, 0.0) for row, original in copies.items()}
        for pair, gap in zip(pairs, gaps.tolist(), strict=True):  # by row, so originals are settled first
            if gap <= COPY and pair.second not in twins and pair.first not in twins:
                twins[pair.second] = Twin(pair.second, pair.first, "near", pair.similarity, gap)
        ordered = tuple(twins[row] for row in sorted(twins))
        return Found(self.count, ordered, len(near), int((gaps <= COPY).sum()))

    def leaks(self, executor: Executor, heldout: NDArray[np.bool_], on_rows: OnRows = lambda _: None) -> list[Leak]:
        """Every pair across the split whose pictures are the same."""
        self._draw(np.ones(self.count, bool), executor, on_rows)
        hashes = self.pictures.hashes()
        held, train = np.flatnonzero(heldout), np.flatnonzero(~heldout)
        left, right = near_hashes(hashes[held], hashes[train], HASH_BITS)
        one, two = held[left], train[right]
        gaps = self.pictures.differences(one, two)
        bits = np.bitwise_count(hashes[one] ^ hashes[two]).sum(axis=1)
        columns = zip(one.tolist(), two.tolist(), bits.tolist(), gaps.tolist(), strict=True)
        return [Leak(*row) for row in columns if row[3] <= SAME]

    def _signed(
        self, texts: dict[bytes, int], copies: dict[int, int], palettes: NDArray[np.uint32], on_rows: OnRows
    ) -> Iterator[str]:
        for at, sample in enumerate(self.source()):
            key = sha256(sample.optimized.encode()).digest()[:16] if sample.canonical else drawing_key(sample.raw)
            original = texts.setdefault(key, at)
            if original != at:
                copies[at] = original
            # Pictures are grey and one edge's paint is not the whole drawing's: skin tones differ in colours alone.
            palettes[at] = crc32(" ".join(sorted(set(_PALETTE.findall(sample.optimized)))).encode())
            on_rows(at + 1)
            yield sample.optimized if sample.canonical else ""

    def _draw(self, wanted: NDArray[np.bool_], executor: Executor, on_rows: OnRows) -> None:
        drawings = (sample.optimized or _clean(sample.raw) for sample in self.source())
        for done in self.pictures.draw(wanted, drawings, executor):
            on_rows(done)


def _clean(raw: str) -> str:
    """Text that is safe to render; empty, which draws as white, when it cannot be."""
    try:
        return sanitize(raw).text
    except SvgError:
        return ""
