"""Damage is found, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from databases import Database
from stored_rows import numbered, raw_key

from text2svg.errors import StoreError
from text2svg.store import Manifest, Row, ShardKey, Store


@pytest.fixture
def store_and_shard(db: Database, tmp_path: Path) -> tuple[Path, Path, Manifest]:
    with db.create(tmp_path / "store") as store:
        manifest = store.add_shard(raw_key(), numbered(*range(50)))
    path = tmp_path / "store"
    return path, path / "shards" / "raw" / manifest.id, manifest


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped bit": (lambda shard: flip(shard / "data.parquet", 100), "is damaged"),
    "cut data": (
        lambda shard: (shard / "data.parquet").write_bytes((shard / "data.parquet").read_bytes()[:-10]),
        "is damaged",
    ),
    "no data": (lambda shard: (shard / "data.parquet").unlink(), "cannot be read"),
    "cut manifest": (
        lambda shard: (shard / "manifest.json").write_text((shard / "manifest.json").read_text()[:-30]),
        "cannot read manifest",
    ),
    "changed manifest": (
        lambda shard: (shard / "manifest.json").write_text(
            (shard / "manifest.json").read_text().replace('"rows": 50', '"rows": 51')
        ),
        "51",
    ),
    "foreign manifest": (
        lambda shard: (shard / "manifest.json").write_text(
            (shard / "manifest.json").read_text().replace("chunk#0", "chunk#1")
        ),
        "belongs to shard",
    ),
    "empty manifest": (lambda shard: (shard / "manifest.json").write_text(""), "cannot read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_reported(db: Database, store_and_shard: tuple[Path, Path, Manifest], damage: str) -> None:
    path, shard, _ = store_and_shard
    inflict, words = DAMAGES[damage]
    with db.open(path, read_only=True) as store:
        assert store.verify().ok
        inflict(shard)
        report = store.verify()
    assert not report.ok
    assert any(words in problem for problem in report.problems), report.problems


@pytest.mark.parametrize("damage", ["cut data", "no data", "cut manifest", "empty manifest"])
def test_rebuild_never_passes_over_damage(db: Database, store_and_shard: tuple[Path, Path, Manifest], damage: str) -> None:
    path, shard, _ = store_and_shard
    DAMAGES[damage][0](shard)
    with db.open(path) as store:
        with pytest.raises(StoreError):
            store.rebuild()
        assert None not in store.lookup([row.digest for row in numbered(*range(50))])


def test_reading_a_damaged_shard_is_an_error(db: Database, store_and_shard: tuple[Path, Path, Manifest],
) -> None:
    path, shard, _ = store_and_shard
    DAMAGES["cut data"][0](shard)
    with db.open(path) as store:
        with pytest.raises(StoreError, match="cannot read shard"):
            list(store.iter_samples())
        with pytest.raises(StoreError, match="cannot read row"):
            store.get(numbered(1)[0].digest)


def test_what_a_kill_leaves_is_no_problem_and_is_made_again(db: Database, store_and_shard: tuple[Path, Path, Manifest],
) -> None:
    path, shard, manifest = store_and_shard
    leftover = shard.with_name("0" * 64)
    leftover.mkdir()
    (leftover / "data.parquet.tmp").write_bytes(b"half")
    with db.open(path) as store:
        report = store.verify()
        assert report.ok
        assert report.unfinished == (f"shards/raw/{'0' * 64}",)
        assert (report.shards, report.rows) == (1, 50)
        assert report.bytes == manifest.bytes
    (shard / "manifest.json").unlink()  # now the shard itself is a leftover
    with db.open(path) as store:
        assert store.shard(manifest.id) is None
        assert store.add_shard(raw_key(), numbered(*range(50))).sha256 == manifest.sha256
        assert store.verify().ok


def test_index_rows_that_are_missing_are_reported(db: Database, store_and_shard: tuple[Path, Path, Manifest],
) -> None:
    path, _, _ = store_and_shard
    with db.open(path) as store:
        with store._writing() as session:
            session.connection().exec_driver_sql("DELETE FROM sighting WHERE row = 3")
            session.connection().exec_driver_sql("DELETE FROM sample WHERE row = 3")
        assert len(store.verify().problems) == 2
        store.rebuild()
        assert store.verify().ok


def test_progress_is_told(db: Database, store_and_shard: tuple[Path, Path, Manifest]) -> None:
    told: list[tuple[int, int]] = []
    with db.open(store_and_shard[0], read_only=True) as store:
        store.verify(lambda done, of: told.append((done, of)))
    assert told == [(1, 1)]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("lost_index", [False, True])
def test_a_damaged_shard_is_set_aside_and_made_again(db: Database, tmp_path: Path, damage: str, lost_index: bool) -> None:
    """Rows of whole shards stay, sightings of lost drawings come back with them, the end is as if nothing had been."""
    path = tmp_path / "store"

    def work(store: Store) -> None:
        for name, numbers in (("chunk#0", range(50)), ("b#0", range(40, 90))):
            raw = store.add_shard(raw_key(name), numbered(*numbers))
            made = [Row(sample.digest, fields={"optimized": sample.raw.upper()}) for sample in store.samples_of(raw)]
            store.add_shard(ShardKey("optimize", 1, "{}", raw.id), made)

    with db.create(path) as store:
        work(store)
        samples = {sample.digest: sample for sample in store.iter_samples("optimize")}
    assert Store.set_aside(path, db.url(path)) == []
    DAMAGES[damage][0](path / "shards" / "raw" / raw_key("chunk#0").id)
    if lost_index:
        db.drop(path)
    moved = Store.set_aside(path, db.url(path))
    assert sorted(place.split("/")[1] for place in moved) == ["optimize", "raw"]
    assert all((path / place).is_dir() for place in moved)
    with db.open(path) as store:
        assert len(list(store.iter_samples("optimize"))) == 40
        problems = store.verify().problems  # ten drawings were first seen in the shard that is gone
        assert len(problems) == 1 and "sightings" in problems[0]
        work(store)
        assert {sample.digest: sample for sample in store.iter_samples("optimize")} == samples
        store.rebuild()
        assert store.verify().ok
        assert len(store.sightings(numbered(45)[0].digest)) == 2


def test_a_stage_whose_raw_shard_went_says_what_to_do(db: Database, store_and_shard: tuple[Path, Path, Manifest]) -> None:
    path, shard, manifest = store_and_shard
    with db.open(path) as store:
        made = [Row(sample.digest) for sample in store.samples_of(manifest)]
        store.add_shard(ShardKey("optimize", 1, "{}", manifest.id), made)
    shard.rename(path / "elsewhere")
    with pytest.raises(StoreError, match="have lost their raw shards") as caught:
        db.open(path)
    assert "--set-aside" in caught.value.hint
    assert len(Store.set_aside(path, db.url(path))) == 1
    with db.open(path) as store:
        assert store.verify().ok and store.funnel() == []
