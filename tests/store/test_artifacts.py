"""Artifacts and runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import Database

from text2svg.errors import StoreError
from text2svg.store import Run, Store


@pytest.fixture
def store(db: Database, tmp_path: Path) -> Store:
    with db.create(tmp_path / "store") as store:
        yield store


def folder(tmp_path: Path, name: str, contents: str) -> Path:
    made = tmp_path / name
    (made / "deep").mkdir(parents=True)
    (made / "deep" / "weights").write_text(contents)
    (made / "config.json").write_text("{}")
    return made


def test_a_folder_is_kept_by_its_contents(store: Store, tmp_path: Path) -> None:
    made = folder(tmp_path, "model", "one")
    kept = store.add_artifact(made, "generator", {"loss": 1.5, "name": "ü"})
    (made / "deep" / "weights").write_text("changed later")
    assert (kept.path / "deep" / "weights").read_text() == "one"
    assert kept.bytes == 5
    assert store.latest("generator") == kept
    assert store.verify().ok


def test_the_latest_is_the_one_added_last(store: Store, tmp_path: Path) -> None:
    first = store.add_artifact(folder(tmp_path, "a", "a"), "generator", {})
    second = store.add_artifact(folder(tmp_path, "b", "b"), "generator", {})
    other = store.add_artifact(folder(tmp_path, "c", "c"), "encoder", {})
    assert store.latest("generator") == second
    again = store.add_artifact(tmp_path / "a", "generator", {"n": 2})
    assert again.digest == first.digest
    assert store.latest("generator") == again
    assert [kept.digest for kept in store.artifacts()] == [
        second.digest,
        other.digest,
        first.digest,
    ]
    before = store.artifacts()
    store.rebuild()
    assert store.artifacts() == before


def test_what_is_no_artifact(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="no files"):
        store.add_artifact(tmp_path / "empty", "generator", {})
    with pytest.raises(StoreError, match="no files"):
        store.add_artifact(tmp_path / "absent", "generator", {})
    made = folder(tmp_path, "linked", "x")
    (made / "link").symlink_to(made / "config.json")
    with pytest.raises(StoreError, match="link"):
        store.add_artifact(made, "generator", {})
    assert store.artifacts() == []


def test_damage_is_reported(store: Store, tmp_path: Path) -> None:
    kept = store.add_artifact(folder(tmp_path, "model", "one"), "generator", {})
    (kept.path / "config.json").write_text("{ }")
    assert any("is damaged" in problem for problem in store.verify().problems)
    (store.path / "artifacts" / f"{kept.digest}.json").unlink()
    assert any("only in the index" in problem for problem in store.verify().problems)


def test_runs(store: Store) -> None:
    run = Run("train", "tiny", {"lr": 0.1}, {"loss": [2.0, 1.5]}, "2026-01-02T00:00:00Z", 3.5)
    other = Run("evaluate", "core", {}, {"parse": 1.0}, "2026-01-01T00:00:00Z")
    store.add_run(run)
    store.add_run(run)
    store.add_run(other)
    assert store.runs() == [other, run]
    assert store.runs("train") == [run]
    store.rebuild()
    assert store.runs() == [other, run]
