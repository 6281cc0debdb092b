"""Large corpora: a graph proposes, exact scores decide; filters, words and copies as in a small one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from text2svg.encode import Encoder
from text2svg.errors import StoreError
from text2svg.sample import Sample
from text2svg.search import build as building
from text2svg.search import searcher as searching
from text2svg.search.build import BuildOptions, build
from text2svg.search.columns import Filters
from text2svg.search.graph import Graph, available, build_graph, open_graph
from text2svg.search.index import top
from text2svg.search.searcher import Searcher

# Looked for, not imported: onnxruntime must be loaded first.
pytestmark = pytest.mark.skipif(not available(), reason="usearch is not installed")


def clustered(rows: int = 6000, dim: int = 32) -> np.ndarray:
    rng = np.random.default_rng(0)
    middles = rng.standard_normal((60, dim))
    made = middles[rng.integers(0, 60, rows)] + 0.4 * rng.standard_normal((rows, dim))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_a_graph_finds_what_comparing_every_row_finds(tmp_path: Path) -> None:
    matrix = clustered()
    facts = build_graph(matrix, tmp_path, matrix[:20], threads=1)
    assert facts.rows == 6000 and facts.recall_10 >= 0.97
    graph = Graph(tmp_path, 6000)
    shares = []
    for query in matrix[100:160]:
        exact = {row for row, _ in top(matrix @ query, 10)}
        shares.append(len(exact & set(graph.nearest(query, 10).tolist())) / 10)
    assert np.mean(shares) >= 0.95
    assert len(graph.nearest(matrix[0], 100)) == 100


def test_a_graph_beside_other_rows_is_refused(tmp_path: Path) -> None:
    assert open_graph(tmp_path, 5) is None
    build_graph(clustered(300), tmp_path, threads=1)
    with pytest.raises(StoreError, match="other rows"):
        open_graph(tmp_path, 301)
    (tmp_path / "graph.usearch").write_bytes(b"torn")
    with pytest.raises(StoreError, match="graph"):
        open_graph(tmp_path, 300)


@pytest.fixture(scope="module")
def pair(corpus: list[Sample], encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Searcher, Searcher]:
    """The same corpus searched through a graph and row by row."""
    place = tmp_path_factory.mktemp("graph") / "index"
    built = build(place, corpus, encoder, BuildOptions(graph_from=3, threads=1))
    assert built.graph is not None and built.graph.rows == 7
    known = {sample.digest: sample for sample in corpus}
    graph = Searcher.open(place, encoder, lambda digests: [known.get(d) for d in digests])
    assert graph.graph is not None
    return graph, replace(graph, graph=None)


@pytest.mark.parametrize("few", [0, searching.FEW])
def test_both_ways_answer_the_same(
    pair: tuple[Searcher, Searcher], corpus: list[Sample], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(searching, "FEW", few)
    graph, rows = pair
    for filters in (Filters(), Filters(style=("filled",)), Filters(licence=("MIT",)), Filters(size=("small",))):
        for ask in (
            lambda one, f=filters: one.words("left arrow", 4, f),
            lambda one, f=filters: one.drawing(corpus[3].optimized, 4, f),
            lambda one, f=filters: one.both("house", corpus[0].optimized, 4, f),
            lambda one, f=filters: one.like(corpus[2].digest, 4, f),
        ):
            wanted = [(hit.digest, round(hit.score, 4), hit.duplicates) for hit in ask(rows)]
            assert [(hit.digest, round(hit.score, 4), hit.duplicates) for hit in ask(graph)] == wanted


def test_an_index_of_the_same_rows_stays_as_it_is(tmp_path: Path, corpus: list[Sample], encoder: Encoder) -> None:
    place = tmp_path / "index"
    assert not build(place, corpus, encoder).unchanged
    before = (place / "index.json").stat().st_mtime_ns
    again = build(place, corpus, encoder)
    assert again.unchanged and again.reused == 7 and (place / "index.json").stat().st_mtime_ns == before
    other = [replace(corpus[0], tags=("new",)), *corpus[1:]]
    assert not build(place, other, encoder).unchanged
    facts = json.loads((place / "index.json").read_text())
    assert facts["made_of"] and facts["rows"] == 7


def test_an_index_made_without_usearch_gets_its_graph(
    tmp_path: Path, corpus: list[Sample], encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, options = tmp_path / "index", BuildOptions(graph_from=3, threads=1)
    monkeypatch.setattr(building, "available", lambda: False)
    assert build(place, corpus, encoder, options).graph is None
    assert build(place, corpus, encoder, options).unchanged
    monkeypatch.undo()
    made = build(place, corpus, encoder, options)
    assert made.graph is not None and made.reused == 7
    assert build(place, corpus, encoder, options).unchanged
