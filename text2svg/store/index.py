"""How shards are laid into the index.

A new shard of a later stage updates the samples it speaks of; one that replaces another, and any change of a shard that
is in the index already, lays its raw shard's samples anew from the shards (`relay`), keeping their numbers. Refuses a
later shard whose samples no raw shard holds. The trade-off: replacing reads the raw shard again, so that the index never
has to remember what a stage overwrote.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import bindparam, delete, exists, func, update
from sqlmodel import Session, SQLModel, insert, select

from text2svg.errors import StoreError
from text2svg.store import bulk, queries
from text2svg.store.base import OK, RAW, Manifest
from text2svg.store.merge import ON_SAMPLE, Merged, columns_of, merge, read, start
from text2svg.store.models import (
    ArtifactRow,
    DrawingRow,
    RunRow,
    SampleRow,
    ShardRow,
    SightingRow,
    TallyRow,
)

BATCH = 5000  # parameters lists are built per batch, so a shard of any size needs little memory


def following(session: Session, column: Any) -> int:  # noqa: ANN401 - a mapped column
    """The largest value of a column plus one, 1 for an empty table."""
    return (session.exec(select(func.max(column))).one() or 0) + 1


def insert_rows(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Inserts a few rows; `bulk.insert_columns` is for many."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        session.exec(insert(table), params=batch)


def lay_in(session: Session, store: Path, manifest: Manifest, table: pa.Table) -> None:
    """Enters one shard: its record and what its rows say."""
    replaced = enter_shard(session, manifest)
    if manifest.key.stage == RAW:
        merged = start(manifest, table)
        lay_in_samples(session, merged)
        lay_in_repeats(session, merged)
    elif replaced:
        relay(session, store, [manifest.root])
    else:
        _lay_in_fields(session, manifest, columns_of(table))


def enter_shard(session: Session, manifest: Manifest) -> bool:
    """Makes the shard the current one of its stage and root; tells whether it took another's place."""
    key = manifest.key
    was = select(ShardRow.sequence).where(ShardRow.id == manifest.id)
    session.exec(delete(TallyRow).where(TallyRow.shard.in_(was)))
    session.exec(delete(ShardRow).where(ShardRow.id == manifest.id))
    before = (ShardRow.stage == key.stage, ShardRow.root == manifest.root, ShardRow.current)
    replaced = session.exec(update(ShardRow).where(*before).values(current=False)).rowcount > 0
    insert_rows(session, ShardRow, [_shard_row(manifest, current=True)])
    insert_rows(session, TallyRow, _tally_rows(manifest))
    return replaced


def update_shard(session: Session, manifest: Manifest) -> None:
    """A shard whose rows changed in place: its record follows, its order stays."""
    row = _shard_row(manifest, current=True)
    changed = {name: row[name] for name in ("rows", "columns", "bytes", "sha256")}
    session.exec(update(ShardRow).where(ShardRow.sequence == manifest.sequence).values(**changed))
    session.exec(delete(TallyRow).where(TallyRow.shard == manifest.sequence))
    insert_rows(session, TallyRow, _tally_rows(manifest))


def _shard_row(manifest: Manifest, *, current: bool) -> dict[str, Any]:
    key = manifest.key
    same = ("sequence", "id", "root", "rows", "bytes", "sha256", "final")
    return {
        **{name: getattr(manifest, name) for name in same},
        **{name: getattr(key, name) for name in ("stage", "version", "config", "input")},
        "columns": json.dumps(manifest.columns),
        "current": current,
    }


def _tally_rows(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {"shard": manifest.sequence, "status": status, "reason": reason, "rows": rows}
        for status, reason, rows in manifest.tally
    ]


def lay_in_samples(session: Session, merged: Merged) -> None:
    """A raw shard's ok rows as new samples, with their first sightings and drawings."""
    first = following(session, SampleRow.id)
    _insert_samples(session, merged, list(range(len(merged.rows))), list(range(first, first + len(merged.rows))))


def _insert_samples(session: Session, merged: Merged, places: list[int], ids: list[int]) -> None:
    connection, sequence = session.connection(), merged.manifest.sequence
    rows = [merged.rows[place] for place in places]
    columns = {name: [column[place] for place in places] for name, column in merged.columns.items()}
    shard = [sequence] * len(ids)
    bulk.insert_columns(connection, SampleRow, {"id": ids, "shard": shard, "row": rows, **columns})
    _insert_sightings(session, merged, dict(zip(rows, ids, strict=True)), first=True)
    _insert_drawings(session, merged, places, ids)


def _insert_drawings(session: Session, merged: Merged, places: list[int], ids: list[int]) -> None:
    drawn = [(key, merged.optimized[place]) for key, place in zip(ids, places, strict=True) if merged.optimized[place]]
    if drawn:
        owners, drawings = zip(*drawn, strict=True)
        bulk.insert_columns(session.connection(), DrawingRow, {"sample": owners, "optimized": drawings})


def lay_in_repeats(session: Session, merged: Merged) -> None:
    """A raw shard's duplicate rows: a further sighting of a sample that exists; without one the row is passed over."""
    found = ids_of(session, [merged.digests[row] for row in merged.repeats])
    ids = {row: found[merged.digests[row]] for row in merged.repeats if merged.digests[row] in found}
    _insert_sightings(session, merged, ids, first=False)


def _insert_sightings(session: Session, merged: Merged, ids: dict[int, int], *, first: bool) -> None:
    columns = {
        "shard": [merged.manifest.sequence] * len(ids),
        "row": list(ids),
        "sample": list(ids.values()),
        "first": [first] * len(ids),
        **{name: [column[row] for row in ids] for name, column in merged.seen.items()},
    }
    bulk.insert_columns(session.connection(), SightingRow, columns)


def _lay_in_fields(session: Session, manifest: Manifest, columns: dict[str, list]) -> None:
    """A later shard's rows: fields onto samples, optimized texts into drawings."""
    ids = ids_of(session, columns["digest"])
    if missing := len(set(columns["digest"]) - ids.keys()):
        raise StoreError(f"shard {manifest.id} has {missing} rows whose samples no raw shard holds")
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    drawings: dict[int, str] = {}
    names = [name for name in ON_SAMPLE if name in columns]
    optimized = columns.get("optimized", [])
    for row, digest in enumerate(columns["digest"]):
        values: dict[str, Any] = {"status": columns["status"][row], "reason": columns["reason"][row]}
        if values["status"] == OK:
            values.update((n, columns[n][row]) for n in names if columns[n][row] is not None)
            if optimized and optimized[row]:
                drawings[ids[digest]] = optimized[row]
        params = {f"new_{n}": v for n, v in values.items()} | {"this": ids[digest]}
        groups[tuple(values)].append(params)
    for batch in batches(list(drawings)):
        session.exec(delete(DrawingRow).where(DrawingRow.sample.in_(batch)))
    new = {"sample": list(drawings), "optimized": list(drawings.values())}
    bulk.insert_columns(session.connection(), DrawingRow, new)
    s, d = SampleRow.__table__, DrawingRow.__table__
    shown = (bindparam("new_status", type_=s.c.status.type) == OK) & exists().where(d.c.sample == s.c.id)
    for changed, params in groups.items():
        values = {name: bindparam(f"new_{name}") for name in changed}
        statement = update(s).where(s.c.id == bindparam("this"))
        statement = statement.values(stage=manifest.key.stage, shown=shown, **values)
        session.connection().execute(statement, params)


def relay(session: Session, store: Path, roots: Iterable[str]) -> None:
    """Lays the samples of some raw shards anew from the shards; those that went are deleted, numbers are kept.

    The records of the shards (`enter_shard`, `update_shard`) must be right already.
    """
    wanted = set(roots)
    found = queries.manifests(session.connection(), ShardRow.root.in_(wanted), ShardRow.current)
    raw = [manifest for manifest in found if manifest.key.stage == RAW]
    gone: dict[str, int] = {}
    for batch in batches([manifest.sequence for manifest in raw]):
        held = select(SampleRow.digest, SampleRow.id).join(SightingRow, SightingRow.sample == SampleRow.id)
        gone.update(session.exec(held.where(SightingRow.shard.in_(batch), SightingRow.first)).all())
        session.exec(delete(SightingRow).where(SightingRow.shard.in_(batch)))
    merges = []
    for manifest in raw:
        later = [m for m in found if m.root == manifest.id and m is not manifest]
        merged = merge(manifest, later, [read(store, one) for one in (manifest, *later)])
        _relay_samples(session, merged)
        merges.append(merged)
        for digest in merged.columns["digest"]:
            gone.pop(digest, None)
    for merged in merges:
        lay_in_repeats(session, merged)
    for batch in batches(list(gone.values())):
        session.exec(delete(DrawingRow).where(DrawingRow.sample.in_(batch)))
        session.exec(delete(SightingRow).where(SightingRow.sample.in_(batch)))
        session.exec(delete(SampleRow).where(SampleRow.id.in_(batch)))


def _relay_samples(session: Session, merged: Merged) -> None:
    known = ids_of(session, merged.columns["digest"])
    kept = [place for place, digest in enumerate(merged.columns["digest"]) if digest in known]
    ids = [known[merged.columns["digest"][place]] for place in kept]
    for batch in batches(ids):
        session.exec(delete(DrawingRow).where(DrawingRow.sample.in_(batch)))
    table = SampleRow.__table__
    columns = {"row": merged.rows, **merged.columns}
    values = {name: bindparam(f"new_{name}") for name in columns}
    statement = update(table).where(table.c.id == bindparam("this"))
    params = [
        {"this": key, **{f"new_{name}": column[place] for name, column in columns.items()}}
        for key, place in zip(ids, kept, strict=True)
    ]
    if params:
        statement = statement.values(shard=merged.manifest.sequence, **values)
        session.connection().execute(statement, params)
    _insert_sightings(session, merged, {merged.rows[p]: k for p, k in zip(kept, ids, strict=True)}, first=True)
    _insert_drawings(session, merged, kept, ids)
    fresh = [place for place, digest in enumerate(merged.columns["digest"]) if digest not in known]
    first = following(session, SampleRow.id)
    _insert_samples(session, merged, fresh, list(range(first, first + len(fresh))))


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cuts a list for `IN (...)`."""
    return queries.batches(values)


def ids_of(session: Session, digests: Sequence[str]) -> dict[str, int]:
    """Sample ids by digest; unknown digests are left out."""
    found: dict[str, int] = {}
    for batch in batches(digests):
        statement = select(SampleRow.digest, SampleRow.id).where(SampleRow.digest.in_(batch))
        found.update(session.exec(statement).all())
    return found


def clear(session: Session) -> None:
    """Deletes every row of every table but the migrations. PostgreSQL's readers wait from here to the commit."""
    tables = (DrawingRow, SightingRow, SampleRow, TallyRow, ShardRow, ArtifactRow, RunRow)
    if session.connection().dialect.name != "sqlite":
        # Deleted rows would stay in the tables, and be looked at for every key that comes again.
        session.connection().exec_driver_sql(f"TRUNCATE {', '.join(table.__tablename__ for table in tables)}")
        return
    for table in tables:
        session.exec(delete(table))
