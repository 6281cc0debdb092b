"""The SQLite index: how it is opened and how shards are laid into it.

WAL, synchronous NORMAL, one writer at a time, `BEGIN IMMEDIATE` for every writing transaction (a read transaction that
turns into a write fails at once, without the busy timeout). Refuses network folders in spirit: WAL needs shared memory.
The trade-off: a power cut may lose the last transactions, which the next opening lays in again from the shards.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, bindparam, create_engine, delete, event, func, update
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, SQLModel, insert, select

from text2svg.errors import StoreError
from text2svg.store.base import (
    DEFAULTS,
    DUPLICATE,
    OK,
    RAW,
    Manifest,
)
from text2svg.store.models import (
    ArtifactRow,
    DrawingRow,
    RunRow,
    SampleRow,
    ShardRow,
    SightingRow,
    TallyRow,
)

BUSY_SECONDS = 10.0
BATCH = 5000  # parameters lists are built per batch, so a shard of any size needs little memory
IN_LIST = 500  # below SQLite's oldest limit of 999 variables
_CACHE_KIB = 64 * 1024  # the digest index of 300,000 samples is 25 MB; random inserts stay in memory
SIGHTING = ("source", "collection", "name", "url", "author", "licence")
"""Provenance fields in the index; evidence and time stay in the shards."""
ON_SAMPLE = tuple(name for name in DEFAULTS if name != "optimized")
"""Sample fields in the table `sample`."""


def connect(path: Path, *, read_only: bool) -> Engine:
    """An engine whose transactions begin for reading, or for writing when executed with `immediate=True`."""
    mode = "ro" if read_only else "rwc"
    # A WAL reader writes to the -shm file; where it cannot, nobody else can be writing either.
    immutable = "&immutable=1" if read_only and not os.access(path.parent, os.W_OK) else ""
    uri = f"{path.absolute().as_uri()}?mode={mode}{immutable}"

    def open_one() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        if not read_only:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        return connection

    engine = create_engine("sqlite://", creator=open_one, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def lock(path: Path) -> sqlite3.Connection:
    """The right to write to the store at `path`, until closed. Raises StoreError when another has it."""
    # SQLite's own lock: it works on every platform and ends with the process, however that ends.
    connection = sqlite3.connect(path / "writer.lock", timeout=0.2, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" not in str(error):
            raise StoreError(f"cannot write to the store at {path}: {error}") from error
        hint = "wait until it ends, or open the store read-only"
        raise StoreError(f"another writer has the store at {path} open", hint=hint) from error
    return connection


def following(session: Session, column: Any) -> int:  # noqa: ANN401 - a mapped column
    """The largest value of a column plus one, 1 for an empty table."""
    return (session.exec(select(func.max(column))).one() or 0) + 1


def insert_rows(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Inserts parameter lists, 47,000 rows per CPU-second against 14,000 for `add_all`."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        session.exec(insert(table), params=batch)


def lay_in(session: Session, manifest: Manifest, table: pa.Table) -> None:
    """Enters one shard: its record and what its rows say."""
    replaced = enter_shard(session, manifest)
    if manifest.key.stage == RAW:
        lay_in_samples(session, manifest, table)
        lay_in_sightings(session, manifest, table)
    else:
        _lay_in_fields(session, manifest, table, replaced)


def enter_shard(session: Session, manifest: Manifest) -> set[str]:
    """Makes the shard the current one of its stage and root; returns the columns of the one before."""
    key = manifest.key
    session.exec(delete(TallyRow).where(TallyRow.shard.in_(_sequences(manifest.id))))
    session.exec(delete(ShardRow).where(ShardRow.id == manifest.id))
    before = (ShardRow.stage == key.stage, ShardRow.root == manifest.root, ShardRow.current)
    replaced: set[str] = set()
    for columns in session.exec(select(ShardRow.columns).where(*before)):
        replaced.update(json.loads(columns))
    session.exec(update(ShardRow).where(*before).values(current=False))
    row = {
        "sequence": manifest.sequence,
        "id": manifest.id,
        "stage": key.stage,
        "version": key.version,
        "config": key.config,
        "input": key.input,
        "root": manifest.root,
        "rows": manifest.rows,
        "columns": json.dumps(manifest.columns),
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
        "final": manifest.final,
        "current": True,
    }
    insert_rows(session, ShardRow, [row])
    tally = [
        {"shard": manifest.sequence, "status": status, "reason": reason, "rows": rows}
        for status, reason, rows in manifest.tally
    ]
    insert_rows(session, TallyRow, tally)
    return replaced


def _sequences(shard_id: str) -> Any:  # noqa: ANN401 - SQLAlchemy's own select type
    return select(ShardRow.sequence).where(ShardRow.id == shard_id)


def lay_in_samples(session: Session, manifest: Manifest, table: pa.Table) -> None:
    """A raw shard's ok rows: one sample and its first sighting each."""
    columns = _columns(table)
    rows = [i for i, status in enumerate(columns["status"]) if status == OK]
    start = (session.exec(select(func.max(SampleRow.id))).one() or 0) + 1
    blank = {name: _cell(default) for name, default in DEFAULTS.items() if name in ON_SAMPLE}
    known = {name: columns[name] for name in ON_SAMPLE if name in columns}
    fixed = {**blank, "stage": RAW, "status": OK, "reason": "", "shard": manifest.sequence}
    insert_rows(
        session,
        SampleRow,
        (
            {
                **fixed,
                **{name: column[row] for name, column in known.items()},
                "id": start + number,
                "digest": columns["digest"][row],
                "row": row,
            }
            for number, row in enumerate(rows)
        ),
    )
    ids = {row: start + number for number, row in enumerate(rows)}
    insert_rows(session, SightingRow, _sightings(manifest, columns, ids, first=True))
    optimized = columns.get("optimized", [])
    drawings = ({"sample": ids[row], "optimized": optimized[row]} for row in rows if optimized)
    insert_rows(session, DrawingRow, drawings)


def lay_in_sightings(session: Session, manifest: Manifest, table: pa.Table) -> None:
    """A raw shard's duplicate rows: a further sighting of a sample that exists; without one the row is passed over."""
    columns = _columns(table)
    rows = [i for i, reason in enumerate(columns["reason"]) if reason == DUPLICATE]
    found = ids_of(session, [columns["digest"][row] for row in rows])
    ids = {row: found[columns["digest"][row]] for row in rows if columns["digest"][row] in found}
    insert_rows(session, SightingRow, _sightings(manifest, columns, ids, first=False))


def _sightings(
    manifest: Manifest, columns: dict[str, list], ids: dict[int, int], *, first: bool
) -> Iterator[dict[str, Any]]:
    for row, sample in ids.items():
        yield {
            "shard": manifest.sequence,
            "row": row,
            "sample": sample,
            "first": first,
            **{name: columns[name][row] for name in SIGHTING},
        }


def _lay_in_fields(session: Session, manifest: Manifest, table: pa.Table, replaced: set[str]) -> None:
    """A later shard's rows: fields onto samples, optimized texts into drawings; what the replaced shard set goes."""
    columns = _columns(table)
    ids = ids_of(session, columns["digest"])
    if missing := len(set(columns["digest"]) - ids.keys()):
        raise StoreError(f"shard {manifest.id} has {missing} rows whose samples no raw shard holds")
    if "optimized" in replaced:
        for batch in batches(list(ids.values())):
            session.exec(delete(DrawingRow).where(DrawingRow.sample.in_(batch)))
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    drawings: list[dict[str, Any]] = []
    names = [name for name in ON_SAMPLE if name in columns]
    reset = {name: _cell(DEFAULTS[name]) for name in ON_SAMPLE if name in replaced}
    optimized = columns.get("optimized", [])
    for row, digest in enumerate(columns["digest"]):
        ok = columns["status"][row] == OK
        values = dict(reset)
        if ok:
            values.update((n, columns[n][row]) for n in names if columns[n][row] is not None)
            if optimized and optimized[row] is not None:
                drawings.append({"sample": ids[digest], "optimized": optimized[row]})
        values["status"], values["reason"] = columns["status"][row], columns["reason"][row]
        groups[tuple(values)].append({f"new_{n}": v for n, v in values.items()})
        groups[tuple(values)][-1]["this"] = ids[digest]
    insert_rows(session, DrawingRow, drawings)
    for changed, params in groups.items():
        values = {name: bindparam(f"new_{name}") for name in changed}
        where = SampleRow.__table__.c.id == bindparam("this")
        statement = update(SampleRow.__table__).where(where)
        session.connection().execute(statement.values(stage=manifest.key.stage, **values), params)


def _columns(table: pa.Table) -> dict[str, list]:
    """What the index keeps of a shard, as Python lists; word lists become JSON texts."""
    wanted = {"digest", "status", "reason", *DEFAULTS, *SIGHTING}
    found = {}
    for name in table.column_names:
        if name not in wanted:
            continue
        values = table[name].to_pylist()
        if isinstance(DEFAULTS.get(name), tuple):
            values = [None if value is None else _cell(value) for value in values]
        found[name] = values
    return found


def _cell(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        return value
    return json.dumps(value, ensure_ascii=False) if value else "[]"


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cuts a list for `IN (...)`."""
    for start in range(0, len(values), IN_LIST):
        yield values[start : start + IN_LIST]


def ids_of(session: Session, digests: Sequence[str]) -> dict[str, int]:
    """Sample ids by digest; unknown digests are left out."""
    found: dict[str, int] = {}
    for batch in batches(digests):
        statement = select(SampleRow.digest, SampleRow.id).where(SampleRow.digest.in_(batch))
        found.update(session.exec(statement).all())
    return found


def clear(session: Session) -> None:
    """Deletes every row of every table but the migrations."""
    for table in (DrawingRow, SightingRow, SampleRow, TallyRow, ShardRow, ArtifactRow, RunRow):
        session.exec(delete(table))
