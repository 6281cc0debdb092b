"""Replacing rows, backing up while others write, collecting garbage, bringing an old index up to date."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from databases import Database
from sqlalchemy import text
from stored_rows import numbered, raw_key

from text2svg.errors import StoreError
from text2svg.store import Manifest, Row, ShardKey, Store, Takedown, connect, migrations


@pytest.fixture
def store(db: Database, tmp_path: Path) -> Store:
    with db.create(tmp_path / "store") as store:
        yield store


def staged(store: Store, stage: str, manifest: Manifest, *failing: int, config: str = "{}") -> Manifest:
    rows = []
    for sample in store.samples_of(manifest):
        number = int(sample.raw[5:-6])
        fields = {"optimized": f"{stage}{number}"} if stage == "optimize" else {"captions": (f"{stage}{number}",)}
        failed = Row(sample.digest, "failed", "timeout", "slow")
        rows.append(failed if number in failing else Row(sample.digest, fields=fields))
    return store.add_shard(ShardKey(stage, 1, config, manifest.id), rows)


def test_rows_that_become_ok_reach_the_stages_behind(db: Database, store: Store) -> None:
    raw = store.add_shard(raw_key(), numbered(*range(5)))
    made = staged(store, "optimize", raw, 1, 3)
    behind = staged(store, "caption", made)
    rows = [Row(r.digest, fields={"optimized": "now"}) if r.status == "failed" else r for r in store.rows_of(made)]
    store.replace(made, rows)
    assert [s.optimized for s in store.iter_samples("optimize")] == ["optimize0", "now", "optimize2", "now", "optimize4"]
    assert [(r.status, r.reason) for r in store.rows_of(store.shard(behind.id))] == [
        ("ok", ""), ("failed", "input-changed"), ("ok", ""), ("failed", "input-changed"), ("ok", ""),
    ]  # fmt: skip
    assert store.verify().ok
    before = db.everything(store.path)
    store.rebuild()
    assert db.everything(store.path) == before
    with pytest.raises(StoreError, match="4 rows for 5"):
        store.replace(made, rows[1:])


def test_a_backup_is_a_store(db: Database, store: Store, tmp_path: Path) -> None:
    raw = store.add_shard(raw_key(), numbered(*range(5)))
    staged(store, "optimize", raw)
    store.forget(Takedown.of("digest", numbered(4)[0].digest))
    told: list[tuple[int, int]] = []
    report = store.backup(tmp_path / "copy", lambda done, of: told.append((done, of)))
    assert (report.shards, report.copied, report.removed) == (2, 2, 0)
    assert told[-1] == (2, 2)
    with db.open(tmp_path / "copy") as copy:
        assert list(copy.iter_samples("optimize")) == list(store.iter_samples("optimize"))
        assert copy.takedowns() == store.takedowns()
        assert copy.verify().ok


def test_two_backups_at_once_do_not_mix(store: Store, tmp_path: Path) -> None:
    store.add_shard(raw_key("a#0"), numbered(1, 2))
    store.backup(tmp_path / "copy")
    unlock = connect.lock_folder(tmp_path / "copy", "backup")
    with pytest.raises(StoreError, match="another writer has the backup"):
        store.backup(tmp_path / "copy")
    unlock()
    assert store.backup(tmp_path / "copy").copied == 0


def test_a_backup_goes_on_where_it_was_and_follows(store: Store, tmp_path: Path) -> None:
    first = store.add_shard(raw_key("a#0"), numbered(1, 2))
    store.backup(tmp_path / "copy")
    store.add_shard(raw_key("b#0"), numbered(3))
    assert store.backup(tmp_path / "copy").copied == 1
    assert store.backup(tmp_path / "copy").copied == 0
    store.forget(Takedown.of("digest", numbered(1)[0].digest))
    assert store.backup(tmp_path / "copy").copied == 1
    data = (tmp_path / "copy" / "shards" / "raw" / first.id / "data.parquet").read_bytes()
    assert data == (store.path / "shards" / "raw" / first.id / "data.parquet").read_bytes()


def test_a_backup_is_taken_nowhere_else(store: Store, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    with pytest.raises(StoreError, match="not empty"):
        store.backup(tmp_path / "home")
    raw = store.add_shard(raw_key(), numbered(1))
    data = store.path / "shards" / "raw" / raw.id / "data.parquet"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(StoreError, match="not what the index says"):
        store.backup(tmp_path / "copy")


def test_a_backup_while_a_writer_writes(db: Database, store: Store, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 200:
            raw = store.add_shard(raw_key(f"c#{number}"), numbered(*range(number * 5, number * 5 + 7)))
            staged(store, "optimize", raw, config=f'"{number % 2}"')
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(store.shards("raw")) < 3:
            time.sleep(0.01)
        with db.open(store.path, read_only=True) as reader:
            held = reader.backup(tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    assert held.shards >= 3
    with db.open(tmp_path / "copy") as copy:
        assert copy.verify().ok
        assert len(copy.shards("raw")) + len(copy.shards("optimize")) <= held.shards
        assert held.shards < len(store.shards("raw")) + len(store.shards("optimize"))


def test_garbage(store: Store) -> None:
    raw = store.add_shard(raw_key(), numbered(1, 2))
    old = staged(store, "optimize", raw)
    behind = staged(store, "caption", old)
    new = staged(store, "optimize", raw, config='"new"')
    last = staged(store, "optimize", raw, config='"newer"')
    leftover = store.path / "shards" / "optimize" / ("0" * 64)
    leftover.mkdir()
    (leftover / "data.parquet.tmp").write_bytes(b"half")
    torn = store.path / "shards" / "raw" / raw.id / "manifest.json.tmp"
    torn.write_bytes(b"half")
    assert store.garbage(superseded=False) == []  # a rank may be at it
    assert {(one.path.name, one.why) for one in store.garbage(older_than_s=-60)} == {
        ("0" * 64, "unfinished"), ("manifest.json.tmp", "temporary"),
    }  # fmt: skip
    found = store.garbage(superseded=True, older_than_s=-60)
    assert [one.shard for one in found if one.why == "superseded"] == [new.id]  # `old` carries a current caption
    store.collect(found)
    assert not leftover.exists()
    assert not torn.exists()
    assert store.shard(new.id) is None
    assert [store.shard(m.id).id for m in (old, behind, last)] == [old.id, behind.id, last.id]
    assert store.garbage(superseded=True, older_than_s=-60) == []
    assert store.verify().ok


def test_an_index_of_an_older_version_is_brought_up_to_date_by_its_next_reader(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old"
    (path / "shards").mkdir(parents=True)
    engine = db.engine(path)
    monkeypatch.setattr(migrations, "MIGRATIONS", (migrations.m001_initial,))
    migrations.migrate(engine)
    monkeypatch.undo()
    with engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO sample (id, digest, caption, captions, tags, categories, style, rung, stage, status, reason, "
            "shard, \"row\", tokens, palette, difference) "
            "VALUES (1, 'd', '', '[]', '[]', '[]', '', '', 'raw', 'ok', '', 1, 0, 0, false, -1)"
        ))  # fmt: skip
        connection.execute(text("INSERT INTO drawing (sample, optimized) VALUES (1, '<svg/>')"))
        connection.execute(text(
            "INSERT INTO sighting (shard, \"row\", sample, first, source, collection, name, url, author, licence) "
            "VALUES (1, 0, 1, true, 'package', 'lucide', 'n', '', '', 'MIT')"
        ))  # fmt: skip
        migrations.m002_pages(connection)
        found = connection.execute(text("SELECT source, collection, licence, shown FROM sample")).one()
        assert tuple(found) == ("package", "lucide", "MIT", True)
        connection.rollback()
    with db.open(path, read_only=True) as store:
        assert migrations.applied(engine) == ["m001_initial", "m002_pages"]
        assert store.histogram("licence") == {}  # no shard holds that row: opening for writing made the index anew


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_old_index_that_cannot_be_changed_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old"
    Store.create(path).close()
    engine = Database().engine(path)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM migration WHERE name = 'm002_pages'"))
    engine.dispose()
    path.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="older version") as caught:
            Store.open(path, read_only=True)
        assert "rebuild" in caught.value.hint
    finally:
        path.chmod(0o755)
