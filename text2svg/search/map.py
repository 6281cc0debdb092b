"""A corpus as a map: every row a point in the unit square, near ones alike, and named clusters of them.

    corpus_map = build_map(index, lexical)            once, with the index; `save(folder)` puts it beside the vectors
    corpus_map = CorpusMap.open(folder, encoder)      memory-mapped; `points[row]`, `clusters[row]`, `labels[cluster]`

Landmarks (k-means centres of a sample) are laid out by t-SNE; a row lies among the landmarks nearest to it. No random
number that is not seeded, no library but numpy: the same index gives the same map. Refuses to mean anything by distance
across the map; only neighbourhoods are kept. The trade-off: a row is placed by landmarks, not by its own neighbours, so
half a million rows cost seconds, and two rows with the same vector share a point.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text2svg.errors import StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.search.index import Index
    from text2svg.search.lexical import Lexical

VERSION = 1
SAMPLE = 20_000
"""Rows that k-means looks at: 40 a landmark."""
LANDMARKS, CLUSTERS = 480, 40
NEAREST = 3
"""Landmarks that place a row."""
BLOCK = 16_384
WORDS = 2
"""Words of a label."""


@dataclass(frozen=True, slots=True)
class CorpusMap:
    """Row r of the index lies at `points[r]` (x, y in 0..1, y down) and belongs to cluster `clusters[r]`."""

    points: NDArray[np.float32] = field(repr=False)
    clusters: NDArray[np.uint16] = field(repr=False)
    labels: list[str]
    """A name a cluster: the words its captions have more often than others' have, e.g. `arrow, left`."""
    centers: NDArray[np.float32] = field(repr=False)
    """(clusters, 2): where a label goes, the point of the cluster nearest to the middle of its points."""
    encoder: str = ""

    def __len__(self) -> int:
        return len(self.points)

    def near(self, x: float, y: float, k: int = 24) -> NDArray[np.int64]:
        """The k rows nearest to a place, nearest first."""
        away = np.square(self.points - np.array([x, y], np.float32)).sum(1)
        k = min(k, len(away))
        rows = np.argpartition(away, k - 1)[:k] if k else np.zeros(0, np.int64)
        return rows[np.lexsort((rows, away[rows]))]

    def save(self, folder: Path) -> None:
        """Write into an existing folder; `map.json` comes last."""
        np.save(folder / "map-points.npy", np.asarray(self.points, np.float16))
        np.save(folder / "map-clusters.npy", self.clusters)
        facts = {"version": VERSION, "encoder": self.encoder, "rows": len(self), "labels": self.labels}
        facts["centers"] = np.round(self.centers, 4).tolist()
        (folder / "map.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path, encoder: str) -> CorpusMap:
        """What `save` wrote, for this encoder's index. Raises StoreError."""
        hint = "build the search index again: text2svg corpus index"
        try:
            facts = json.loads((folder / "map.json").read_text(encoding="utf-8"))
            points = np.load(folder / "map-points.npy", mmap_mode="r").astype(np.float32)
            clusters = np.load(folder / "map-clusters.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder} holds no map: {error}", hint=hint) from error
        if facts.get("version") != VERSION or not facts.get("rows") == len(points) == len(clusters):
            raise StoreError(f"{folder}: map.json does not fit its arrays", hint=hint)
        if facts["encoder"] != encoder:
            raise StoreError(f"{folder}: the map is of another encoder", hint=hint)
        return cls(points, clusters, facts["labels"], np.array(facts["centers"], np.float32), encoder)


def build_map(index: Index, lexical: Lexical, *, clusters: int = CLUSTERS, seed: int = 0) -> CorpusMap:
    """The map of an index; rows of `lexical` are the index's own. Holds one block of scores and the layout, some 60 MB."""
    rng = np.random.default_rng((seed, 9))
    count = len(index)
    picks = np.sort(rng.permutation(count)[:SAMPLE])
    sample = np.asarray(index.matrix[picks], np.float32)
    landmarks = _centres(sample, min(LANDMARKS, max(1, count // 4)), rng)
    places = _layout(landmarks)
    groups = _centres(landmarks, min(clusters, len(landmarks)), rng)
    group_of = (landmarks @ groups.T).argmax(1)
    points = np.empty((count, 2), np.float32)
    member = np.empty(count, np.uint16)
    near = min(NEAREST, len(landmarks))
    for first in range(0, count, BLOCK):
        scores = np.asarray(index.matrix[first : first + BLOCK], np.float32) @ landmarks.T
        best = np.argpartition(-scores, near - 1, axis=1)[:, :near]
        values = np.take_along_axis(scores, best, 1)
        weights = np.exp(12 * (values - values.max(1, keepdims=True)))
        weights /= weights.sum(1, keepdims=True)
        points[first : first + BLOCK] = (places[best] * weights[..., None]).sum(1)
        member[first : first + BLOCK] = group_of[scores.argmax(1)]
    points = _in_square(points)
    labels = cluster_labels(member, lexical, len(groups))
    return CorpusMap(points, member, labels, _middles(points, member, len(groups)), index.encoder)


def cluster_labels(member: NDArray[np.uint16], lexical: Lexical, clusters: int) -> list[str]:
    """`WORDS` words a cluster: the share of its rows with the word in the caption, times how special the word is there."""
    terms = list(lexical.terms)
    sizes = np.diff(lexical.starts)
    of_posting = np.repeat(np.arange(len(terms)), sizes)
    own = np.asarray(lexical.marks) == 1
    cell = of_posting[own] * clusters + member[np.asarray(lexical.rows)[own]].astype(np.int64)
    counts = np.bincount(cell, minlength=len(terms) * clusters).reshape(len(terms), clusters)
    rows = np.bincount(member, minlength=clusters)
    total = counts.sum(1, keepdims=True)
    expected = total * rows / max(1, rows.sum())
    score = counts / np.maximum(rows, 1) * np.log1p(counts / np.maximum(expected, 1e-9))
    telling = np.array([len(term) > 2 and not term.isdigit() for term in terms], bool)
    score[~telling] = 0
    best = np.argsort(-score, axis=0, kind="stable")[:WORDS] if terms else np.zeros((0, clusters), int)
    return [", ".join(terms[at] for at in column if counts[at, group]) for group, column in enumerate(best.T)]


def _centres(rows: NDArray[np.float32], count: int, rng: np.random.Generator, rounds: int = 12) -> NDArray[np.float32]:
    """Spherical k-means: unit vectors, started at `count` of the rows; an empty centre stays where it was."""
    centres = rows[np.sort(rng.permutation(len(rows))[:count])].copy()
    for _ in range(rounds):
        member = (rows @ centres.T).argmax(1)
        order = np.argsort(member, kind="stable")
        found, starts = np.unique(member[order], return_index=True)
        sums = np.add.reduceat(rows[order], starts, axis=0)
        centres[found] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return centres


def _layout(rows: NDArray[np.float32], rounds: int = 300, perplexity: float = 10.0) -> NDArray[np.float32]:
    """Exact t-SNE (van der Maaten and Hinton 2008) from the first two principal axes."""
    count = len(rows)
    middle = rows - rows.mean(0)
    _, _, axes = np.linalg.svd(middle, full_matrices=False)
    flat = np.zeros((count, 2), np.float32)
    flat[:, : len(axes[:2])] = middle @ axes[:2].T
    if count < 4:
        return flat
    # An axis has no sign of its own: the farthest point decides, so that every machine draws the same way up.
    far = np.abs(flat).argmax(0)
    flat *= np.where(flat[far, [0, 1]] < 0, -1, 1) * (1e-2 / max(float(flat.std()), 1e-9))
    wanted = _affinities(rows, min(perplexity, (count - 1) / 3))
    speed = np.zeros_like(flat)
    for round_ in range(rounds):
        early = round_ < rounds // 4
        square = np.square(flat).sum(1)
        near = 1 / (1 + square[:, None] + square[None, :] - 2 * flat @ flat.T)
        np.fill_diagonal(near, 0)
        pull = (np.float32(12 if early else 1) * wanted - near / near.sum()) * near
        slope = 4 * (pull.sum(1)[:, None] * flat - pull @ flat)
        speed = (0.5 if early else 0.8) * speed - max(count / 12, 20) * slope
        flat = flat + speed
        flat -= flat.mean(0)
    return flat.astype(np.float32)


def _affinities(rows: NDArray[np.float32], perplexity: float) -> NDArray[np.float32]:
    """(N, N) symmetric, sum 1: each row's own width is searched until its neighbours count `perplexity`."""
    away = np.maximum(2 - 2 * rows @ rows.T, 0)
    np.fill_diagonal(away, np.inf)
    low, high = np.zeros(len(rows)), np.full(len(rows), 1e6)
    for _ in range(40):
        width = (low + high) / 2
        share = np.exp(-away * width[:, None] + (away.min(1) * width)[:, None])
        share /= share.sum(1, keepdims=True)
        spread = -(share * np.log(np.maximum(share, 1e-12))).sum(1)
        wide = spread > np.log(perplexity)
        low, high = np.where(wide, width, low), np.where(wide, high, width)
    both = share + share.T
    return (both / both.sum()).astype(np.float32)


def _in_square(points: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = points.min(0), points.max(0)
    span = max(float((high - low).max()), 1e-9)
    return ((points - (low + high) / 2) / span * 0.96 + 0.5).astype(np.float32)


def _middles(points: NDArray[np.float32], member: NDArray[np.uint16], clusters: int) -> NDArray[np.float32]:
    made = np.full((clusters, 2), 0.5, np.float32)
    for cluster in range(clusters):
        own = points[member == cluster]
        if len(own):
            away = np.square(own - np.median(own, axis=0)).sum(1)
            made[cluster] = own[away.argmin()]
    return made
