"""Copies a store while it is written to: the shards of one moment, their manifests, artifacts, runs and takedowns.

The index answers in one transaction which shards there are at that moment; each is hashed while it is copied, and its
manifest is written from the index, so that the copy agrees with itself whatever a writer does meanwhile. Refuses a target
that holds something else, and a shard that is damaged. The trade-off: the copy has no index (opening it for writing makes
one, 20,000 rows a second), because an index that is copied hot would be as large again and say nothing the shards do not.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from text2svg.errors import StoreError
from text2svg.store import queries, shards, takedown
from text2svg.store.base import Artifact, Manifest
from text2svg.store.recover import folders

MARK = "backup.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    shards: int
    rows: int
    bytes: int
    """Of the shards' data."""
    copied: int
    """Shards that were new or had changed."""
    removed: int
    """Shards that were in the last backup and no longer in the store."""


Contents = tuple[list[Manifest], list[Artifact]]
"""What the index said in one transaction."""


def contents(store: Path, connection: Connection) -> Contents:
    """What a backup that starts now will hold."""
    return queries.manifests(connection), queries.artifacts(connection, store / "artifacts", None)


def copy(store: Path, held: Contents, target: Path, on_shard: Callable[[int, int], None] | None) -> Backup:
    """See Store.backup; `target` was claimed."""
    manifests, artifacts = held
    try:
        # Before the shards: what is taken down from here on is missing here at worst, and recorded there.
        if (store / takedown.FILE).is_file():
            _copy_file(store / takedown.FILE, target / takedown.FILE)
        copied = 0
        for number, manifest in enumerate(manifests, start=1):
            copied += _copy_shard(store, target, manifest)
            if on_shard is not None:
                on_shard(number, len(manifests))
        for artifact in artifacts:
            _copy_tree(artifact.path, target / "artifacts" / artifact.digest)
            record = f"{artifact.digest}.json"
            _copy_file(store / "artifacts" / record, target / "artifacts" / record)
        for path in (store / "runs").glob("*.json"):
            _copy_file(path, target / "runs" / path.name)
        removed = _remove_others(target, {manifest.id for manifest in manifests})
    except OSError as error:
        raise shards.refused(target, error) from error
    rows, size = sum(m.rows for m in manifests), sum(m.bytes for m in manifests)
    return Backup(len(manifests), rows, size, copied, removed)


def claim(target: Path) -> None:
    """Makes the folders of a backup. Raises StoreError when `target` holds something else."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()) and not (target / MARK).is_file():
            hint = "name an empty folder, or one that this command made"
            raise StoreError(f"{target} is not empty and no backup", hint=hint)
        for name in ("shards", "artifacts", "vectors", "runs"):
            (target / name).mkdir(exist_ok=True)
        (target / MARK).write_text('{"format": 1}\n', encoding="utf-8")
    except OSError as error:
        raise shards.refused(target, error) from error
    if (target / "index.sqlite").exists():
        hint = "delete index.sqlite* there: the backup was opened for writing, and is a store of its own now"
        raise StoreError(f"{target} has an index of its own", hint=hint)


def _copy_shard(store: Path, target: Path, manifest: Manifest) -> int:
    """Copies one shard unless the same bytes are there; 1 when it did."""
    folder = shards.folder_of(target, manifest.key)
    try:
        if shards.read_manifest(folder) == manifest and (folder / shards.DATA).stat().st_size == manifest.bytes:
            return 0
    except (StoreError, OSError):
        folder.mkdir(parents=True, exist_ok=True)  # absent or half: copied now
    source = shards.folder_of(store, manifest.key) / shards.DATA
    if _copy_file(source, folder / shards.DATA) != manifest.sha256:
        hint = "run the backup again when a takedown was carried out meanwhile, else `text2svg store verify`"
        raise StoreError(f"shard {source} is not what the index says", hint=hint)
    shards.write_manifest(folder, manifest)
    return 1


def _copy_file(source: Path, target: Path) -> str:
    """Copies whole or not at all; gives the sha256 of what it copied."""
    digest = hashlib.sha256()

    def write(temporary: Path) -> None:
        with source.open("rb") as reader, temporary.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                writer.write(chunk)

    shards.write_whole(target, write)
    return digest.hexdigest()


def _copy_tree(source: Path, target: Path) -> None:
    if target.is_dir():
        return  # a folder by its digest never changes
    temporary = target.with_name(target.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    os.replace(temporary, target)


def _remove_others(target: Path, kept: set[str]) -> int:
    others = [folder for part in folders(target) for folder in part if folder.name not in kept]
    for folder in others:
        shutil.rmtree(folder)
    return len(others)
