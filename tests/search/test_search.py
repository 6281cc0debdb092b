"""Search: exact index, exact words, facets, folding of duplicates, honest failures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from text2svg.encode import Encoder, load
from text2svg.errors import ConfigError, RenderError, StoreError, SvgError
from text2svg.sample import Sample
from text2svg.search.build import BuildOptions, build
from text2svg.search.columns import Filters
from text2svg.search.index import Index, raw_digests, top
from text2svg.search.lexical import Lexical, LexicalBuilder, term_of
from text2svg.search.searcher import Searcher


def random_index(rows: int = 20_000, dim: int = 16) -> Index:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((rows, dim), np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Index(matrix, rng.integers(0, 256, (rows, 32), np.uint8), "space")


def test_query_equals_sorting_everything() -> None:
    index = random_index()
    for query in index.matrix[:5] + np.float32(0.1):
        scores = index.matrix @ query
        wanted = sorted(range(len(scores)), key=lambda row: (-scores[row], row))[:10]
        assert [row for row, _ in index.query(query, 10)] == wanted


def test_saved_index_answers_the_same_and_halves_nearly_so(tmp_path: Path) -> None:
    index, query = random_index(), np.ones(16, np.float32) / 4
    index.save(tmp_path / "a")
    assert Index.open(tmp_path / "a", "space").query(query, 20) == index.query(query, 20)
    index.save(tmp_path / "b", "float16")
    half = Index.open(tmp_path / "b", "space")
    np.testing.assert_allclose(half.scores(query), index.scores(query), atol=2e-3)
    assert (tmp_path / "b/vectors.npy").stat().st_size < 0.51 * (tmp_path / "a/vectors.npy").stat().st_size
    assert half.digest(7) == index.digest(7)


def test_index_of_another_space_or_torn_is_refused(tmp_path: Path) -> None:
    index = random_index(50)
    index.save(tmp_path)
    with pytest.raises(StoreError, match="another vector space"):
        Index.open(tmp_path, "other")
    np.save(tmp_path / "vectors.npy", index.matrix[:40])
    with pytest.raises(StoreError, match="does not fit"):
        Index.open(tmp_path, "space")
    (tmp_path / "index.json").unlink()
    with pytest.raises(StoreError, match="no search index"):
        Index.open(tmp_path, "space")
    with pytest.raises(ConfigError, match="query is"):
        index.query(np.ones(3, np.float32), 1)
    with pytest.raises(ConfigError, match="64 hexadecimal"):
        raw_digests(["ab"])


@given(st.lists(st.integers(-3, 3), max_size=30), st.integers(0, 40), st.data())
def test_top_breaks_ties_by_row_and_hides_rows(values: list[int], k: int, data: st.DataObject) -> None:
    scores = np.array(values, np.float32)
    flags = st.lists(st.booleans(), min_size=len(values), max_size=len(values))
    allowed = data.draw(st.none() | flags)
    rows = [row for row in range(len(values)) if allowed is None or allowed[row]]
    wanted = sorted(rows, key=lambda row: (-values[row], row))[:k]
    mask = None if allowed is None else np.array(allowed, bool)
    assert [row for row, _ in top(scores, k, mask)] == wanted


def test_lexical_scores_rank_exact_captions_first(tmp_path: Path) -> None:
    builder = LexicalBuilder()
    for caption, tags in (
        ("arrow left", ()),
        ("arrow left circle", ()),
        ("left", ("arrow",)),
        ("sun", ()),
    ):
        builder.add(caption, tags)
    made = builder.finish()
    scores = made.scores("Left arrows")
    assert scores[0] == pytest.approx(1.0) and scores[3] == 0
    assert scores[0] > scores[1] > scores[2] > 0
    made.save(tmp_path)
    np.testing.assert_array_equal(Lexical.open(tmp_path).scores("left arrow"), scores)
    assert made.scores("unheard of").max() == 0
    assert made.scores("").max() == 0


def test_plurals_meet() -> None:
    assert [term_of(word) for word in ("arrows", "glass", "bus", "axis", "as")] == [
        "arrow",
        "glass",
        "bus",
        "axis",
        "as",
    ]


def test_words_find_left_arrows_first_and_fold_copies(searcher: Searcher) -> None:
    hits = searcher.words("left arrow", 3)
    assert hits[0].caption == "arrow left"
    assert {hit.caption for hit in hits[1:]} == {
        "left",
        "arrow left circle",
    }  # before "arrow right"
    assert (hits[0].duplicates, hits[0].collection, hits[0].licence) == (1, "lucide", "ISC")
    assert hits[0].score > hits[1].score
    assert len({hit.svg for hit in hits}) == len(hits)


def test_filters_hide_rows_even_when_few_are_left(searcher: Searcher) -> None:
    assert [hit.collection for hit in searcher.words("arrow left", 5, Filters(collection=["copycat"]))] == ["copycat"]
    styles = {hit.style for hit in searcher.words("left", 5, Filters(style=["filled", "color"]))}
    assert styles <= {"filled", "color"}
    assert searcher.words("left", 5, Filters(licence=["GPL-3.0"])) == []


def test_a_drawing_finds_itself_then_its_kin(searcher: Searcher, corpus: list[Sample]) -> None:
    hits = searcher.drawing(corpus[0].optimized, 3)
    assert hits[0].svg == corpus[0].optimized and hits[0].score == pytest.approx(hits[0].score)
    assert hits[0].duplicates == 1
    assert hits[1].caption == "arrow left circle"


def test_rows_that_are_gone_are_skipped(folder: Path, encoder: Encoder, corpus: list[Sample]) -> None:
    gone = corpus[0].digest
    known = {sample.digest: sample for sample in corpus if sample.digest != gone}
    searcher = Searcher.open(folder, encoder, lambda digests: [known.get(d) for d in digests])
    hits = searcher.words("arrow left", 2)
    assert len(hits) == 2 and gone not in {hit.digest for hit in hits}


def test_build_again_encodes_only_what_is_new(tmp_path: Path, corpus: list[Sample], encoder: Encoder) -> None:
    place, heard = tmp_path / "index", []
    build(place, corpus[:6], encoder, BuildOptions(rows=3), heard.append)
    built = build(place, corpus, encoder, BuildOptions(rows=3))
    assert heard == [3, 6] and (built.rows, built.reused) == (7, 6)
    assert len(Index.open(place, encoder.digest)) == 7
    with pytest.raises(StoreError, match="no drawing"):
        build(tmp_path / "none", [], encoder)


def test_an_index_of_another_encoder_does_not_open(folder: Path) -> None:
    with pytest.raises(StoreError, match="another vector space"):
        Searcher.open(folder, load("hashed?dim=64"), lambda digests: [])


def test_empty_query_finds_nothing(searcher: Searcher) -> None:
    assert searcher.words("", 5) == []


def test_a_broken_drawing_is_an_error_not_an_empty_answer(tmp_path: Path, corpus: list[Sample]) -> None:
    towers = Path(__file__).parents[2] / "text2svg/assets/encoder"
    if not (towers / "config.json").is_file():
        pytest.skip("no bundled encoder")
    encoder = load(f"onnx:{towers}")
    build(tmp_path / "index", corpus, encoder)
    searcher = Searcher.open(tmp_path / "index", encoder, lambda digests: [None for _ in digests])
    with pytest.raises((RenderError, SvgError)):
        searcher.drawing("<svg", 3)


def test_words_and_a_drawing_together_want_both(searcher: Searcher, corpus: list[Sample]) -> None:
    alone = [hit.caption for hit in searcher.drawing(corpus[0].optimized, 4)]
    both = [hit.caption for hit in searcher.both("circle", corpus[0].optimized, 4)]
    assert both[0] == "arrow left circle" != alone[0]


def test_more_like_this_leaves_out_itself_and_its_copies(searcher: Searcher, corpus: list[Sample]) -> None:
    hits = searcher.like(corpus[0].digest, 5)
    assert hits[0].caption == "arrow left circle"
    assert not {corpus[0].digest, corpus[1].digest} & {hit.digest for hit in hits}
    with pytest.raises(StoreError, match="no drawing"):
        searcher.like("0" * 64, 3)


def test_palette_and_size_narrow_too(searcher: Searcher, corpus: list[Sample]) -> None:
    names = searcher.columns.names
    assert names["palette"] == ["one"] and names["size"] == ["large"]  # rows of this corpus have no token counts
    assert searcher.words("left", 5, Filters(palette=["many"])) == []
    assert searcher.words("left", 5, Filters(palette=["one"], size=["large"]))


def test_an_index_with_the_facets_of_another_version_is_refused(folder: Path, encoder: Encoder, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "old")
    names = json.loads((tmp_path / "old/facets.json").read_text())
    names.pop("size")
    (tmp_path / "old/facets.json").write_text(json.dumps(names))
    with pytest.raises(StoreError, match="another version"):
        Searcher.open(tmp_path / "old", encoder, lambda digests: [])
