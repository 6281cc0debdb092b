"""Takedowns carried out: texts leave shards and index, the rest stays as it was, and nothing comes back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from databases import Database
from stored_rows import numbered, raw_key, raw_row

from text2svg.store import Manifest, Row, ShardKey, Store, Takedown, forget, rewrite
from text2svg.store.takedown import FILE


def from_site(host: str, *numbers: int) -> list[Row]:
    rows = numbered(*numbers, collection=host)
    return [dataclasses.replace(r, provenance=dataclasses.replace(r.provenance, url=f"https://{host}/{r.raw[5:-6]}"))
            for r in rows]  # fmt: skip


def optimize(store: Store, manifest: Manifest) -> Manifest:
    rows = [Row(s.digest, fields={"optimized": s.raw.upper(), "rung": "integer"}) for s in store.samples_of(manifest)]
    return store.add_shard(ShardKey("optimize", 1, "{}", manifest.id), rows)


def caption(store: Store, manifest: Manifest) -> Manifest:
    rows = [Row(s.digest, fields={"captions": (s.raw[5:-6],)}) for s in store.samples_of(manifest)]
    return store.add_shard(ShardKey("caption", 1, "{}", manifest.id), rows)


@pytest.fixture
def store(db: Database, tmp_path: Path) -> Store:
    """Three raw shards: 1 and 2 are only at a.test, 3 was seen there first and then at b.test."""
    with db.create(tmp_path / "store") as store:
        store.add_shard(raw_key("a#0"), from_site("a.test", 1, 2, 3))
        store.add_shard(raw_key("b#0"), from_site("b.test", 3, 4))
        store.add_shard(raw_key("c#0"), [*from_site("c.test", 5), raw_row("<svg>no</svg>")])
        for manifest in store.shards("raw"):
            caption(store, optimize(store, manifest))
        yield store


def digest(number: int) -> str:
    return numbered(number)[0].digest


def all_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())


def without_ids(db: Database, path: Path) -> object:
    """The index with numbers replaced by digests: a rebuild numbers anew."""
    found = db.everything(path)
    digests = {row[0]: row[1] for row in found["sample"]}
    return {
        **{name: rows for name, rows in found.items() if name not in ("sample", "drawing", "sighting")},
        "sample": sorted(row[1:] for row in found["sample"]),
        "drawing": sorted((digests[row[0]], *row[1:]) for row in found["drawing"]),
        "sighting": sorted((*row[:2], digests[row[2]], *row[3:]) for row in found["sighting"]),
    }


def test_a_site_is_forgotten(db: Database, store: Store) -> None:
    report = store.forget(Takedown.of("domain", "a.test", note="by mail"))
    assert (report.rows, report.samples, report.moved) == (3, 2, 1)
    assert store.lookup([digest(1), digest(2)]) == [None, None]
    kept = store.get(digest(3))
    assert (kept.provenance.url, kept.optimized, kept.captions) == ("https://b.test/3", "<SVG>3</SVG>", ("3",))
    assert [sample.raw for sample in store.iter_samples("caption")] == [f"<svg>{n}</svg>" for n in (3, 4, 5)] + [
        "<svg>no</svg>"
    ]
    assert store.verify().ok
    assert {(c.status, c.reason): c.rows for c in store.funnel() if c.stage == "raw"} == {
        ("ok", ""): 4, ("dropped", "takedown"): 3,
    }  # fmt: skip
    before = without_ids(db, store.path)
    store.rebuild()
    assert without_ids(db, store.path) == before


def test_nothing_of_the_text_is_left(store: Store) -> None:
    store.forget(Takedown.of("digest", digest(1)))
    for manifest in [*store.shards("raw"), *store.shards("optimize"), *store.shards("caption")]:
        for row in store.rows_of(manifest):
            assert "1" not in (row.raw, *row.fields.get("captions", ()))
            assert row.provenance is None or row.provenance.name != "n1"
            assert row.digest != digest(1) or (row.reason, row.raw, row.provenance.url) == ("takedown", "", "")


@pytest.mark.parametrize(("kind", "value"), [("url", "http://a.test/1#x"), ("digest", digest(1))])
def test_one_drawing_is_forgotten(store: Store, kind: str, value: str) -> None:
    assert store.forget(Takedown.of(kind, value)) == forget.Forgotten(rows=1, samples=1, moved=0, shards=3)
    assert store.forget(Takedown.of(kind, value)) == forget.Forgotten(0, 0, 0, 0)
    assert len(store.takedown_requests()) == 1
    assert store.lookup([digest(1)]) == [None]
    assert len(list(store.iter_samples("caption"))) == 5


def test_a_digest_takes_every_sighting(store: Store) -> None:
    report = store.forget(Takedown.of("digest", digest(3)))
    assert (report.rows, report.samples, report.moved) == (2, 1, 0)
    assert store.lookup([digest(3)]) == [None]
    assert store.verify().ok


def test_a_drawing_that_moves_to_where_the_stage_has_not_run(store: Store) -> None:
    store.add_shard(raw_key("d#0"), from_site("d.test", 1))
    store.forget(Takedown.of("domain", "a.test"))
    assert store.get(digest(1)).provenance.url == "https://d.test/1"
    assert store.get(digest(1)).optimized == ""
    (raw,) = [m for m in store.shards("raw") if m.key.input == "d#0"]
    optimize(store, raw)
    assert store.get(digest(1)).optimized == "<SVG>1</SVG>"
    assert store.verify().ok


def test_a_drawing_that_moves_to_where_the_stage_ran_otherwise(store: Store) -> None:
    first = store.shards("raw")[0]
    rows = [Row(s.digest, "failed", "crash", "x") for s in store.samples_of(first)]
    store.add_shard(ShardKey("optimize", 1, '"other"', first.id), rows)
    store.forget(Takedown.of("domain", "a.test"))
    # Its own work of settings "{}" moved along; of settings "other" there is no shard at its new place.
    assert store.get(digest(3)).optimized == "<SVG>3</SVG>"
    assert store.verify().ok


def test_later_imports_respect_it(db: Database, store: Store) -> None:
    store.forget(Takedown.of("domain", "a.test"))
    store.forget(Takedown.of("digest", digest(9)))
    again = store.add_shard(raw_key("again#0"), [*from_site("www.a.test", 7), *from_site("e.test", 8, 9)])
    assert again.tally == (("dropped", "takedown", 2), ("ok", "", 1))
    assert [row.raw for row in store.rows_of(again)] == ["", "<svg>8</svg>", ""]
    assert store.lookup([digest(7), digest(9)]) == [None, None]
    assert store.verify().ok


def test_a_kill_before_the_list_is_made_up_for(db: Database, store: Store) -> None:
    forget.record(store.path, Takedown.of("domain", "a.test"))
    store.close()
    with db.open(store.path) as again:
        assert again.lookup([digest(1)]) == [None]
        assert again.verify().ok
    assert not forget.pending(store.path)


def test_a_kill_while_renaming_is_made_up_for(db: Database, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    renames = []

    class Killed(BaseException):
        pass

    whole = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith(rewrite.NEXT):
            renames.append(self)
            if len(renames) == 4:
                raise Killed
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(Killed):
        store.forget(Takedown.of("domain", "a.test"))
    store.close()
    monkeypatch.undo()
    with db.open(store.path) as again:
        assert again.verify().ok
        assert again.lookup([digest(1)]) == [None]
        assert again.get(digest(3)).captions == ("3",)
    assert not (store.path / rewrite.LIST).exists()
    assert not list(store.path.rglob("*" + rewrite.NEXT))


def test_requests_are_kept_with_their_note(store: Store) -> None:
    store.forget(Takedown.of("domain", "A.test", note="ü", when="2026-01-01T00:00:00Z"))
    assert store.takedown_requests() == [Takedown("domain", "a.test", "ü", "2026-01-01T00:00:00Z")]
    assert (store.path / FILE).read_text(encoding="utf-8").count("\n") == 1
