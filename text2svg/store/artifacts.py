"""Artifacts and runs on disk: a folder by its sha256 with a record beside it, and one record a run.

`artifacts/<sha256>/` holds the files untouched, `artifacts/<sha256>.json` its kind and card, `runs/<id>.json` a run;
the index repeats the records for lookup. Refuses links and empty folders. The trade-off: adding copies the folder, so
that whoever made it may delete or change theirs.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from text2svg.errors import StoreError
from text2svg.store.base import Artifact, Run, canonical_json
from text2svg.store.shards import hash_file, refused, write_whole


def digest_of_folder(folder: Path) -> tuple[str, int]:
    """(sha256 over names and contents, bytes). Raises StoreError for links, no files or no folder."""
    lines: list[str] = []
    size = 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise StoreError(f"{path} is a link", hint="copy the file itself into the folder")
        if path.is_file():
            lines.append(f"{hash_file(path)} {path.relative_to(folder).as_posix()}")
            size += path.stat().st_size
    if not lines:
        raise StoreError(f"{folder} holds no files")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest(), size


def keep(base: Path, folder: Path, kind: str, card: Mapping[str, Any], sequence: int) -> Artifact:
    """Copies a folder in and writes its record, last. Raises StoreError."""
    digest, size = digest_of_folder(folder)
    target = base / digest
    try:
        base.mkdir(exist_ok=True)
        if not target.is_dir():
            temporary = base / f"{digest}.tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.copytree(folder, temporary)
            for path in temporary.rglob("*"):
                if path.is_file():
                    with path.open("rb+") as file:
                        os.fsync(file.fileno())
            temporary.rename(target)
        record = {"kind": kind, "card": card, "bytes": size, "sequence": sequence}
        text = canonical_json(record)
        write_whole(base / f"{digest}.json", lambda path: path.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise refused(target, error) from error
    return Artifact(digest, kind, card, size, target, sequence)


def kept(base: Path) -> Iterator[Artifact]:
    """Every artifact by its record, in sequence order. Raises StoreError for a damaged record."""
    found = []
    for path in base.glob("*.json"):
        record = _load(path)
        try:
            found.append(Artifact(digest=path.stem, path=base / path.stem, **record))
        except TypeError as error:
            raise StoreError(f"{path} is no record of an artifact") from error
    return iter(sorted(found, key=lambda artifact: artifact.sequence))


def write_run(base: Path, run: Run) -> None:
    """Writes a run's record. Raises StoreError."""
    text = canonical_json(run)
    try:
        base.mkdir(exist_ok=True)
        write_whole(base / f"{run.id}.json", lambda path: path.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise refused(base, error) from error


def read_runs(base: Path) -> Iterator[Run]:
    """Every recorded run, oldest first. Raises StoreError for a damaged record."""
    runs = []
    for path in base.glob("*.json"):
        try:
            runs.append(Run(**_load(path)))
        except TypeError as error:
            raise StoreError(f"{path} is no record of a run") from error
    return iter(sorted(runs, key=lambda run: (run.started, run.id)))


def run_row(run: Run) -> dict[str, str]:
    """A run as a row of the index."""
    named = {name: getattr(run, name) for name in ("id", "kind", "name", "started")}
    return {**named, "record": json.dumps(dataclasses.asdict(run), ensure_ascii=False)}


def artifact_row(artifact: Artifact) -> dict[str, object]:
    """An artifact as a row of the index."""
    named = {name: getattr(artifact, name) for name in ("sequence", "digest", "kind", "bytes")}
    return {**named, "card": canonical_json(artifact.card)}


def _load(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {path}: {error}") from error
