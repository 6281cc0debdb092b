"""The Store: what goes in comes out, once, and the index is a copy."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from databases import Database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_rows import numbered, raw_key, raw_row

from text2svg.errors import ConfigError, StoreError
from text2svg.sample import Sample, digest_of
from text2svg.store import Count, Manifest, Row, Run, ShardKey, Store


@pytest.fixture
def path(db: Database, tmp_path: Path) -> Path:
    db.create(tmp_path / "store").close()
    return tmp_path / "store"


def optimized(store: Store, manifest: Manifest, *, config: str = "{}") -> Manifest:
    """A later shard: every third row is dropped, the others get text, rung and tokens."""
    rows = []
    for n, sample in enumerate(store.samples_of(manifest)):
        if n % 3 == 2:
            rows.append(Row(sample.digest, "dropped", "blank", "nothing is drawn"))
            continue
        fields = {"optimized": f"{config}{sample.raw}", "rung": "integer", "tokens": n}
        rows.append(Row(sample.digest, fields=fields | {"difference": 0.1}))
    return store.add_shard(ShardKey("optimize", 1, config, manifest.id), rows)


def test_a_sample_comes_back_whole(db: Database, path: Path) -> None:
    text = "<svg>é\u0000😀\n</svg>"
    row = raw_row(text, name="ü", caption="c", tags=("a", "b"), categories=("k",), style="filled", palette=True)
    with db.open(path) as store:
        store.add_shard(raw_key(), [row])
        found = store.get(row.digest)
        assert found == Sample(
            digest=digest_of(text),
            raw=text,
            provenance=row.provenance,
            caption="c",
            tags=("a", "b"),
            categories=("k",),
            style="filled",
            palette=True,
        )
        assert list(store.iter_samples()) == [found]
        light = store.lookup([row.digest, "0" * 64])
        provenance = replace(row.provenance, licence_evidence="", retrieved="")
        assert light == [replace(found, raw="", provenance=provenance), None]
        assert store.verdict(row.digest) == ("raw", "ok", "", 1)


def test_unknown_digests_are_errors(db: Database, path: Path) -> None:
    with db.open(path) as store:
        for ask in (store.get, store.verdict):
            with pytest.raises(StoreError, match="no sample"):
                ask("0" * 64)


def test_adding_a_shard_again_changes_nothing(db: Database, path: Path) -> None:
    with db.open(path) as store:
        first = store.add_shard(raw_key(), numbered(1, 2))
        before = db.everything(path)
        assert store.add_shard(raw_key(), numbered(1, 2)) == first
        assert db.everything(path) == before


def test_a_drawing_seen_again_is_a_sighting(db: Database, path: Path) -> None:
    with db.open(path) as store:
        store.add_shard(raw_key("a#0"), numbered(1, 2, 2, collection="one"))
        second = store.add_shard(raw_key("b#0"), numbered(2, 3, collection="two"))
        assert second.tally == (("dropped", "duplicate", 1), ("ok", "", 1))
        digest = numbered(2)[0].digest
        assert [seen.collection for seen in store.sightings(digest)] == ["one", "one", "two"]
        assert store.verdict(digest).sightings == 3
        assert [sample.caption for sample in store.iter_samples()] == [
            "number 1",
            "number 2",
            "number 3",
        ]
        assert store.histogram("collection") == {"one": 2, "two": 1}
        assert store.histogram("licence") == {"MIT": 3}
        assert store.verify().ok


def test_a_later_stage_adds_fields_and_outcomes(db: Database, path: Path) -> None:
    with db.open(path) as store:
        raw = store.add_shard(raw_key(), numbered(*range(6)))
        optimized(store, raw)
        found = list(store.iter_samples("optimize"))
        assert [sample.tokens for sample in found] == [0, 1, 3, 4]
        assert found[0].optimized == "{}<svg>0</svg>"
        assert found[0].canonical
        assert found[0].caption == "number 0"
        assert found[0].difference == 0.1
        assert store.get(found[1].digest) == found[1]
        dropped = numbered(2)[0].digest
        assert store.verdict(dropped) == ("optimize", "dropped", "blank", 1)
        assert store.get(dropped).optimized == ""
        assert store.funnel() == [
            Count("raw", "ok", "", 6),
            Count("optimize", "ok", "", 4),
            Count("optimize", "dropped", "blank", 2),
        ]
        assert store.stages() == ["raw", "optimize"]
        assert store.histogram("rung") == {"integer": 4, "": 2}
        assert store.histogram("status") == {"ok": 4, "dropped": 2}


def test_stages_build_on_stages(db: Database, path: Path) -> None:
    with db.open(path) as store:
        made = optimized(store, store.add_shard(raw_key(), numbered(*range(4))))
        rows = [
            Row(sample.digest, fields={"captions": (f"about {sample.tokens}", "ü")})
            for sample in store.samples_of(made)
        ]
        store.add_shard(ShardKey("caption", 1, "{}", made.id), rows)
        found = list(store.iter_samples("caption"))
        assert [sample.captions[0] for sample in found] == ["about 0", "about 1", "about 3"]
        assert all(sample.optimized and sample.caption for sample in found)
        assert store.get(found[0].digest) == found[0]


def test_another_configuration_replaces_and_the_first_can_come_back(db: Database, path: Path) -> None:
    with db.open(path) as store:
        raw = store.add_shard(raw_key(), numbered(*range(4)))
        first = optimized(store, raw, config='"a"')
        state = list(store.iter_samples("optimize"))
        digests = [sample.digest for sample in state]
        key = ShardKey("optimize", 1, '"b"', raw.id)
        store.add_shard(key, [Row(s.digest, "failed", "crash", "x") for s in store.samples_of(raw)])
        assert list(store.iter_samples("optimize")) == []
        assert [store.get(digest).optimized for digest in digests] == ["", "", ""]
        assert store.histogram("rung") == {"": 4}
        assert not store.is_current(first.id)
        assert store.reuse(first.key).id == first.id
        assert store.is_current(first.id)
        assert list(store.iter_samples("optimize")) == state
        assert [store.get(digest) for digest in digests] == state
        assert store.verify().ok
        before = db.everything(path)
        store.rebuild()
        assert db.everything(path) == before


def test_filters(db: Database, path: Path) -> None:
    with db.open(path) as store:
        store.add_shard(raw_key(), numbered(1, 2, collection="x") + numbered(3, collection="y"))
        assert len(list(store.iter_samples(collections={"x"}))) == 2
        assert len(list(store.iter_samples(licences=["MIT"], styles=["outline"]))) == 3
        assert not list(store.iter_samples(licences=["GPL-3.0-only"]))
        with pytest.raises(StoreError, match="no stage 'optimise'") as caught:
            list(store.iter_samples("optimise"))
        assert "raw" in caught.value.hint


def test_browsing(db: Database, path: Path) -> None:
    with db.open(path) as store:
        rows = numbered(*range(6), collection="x") + [raw_row("<svg/>", style="filled")]
        made = optimized(store, store.add_shard(raw_key(), rows))
        drawn = store.samples_of(made)
        light = store.lookup([sample.digest for sample in drawn])
        assert store.browse(10) == light
        assert store.browse(2, 1) == light[1:3]
        assert store.browse(10, style="filled", licence="MIT") == light[-1:]
        assert store.browse(10, collection="x", rung="integer") == light[:-1]
        assert store.browse(10, style="none") == []
        with pytest.raises(StoreError, match="no filter colour"):
            store.browse(10, colour="red")


@pytest.mark.parametrize(
    "row",
    [
        replace(raw_row("<svg/>"), digest="0" * 64),
        replace(raw_row("<svg/>"), provenance=None),
        raw_row("<svg/>", colour="red"),
        raw_row("<svg/>", tokens="many"),
        replace(raw_row("<svg/>"), status="perhaps"),
    ],
)
def test_rows_that_lie_are_refused_and_leave_nothing(db: Database, path: Path, row: Row) -> None:
    with db.open(path) as store:
        with pytest.raises(StoreError):
            store.add_shard(raw_key(), [row])
        assert store.funnel() == []
        assert store.verify().ok
        assert store.shard(raw_key().id) is None


def test_a_later_shard_must_answer_for_its_input(db: Database, path: Path) -> None:
    with db.open(path) as store:
        raw = store.add_shard(raw_key(), numbered(1, 2))
        rows = [Row(row.digest) for row in numbered(1, 2)]
        with pytest.raises(StoreError, match="1 rows for 2"):
            store.add_shard(ShardKey("optimize", 1, "{}", raw.id), rows[:1])
        with pytest.raises(StoreError, match="not there"):
            store.add_shard(ShardKey("optimize", 1, "{}", "0" * 64), rows)
        with pytest.raises(StoreError, match="in order"):
            store.add_shard(ShardKey("optimize", 1, "{}", raw.id), rows[::-1])
        with pytest.raises(ConfigError, match="bad stage name"):
            ShardKey("../raw", 1, "{}", raw.id)
        assert store.verify().ok


def test_empty_and_huge(db: Database, path: Path) -> None:
    huge = "<svg>" + "x" * 20_000_000 + "</svg>"
    with db.open(path) as store:
        store.add_shard(raw_key("empty#0"), [])
        store.add_shard(raw_key("huge#0"), [raw_row(huge), raw_row("")])
        assert store.get(digest_of(huge)).raw == huge
        assert store.get(digest_of("")).raw == ""
        assert store.verify().ok


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), max_size=40),
            st.text(st.characters(codec="utf-8"), max_size=10),
            st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3).map(tuple),
        ),
        max_size=12,
    ),
    st.integers(1, 4),
)
def test_any_text_survives_shards_index_and_rebuild(
    db: Database, tmp_path: Path, found: list[tuple[str, str, tuple[str, ...]]], cuts: int
) -> None:
    base = tmp_path / "any"
    shutil.rmtree(base, ignore_errors=True)
    rows = [raw_row(text, name=word, caption=word, tags=tags) for text, word, tags in found]
    with db.create(base) as store:
        for n in range(cuts):
            manifest = store.add_shard(raw_key(f"c#{n}"), rows[n::cuts])
            optimized(store, manifest)
        distinct = {row.digest for row in rows}
        samples = list(store.iter_samples())
        assert {sample.digest for sample in samples} == distinct
        assert len(samples) == len(distinct)
        counts = dict.fromkeys(("ok", "dropped"), 0)
        for count in store.funnel():
            if count.stage == "raw":
                counts[count.status] += count.rows
        assert sum(counts.values()) == len(rows)
        for sample in samples:
            kept = store.get(sample.digest)
            assert (kept.raw, kept.caption, kept.tags) == (sample.raw, sample.caption, sample.tags)
        assert store.verify().ok
        before = db.everything(base)
        store.rebuild()
        assert db.everything(base) == before


def test_a_deleted_index_is_made_again_by_opening(db: Database, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_bytes(b"123")
    with db.open(path) as store:
        for n in range(3):
            optimized(store, store.add_shard(raw_key(f"c#{n}"), numbered(*range(n, n + 5))))
        store.add_artifact(folder, "generator", {"a": 1})
        store.add_run(Run("train", "tiny", {"lr": 0.1}, {"loss": 1.5}, "2026-01-01T00:00:00Z", 3.5))
        samples = list(store.iter_samples("optimize"))
        runs = store.runs()
    before = db.everything(path)
    db.drop(path)
    with pytest.raises(StoreError, match=r"no index|absent"):
        db.open(path, read_only=True)
    with db.open(path) as store:
        assert list(store.iter_samples("optimize")) == samples
        assert store.runs() == runs
        assert store.latest("generator").card == {"a": 1}
        assert store.verify().ok
    assert db.everything(path) == before


def test_a_whole_shard_the_index_missed_is_laid_in(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store.create(path).close()
    with Store.open(path) as store:
        store.add_shard(raw_key("a#0"), numbered(1))
    shutil.copytree(path, path.with_name("before"))
    with Store.open(path) as store:
        store.add_shard(raw_key("b#0"), numbered(1, 2))
    after = Database().everything(path)
    # As if killed between the manifest and the index.
    for file in path.glob("index.sqlite*"):
        file.unlink()
    shutil.copy(path.with_name("before") / "index.sqlite", path / "index.sqlite")
    with Store.open(path, read_only=True) as store:
        assert not store.verify().ok
    with Store.open(path) as store:
        assert store.verify().ok
    assert Database().everything(path) == after


def test_a_shard_taken_away_leaves_the_index_too(db: Database, path: Path) -> None:
    with db.open(path) as store:
        first = store.add_shard(raw_key("a#0"), numbered(1, 2))
        store.add_shard(raw_key("b#0"), numbered(2, 3))
    shutil.rmtree(path / "shards" / "raw" / first.id)
    with db.open(path) as store:
        assert [sample.caption for sample in store.iter_samples()] == ["number 3"]
        assert store.shard(first.id) is None
        store.add_shard(raw_key("a#0"), numbered(1, 2))
        store.rebuild()  # now the repeated drawing has its sample again
        assert store.verdict(numbered(2)[0].digest).sightings == 2
        assert store.verify().ok


def test_two_writers(db: Database, path: Path) -> None:
    with db.open(path) as store:
        with pytest.raises(StoreError, match="another writer") as caught:
            db.open(path)
        assert caught.value.hint
        code = (
            "import sys; from text2svg.store import Store; from text2svg.errors import StoreError\n"
            "try:\n    Store.open(__import__('pathlib').Path(sys.argv[1]), sys.argv[2])\n"
            "except StoreError as error: print(error)"
        )
        root = Path(__file__).parents[2]
        said = subprocess.run(
            [sys.executable, "-c", code, str(path), db.url(path)], capture_output=True, text=True, cwd=root, check=True
        )
        assert "another writer" in said.stdout
        store.add_shard(raw_key(), numbered(1))
    db.open(path).close()


def test_readers_while_a_writer_works(db: Database, path: Path) -> None:
    with db.open(path) as writer:
        writer.add_shard(raw_key("a#0"), numbered(1))
        with db.open(path, read_only=True) as reader, writer._writing() as session:
            assert len(list(reader.iter_samples())) == 1
            session.connection().exec_driver_sql("DELETE FROM tally")
            assert reader.funnel() == [Count("raw", "ok", "", 1)]
            session.rollback()
        with db.open(path, read_only=True) as reader:
            writer.add_shard(raw_key("b#0"), numbered(2))
            assert len(list(reader.iter_samples())) == 2
            with pytest.raises(StoreError, match="not open for writing"):
                reader.add_shard(raw_key("c#0"), numbered(3))
            with pytest.raises(StoreError, match="not open for writing"):
                reader.rebuild()


def test_a_read_only_folder_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store.create(path).close()
    with Store.open(path) as store:
        store.add_shard(raw_key(), numbered(1))
    path.chmod(0o555)
    try:
        with Store.open(path, read_only=True) as store:
            assert store.lookup([numbered(1)[0].digest])[0].caption == "number 1"
    finally:
        path.chmod(0o755)


def test_no_store_and_no_sense(db: Database, tmp_path: Path, path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        db.open(tmp_path / "nothing")
    with db.open(path) as store:
        with pytest.raises(StoreError, match="no histogram"):
            store.histogram("colour")
        with pytest.raises(StoreError, match="no artifact of kind"):
            store.latest("generator")


def test_a_damaged_index_says_how_to_heal(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store.create(path).close()
    with Store.open(path) as store:
        store.add_shard(raw_key(), numbered(1))
    (path / "index.sqlite").write_bytes(b"not a database" * 1000)
    for read_only in (True, False):
        with pytest.raises(StoreError) as caught:
            Store.open(path, read_only=read_only)
        assert "delete index.sqlite" in caught.value.hint
    (path / "index.sqlite").unlink()
    with Store.open(path) as store:
        assert len(list(store.iter_samples())) == 1


def test_canonical_configuration_only(path: Path) -> None:
    from text2svg.store.base import canonical_json

    assert canonical_json({"b": (1, 2), "a": {3}}) == '{"a":[3],"b":[1,2]}'
    assert json.loads(canonical_json({"p": path}))["p"] == str(path)
    with pytest.raises(ConfigError):
        canonical_json({"f": lambda: None})


def test_a_page_of_several_filters_goes_along_the_narrowest(tmp_path: Path) -> None:
    """Two rare licences come first in their index; a glance at its beginning takes the third for rare as well."""
    rows = [
        replace(row, provenance=replace(row.provenance, licence="BSD-3-Clause" if n < 9 else "ISC" if n < 18 else "MIT"))
        for n, row in enumerate(row for part in range(6) for row in numbered(*range(1500 * part, 1500 * (part + 1)),
                                                                             collection=f"set{part}"))
    ]  # fmt: skip
    with Store.create(tmp_path / "store") as store:
        store.add_shard(raw_key(), rows)
    with closing(sqlite3.connect(tmp_path / "store" / "index.sqlite")) as index:
        asked = "SELECT id FROM sample WHERE shown = 1 AND collection = 'set3' AND licence = 'MIT' AND style = 'outline'"
        plan = index.execute(f"EXPLAIN QUERY PLAN {asked} ORDER BY id LIMIT 48").fetchall()
    assert "sample_collection" in plan[0][-1], plan
