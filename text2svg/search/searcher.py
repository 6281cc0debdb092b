"""Finds drawings by words, by a drawing, by both, or like one of its own; folds duplicates, looks up only what it shows.

    score = cosine of the encoder's vectors + 0.5 * exact words cubed (see lexical; queries with words only)

Every row is scored, or, where the index has a graph, the rows that the graph and the words propose; a filter that leaves
few rows has them all scored. Refuses an index of another encoder. The trade-off of the sum: an icon whose caption is
exactly the query beats any icon that merely looks right, which is what a person who typed "left arrow" expects. Reads
only; threads may share it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text2svg.encode.base import Encoder
from text2svg.encode.hashed import unit
from text2svg.sample import Sample
from text2svg.search.columns import Columns, Filters
from text2svg.search.graph import Graph, open_graph
from text2svg.search.index import Index, top
from text2svg.search.lexical import Lexical

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEXICAL_SHARE = 0.5
"""Held-out captions in another word order come first in 99.6 %; 37 % of unseen tag pairs stay in ten (vectors: 40 %)."""

FEW = 60_000
"""Rows that a filter may leave for all of them to be scored: 1 ms."""

Lookup = Callable[[Sequence[str]], Sequence[Sample | None]]
"""Digests to samples in the same order; None for a row that is gone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One drawing found."""

    digest: str
    score: float
    """Cosine, plus up to 0.5 for exact words."""
    sample: Sample = field(repr=False)
    duplicates: int = 0
    """Rows with the same canonical drawing among the rows read; they are folded into this one."""

    @property
    def caption(self) -> str:
        return self.sample.caption

    @property
    def style(self) -> str:
        return self.sample.style

    @property
    def collection(self) -> str:
        return self.sample.provenance.collection

    @property
    def licence(self) -> str:
        return self.sample.provenance.licence

    @property
    def svg(self) -> str:
        """The optimized text, else the text as found."""
        return self.sample.optimized or self.sample.raw


@dataclass(frozen=True, slots=True)
class Query:
    """A unit vector, the words behind it where there are any, and a group of copies that is not wanted."""

    vector: NDArray[np.float32]
    words: str = ""
    skip: int = -1


@dataclass(frozen=True, slots=True)
class Searcher:
    """`open(folder, encoder, lookup)` after `build`; then ask."""

    index: Index
    columns: Columns
    lexical: Lexical
    encoder: Encoder
    lookup: Lookup
    lexical_share: float = LEXICAL_SHARE
    graph: Graph | None = None

    @classmethod
    def open(cls, folder: Path, encoder: Encoder, lookup: Lookup) -> Searcher:
        """Raises StoreError when the folder holds no index of this encoder."""
        index = Index.open(folder, encoder.digest)
        graph = open_graph(folder, len(index))
        return cls(index, Columns.open(folder), Lexical.open(folder), encoder, lookup, graph=graph)

    def words(self, query: str, k: int = 24, filters: Filters = Filters()) -> list[Hit]:
        """The k best drawings for a text, best first; fewer when nothing more scores above zero."""
        return self._hits(Query(self.encoder.encode_text([query])[0], query), k, filters)

    def drawing(self, svg: str, k: int = 24, filters: Filters = Filters()) -> list[Hit]:
        """The k drawings that look most like `svg`, itself included when the corpus has it.

        Raises RenderError or SvgError for a text that cannot be drawn.
        """
        return self._hits(Query(self.encoder.encode_svg([svg])[0]), k, filters)

    def both(self, query: str, svg: str, k: int = 24, filters: Filters = Filters()) -> list[Hit]:
        """The k drawings that look like `svg` and mean `query`, each having half the say. Raises as `drawing`."""
        vectors = np.stack([self.encoder.encode_text([query])[0], self.encoder.encode_svg([svg])[0]])
        return self._hits(Query(unit(vectors.mean(0, keepdims=True))[0], query), k, filters)

    def like(self, digest: str, k: int = 24, filters: Filters = Filters()) -> list[Hit]:
        """The k drawings nearest to one of the index, without it and its copies. Raises StoreError for another digest."""
        row = self.index.row(digest)
        own = int(self.columns.groups[row])
        return self._hits(Query(np.asarray(self.index.matrix[row], np.float32), skip=own), k, filters)

    def _hits(self, query: Query, k: int, filters: Filters) -> list[Hit]:
        allowed = self.columns.allowed(filters)
        reach = 2 * k + 8
        while True:
            ranked = [(row, score) for row, score in self._ranked(query, reach, allowed) if score > 0]
            firsts: dict[int, list[tuple[int, float]]] = {}
            for row, score in ranked:
                group = int(self.columns.groups[row])
                if group != query.skip:
                    firsts.setdefault(group, []).append((row, score))
            # Sets that repeat one drawing can fill the reach: read on until k are distinct or all is read.
            if len(firsts) >= k or len(ranked) < reach:
                return self._shown(list(firsts.values()), k)
            reach *= 4

    def _ranked(self, query: Query, reach: int, allowed: NDArray[np.bool_] | None) -> list[tuple[int, float]]:
        """The best (row, score) among all rows, or among those that the graph and the words propose."""
        # Cubed, so that one word of two (0.5) hardly outweighs meaning and a whole caption fully does.
        matched, exact = self.lexical.matches(query.words)
        exact = exact**3 * np.float32(self.lexical_share)
        if self.graph is None:
            scores = self.index.scores(query.vector)
            scores[matched] += exact
            return top(scores, reach, allowed)
        rows = self._proposed(query, reach, allowed, matched[np.argsort(-exact, kind="stable")[:reach]])
        scores = self.index.scores_of(rows, query.vector)
        places = np.searchsorted(matched, rows)
        known = np.minimum(places, max(len(matched) - 1, 0))
        if len(matched):
            scores += np.where(matched[known] == rows, exact[known], 0)
        return [(int(rows[at]), score) for at, score in top(scores, reach)]

    def _proposed(
        self, query: Query, reach: int, allowed: NDArray[np.bool_] | None, worded: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Rows to score, ascending."""
        assert self.graph is not None
        left = len(self.index) if allowed is None else int(allowed.sum())
        if allowed is not None and left <= FEW:
            return np.flatnonzero(allowed)
        # A filter hides a share of what the graph finds: look so much further.
        wide = reach if allowed is None else int(reach * len(self.index) / left) + reach
        rows = np.union1d(self.graph.nearest(query.vector, min(wide, len(self.index))), worded)
        return rows if allowed is None else rows[allowed[rows]]

    def _shown(self, groups: Sequence[Sequence[tuple[int, float]]], k: int) -> list[Hit]:
        hits: list[Hit] = []
        for first in range(0, len(groups), max(k, 1)):
            part = groups[first : first + k]
            digests = [self.index.digest(group[0][0]) for group in part]
            for digest, group, sample in zip(digests, part, self.lookup(digests), strict=True):
                if sample is not None:
                    hits.append(Hit(digest, group[0][1], sample, len(group) - 1))
            if len(hits) >= k:
                break
        return hits[:k]
