"""Brings a source's rows into the store as raw shards, chunk by chunk, going on where a killed import was.

A source yields named chunks, e.g. one per icon set; a chunk becomes one or more shards of bounded rows and bytes.
Refuses nothing by itself: what a source rejected comes as an Outcome and is stored with its reason. The trade-off: a
chunk that was half imported is read again from its start and skipped up to the last whole shard, so a source must give
a chunk's rows in the same order every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from text2svg.errors import ConfigError
from text2svg.executor.base import Outcome
from text2svg.pipeline.drain import Drain
from text2svg.pipeline.progress import OnProgress, Progress, Summary
from text2svg.sample import Sample
from text2svg.store.base import DEFAULTS, DROPPED, DUPLICATE, OK, RAW, Row, ShardKey, canonical_json

if TYPE_CHECKING:
    from text2svg.store.database import Store

VERSION = 1  # of the raw row
MAX_BYTES = 64 * 1024 * 1024  # of raw text in a shard, so that huge drawings make short shards

Chunk = tuple[str, Iterable[Sample | Outcome]]
"""A name that is unique in the source, and its rows; read lazily, so a finished chunk costs nothing."""


def import_samples(
    store: Store,
    chunks: Iterable[Chunk],
    config: Mapping[str, Any],
    *,
    shard_rows: int = 10_000,
    on_progress: OnProgress | None = None,
) -> Summary:
    """Writes the raw shards of a source that are not there yet.

    `config` is what decides the rows' content (source, its version, its options): with another one, the same chunks
    are imported again, and drawings that are samples already get a further sighting. A row is a Sample, or an Outcome
    with an error whose value is the rejected Sample. The first Ctrl-C ends after the shard in flight. Raises
    ConfigError, StoreError, and what the source raises.
    """
    if shard_rows < 1:
        raise ConfigError(f"shards of {shard_rows} rows: must be > 0")
    report = on_progress or (lambda _: None)
    progress = Progress(RAW)
    text = canonical_json(config)
    with Drain() as drain:
        for name, rows in chunks:
            parts = _Parts(store, text, name)
            progress = parts.reuse(replace(progress, label=name))
            report(progress)
            if parts.finished:
                continue
            if drain.requested:
                return Summary.of(progress, interrupted=True)
            for part, final in _cut(islice(rows, parts.rows, None), shard_rows):
                done = store.add_shard(parts.next_key(), part, final=final)
                progress = replace(progress.adding(done), stopping=drain.requested)
                report(progress)
                if drain.requested and not final:
                    return Summary.of(progress, interrupted=True)
    return Summary.of(progress, interrupted=False)


def rows_of_store(path: Path) -> Iterator[Chunk]:
    """The raw rows of another store, a chunk a shard, so that what several machines mined becomes one corpus.

    A row whose drawing was a sample there already is offered as one; here it may be the first. Raises StoreError.
    """
    from text2svg.store import RankStore

    other = RankStore(path, 0, 1)
    for manifest in other.shards(RAW):
        # Named by content: two machines may have brought different rows in under one name.
        yield f"{manifest.key.input}@{manifest.sha256[:32]}", map(_found, other.rows_of(manifest))


def _found(row: Row) -> Sample | Outcome:
    sample = Sample(row.digest, row.raw, row.provenance, **row.fields)  # type: ignore[arg-type]
    if row.status == OK or row.reason == DUPLICATE:
        return sample
    return Outcome(0, sample, row.error or row.reason, row.reason, dropped=row.status == DROPPED)


class _Parts:
    """The shards of one chunk: `name#0`, `name#1`, ..., the last one marked final."""

    def __init__(self, store: Store, config: str, name: str) -> None:
        self.store = store
        self.config = config
        self.name = name
        self.count = 0
        self.rows = 0
        self.finished = False

    def reuse(self, progress: Progress) -> Progress:
        """Counts the parts that are there."""
        while (manifest := self.store.shard(self._key().id)) is not None:
            self.count += 1
            self.rows += manifest.rows
            progress = progress.adding(manifest, reused=True)
            if manifest.final:
                self.finished = True
                break
        return progress

    def next_key(self) -> ShardKey:
        key = self._key()
        self.count += 1
        return key

    def _key(self) -> ShardKey:
        return ShardKey(RAW, VERSION, self.config, f"{self.name}#{self.count}")


def _cut(rows: Iterable[Sample | Outcome], limit: int) -> Iterator[tuple[list[Row], bool]]:
    """Parts of at most `limit` rows and about MAX_BYTES, with whether each is the last; at least one, maybe empty."""
    part: list[Row] = []
    size = 0
    for found in rows:
        row = _row(found)
        # Looking one row ahead tells whether a full part is the last.
        if part and (len(part) >= limit or size + len(row.raw) > MAX_BYTES):
            yield part, False
            part, size = [], 0
        part.append(row)
        size += len(row.raw)
    yield part, True


def _row(found: Sample | Outcome) -> Row:
    if isinstance(found, Outcome):
        if not isinstance(found.value, Sample):
            raise ConfigError("a source must give the rejected Sample as the Outcome's value")
        sample, status, reason, error = found.value, found.status, found.reason, found.error
    else:
        sample, status, reason, error = found, "ok", "", ""
    fields = {name: value for name in DEFAULTS if (value := getattr(sample, name)) != DEFAULTS[name]}
    return Row(sample.digest, status, reason, error, fields, sample.raw, sample.provenance)
