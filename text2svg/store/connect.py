"""How the index is opened, and who may write: SQLite in the store's folder, or PostgreSQL by address.

SQLite: WAL, synchronous NORMAL, `BEGIN IMMEDIATE` for every writing transaction (a read transaction that turns into a
write fails at once, without the busy timeout). PostgreSQL: psycopg, one snapshot a reading transaction, an advisory lock
for the writer, so that several machines can share a folder. Refuses another database. The trade-off: a power cut may lose
SQLite's last transactions, which the next opening lays in again from the shards.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from text2svg.errors import ConfigError, MissingDependency, StoreError
from text2svg.store.shards import FULL_HINT

SQLITE = "index.sqlite"
REBUILD = "run `text2svg store rebuild`; delete index.sqlite* first when it is damaged: the shards hold everything"
BUSY_SECONDS = 10.0
_CACHE_KIB = 64 * 1024  # the digest index of 300,000 samples is 25 MB; random inserts stay in memory
_BULK_CACHE_KIB = 128 * 1024  # that of 1,000,000 is 80 MB, and a rebuild touches it all
_LOCK = 0x74327376  # any number, the same for every writer of a database


def connect(path: Path, url: str = "", *, read_only: bool) -> Engine:
    """An engine on the index of the store at `path`, or on the database at `url` when one is given.

    Its transactions begin for reading, or for writing when executed with `immediate=True`. Raises ConfigError for an
    address of another kind of database, MissingDependency without psycopg.
    """
    return _postgres(url, read_only=read_only) if url else _sqlite(path / SQLITE, read_only=read_only)


def lock(path: Path, url: str = "") -> Callable[[], None]:
    """Takes the right to write; gives the function that lets it go. Raises StoreError when another has it."""
    return _lock_postgres(path, url) if url else lock_folder(path, "store")


def bulk(connection: Connection) -> None:
    """Gives a connection the memory that filling the whole index wants."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{_BULK_CACHE_KIB}")


def _sqlite(path: Path, *, read_only: bool) -> Engine:
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


def _postgres(address: str, *, read_only: bool, lasting: bool = True) -> Engine:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ConfigError("the database address cannot be read", hint=_HINT) from error
    if url.get_backend_name() != "postgresql":
        raise ConfigError(f"no index in a {url.get_backend_name()!r} database", hint=_HINT)
    # "on" is a setting of the session, so nothing of ours can write by mistake, and a server may grant no more.
    settings = f"-c default_transaction_read_only={'on' if read_only else 'off'}"
    given = url.query.get("options", "")
    arguments = {"options": f"{given} {settings}".strip(), "connect_timeout": int(BUSY_SECONDS)}
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="REPEATABLE READ",
            connect_args=arguments,
            pool_pre_ping=lasting,
            poolclass=QueuePool if lasting else NullPool,
        )
    except ImportError as error:
        raise MissingDependency("psycopg", extra="postgres") from error


_HINT = "write postgresql://user@host:5432/database, or leave TEXT2SVG_DATABASE_URL empty for SQLite"


def lock_folder(path: Path, what: str) -> Callable[[], None]:
    """Takes the right to write into a folder; gives the function that lets it go.

    Raises StoreError when another process has it; `what` says what the folder is.
    """
    # SQLite's own lock: it works on every platform and ends with the process, however that ends.
    try:
        connection = sqlite3.connect(path / "writer.lock", timeout=0.2, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise StoreError(f"cannot write to the {what} at {path}: {error}", hint=_WRITABLE) from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" not in str(error):
            raise StoreError(f"cannot write to the {what} at {path}: {error}", hint=_WRITABLE) from error
        raise _taken(path, what) from error
    return connection.close


def _lock_postgres(path: Path, url: str) -> Callable[[], None]:
    # A session's lock ends with its connection, so with its process and with its machine.
    engine = _postgres(url, read_only=False, lasting=False).execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise StoreError(f"cannot reach the database of {path}: {error.orig}", hint=_HINT) from error
    # One lock a schema, so that a database may hold the indexes of several stores.
    key = f"({_LOCK}, hashtext(coalesce(current_schema(), '')))"
    if not connection.execute(text(f"SELECT pg_try_advisory_lock{key}")).scalar_one():
        connection.close()
        raise _taken(path, "store")

    def unlock() -> None:
        # By word: the server notices a closed connection only some time later, and the next writer may come at once.
        with suppress(DatabaseError):  # the connection broke, and the lock with it
            connection.execute(text(f"SELECT pg_advisory_unlock{key}"))
        connection.close()

    return unlock


def _taken(path: Path, what: str) -> StoreError:
    return StoreError(f"another writer has the {what} at {path} open", hint="wait until it ends; reading goes on meanwhile")


_WRITABLE = "look at the disk and at who may write there"


def failed(path: Path, error: DatabaseError) -> StoreError:
    """What to say when the index of the store at `path` refuses."""
    said = str(error.orig)
    hint = REBUILD
    if "full" in said or "No space left" in said:
        hint = FULL_HINT
    elif "locked" in said:
        hint = "another program holds the index; try again when it has ended"
    return StoreError(f"the index of {path} fails: {said}", hint=hint)
