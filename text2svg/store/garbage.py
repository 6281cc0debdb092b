"""What can go from a store: leftovers of killed runs, and on request shards that another configuration replaced.

Refuses to delete what is in use: a replaced shard stays while a current one was made from it, a leftover while it is
young, because a rank on another machine may be writing it. The trade-off: deleting a replaced shard means making it again
when its configuration comes back.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import Session
from sqlmodel import delete as sql_delete

from text2svg.errors import StoreError
from text2svg.store import queries, rewrite, shards
from text2svg.store.base import RAW, Manifest
from text2svg.store.models import ShardRow, TallyRow
from text2svg.store.recover import folders

A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Garbage:
    """One thing that could go."""

    path: Path
    """Within the store."""
    why: str
    """`unfinished`, `temporary` or `superseded`."""
    bytes: int
    shard: str = ""
    """Id of a superseded shard."""


def find(store: Path, connection: Connection, *, superseded: bool, older_than_s: float) -> list[Garbage]:
    """See Store.garbage."""
    before = time.time() - older_than_s
    found = [*_unfinished(store, before), *_temporary(store, before)]
    if superseded:
        found += _superseded(store, queries.manifests(connection), _current(connection))
    return found


def delete(store: Path, session: Session, found: Sequence[Garbage]) -> None:
    """See Store.collect."""
    for one in found:
        path = store / one.path
        try:
            if one.shard:
                # The manifest first: without it the folder is a leftover, whatever happens next.
                (path / shards.MANIFEST).unlink(missing_ok=True)
                _forget_shard(session, one.shard)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {path}: {error}") from error


def _forget_shard(session: Session, shard_id: str) -> None:
    for manifest in queries.manifests(session.connection(), ShardRow.id == shard_id):
        session.exec(sql_delete(TallyRow).where(TallyRow.shard == manifest.sequence))
    session.exec(sql_delete(ShardRow).where(ShardRow.id == shard_id))


def _current(connection: Connection) -> set[str]:
    return {manifest.id for manifest in queries.manifests(connection, ShardRow.current)}


def _unfinished(store: Path, before: float) -> Iterator[Garbage]:
    for folder in folders(store)[1]:
        files = list(folder.iterdir())
        newest = max((file.stat().st_mtime for file in [folder, *files]), default=0.0)
        if newest < before:
            yield Garbage(folder.relative_to(store), "unfinished", sum(file.stat().st_size for file in files))


def _temporary(store: Path, before: float) -> Iterator[Garbage]:
    whole = folders(store)[0]
    places = [path for folder in [store, store / "artifacts", store / "runs", *whole] for path in folder.glob("*.tmp")]
    places += [path for folder in whole for path in folder.glob("*" + rewrite.NEXT)]
    for path in places:
        if path.stat().st_mtime < before:
            files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
            yield Garbage(path.relative_to(store), "temporary", sum(file.stat().st_size for file in files))


def _superseded(store: Path, manifests: list[Manifest], current: set[str]) -> Iterator[Garbage]:
    by_id = {manifest.id: manifest for manifest in manifests}
    used = set(current)
    for shard_id in current:
        above = by_id[shard_id].key.input
        while above in by_id:
            used.add(above)
            above = by_id[above].key.input
    for manifest in manifests:
        if manifest.id not in used and manifest.key.stage != RAW:
            folder = shards.folder_of(store, manifest.key)
            yield Garbage(folder.relative_to(store), "superseded", manifest.bytes, manifest.id)
