"""How well an encoder retrieves: words to drawings and drawings to drawings of held-out captions, and query words.

    text to drawing     a query is a held-out caption; every held-out drawing is a candidate, those of the caption are right
    tags to drawing     a query is two tags of the caption's drawings that share no word with it, as a person might say it
    drawing to drawing  a query is one drawing of a caption; its drawings in another style are right, those in its own style
                        are left out
    queries             a synonym or a Russian word; drawings of a corpus captioned by the plain word (or by it) are right

A caption's words decide, in any order. Ties count against the answer. Refuses a pool without two captions. The trade-off:
a drawing that would please under another caption ("home" for "house") counts as wrong, so figures are lower bounds; and an
encoder that reads stored captions is told the answer to the first task, so there it is a ceiling, not a rival.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.caption.keywords import is_heldout
from text2svg.encode.words import key_of, words_of
from text2svg.errors import ConfigError, RenderError, SvgError
from text2svg.evaluate.metrics import Figure, mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.encode.base import Encoder
    from text2svg.sample import Sample

BLOCK = 512


@dataclass(frozen=True, slots=True)
class Entrant:
    """An encoder in the race; `captions` says that drawings are their stored captions to it."""

    name: str
    encoder: Encoder
    captions: bool = False

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, D)."""
        return np.concatenate([self.encoder.encode_text(part) for part in _parts(texts)])

    def drawings(self, samples: Sequence[Sample]) -> NDArray[np.float32]:
        """(N, D); a drawing that does not render is the zero row."""
        if self.captions:
            return self.texts([sample.caption for sample in samples])
        return np.concatenate(
            [_encoded(self.encoder, [s.optimized or s.raw for s in part]) for part in _parts(samples)]
        )


@dataclass(frozen=True, slots=True)
class Task:
    """Query i finds a right one when the best of `right[i]` stands before every row that is neither right nor hidden."""

    name: str
    right: list[NDArray[np.int64]]
    hidden: list[NDArray[np.int64]]


def heldout(samples: Iterable[Sample]) -> list[Sample]:
    """The drawings whose captions no training row has."""
    return [sample for sample in samples if sample.caption and is_heldout(sample.caption) and key_of(sample.caption)]


def evaluate(pool: Sequence[Sample], entrants: Sequence[Entrant], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Figures by entrant and task; `pool` as `heldout` gives it. Raises ConfigError."""
    keys = np.array([key_of(sample.caption) for sample in pool])
    names, first = np.unique(keys, return_index=True)
    if len(names) < 2:
        raise ConfigError(f"{len(names)} held-out captions", hint="evaluate on a larger corpus")
    words = Task("text to drawing", [np.flatnonzero(keys == name) for name in names], [np.zeros(0, int)] * len(names))
    asked, tagged = _tagged(pool, words, names, np.random.default_rng((seed, 1)))
    sister, starts = _sisters(pool, keys, np.random.default_rng(seed))
    found: dict[str, dict[str, Any]] = {}
    for entrant in entrants:
        drawings = entrant.drawings(pool)
        texts = entrant.texts([pool[at].caption for at in first])
        found[entrant.name] = {words.name: figures(ranks(texts, drawings, words), len(pool), seed)}
        if asked:
            found[entrant.name][tagged.name] = figures(ranks(entrant.texts(asked), drawings, tagged), len(pool), seed)
        if starts:
            made = ranks(drawings[starts], drawings, sister)
            found[entrant.name][sister.name] = figures(made, len(pool), seed)
    return found


def queries_of(
    corpus: Sequence[Sample], path: Path, entrants: Sequence[Entrant], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """R@10 of the query words of a file and of the plain words they stand for, by entrant and list."""
    lists = {name: value for name, value in _read(path).items() if isinstance(value, list)}
    keys = np.array([key_of(sample.caption) for sample in corpus])
    answer: dict[str, dict[str, Any]] = {}
    for entrant in entrants:
        drawings = entrant.drawings(corpus)
        answer[entrant.name] = {}
        for name, pairs in lists.items():
            right = [np.flatnonzero((keys == key_of(word)) | (keys == key_of(plain))) for word, plain in pairs]
            task = Task(name, right, [np.zeros(0, int)] * len(right))
            shares = {}
            for place, what in ((0, "query"), (1, "plain")):
                texts = entrant.texts([pair[place] for pair in pairs])
                shares[what] = figures(ranks(texts, drawings, task), len(corpus), seed)["recall_10"]
            answer[entrant.name][name] = shares
    return answer


def ranks(vectors: NDArray[np.float32], rows: NDArray[np.float32], task: Task) -> NDArray[np.int64]:
    """(queries,) from 1: how many rows that are neither right nor hidden score at least as the best right one, plus one."""
    found = np.empty(len(vectors), np.int64)
    for first in range(0, len(vectors), BLOCK):
        scores = vectors[first : first + BLOCK] @ rows.T
        for at, line in enumerate(scores, first):
            right = task.right[at]
            best = line[right].max() if len(right) else np.inf
            line[right] = line[task.hidden[at]] = -np.inf
            found[at] = 1 + int((line >= best).sum()) if len(right) else len(rows)
    return found


def figures(found: NDArray[np.int64], candidates: int, seed: int = 0) -> dict[str, Any]:
    """R@1, R@10 and mean reciprocal rank with 95 % bootstrap intervals over queries."""
    made: dict[str, Figure] = {
        "recall_1": mean((found <= 1).astype(float).tolist(), seed),
        "recall_10": mean((found <= 10).astype(float).tolist(), seed),
        "mrr": mean((1 / found).tolist(), seed),
    }
    return {"queries": len(found), "candidates": candidates, **{name: one._asdict() for name, one in made.items()}}


def speed(encoder: Encoder, samples: Sequence[Sample], clock: Callable[[], float]) -> dict[str, float]:
    """Drawings and captions a second of `clock`, in batches of 64, after one batch of warming up."""
    svgs, texts = [s.optimized or s.raw for s in samples], [s.caption for s in samples]
    encoder.encode_svg(svgs[:64])
    encoder.encode_text(texts[:64])
    began = clock()
    for part in _parts(svgs, 64):
        encoder.encode_svg(part)
    middle = clock()
    for part in _parts(texts, 64):
        encoder.encode_text(part)
    return {
        "drawings_per_s": round(len(svgs) / (middle - began), 1),
        "texts_per_s": round(len(texts) / (clock() - middle), 1),
    }


def difference(one: Encoder, other: Encoder, samples: Sequence[Sample]) -> float:
    """The largest difference of any number in two encoders' vectors of drawings and captions."""
    svgs, texts = [s.optimized or s.raw for s in samples], [s.caption for s in samples]
    apart = [np.abs(one.encode_svg(part) - other.encode_svg(part)).max() for part in _parts(svgs, 64)]
    apart += [np.abs(one.encode_text(part) - other.encode_text(part)).max() for part in _parts(texts, 64)]
    return round(float(max(apart)), 7)


def _tagged(
    pool: Sequence[Sample], words: Task, names: NDArray[np.str_], rng: np.random.Generator
) -> tuple[list[str], Task]:
    """One query a caption whose drawings have two tags without a word of it."""
    asked, right = [], []
    for name, rows in zip(names, words.right, strict=True):
        own = set(str(name).split())
        tags = sorted({tag for row in rows for tag in pool[row].tags if tag.isascii() and not own & set(words_of(tag))})
        if len(tags) > 1:
            asked.append(" ".join(rng.choice(tags, 2, replace=False)))
            right.append(rows)
    return asked, Task("tags to drawing", right, [np.zeros(0, int)] * len(right))


def _sisters(pool: Sequence[Sample], keys: NDArray[np.str_], rng: np.random.Generator) -> tuple[Task, list[int]]:
    """One query a caption that has drawings of two styles, and which."""
    styles = np.array([sample.style for sample in pool])
    rows: dict[str, list[int]] = {}
    for at in rng.permutation(len(pool)):
        rows.setdefault(str(keys[at]), []).append(int(at))
    starts, right, hidden = [], [], []
    for key in sorted(rows):
        own = np.array(rows[key])
        start = own[0]
        others = own[styles[own] != styles[start]]
        if len(others):
            starts.append(int(start))
            right.append(others)
            hidden.append(own[styles[own] == styles[start]])
    return Task("drawing to drawing of another style", right, hidden), starts


def _encoded(encoder: Encoder, svgs: Sequence[str]) -> NDArray[np.float32]:
    try:
        return encoder.encode_svg(svgs)
    except (RenderError, SvgError):
        if len(svgs) == 1:
            return np.zeros((1, encoder.dim), np.float32)
        return np.concatenate([_encoded(encoder, [svg]) for svg in svgs])


def _parts(items: Sequence[Any], size: int = 256) -> Iterable[Sequence[Any]]:
    return (items[at : at + size] for at in range(0, max(len(items), 1), size))


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        hint = 'a JSON object of lists: {"synonyms": [["automobile", "car"]]}'
        raise ConfigError(f"cannot read queries from {path}: {error}", hint=hint) from error
