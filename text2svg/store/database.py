"""The Store: shards are the truth, the index answers questions, one process writes.

    shards/<stage>/<shard id>/{data.parquet, manifest.json}   index.sqlite
    artifacts/<sha256>/ + <sha256>.json   runs/<id>.json      vectors/

Opening for writing lays in whatever whole shards the index lacks, so a process killed anywhere, or a deleted index,
heals at the next opening. Refuses a second writer, and a sample whose digest is not that of its raw text. The
trade-off: the index repeats what serving needs, so that a visitor's page never opens a Parquet file.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, delete

from text2svg.errors import StoreError
from text2svg.sample import Provenance, Sample
from text2svg.store import admission, artifacts, index, migrations, queries, recover, shards, verify
from text2svg.store.base import (
    RAW,
    Artifact,
    Count,
    Manifest,
    Report,
    Row,
    Run,
    ShardKey,
    Verdict,
)
from text2svg.store.models import ArtifactRow, RunRow, ShardRow
from text2svg.store.takedown import Takedowns

_REBUILD = "delete index.sqlite*, then open the store for writing: the shards hold everything"
_HISTOGRAMS = ("licence", "collection", "source", "style", "rung", "status", "reason", "stage")
_FILTERS = ("style", "licence", "collection", "source", "rung")


class Store:
    """An open store; make one with `Store.open` or `Store.create`, close it or use it as a context manager."""

    def __init__(self, path: Path, engine: Engine, lock: sqlite3.Connection | None) -> None:
        self.path = path
        self.vectors = path / "vectors"
        """Folder for matrices of embeddings; the store does not look inside."""
        self._engine = engine
        self._lock = lock

    @classmethod
    def create(cls, path: Path) -> Store:
        """Makes the folders of an empty store where there is none, then opens it for writing. Raises StoreError."""
        try:
            for name in ("shards", "artifacts", "vectors"):
                (path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot create a store at {path}: {error}") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Store:
        """Opens a store; any number may read while one process writes.

        Raises StoreError when there is none at `path`, another process writes, a manifest is damaged, or the index
        is damaged or (read-only) absent or of another version.
        """
        path = Path(path)
        if not (path / "shards").is_dir():
            raise StoreError(f"no store at {path}", hint="make one with `text2svg store init`")
        if read_only and not (path / "index.sqlite").is_file():
            raise StoreError(f"the store at {path} has no index", hint=_REBUILD)
        lock = None if read_only else index.lock(path)
        engine = index.connect(path / "index.sqlite", read_only=read_only)
        store = cls(path, engine, lock)
        try:
            if read_only:
                migrations.check(engine)
            else:
                migrations.migrate(engine)
                with store._writing() as session:
                    recover.catch_up(path, session)
        except DatabaseError as error:
            store.close()
            raise StoreError(f"the index of {path} is unusable: {error.orig}", hint=_REBUILD) from error
        except StoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Lets go of the index and the right to write; calling it again does nothing."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def add_shard(self, key: ShardKey, rows: Sequence[Row], *, final: bool = True) -> Manifest:
        """Writes one shard and lays it into the index; gives back the shard that is there when there is one already.

        A raw row that is ok but whose drawing is already a sample is stored as dropped, reason `duplicate`: it adds a
        sighting. A later shard must hold one row for each ok row of its input, in order; it replaces, for reading,
        the shard that the same stage made before from the same raw shard. Raises StoreError.
        """
        if (found := self.reuse(key)) is not None:
            return found
        with self._writing() as session:
            if key.stage == RAW:
                root, rows = key.id, admission.mark_duplicates(session, rows)
            else:
                root = admission.check_input(session, self.path, key, rows)
            table = shards.build_table(key.stage, rows)
            place = (index.following(session, ShardRow.sequence), root)
            folder = shards.folder_of(self.path, key)
            manifest = shards.write_shard(folder, key, table, place=place, final=final)
            index.lay_in(session, manifest, table)
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

    def rebuild(self) -> None:
        """Empties the index and lays in every shard, artifact and run, in one transaction. Raises StoreError."""
        with self._writing() as session:
            recover.rebuild(self.path, session)
        self._engine.dispose()  # closing the last connection folds the log, as big as the index, into it

    # Reading

    def shard(self, shard_id: str) -> Manifest | None:
        """The manifest of a whole shard, None when it is yet to be made."""
        with self._reading() as connection:
            found = queries.manifests(connection, ShardRow.id == shard_id)
        return found[0] if found else None

    def is_current(self, shard_id: str) -> bool:
        """Whether the shard is there and no later one of its stage and raw shard replaces it."""
        with self._reading() as connection:
            return bool(queries.manifests(connection, ShardRow.id == shard_id, ShardRow.current))

    def shards(self, stage: str) -> list[Manifest]:
        """A stage's current shards, in the order they were made."""
        with self._reading() as connection:
            return queries.manifests(connection, ShardRow.stage == stage, ShardRow.current)

    def stages(self) -> list[str]:
        """The stages that have shards, in the order they first ran."""
        return list(dict.fromkeys(count.stage for count in self.funnel()))

    def samples_of(self, manifest: Manifest) -> list[Sample]:
        """A shard's ok rows as samples, with everything its stages up to here set. Raises StoreError."""
        return [sample for sample in self._rows_of(manifest) if sample is not None]

    def iter_samples(
        self,
        stage: str = RAW,
        *,
        licences: Collection[str] | None = None,
        collections: Collection[str] | None = None,
        styles: Collection[str] | None = None,
    ) -> Iterator[Sample]:
        """Streams the samples that are ok at a stage, one shard in memory at a time.

        A filter left at None lets everything through. Raises StoreError for an unknown stage or a damaged shard.
        """
        chosen = self.shards(stage)
        if not chosen and stage not in (known := self.stages()):
            names = ", ".join(known) or "none yet"
            raise StoreError(f"no stage {stage!r} in this store", hint=f"stages: {names}")
        for manifest in chosen:
            for sample in self.samples_of(manifest):
                if (
                    (licences is None or sample.provenance.licence in licences)
                    and (collections is None or sample.provenance.collection in collections)
                    and (styles is None or sample.style in styles)
                ):
                    yield sample

    def lookup(self, digests: Sequence[str]) -> list[Sample | None]:
        """Samples in the order asked, None for a digest that is not here; from the index alone.

        So they come without raw text (`raw` is empty), licence evidence and retrieval time.
        """
        with self._reading() as connection:
            found = queries.samples(connection, digests)
        return [found[digest][0] if digest in found else None for digest in digests]

    def browse(self, limit: int, offset: int = 0, **filters: str) -> list[Sample]:
        """A page of the samples that have an optimized drawing, oldest first, as `lookup` gives them.

        Filters are equalities on style, licence, collection, source or rung. Raises StoreError for another one.
        """
        if unknown := filters.keys() - set(_FILTERS):
            hint = f"known: {', '.join(_FILTERS)}"
            raise StoreError(f"no filter {', '.join(sorted(unknown))}", hint=hint)
        with self._reading() as connection:
            digests = queries.page(connection, limit, offset, filters)
            found = queries.samples(connection, digests)
        return [found[digest][0] for digest in digests]

    def get(self, digest: str) -> Sample:
        """One whole sample; its raw text is read from its shard. Raises StoreError when there is none."""
        with self._reading() as connection:
            found = queries.samples(connection, [digest]).get(digest)
            if found is None:
                raise StoreError(f"no sample {digest!r}", hint="a digest has 64 hex digits")
            sample, sequence, row = found
            stage, shard_id = queries.place(connection, sequence)
        folder = self.path / "shards" / stage / shard_id
        values = shards.read_row(folder, row, ["raw", "licence_evidence", "retrieved"])
        raw = values.pop("raw")
        provenance = dataclasses.replace(sample.provenance, **values)
        return dataclasses.replace(sample, raw=raw, provenance=provenance)

    def verdict(self, digest: str) -> Verdict:
        """A sample's latest outcome and how often it was sighted. Raises StoreError when there is none."""
        with self._reading() as connection:
            found = queries.verdict(connection, digest)
        if found is None:
            raise StoreError(f"no sample {digest!r}", hint="a digest has 64 hex digits")
        return found

    def sightings(self, digest: str) -> list[Provenance]:
        """Every place a drawing was seen, first one first, from the index (without evidence and time)."""
        with self._reading() as connection:
            return queries.sightings(connection, digest)

    def funnel(self) -> list[Count]:
        """Rows by stage, status and reason: current shards only, stages in the order they first ran."""
        with self._reading() as connection:
            return queries.funnel(connection)

    def histogram(self, column: str) -> dict[str, int]:
        """Samples by licence, collection, source, style, rung, status, reason or stage; most frequent first."""
        if column not in _HISTOGRAMS:
            raise StoreError(f"no histogram of {column!r}", hint=f"known: {', '.join(_HISTOGRAMS)}")
        with self._reading() as connection:
            return queries.histogram(connection, column)

    def artifacts(self, kind: str | None = None) -> list[Artifact]:
        """Artifacts of a kind, or all, oldest first."""
        with self._reading() as connection:
            return queries.artifacts(connection, self.path / "artifacts", kind)

    def latest(self, kind: str) -> Artifact:
        """The artifact of a kind that was added last. Raises StoreError when there is none."""
        found = self.artifacts(kind)
        if not found:
            kinds = ", ".join(sorted({artifact.kind for artifact in self.artifacts()})) or "none"
            raise StoreError(f"no artifact of kind {kind!r}", hint=f"kinds here: {kinds}")
        return found[-1]

    def takedowns(self) -> Takedowns:
        """What was taken down: later imports, miners and exports ask it. Raises StoreError when the file is damaged."""
        return Takedowns.read(self.path)

    def runs(self, kind: str | None = None) -> list[Run]:
        """Recorded runs of a kind, or all, oldest first."""
        with self._reading() as connection:
            return queries.runs(connection, kind)

    def verify(self, on_shard: Callable[[int, int], None] | None = None) -> Report:
        """Hashes every shard and artifact and compares shards with the index; `on_shard(done, of)` after each."""
        with self._reading() as connection:
            return verify.verify(self.path, connection, on_shard)

    # Inside

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except DatabaseError as error:
            raise StoreError(f"the index of {self.path} fails: {error.orig}", hint=_REBUILD) from error

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        if self._lock is None:
            raise StoreError(f"the store at {self.path} is not open for writing")
        try:
            with Session(self._engine.execution_options(immediate=True)) as session:
                yield session
                session.commit()
        except DatabaseError as error:
            raise StoreError(f"the index of {self.path} fails: {error.orig}", hint=_REBUILD) from error

    def _promote(self, found: Manifest) -> Manifest:
        """Makes a shard current again, when another configuration has been run since."""
        if self.is_current(found.id):
            return found
        with self._writing() as session:
            latest = dataclasses.replace(found, sequence=index.following(session, ShardRow.sequence))
            folder = shards.folder_of(self.path, found.key)
            shards.write_manifest(folder, latest)
            index.lay_in(session, latest, shards.read_table(folder))
        return latest

    def _rows_of(self, manifest: Manifest) -> list[Sample | None]:
        folder = shards.folder_of(self.path, manifest.key)
        table = shards.read_table(folder)
        if manifest.key.stage == RAW:
            return shards.raw_samples(table)
        before = self.shard(manifest.key.input)
        if before is None:
            raise StoreError(f"shard {folder} has lost its input {manifest.key.input}")
        return shards.later_samples(table, self.samples_of(before), folder)
