"""Changes the rows of shards that are there, and of every shard made from them: for takedowns and for retries.

All new files are written first, then one list of them is renamed into place (`rewriting.json`, the point of no return),
then the files, then the index follows; a kill before the list changes nothing, a kill after it is finished by the next
opening. Refuses nothing by itself. The trade-off: a shard's identity stays though its bytes change, so that nothing is
made again but the rows that must be.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlmodel import Session

from text2svg.store import index, queries, shards
from text2svg.store.base import FAILED, OK, Manifest, Row

LIST = "rewriting.json"
NEXT = ".next"
INPUT_CHANGED = "input-changed"
"""Reason of a row that a stage has not worked on, because its input became ok after the stage had run."""

Changes = dict[str, list[Row]]
"""New rows by shard id."""


def rewrite(store: Path, session: Session, changes: Mapping[str, list[Row]]) -> list[Manifest]:
    """Puts new rows into shards and what follows from them into their dependents; gives the changed shards.

    Raises StoreError. The caller commits, then calls `settled`.
    """
    found = {manifest.id: manifest for manifest in queries.manifests(session.connection())}
    everything = _with_dependents(store, found, changes)
    changed = [_stage_files(store, found[key], rows) for key, rows in everything.items()]
    names = [str(shards.folder_of(store, manifest.key).relative_to(store)) for manifest in changed]
    shards.write_whole(store / LIST, lambda path: path.write_text(json.dumps(names), encoding="utf-8"))
    finish(store)
    for manifest in changed:
        index.update_shard(session, manifest)
    index.relay(session, store, {manifest.root for manifest in changed})
    return changed


def finish(store: Path) -> bool:
    """Renames whatever a listed rewriting has not renamed yet; tells whether there was a list."""
    if not (store / LIST).is_file():
        return False
    for name in json.loads((store / LIST).read_text(encoding="utf-8")):
        for file in (shards.DATA, shards.MANIFEST):
            fresh = store / name / (file + NEXT)
            if fresh.is_file():
                fresh.replace(store / name / file)
    return True


def settled(store: Path) -> None:
    """The index has followed, so the list goes."""
    (store / LIST).unlink(missing_ok=True)


def _stage_files(store: Path, manifest: Manifest, rows: list[Row]) -> Manifest:
    folder = shards.folder_of(store, manifest.key)
    table = shards.build_table(manifest.key.stage, rows)
    fresh = folder / (shards.DATA + NEXT)
    shards.write_whole(fresh, lambda path: shards.write_table(table, path))
    described = shards.describe(manifest, table, fresh)
    shards.write_manifest(folder, described, shards.MANIFEST + NEXT)
    return described


def _with_dependents(store: Path, found: Mapping[str, Manifest], changes: Mapping[str, list[Row]]) -> Changes:
    """The changes and what they mean for later shards, level by level, so that a moved row finds its work again."""
    everything: Changes = {}
    level = dict(changes)
    while level:
        everything.update(level)
        level = _follow(store, found, level)
    return everything


def _follow(store: Path, found: Mapping[str, Manifest], level: Changes) -> Changes:
    """The dependents of changed shards, with one row for each row of their input that is ok now."""
    dependents = [manifest for manifest in found.values() if manifest.key.input in level]
    before = {m.id: {row.digest: row for row in _rows(store, m)} for m in dependents}
    wanted = {m.id: [row.digest for row in level[m.key.input] if row.status == OK] for m in dependents}
    lost: dict[tuple[str, int, str], dict[str, Row]] = defaultdict(dict)
    for manifest in dependents:
        kept = set(wanted[manifest.id])
        lost[_work(manifest)] |= {digest: row for digest, row in before[manifest.id].items() if digest not in kept}
    following: Changes = {}
    for manifest in dependents:
        old, moved = before[manifest.id], lost[_work(manifest)]
        rows = [old.get(digest) or moved.get(digest) or _unknown(digest) for digest in wanted[manifest.id]]
        if rows != list(old.values()):
            following[manifest.id] = rows
    return following


def _rows(store: Path, manifest: Manifest) -> Iterable[Row]:
    return shards.read_rows(shards.folder_of(store, manifest.key), manifest.key.stage)


def _work(manifest: Manifest) -> tuple[str, int, str]:
    """What was done to the rows: equal for the shards of one step's settings."""
    return manifest.key.stage, manifest.key.version, manifest.key.config


def _unknown(digest: str) -> Row:
    text = "its input became ok after this stage had run; retry the stage"
    return dataclasses.replace(Row(digest), status=FAILED, reason=INPUT_CHANGED, error=text)
