"""The map of a corpus: one point and one named cluster a row, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from text2svg.encode import Encoder
from text2svg.errors import StoreError
from text2svg.search.index import Index
from text2svg.search.lexical import LexicalBuilder
from text2svg.search.map import CorpusMap, build_map


def islands(each: int = 120, dim: int = 24) -> tuple[Index, LexicalBuilder, np.ndarray]:
    """Five tight groups of unit vectors whose captions name their group."""
    rng = np.random.default_rng(3)
    middles = np.linalg.qr(rng.standard_normal((dim, dim)))[0][:5]
    kind = np.repeat(np.arange(5), each)
    rows = (middles[kind] + 0.15 * rng.standard_normal((5 * each, dim))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    words = LexicalBuilder()
    for number in kind:
        words.add(f"icon {('arrow', 'house', 'cloud', 'heart', 'wheel')[number]}", ())
    return Index(rows, rng.integers(0, 256, (5 * each, 32), np.uint8), "space"), words, kind


def test_alike_rows_lie_together_and_clusters_carry_their_word() -> None:
    index, words, kind = islands()
    made = build_map(index, words.finish(), clusters=5)
    assert made.points.shape == (600, 2) and 0 <= made.points.min() and made.points.max() <= 1
    middles = np.stack([made.points[kind == group].mean(0) for group in range(5)])
    nearest = np.square(made.points[:, None] - middles[None]).sum(2).argmin(1)
    assert (nearest == kind).mean() > 0.97
    names = [label.split(", ")[0] for label in made.labels]
    for group, word in enumerate(("arrow", "house", "cloud", "heart", "wheel")):
        inside = np.bincount(made.clusters[kind == group], minlength=5)
        assert names[int(inside.argmax())] == word
    assert set(made.near(*made.points[3], k=5)) <= set(np.flatnonzero(kind == 0))


def test_the_same_index_gives_the_same_map_and_it_survives_the_disk(tmp_path: Path) -> None:
    index, words, _ = islands()
    one, two = (build_map(index, words.finish()) for _ in range(2))
    np.testing.assert_array_equal(one.points, two.points)
    one.save(tmp_path)
    read = CorpusMap.open(tmp_path, "space")
    np.testing.assert_allclose(read.points, one.points, atol=1e-3)
    np.testing.assert_array_equal(read.clusters, one.clusters)
    assert read.labels == one.labels and len(read) == 600


def test_a_map_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no map"):
        CorpusMap.open(tmp_path, "space")
    index, words, _ = islands(20)
    build_map(index, words.finish()).save(tmp_path)
    with pytest.raises(StoreError, match="another encoder"):
        CorpusMap.open(tmp_path, "other")
    np.save(tmp_path / "map-clusters.npy", np.zeros(3, np.uint16))
    with pytest.raises(StoreError, match="does not fit"):
        CorpusMap.open(tmp_path, "space")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_handful_of_rows_has_a_map_too(count: int) -> None:
    index, words, _ = islands(1)
    few = LexicalBuilder()
    for _ in range(count):
        few.add("", ())
    made = build_map(Index(index.matrix[:count], index.digests[:count], "space"), few.finish())
    assert made.points.shape == (count, 2) and np.isfinite(made.points).all()
    assert set(made.labels) == {""}


def test_a_built_index_has_its_map(folder: Path, encoder: Encoder) -> None:
    assert len(CorpusMap.open(folder, encoder.digest)) == 7
