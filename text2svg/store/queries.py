"""The questions the index answers, as functions of a connection; results are the store's plain values.

Refuses to write. The trade-off: Core statements instead of mapped objects, a third of the time for a page of hits.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func
from sqlmodel import select

from text2svg.sample import Provenance, Sample
from text2svg.store.base import (
    DEFAULTS,
    Artifact,
    Count,
    Manifest,
    Run,
    ShardKey,
    Verdict,
)
from text2svg.store.merge import ON_SAMPLE, SIGHTING
from text2svg.store.models import (
    ArtifactRow,
    DrawingRow,
    RunRow,
    SampleRow,
    ShardRow,
    SightingRow,
    TallyRow,
)

IN_LIST = 500  # below SQLite's oldest limit of 999 variables


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cuts a list for `IN (...)`."""
    for start in range(0, len(values), IN_LIST):
        yield values[start : start + IN_LIST]


def manifests(connection: Connection, *where: Any) -> list[Manifest]:  # noqa: ANN401
    """Shard records as manifests, in sequence order."""
    tallies: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    t = TallyRow
    chosen = select(ShardRow.sequence).where(*where)
    statement = select(t.shard, t.status, t.reason, t.rows).where(t.shard.in_(chosen))
    for shard, *counted in connection.execute(statement):
        tallies[shard].append(tuple(counted))
    table = ShardRow.__table__
    found = connection.execute(table.select().where(*where).order_by(table.c.sequence))
    return [
        Manifest(
            key=ShardKey(row.stage, row.version, row.config, row.input),
            sequence=row.sequence,
            root=row.root,
            rows=row.rows,
            tally=tuple(sorted(tallies[row.sequence])),
            columns=tuple(json.loads(row.columns)),
            bytes=row.bytes,
            sha256=row.sha256,
            final=row.final,
        )
        for row in found
    ]


def place(connection: Connection, sequence: int) -> tuple[str, str]:
    """(stage, shard id) of a sequence number."""
    statement = select(ShardRow.stage, ShardRow.id).where(ShardRow.sequence == sequence)
    return tuple(connection.execute(statement).one())


def funnel(connection: Connection) -> list[Count]:
    """Rows by stage, status and reason over current shards; stages in the order they first ran."""
    s, t = ShardRow, TallyRow
    statement = (
        select(s.stage, t.status, t.reason, func.sum(t.rows))
        .join(t, t.shard == s.sequence)
        .where(s.current)
        .group_by(s.stage, t.status, t.reason)
        .order_by(func.min(s.sequence), t.status.desc(), t.reason)
    )
    return [Count(*row) for row in connection.execute(statement)]


def samples(connection: Connection, digests: Sequence[str]) -> dict[str, tuple[Sample, int, int]]:
    """(sample without raw text, shard sequence, row) by digest; unknown digests are left out."""
    s, d, g = SampleRow.__table__, DrawingRow.__table__, SightingRow.__table__
    fields = [s.c[name] for name in ON_SAMPLE]
    where = [g.c[name] for name in SIGHTING]
    statement = (
        select(s.c.digest, s.c.shard, s.c.row, d.c.optimized, *where, *fields)
        .join(g, (g.c.shard == s.c.shard) & (g.c.row == s.c.row))
        .join(d, d.c.sample == s.c.id, isouter=True)
    )
    found: dict[str, tuple[Sample, int, int]] = {}
    for batch in batches(digests):
        for row in connection.execute(statement.where(s.c.digest.in_(batch))):
            digest, shard, number, optimized = row[:4]
            seen = dict(zip(SIGHTING, row[4 : 4 + len(where)], strict=True))
            values = {
                name: tuple(json.loads(value)) if isinstance(DEFAULTS[name], tuple) else value
                for name, value in zip(ON_SAMPLE, row[4 + len(where) :], strict=True)
            }
            sample = Sample(
                digest=digest,
                raw="",
                provenance=Provenance(**seen),
                optimized=optimized or "",
                **values,
            )
            found[digest] = (sample, shard, number)
    return found


def page(connection: Connection, limit: int, offset: int, filters: Mapping[str, str]) -> list[str]:
    """Digests of ok samples with a drawing that equal the filters, oldest first."""
    s = SampleRow.__table__
    # Only ids are walked, along one index that holds them in order; the page's rows are looked up at the end.
    chosen = select(s.c.id).where(s.c.shown)
    for name, value in filters.items():
        chosen = chosen.where(s.c[name] == value)
    chosen = chosen.order_by(s.c.id).limit(limit).offset(offset).subquery()
    statement = select(s.c.digest).join(chosen, chosen.c.id == s.c.id).order_by(s.c.id)
    return list(connection.execute(statement).scalars())


def verdict(connection: Connection, digest: str) -> Verdict | None:
    """The latest outcome of a sample, or None when there is none with that digest."""
    s, g = SampleRow.__table__, SightingRow.__table__
    seen = select(func.count()).where(g.c.sample == s.c.id).scalar_subquery()
    statement = select(s.c.stage, s.c.status, s.c.reason, seen).where(s.c.digest == digest)
    row = connection.execute(statement).first()
    return None if row is None else Verdict(*row)


def histogram(connection: Connection, column: str) -> dict[str, int]:
    """Samples by one of their columns, most frequent first."""
    wanted = SampleRow.__table__.c[column]
    rows = connection.execute(select(wanted, func.count()).group_by(wanted).order_by(func.count().desc(), wanted))
    return {str(value): count for value, count in rows}


def sightings(connection: Connection, digest: str) -> list[Provenance]:
    """Every sighting of a drawing, the first one first, then in the order they were made."""
    s, g = SampleRow.__table__, SightingRow.__table__
    statement = (
        select(*(g.c[name] for name in SIGHTING))
        .join(s, g.c.sample == s.c.id)
        .where(s.c.digest == digest)
        .order_by(g.c.first.desc(), g.c.shard, g.c.row)
    )
    names = SIGHTING
    return [Provenance(**dict(zip(names, row, strict=True))) for row in connection.execute(statement)]


def artifacts(connection: Connection, base: Path, kind: str | None) -> list[Artifact]:
    """Artifacts of a kind, or all, oldest first."""
    table = ArtifactRow.__table__
    statement = table.select().order_by(table.c.sequence)
    if kind is not None:
        statement = statement.where(table.c.kind == kind)
    return [
        Artifact(row.digest, row.kind, json.loads(row.card), row.bytes, base / row.digest, row.sequence)
        for row in connection.execute(statement)
    ]


def runs(connection: Connection, kind: str | None) -> list[Run]:
    """Runs of a kind, or all, oldest first."""
    table = RunRow.__table__
    statement = select(table.c.record).order_by(table.c.started, table.c.id)
    if kind is not None:
        statement = statement.where(table.c.kind == kind)
    return [Run(**json.loads(record)) for record in connection.execute(statement).scalars()]


def totals(connection: Connection) -> tuple[int, int]:
    """(samples, sightings) in the index."""
    return tuple(
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (SampleRow, SightingRow)
    )
