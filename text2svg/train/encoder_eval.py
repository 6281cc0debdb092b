"""Retrieval among held-out captions: what text finds which drawing, and which drawing finds its sisters.

Queries and candidates come from captions that no training row has (split by caption, not by row). One drawing a
caption is a candidate, so exactly one answer is right. Refuses to average over queries without an answer. The
trade-off: synonyms among the candidates count as wrong, so the figures are lower bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.encode.base import Encoder
from text2svg.errors import TrainError
from text2svg.sample import Sample
from text2svg.train.encoder_data import row_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Texts = Callable[[Sequence[str]], NDArray[np.float32]]
    Drawings = Callable[[NDArray[np.int64]], NDArray[np.float32]]

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Shares of queries whose answer is first or among ten, and the mean of 1/rank."""

    candidates: int
    queries: int
    recall_1: float
    recall_10: float
    mrr: float
    low_10: float
    """95 % bootstrap interval of recall_10 over queries."""
    high_10: float


@dataclass(frozen=True, slots=True)
class Pool:
    """Row numbers: one drawing a held-out caption, and where there is one a drawing of it from another set."""

    drawings: NDArray[np.int64]
    captions: list[str]
    tags: list[str]
    """Two tags of the drawing as one text, empty when it has none."""
    sisters: NDArray[np.int64]
    """-1 where the caption occurs in one set only."""


def pool(rows: Sequence[Mapping[str, Any]], count: int, seed: int) -> Pool:
    """`count` captions among the held-out `rows` (of Prepared or `row_of`), chosen by `seed`."""
    rng = np.random.default_rng((seed, 2))
    first: dict[str, int] = {}
    sister: dict[str, int] = {}
    for at in rng.permutation([at for at, row in enumerate(rows) if row["heldout"]]):
        row = rows[at]
        key = row["key"]
        if key not in first:
            first[key] = int(at)
        elif key not in sister and row["collection"] != rows[first[key]]["collection"]:
            sister[key] = int(at)
    keys = list(first)[:count]
    if len(keys) < 2:
        raise TrainError(f"{len(keys)} held-out captions", hint="give more drawings")
    chosen = [rows[first[key]] for key in keys]
    tags = [[tag for tag in row["tags"] if tag.isascii()] for row in chosen]
    return Pool(
        np.array([first[key] for key in keys], np.int64),
        [row["caption"] for row in chosen],
        [" ".join(rng.permutation(one)[:2]) if one else "" for one in tags],
        np.array([sister.get(key, -1) for key in keys], np.int64),
    )


def measure(place: Pool, texts: Texts, drawings: Drawings) -> dict[str, Retrieval]:
    """`caption`, `tags` (text to drawing) and `sister` (drawing to drawing of another set)."""
    candidates = drawings(place.drawings)
    tagged = np.flatnonzero([bool(text) for text in place.tags])
    paired = np.flatnonzero(place.sisters >= 0)
    every = np.arange(len(place.drawings))
    found = {"caption": retrieval(texts(place.captions), candidates, every)}
    if len(tagged):
        found["tags"] = retrieval(texts([place.tags[at] for at in tagged]), candidates, tagged)
    if len(paired):
        found["sister"] = retrieval(drawings(place.sisters[paired]), candidates, paired)
    return found


def evaluate_encoder(
    samples: Iterable[Sample], encoder: Encoder, *, count: int = 1000, seed: int = 0
) -> dict[str, Retrieval]:
    """Measure any encoder on the held-out ones among `samples`. The same samples and seed give the same pool."""
    rows: list[dict[str, Any]] = []
    svgs: list[str] = []
    for sample in samples:
        row = row_of(sample)
        if row["heldout"] and row["key"]:
            rows.append(row)
            svgs.append(sample.optimized or sample.raw)
    place = pool(rows, count, seed)
    return measure(place, encoder.encode_text, lambda at: encoder.encode_svg([svgs[i] for i in at]))


def retrieval(queries: NDArray[np.float32], candidates: NDArray[np.float32], answers: NDArray[np.int64]) -> Retrieval:
    """Query i should find candidate answers[i]. Ties count against the answer."""
    scores = queries @ candidates.T
    right = scores[np.arange(len(answers)), answers]
    ranks = (scores >= right[:, None]).sum(1)
    picks = np.random.default_rng(0).integers(0, len(ranks), (RESAMPLES, len(ranks)))
    low, high = np.quantile((ranks <= 10)[picks].mean(1), (0.025, 0.975))
    return Retrieval(
        candidates=len(candidates),
        queries=len(answers),
        recall_1=float((ranks <= 1).mean()),
        recall_10=float((ranks <= 10).mean()),
        mrr=float((1 / ranks).mean()),
        low_10=float(low),
        high_10=float(high),
    )
