"""What an open store answers: shards, samples, counts, artifacts, runs; the reading half of `Store`.

Refuses unknown stages, filters and histograms with the known ones named. The trade-off: each question is one short
transaction of its own, so two answers may straddle a writer's commit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from text2svg.errors import StoreError
from text2svg.sample import Provenance, Sample
from text2svg.store import connect, queries, shards, takedown, verify
from text2svg.store.base import (
    RAW,
    Artifact,
    Count,
    Manifest,
    Report,
    Row,
    Run,
    Verdict,
)
from text2svg.store.models import FACETS, ShardRow
from text2svg.store.takedown import Takedown, Takedowns

_HISTOGRAMS = (*FACETS, "status", "reason", "stage")


class Reading:
    """The questions; `Store` opens and writes."""

    path: Path
    _engine: Engine

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
        return [sample for sample in self._samples_of(manifest) if sample is not None]

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
        if unknown := filters.keys() - set(FACETS):
            hint = f"known: {', '.join(FACETS)}"
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

    def rows_of(self, manifest: Manifest) -> list[Row]:
        """A shard's rows as they were added: outcomes, fields, and at stage `raw` texts and provenance."""
        return shards.read_rows(shards.folder_of(self.path, manifest.key), manifest.key.stage)

    def takedown_requests(self) -> list[Takedown]:
        """Every takedown that was asked for, oldest first. Raises StoreError when the file is damaged."""
        return takedown.read(self.path)

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
            raise connect.failed(self.path, error) from error

    def _samples_of(self, manifest: Manifest) -> list[Sample | None]:
        folder = shards.folder_of(self.path, manifest.key)
        table = shards.read_table(folder)
        if manifest.key.stage == RAW:
            return shards.raw_samples(table)
        before = self.shard(manifest.key.input)
        if before is None:
            raise StoreError(f"shard {folder} has lost its input {manifest.key.input}")
        return shards.later_samples(table, self.samples_of(before), folder)
