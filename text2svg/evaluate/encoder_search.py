"""How fast and how exact search is: a graph over real vectors, made as many as wanted by small changes, and the whole path.

A copy of a row is the row plus a random direction of a third of its length, so that copies are near and never equal.
Queries are rows changed the same way, none of which is in the index. Refuses fewer rows than it looks for. The trade-off:
copies lie in clumps, as icons of many sets do, but tighter; recall among them is harder to reach than among real rows.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.encode.hashed import unit
from text2svg.errors import ConfigError
from text2svg.search.graph import Graph, build_graph
from text2svg.search.index import top

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.search.searcher import Searcher

NOISE = 0.33
QUERIES = 300
K = 10


def augmented(vectors: NDArray[np.float32], rows: int, seed: int = 0) -> NDArray[np.float32]:
    """(rows, D) unit vectors: the real ones first, then changed copies of them, round after round."""
    rng = np.random.default_rng(seed)
    made = np.empty((rows, vectors.shape[1]), np.float32)
    for first in range(0, rows, len(vectors)):
        part = np.asarray(vectors[: rows - first], np.float32)
        made[first : first + len(part)] = part if first == 0 else changed(part, rng)
    return made


def changed(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Rows moved by `NOISE` of their length each."""
    return unit(rows + NOISE * unit(rng.standard_normal(rows.shape).astype(np.float32)))


def measure_graph(vectors: NDArray[np.float32], rows: int, threads: int = 0) -> dict[str, Any]:
    """Build time, recall of the ten nearest, times of a query, and memory, of a graph over `rows` vectors."""
    if min(rows, len(vectors)) < K:
        raise ConfigError(f"{min(rows, len(vectors))} rows are too few", hint=f"at least {K}")
    matrix = augmented(vectors, rows)
    rng = np.random.default_rng(1)
    asked = changed(matrix[rng.integers(0, rows, QUERIES)], rng)
    before, began = _resident(), time.process_time()
    with tempfile.TemporaryDirectory() as place:
        facts = build_graph(matrix, Path(place), asked[:0], threads)
        spent = time.process_time() - began
        size = (Path(place) / "graph.usearch").stat().st_size
        built = _resident()
        graph = Graph(Path(place), rows)
        exact = [{row for row, _ in top(matrix @ query, K)} for query in asked]
        found, graph_ms = _timed(lambda query: graph.nearest(query, K), asked)
        _, exact_ms = _timed(lambda query: top(matrix @ query, K), asked[:50])
    recall = float(np.mean([len(one & set(two.tolist())) / K for one, two in zip(exact, found, strict=True)]))
    return {
        "rows": rows,
        "real_rows": min(rows, len(vectors)),
        "dim": matrix.shape[1],
        "build": asdict(facts) | {"cpu_seconds": round(spent, 1)},
        "recall_10": round(recall, 4),
        "graph_ms": graph_ms,
        "exact_ms": exact_ms,
        "graph_mb": round(size / 1e6, 1),
        "build_memory_mb": round((built - before) / 1e6, 1),
    }


def measure_words(searcher: Searcher, words: Sequence[str]) -> dict[str, dict[str, float]]:
    """Milliseconds of searches by words, after a round of them: whole ones, and without reading the rows found."""
    ranking = replace(searcher, lookup=lambda digests: [None] * len(digests))
    for word in words:
        searcher.words(word)
    return {"whole": _timed(searcher.words, words)[1], "ranking": _timed(ranking.words, words)[1]}


def _timed(ask: Callable[[Any], Any], queries: Sequence[Any]) -> tuple[list[Any], dict[str, float]]:
    answers, times = [], []
    for query in queries:
        began = time.perf_counter()
        answers.append(ask(query))
        times.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    return answers, {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def _resident() -> int:
    """The most memory this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
