"""Token documents of a corpus, and rows packed with them: what masked-token pretraining reads.

A folder holds `tokens.npy` (uint16, all drawings end to end), `starts.npy`, `words.npy` and `word-starts.npy` (captions)
and, written last, `rows.jsonl`. A packed row holds whole documents one after the other, each with positions of its own;
a document longer than a row is cut. Refuses held-out captions where training rows are drawn. The trade-off: the corpus
is packed in the order it is drawn, without a search for the best fit: 4 % of a 512 token row is padding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from text2svg.errors import TrainError
from text2svg.train.encoder_data import row_of

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from text2svg.sample import Sample
    from text2svg.svg.tokenizer import Tokenizer

BATCH = 2048
_ARRAYS = ("tokens", "starts", "words", "word-starts")


@dataclass(frozen=True, slots=True)
class Documents:
    """Drawing i is tokens[starts[i]:starts[i + 1]], its caption words[word_starts[i]:word_starts[i + 1]]."""

    tokens: NDArray[np.uint16] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    words: NDArray[np.uint16] = field(repr=False)
    word_starts: NDArray[np.int64] = field(repr=False)
    rows: list[dict[str, Any]] = field(repr=False)

    def drawing(self, at: int) -> NDArray[np.uint16]:
        """Token ids of a drawing, without bos and eos."""
        return self.tokens[self.starts[at] : self.starts[at + 1]]

    def caption(self, at: int) -> NDArray[np.uint16]:
        """Token ids of a caption."""
        return self.words[self.word_starts[at] : self.word_starts[at + 1]]

    @property
    def heldout(self) -> NDArray[np.bool_]:
        """Which rows' captions are held out."""
        return np.array([row["heldout"] for row in self.rows], bool)

    def split(self, heldout: bool) -> NDArray[np.int64]:
        """Rows whose caption is held out, or those whose is not."""
        return np.flatnonzero(self.heldout == heldout)

    @classmethod
    def open(cls, folder: Path) -> Documents:
        """What `write_documents` wrote. Raises TrainError."""
        try:
            lines = (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()
            arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS]
        except (OSError, ValueError) as error:
            hint = "run the command again with a store that holds optimized drawings"
            raise TrainError(f"{folder} holds no documents: {error}", hint=hint) from error
        return cls(*arrays, [json.loads(line) for line in lines])


def write_documents(samples: Iterable[Sample], folder: Path, tokenizer: Tokenizer) -> Documents:
    """Tokenize canonical drawings and their captions once; a folder that is done is opened as it is."""
    if (folder / "rows.jsonl").is_file():
        return Documents.open(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawings, captions, lines = _Joined(), _Joined(), []
    stream = iter(samples)
    for chunk in iter(lambda: list(islice(stream, BATCH)), []):
        drawings.add(tokenizer.encode_batch([one.optimized for one in chunk]))
        captions.add([tokenizer.encode_words(one.caption) for one in chunk])
        lines += [json.dumps(row_of(one), ensure_ascii=False) for one in chunk]
    if not lines:
        raise TrainError("there is no canonical drawing to learn from", hint="text2svg corpus optimize")
    for name, array in zip(_ARRAYS, (*drawings.arrays(), *captions.arrays()), strict=True):
        np.save(folder / f"{name}.npy", array)
    partial = folder / "rows.jsonl.part"
    partial.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    partial.replace(folder / "rows.jsonl")
    return Documents.open(folder)


class _Joined:
    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint16]] = []
        self._sizes: list[int] = []

    def add(self, lists: Iterable[list[int]]) -> None:
        for ids in lists:
            self._parts.append(np.array(ids, np.uint16))
            self._sizes.append(len(ids))

    def arrays(self) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        starts = np.concatenate([[0], np.cumsum(self._sizes)]).astype(np.int64)
        return np.concatenate(self._parts), starts


class Cursor(NamedTuple):
    """Where packing stands: documents taken of a pass."""

    passed: int = 0
    place: int = 0


class Marks(NamedTuple):
    """Ids with a meaning of their own."""

    pad: int
    bos: int
    eos: int
    mask: int
    words: int
    """Ids below this one are drawing tokens or words; random replacements are drawn from them."""


class Material(NamedTuple):
    """What training reads."""

    documents: Documents
    marks: Marks


@dataclass(frozen=True, slots=True)
class Packed:
    """(R, L) arrays: ids, 0 for padding; positions inside each document; the number of the document, -1 for padding."""

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    owners: NDArray[np.int64]

    @property
    def real(self) -> int:
        """Tokens that are no padding."""
        return int((self.owners >= 0).sum())


class Packer:
    """Endless packed rows of some documents: a pure function of (documents, seed, cursor)."""

    def __init__(self, documents: Documents, chosen: NDArray[np.int64], marks: Marks, seed: int) -> None:
        if not len(chosen):
            raise TrainError("no document to pack", hint="import and optimize more drawings")
        self._documents, self._chosen, self._marks, self._seed = documents, chosen, marks, seed
        self._order: tuple[int, NDArray[np.int64]] = (-1, chosen)

    def take(self, cursor: Cursor, shape: tuple[int, int], words: float) -> tuple[Packed, Cursor]:
        """`shape` (rows, context) of documents from `cursor` on; `words` is the chance of a caption in front."""
        rows, context = shape
        ids = np.full(shape, self._marks.pad, np.int64)
        positions, owners = np.zeros(shape, np.int64), np.full(shape, -1, np.int64)
        number = 0
        for row in range(rows):
            at = 0
            while True:
                made = self._document(cursor, words)[:context]
                if at + len(made) > context:
                    break
                span = slice(at, at + len(made))
                ids[row, span], positions[row, span], owners[row, span] = made, np.arange(len(made)), number
                at, number, cursor = at + len(made), number + 1, self._next(cursor)
        return Packed(ids, positions, owners), cursor

    def _next(self, cursor: Cursor) -> Cursor:
        last = cursor.place + 1 == len(self._chosen)
        return Cursor(cursor.passed + 1, 0) if last else Cursor(cursor.passed, cursor.place + 1)

    def _document(self, cursor: Cursor, words: float) -> NDArray[np.int64]:
        if self._order[0] != cursor.passed:
            rng = np.random.default_rng((self._seed, cursor.passed))
            self._order = cursor.passed, rng.permutation(self._chosen)
        at = int(self._order[1][cursor.place])
        spoken = words and np.random.default_rng((self._seed, *cursor)).random() < words
        parts = ([self._documents.caption(at)] if spoken else []) + [self._documents.drawing(at)]
        return np.concatenate([[self._marks.bos], *parts, [self._marks.eos]]).astype(np.int64)


def masked(packed: Packed, marks: Marks, share: float, rng: Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Ids with `share` of the real tokens hidden, and where: 8 of 10 by the mask, one by another token, one by itself."""
    fixed = (packed.owners < 0) | np.isin(packed.ids, (marks.pad, marks.bos, marks.eos))
    chosen = ~fixed & (rng.random(packed.ids.shape) < share)
    how = rng.random(packed.ids.shape)
    ids = np.where(chosen & (how < 0.8), marks.mask, packed.ids)
    other = rng.integers(3, marks.words, packed.ids.shape)
    return np.where(chosen & (how >= 0.9), other, ids), chosen
