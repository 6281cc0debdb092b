"""Figures of encoders: ranks by hand, split by caption, queries, and a graph's speed and recall."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from text2svg.caption.keywords import is_heldout
from text2svg.encode import load
from text2svg.errors import ConfigError
from text2svg.evaluate import encoder as measuring
from text2svg.evaluate.encoder import Entrant, Task, evaluate, figures, heldout, queries_of, ranks
from text2svg.runtime import ASSETS
from text2svg.sample import Sample
from text2svg.search.graph import available
from text2svg.store.starter import read_starter


@pytest.fixture(scope="module")
def starter() -> list[Sample]:
    return list(read_starter(ASSETS / "starter" / "samples.parquet"))


def test_ranks_count_what_stands_before_the_best_right_row() -> None:
    rows = np.eye(4, dtype=np.float32)
    asked = np.array([[0.9, 0.5, 0.4, 0.1], [0.9, 0.5, 0.4, 0.1], [0.5, 0.5, 0.4, 0.1]], np.float32)
    right = [np.array([1, 3]), np.array([1, 3]), np.array([1])]
    hidden = [np.zeros(0, int), np.array([0]), np.zeros(0, int)]
    assert ranks(asked, rows, Task("t", right, hidden)).tolist() == [2, 1, 2]  # a tie counts against the answer
    found = figures(np.array([1, 2, 20, 1]), 50)
    assert found["recall_1"]["value"] == 0.5 and found["recall_10"]["value"] == 0.75
    assert found["mrr"]["value"] == pytest.approx((1 + 0.5 + 0.05 + 1) / 4, abs=1e-4)
    assert found["recall_10"]["low"] < 0.75 < found["recall_10"]["high"]


def test_the_bundled_encoder_beats_hashing_on_heldout_captions(starter: list[Sample]) -> None:
    pool = heldout(starter)
    assert pool and all(is_heldout(sample.caption) for sample in pool)
    hashed = load("hashed")
    entrants = [
        Entrant("ours", load(f"onnx:{ASSETS / 'encoder'}")),
        Entrant("hashed", hashed),
        Entrant("told", hashed, captions=True),
    ]
    found = evaluate(pool, entrants)
    ours, theirs = (found[name]["text to drawing"]["recall_10"]["value"] for name in ("ours", "hashed"))
    assert ours > 3 * theirs
    assert found["told"]["text to drawing"]["recall_1"]["value"] > 0.95  # it was told the answer
    assert "drawing to drawing of another style" in found["ours"]
    tags = {name: one["tags to drawing"]["recall_10"]["value"] for name, one in found.items()}
    assert tags["hashed"] < tags["ours"] and tags["told"] < 0.5  # no word of the caption is among the tags
    with pytest.raises(ConfigError, match="held-out"):
        evaluate(pool[:1], entrants)


def test_onnxruntime_and_torch_give_the_same_vectors(starter: list[Sample]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from text2svg.raster import load as load_raster
    from text2svg.train.encoder_twin import TorchTwin

    encoder, some = load(f"onnx:{ASSETS / 'encoder'}"), starter[::40]
    twin = TorchTwin(ASSETS / "encoder", load_raster("resvg"), [sample.optimized for sample in some[:32]])
    assert twin.dim == encoder.dim
    assert 0 < measuring.difference(encoder, twin, some) < 1e-3
    assert measuring.difference(encoder, load(f"hashed?dim={encoder.dim}"), some[:5]) > 0.05


def test_the_shipped_queries_name_drawings_of_the_starter_corpus(starter: list[Sample]) -> None:
    path = ASSETS / "queries.json"
    lists = json.loads(path.read_text(encoding="utf-8"))
    captions = {measuring.key_of(sample.caption) for sample in starter}
    for name in ("synonyms", "russian"):
        assert len(lists[name]) == 100 and len({word for word, _ in lists[name]}) == 100
        assert all(measuring.key_of(plain) in captions for _, plain in lists[name])


def test_queries_are_asked_as_they_are_and_plainly(starter: list[Sample], tmp_path: Path) -> None:
    path = tmp_path / "queries.json"
    path.write_text(json.dumps({"about": "x", "pairs": [["zzqx", "house"], ["home", "house"]]}), encoding="utf-8")
    found = queries_of(starter[:400], path, [Entrant("told", load("hashed"), captions=True)])
    assert found["told"]["pairs"]["plain"]["n"] == 2
    with pytest.raises(ConfigError, match="cannot read"):
        queries_of(starter[:4], tmp_path / "none.json", [])


@pytest.mark.skipif(not available(), reason="usearch is not installed")
def test_a_graph_of_many_copies_is_measured() -> None:
    from text2svg.evaluate.encoder_search import augmented, measure_graph

    rng = np.random.default_rng(7)
    real = rng.standard_normal((400, 16)).astype(np.float32)
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    many = augmented(real, 1000)
    np.testing.assert_array_equal(many[:400], real)
    assert 0.9 < (many[400:800] * real).sum(1).mean() < 0.99
    found = measure_graph(real, 1000, threads=1)
    assert found["recall_10"] >= 0.95 and found["rows"] == 1000 and found["graph_ms"]["p50"] > 0
    with pytest.raises(ConfigError, match="too few"):
        measure_graph(real[:3], 1000)
