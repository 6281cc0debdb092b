"""An approximate index for large corpora: usearch's HNSW graph over float16 vectors, memory-mapped. The one door to usearch.

A graph finds candidates; their scores are then computed exactly. How wide a search looks is chosen when the graph is built:
the narrowest of `WIDTHS` whose ten nearest agree with the exact ten in 97 of 100, measured on rows and on words. Refuses
to open beside vectors of another number. The trade-off: 12 minutes of one core for a million rows, once.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.engine.graph import load_onnxruntime
from text2svg.errors import MissingDependency, StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_ROWS = 200_000
"""Up to here every row is compared: 4 ms on one core, and no second file."""
LINKS, BUILD_WIDTH = 16, 128
WIDTHS = (64, 128, 256, 512)
WANTED = 0.97
QUERIES = 200
BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """What was measured when a graph was built."""

    rows: int
    width: int
    """Candidates a search keeps (expansion)."""
    recall_10: float
    """Share of the exact ten nearest that the graph finds."""
    seconds: float
    """Wall time of the build."""


def available() -> bool:
    """Whether usearch is installed."""
    from importlib.util import find_spec

    return find_spec("usearch") is not None


def build_graph(
    matrix: NDArray[np.float32], folder: Path, queries: NDArray[np.float32] | None = None, threads: int = 0
) -> GraphFacts:
    """Write `graph.usearch` and `graph.json` into `folder`. `queries` (Q, D) join a sample of rows when recall is measured.

    `threads` 0 takes all cores. Raises MissingDependency.
    """
    began = time.monotonic()
    graph = _usearch().Index(
        ndim=matrix.shape[1], metric="ip", dtype="f16", connectivity=LINKS, expansion_add=BUILD_WIDTH
    )
    for first in range(0, len(matrix), BLOCK):
        part = np.asarray(matrix[first : first + BLOCK], np.float32)
        graph.add(np.arange(first, first + len(part), dtype=np.uint64), part, threads=threads)
    seconds = time.monotonic() - began
    rng = np.random.default_rng(0)
    asked = np.asarray(matrix[np.sort(rng.permutation(len(matrix))[:QUERIES])], np.float32)
    if queries is not None and len(queries):
        asked = np.concatenate([asked, queries[:QUERIES].astype(np.float32)])
    width, recall = _width(graph, matrix, asked)
    graph.save(str(folder / "graph.usearch"))
    facts = GraphFacts(len(matrix), width, round(recall, 4), round(seconds, 1))
    (folder / "graph.json").write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")
    return facts


class Graph:
    """An opened graph; threads may share it."""

    def __init__(self, folder: Path, rows: int) -> None:
        hint = "build the search index again: text2svg corpus index"
        try:
            self.facts = GraphFacts(**json.loads((folder / "graph.json").read_text(encoding="utf-8")))
            self._graph = _usearch().Index.restore(str(folder / "graph.usearch"), view=True)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise StoreError(f"cannot open the graph in {folder}: {error}", hint=hint) from error
        if self._graph is None or not rows == self.facts.rows == len(self._graph):
            raise StoreError(f"the graph in {folder} has other rows than its index", hint=hint)

    def nearest(self, vector: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """About the k nearest rows, nearest first."""
        self._graph.expansion_search = max(self.facts.width, k)
        found = self._graph.search(np.asarray(vector, np.float32), min(k, self.facts.rows))
        return np.asarray(found.keys).astype(np.int64)


def has_graph(folder: Path) -> bool:
    """Whether a graph lies beside an index."""
    return (folder / "graph.json").is_file()


def open_graph(folder: Path, rows: int) -> Graph | None:
    """The graph beside an index, or None where it has none."""
    return Graph(folder, rows) if has_graph(folder) else None


def _width(graph: Any, matrix: NDArray[np.float32], asked: NDArray[np.float32]) -> tuple[int, float]:
    """The narrowest search that is good enough, and its recall; the widest when none is."""
    k = min(10, len(matrix))
    best = _exact(matrix, asked, k)
    for width in WIDTHS:
        graph.expansion_search = width
        found = np.atleast_2d(graph.search(asked, k).keys).astype(np.int64)
        recall = float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(found, best, strict=True)]))
        if recall >= WANTED:
            break
    return width, recall


def _exact(matrix: NDArray[np.float32], asked: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """(Q, k) rows of the best scores, block by block."""
    scores = np.full((len(asked), k), -np.inf, np.float32)
    rows = np.zeros((len(asked), k), np.int64)
    for first in range(0, len(matrix), BLOCK):
        part = asked @ np.asarray(matrix[first : first + BLOCK], np.float32).T
        both = np.concatenate([scores, part], 1)
        names = np.concatenate([rows, np.broadcast_to(np.arange(first, first + part.shape[1]), part.shape)], 1)
        keep = np.argpartition(-both, k - 1, axis=1)[:, :k]
        scores, rows = np.take_along_axis(both, keep, 1), np.take_along_axis(names, keep, 1)
    return rows


def _usearch() -> Any:
    # Loaded after usearch 2.26, onnxruntime 1.32 ends the process with a segmentation fault; before it, all is well.
    load_onnxruntime()
    try:
        from usearch import index
    except ImportError as error:
        raise MissingDependency("usearch", extra="scale") from error
    return index
