"""Near-duplicates and leaks: what is found, what is told apart, and that nothing is drawn twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from text2svg.curate.minhash import Signatures, edges
from text2svg.curate.pictures import Pictures, near_hashes
from text2svg.curate.twins import Twins
from text2svg.executor import load
from text2svg.pipeline import import_samples
from text2svg.pipeline.compare import Compared, write_duplicates, write_leaks
from text2svg.pipeline.export import listed
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store
from text2svg.svg.reader import is_canonical

HEAD, FOOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">', "</svg>"
DICE = '<path d="M0 0H256V256H0ZM40 40V216H216V40Z"/>'


def house(shift: int = 0, extra: str = "", paint: str = "") -> str:
    d = f"M{40 + shift} 216V104L{128 + shift} 24L{216 + shift} 104V216H152V152H104V216Z"
    return f'{HEAD}<path{paint} d="{d}"/>{extra}{FOOT}'


def dot(x: int, y: int) -> str:
    return f'<circle cx="{x}" cy="{y}" r="16"/>'


def star(seed: int) -> str:
    random = np.random.default_rng(seed)
    points = "".join(f"L{x} {y}" for x, y in random.integers(0, 256, (12, 2)).tolist())
    return f'{HEAD}<path d="M{seed % 200} 9{points}Z"/>{FOOT}'


def sample(optimized: str, caption: str = "house") -> Sample:
    raw = optimized.replace("<svg ", '<svg width="9" ', 1)
    return Sample(
        digest_of(raw + caption), raw, Provenance("package", licence="MIT"), caption, optimized=optimized, rung="integer"
    )


def test_the_drawings_of_these_tests_are_canonical() -> None:
    assert all(is_canonical(text) for text in (house(), house(2), star(1), HEAD + DICE + dot(80, 80) + FOOT))


def test_edges_ignore_direction_and_a_unit_and_know_paint() -> None:
    one = f'{HEAD}<path d="M40 40H120V200Z"/>{FOOT}'
    other_way = f'{HEAD}<path d="M40 40L120 200V40Z"/>{FOOT}'
    assert (edges(one) == edges(other_way)).all()
    assert (edges(one) == edges(one.replace("120", "121"))).all()
    assert not set(edges(one)) & set(edges(one.replace("<path", '<path fill="#f00"')))
    grouped = f'{HEAD}<g fill="#f00"><path d="M40 40H120V200Z"/></g><path d="M40 40H120V200Z"/>{FOOT}'
    assert set(edges(grouped)) == set(edges(one)) | set(edges(one.replace("<path", '<path fill="#f00"')))
    assert len(edges("")) == 1
    shapes = f'{HEAD}<circle cx="128" cy="128" r="40"/><path d="M9 9A60 60 0,0,1 60 80C1 2 3 4 90 9"/>{FOOT}'
    assert is_canonical(shapes) and len(edges(shapes)) == 3


def test_pairs_are_those_of_all_against_all(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    drawings = []
    for seed in range(40):
        points = random.integers(0, 256, (14, 2))
        for _ in range(5):
            moved = np.clip(points + (random.random((14, 1)) < 0.1) * random.integers(-60, 60, (14, 2)), 0, 256)
            drawings.append(f"{HEAD}<path d=\"M{seed} 7{''.join(f'L{x} {y}' for x, y in moved.tolist())}Z\"/>{FOOT}")
    sets = [set(edges(text).tolist()) for text in drawings]
    expected = {
        (i, j) for j in range(len(sets)) for i in range(j) if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.6
    }
    signatures = Signatures(tmp_path)
    signatures.write(drawings)
    found = signatures.pairs(0.6)
    assert len(expected) > 20 and {(p.first, p.second) for p in found} <= expected
    assert len(found) >= 0.9 * len(expected)
    assert all(len(sets[p.first] & sets[p.second]) / len(sets[p.first] | sets[p.second]) == p.similarity for p in found)


def test_a_crowd_of_equals_is_linked_without_comparing_all(tmp_path: Path) -> None:
    signatures = Signatures(tmp_path)
    signatures.write([house()] * 500)
    pairs = signatures.pairs(0.8)
    assert len(pairs) < 500 * 70
    assert {pair.second for pair in pairs} == set(range(1, 500))
    empty = Signatures(tmp_path / "empty")
    empty.write([])
    assert empty.pairs(0.8) == []


def rows() -> list[Sample]:
    four = [dot(x, y) for x in (80, 176) for y in (80, 176)]
    return [
        sample(house()), sample(house(), "home"), sample(house(1), "shelter"),
        sample(HEAD + DICE + "".join(four) + FOOT, "four"),
        sample(HEAD + DICE + "".join(four) + dot(128, 128) + FOOT, "five"),
        *[sample(star(n), f"star {n}") for n in range(30)],
    ]  # fmt: skip


def test_copies_and_near_copies_are_listed_and_a_dot_makes_a_difference(tmp_path: Path) -> None:
    twins = Twins(rows, tmp_path, len(rows()))
    found = twins.duplicates(load("serial"), 0.6)
    assert [(twin.row, twin.original, twin.kind) for twin in found.twins] == [(1, 0, "canonical"), (2, 0, "near")]
    assert (found.pairs, found.same) == (2, 1), "the dice are a pair by their edges, and are told apart by their pictures"
    assert twins.pictures.drawn.sum() == 4
    assert Twins(rows, tmp_path, len(rows())).duplicates(_Idle(), 0.6) == found, "pictures are kept"


def test_a_shade_or_another_colour_is_no_copy(tmp_path: Path) -> None:
    shade = '<path fill-opacity=".2" d="M104 152H152V216H104Z"/>'
    other = house(paint=' fill="#c00"', extra=star(1)[len(HEAD) : -len(FOOT)])
    made = [sample(house(extra=star(1)[len(HEAD) : -len(FOOT)])), sample(house(extra=shade)), sample(house()), sample(other)]
    found = Twins(lambda: made, tmp_path, len(made)).duplicates(load("serial"), 0.6)
    assert found.pairs >= 1 and found.twins == ()


class _Idle:
    """An executor that must have nothing to do."""

    def run(self, step: object, items: Iterator[str]) -> Iterator[object]:
        assert list(items) == [], "drawn again"
        yield from ()


def test_leaks_are_found_across_the_split_alone(tmp_path: Path) -> None:
    heldout = np.zeros(len(rows()), bool)
    heldout[[1, 4, 7]] = True
    found = Twins(rows, tmp_path, len(rows())).leaks(load("serial"), heldout)
    assert {(leak.heldout, leak.train) for leak in found} == {(1, 0), (1, 2)}
    assert all(leak.bits <= 36 and leak.difference <= 0.25 for leak in found)


def test_what_cannot_be_drawn_is_white_and_a_killed_run_draws_the_rest(tmp_path: Path) -> None:
    drawings = ["", house(), star(3)]
    pictures = Pictures(tmp_path, 3)
    runs: Iterator[int] = pictures.draw(np.ones(3, bool), drawings, load("serial"))
    assert next(runs) == 1 and (pictures.pixels[0] == 255).all()
    runs.close()  # type: ignore[attr-defined]
    pictures.flush()
    again = Pictures(tmp_path, 3)
    assert again.drawn.tolist() == [True, False, False]
    assert list(again.draw(np.ones(3, bool), drawings, load("serial"))) == [1, 2]
    assert again.pixels[1].min() < 50 and again.hashes().shape == (3, 4)
    assert again.differences(np.array([1]), np.array([1])).tolist() == [0.0]


def test_near_hashes_are_those_of_brute_force() -> None:
    random = np.random.default_rng(1)
    one, two = (random.integers(0, 2**63, (n, 4), dtype=np.uint64) for n in (37, 53))
    two[5] = one[20] ^ np.uint64(7)
    left, right = near_hashes(one, two, 100)
    distance = np.bitwise_count(one[:, None] ^ two[None]).sum(axis=2)
    expected = {(i, j) for i in range(37) for j in range(53) if distance[i, j] <= 100}
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == expected and (20, 5) in expected


def test_a_stores_lists_name_digests_and_an_export_leaves_them_out(tmp_path: Path) -> None:
    made = [sample(house(), "owl"), sample(house(1), "owl b"), *[sample(star(n), f"kite {n}") for n in range(60)]]
    rows = [Sample(digest_of(s.raw), s.raw, s.provenance, s.caption, optimized=s.optimized, rung="integer") for s in made]
    with Store.create(tmp_path / "store") as store:
        import_samples(store, [("a", rows)], {})
        compared = Compared.open(store, "", tmp_path / "cache")
        report = write_duplicates(tmp_path / "d.parquet", compared, compared.twins.duplicates(load("serial"), 0.6))
        assert (report["rows"], report["listed_near"], report["listed_under_another_caption"]) == (62, 1, 1)
        assert listed(tmp_path / "d.parquet") == {rows[1].digest}
        assert pq.read_table(tmp_path / "d.parquet").column("original").to_pylist() == [rows[0].digest]
        told = write_leaks(tmp_path / "l.parquet", compared, compared.twins.leaks(load("serial"), compared.heldout()))
        assert told["rows"] == 62 and told["pairs"] == len(pq.read_table(tmp_path / "l.parquet"))
        with pytest.raises(Exception, match="no rows"):
            Compared.open(store, "curate", tmp_path / "cache")
