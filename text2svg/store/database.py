"""The Store: shards are the truth, the index answers questions, one process writes.

    shards/<stage>/<shard id>/{data.parquet, manifest.json}   index.sqlite (or a PostgreSQL database)
    artifacts/<sha256>/ + <sha256>.json   runs/<id>.json      vectors/   takedowns.jsonl

Opening for writing lays in whatever whole shards the index lacks, so a process killed anywhere, a deleted index, or
ranks that wrote shards beside it, all end in the same index. Refuses a second writer, and a sample whose digest is not
that of its raw text. The trade-off: the index repeats what serving needs, so that a visitor's page never opens a Parquet
file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, delete

from text2svg.errors import StoreError
from text2svg.store import (
    admission,
    artifacts,
    backup,
    bulk,
    connect,
    damage,
    forget,
    garbage,
    index,
    migrations,
    recover,
    rewrite,
    shards,
)
from text2svg.store.base import RAW, Artifact, Manifest, Row, Run, ShardKey
from text2svg.store.models import ArtifactRow, RunRow, ShardRow
from text2svg.store.reading import Reading
from text2svg.store.takedown import Takedown

OnShard = Callable[[int, int], None]
"""Told (done, of) after each shard."""


class Store(Reading):
    """An open store; make one with `Store.open` or `Store.create`, close it or use it as a context manager."""

    def __init__(self, path: Path, engine: Engine, unlock: Callable[[], None] | None) -> None:
        self.path = path
        self.vectors = path / "vectors"
        """Folder for matrices of embeddings; the store does not look inside."""
        self._engine = engine
        self._unlock = unlock
        self._grown = False

    @classmethod
    def create(cls, path: Path, url: str = "") -> Store:
        """Makes the folders of an empty store where there is none, then opens it for writing. Raises StoreError."""
        try:
            for name in ("shards", "artifacts", "vectors"):
                (path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise shards.refused(path, error) from error
        return cls.open(path, url)

    @classmethod
    def open(cls, path: Path, url: str = "", *, read_only: bool = False) -> Store:
        """Opens a store; any number may read while one process writes.

        `url` names the PostgreSQL database of its index; empty is SQLite in the folder. An index of an older version is
        brought up to date first, also for reading where that is possible. Raises StoreError when there is no store at
        `path`, another process writes, a manifest is damaged, or the index is damaged or (read-only) absent or of another
        version.
        """
        path = Path(path)
        if not (path / "shards").is_dir():
            raise StoreError(f"no store at {path}", hint="make one with `text2svg store init`")
        if read_only and not url and not (path / connect.SQLITE).is_file():
            raise StoreError(f"the store at {path} has no index", hint=connect.REBUILD)
        unlock = None if read_only else connect.lock(path, url)
        store = cls(path, connect.connect(path, url, read_only=read_only), unlock)
        try:
            if read_only:
                migrations.check(store._engine, lambda: cls.open(path, url).close())
            else:
                migrations.migrate(store._engine)
                store._catch_up()
        except DatabaseError as error:
            store.close()
            raise connect.failed(path, error) from error
        except StoreError:
            store.close()
            raise
        return store

    @staticmethod
    def set_aside(path: Path, url: str = "") -> list[str]:
        """Moves damaged shards, and what was made from them, into `aside/`; gives where. Open the store afterwards.

        For a store that cannot be opened, so it opens nothing. Raises StoreError.
        """
        if not (path / "shards").is_dir():
            raise StoreError(f"no store at {path}", hint="make one with `text2svg store init`")
        unlock = connect.lock(path, url)
        try:
            return damage.set_aside(path)
        finally:
            unlock()

    def close(self) -> None:
        """Lets go of the index and the right to write; calling it again does nothing."""
        if self._grown:
            self._grown = False
            bulk.tidy(self._engine)
        self._engine.dispose()
        if self._unlock is not None:
            self._unlock()
            self._unlock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._grown = self._grown and error is None  # what failed is not tidied, so that its error is heard
        self.close()

    # Adding

    def add_shard(self, key: ShardKey, rows: Sequence[Row], *, final: bool = True) -> Manifest:
        """Writes one shard and lays it into the index; gives back the shard that is there when there is one already.

        A raw row that is ok but whose drawing is already a sample is stored as dropped, reason `duplicate`: it adds a
        sighting; one that was taken down is stored without its text, reason `takedown`. A later shard must hold one row
        for each ok row of its input, in order; it replaces, for reading, the shard that the same stage made before from
        the same raw shard. Raises StoreError.
        """
        if (found := self.reuse(key)) is not None:
            return found
        with self._writing() as session:
            if key.stage == RAW:
                root, rows = key.id, admission.admit(session, rows, self.takedowns())
            else:
                root = admission.check_input(session, self.path, key, rows)
            table = shards.build_table(key.stage, rows)
            place = (index.following(session, ShardRow.sequence), root)
            folder = shards.folder_of(self.path, key)
            manifest = shards.write_shard(folder, key, table, place=place, final=final)
            index.lay_in(session, self.path, manifest, table)
        self._grown = True
        return manifest

    def reuse(self, key: ShardKey) -> Manifest | None:
        """The shard of that key, made current again when another one replaced it; None when it is yet to be made."""
        found = self.shard(key.id)
        return None if found is None else self._promote(found)

    def add_artifact(self, folder: Path, kind: str, card: Mapping[str, Any]) -> Artifact:
        """Copies a folder in under the sha256 of its contents. The same contents again become the latest of `kind`.

        Raises StoreError for a folder with links or without files.
        """
        with self._writing() as session:
            sequence = index.following(session, ArtifactRow.sequence)
            artifact = artifacts.keep(self.path / "artifacts", folder, kind, card, sequence)
            session.exec(delete(ArtifactRow).where(ArtifactRow.digest == artifact.digest))
            index.insert_rows(session, ArtifactRow, [artifacts.artifact_row(artifact)])
        return artifact

    def add_run(self, run: Run) -> None:
        """Records a run; the same run again changes nothing. Raises StoreError."""
        with self._writing() as session:
            artifacts.write_run(self.path / "runs", run)
            session.exec(delete(RunRow).where(RunRow.id == run.id))
            index.insert_rows(session, RunRow, [artifacts.run_row(run)])

    # Changing

    def replace(self, manifest: Manifest, rows: Sequence[Row]) -> None:
        """Gives a later shard other rows, in place: the same key, the same order, one row for each it had.

        Shards made from it follow: a row that is ok now and was not is entered there as failed, reason `input-changed`,
        until its stage is retried. Raises StoreError.
        """
        with self._rewriting() as session:
            admission.check_input(session, self.path, manifest.key, rows)
            rewrite.rewrite(self.path, session, {manifest.id: list(rows)})

    def forget(self, request: Takedown, on_shard: OnShard | None = None) -> forget.Forgotten:
        """Records a takedown and removes what it names from shards and index; asking again changes nothing more.

        A drawing that was also seen elsewhere stays, with that sighting. Searches, exports and backups made before hold
        what they held. Raises StoreError.
        """
        with self._rewriting() as session:
            forget.record(self.path, request)
            return forget.apply(self.path, session, on_shard)

    def garbage(self, *, superseded: bool = False, older_than_s: float = garbage.A_DAY) -> list[garbage.Garbage]:
        """What could go: leftovers of killed runs older than `older_than_s` seconds, and shards that others replaced."""
        with self._reading() as connection:
            return garbage.find(self.path, connection, superseded=superseded, older_than_s=older_than_s)

    def collect(self, found: Sequence[garbage.Garbage]) -> None:
        """Deletes what `garbage` found. Raises StoreError."""
        with self._writing() as session:
            garbage.delete(self.path, session, found)

    def backup(self, target: Path, on_shard: OnShard | None = None) -> backup.Backup:
        """Copies the store as it is at this moment into `target`, while others go on writing; again, what changed.

        The copy is a store. Raises StoreError when `target` is no backup of this store and not empty.
        """
        with self._reading() as connection:
            held = backup.contents(self.path, connection)
        backup.claim(Path(target))
        unlock = connect.lock_folder(Path(target), "backup")
        try:
            return backup.copy(self.path, held, Path(target), on_shard)
        finally:
            unlock()

    def rebuild(self, on_shard: OnShard | None = None) -> None:
        """Empties the index and lays in every shard, artifact and run, in one transaction. Raises StoreError."""
        with self._writing() as session:
            recover.rebuild(self.path, session, on_shard)
        self._grown = True
        self._engine.dispose()  # closing the last connection folds the log, as big as the index, into it

    # Inside

    def _catch_up(self) -> None:
        with self._rewriting() as session:
            if rewrite.finish(self.path):
                recover.rebuild(self.path, session)
            self._grown = recover.catch_up(self.path, session)
            if forget.pending(self.path):
                forget.apply(self.path, session, None)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        if self._unlock is None:
            raise StoreError(f"the store at {self.path} is not open for writing")
        try:
            with Session(self._engine.execution_options(immediate=True)) as session:
                yield session
                session.commit()
        except DatabaseError as error:
            raise connect.failed(self.path, error) from error

    @contextmanager
    def _rewriting(self) -> Iterator[Session]:
        with self._writing() as session:
            yield session
        rewrite.settled(self.path)
        forget.settled(self.path)

    def _promote(self, found: Manifest) -> Manifest:
        """Makes a shard current again, when another configuration has been run since."""
        if self.is_current(found.id):
            return found
        with self._writing() as session:
            latest = dataclasses.replace(found, sequence=index.following(session, ShardRow.sequence))
            folder = shards.folder_of(self.path, found.key)
            shards.write_manifest(folder, latest)
            index.lay_in(session, self.path, latest, shards.read_table(folder))
        return latest
