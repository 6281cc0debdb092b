"""Columns into a table, as fast as the database takes them: `executemany` on SQLite, `COPY` on PostgreSQL.

Takes columns instead of rows because shards give columns. Refuses columns of unequal length. The trade-off: it speaks to
the driver, past SQLAlchemy's types, so what those would do to a text (`models.escape_nul`) is done here once more.
Measured on two shared cores: 12 us of CPU for a sample, its sighting and its drawing on SQLite, indexes apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from text2svg.errors import StoreError
from text2svg.store.models import FACETS, DrawingRow, SampleRow, SightingRow, escape_nul

_FACET_INDEXES = ("sample_shown", *(f"sample_{name}" for name in FACETS))


def insert_columns(connection: Connection, table: type[SQLModel], columns: Mapping[str, Sequence[Any]]) -> None:
    """Appends the rows that the columns make together. Raises StoreError when the columns differ in length."""
    if len({len(column) for column in columns.values()}) > 1:
        raise StoreError(f"columns of unequal length for table {table.__tablename__}")
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        # Names come from the models, values travel as parameters.
        statement = f"INSERT INTO {table.__tablename__} ({names}) VALUES ({marks})"  # noqa: S608
        driver.executemany(statement, zip(*columns.values(), strict=True))
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.__tablename__} ({names}) FROM STDIN") as copy:
        for row in zip(*map(_storable, columns.values()), strict=True):
            copy.write_row(row)


def _storable(column: Sequence[Any]) -> Iterable[Any]:
    if not column or not isinstance(column[0], str):
        return column
    return _escaped(column)


def _escaped(column: Iterable[str]) -> Iterator[str]:
    for value in column:
        yield escape_nul(value) if "\x00" in value or "\x1b" in value else value


def drop_facets(connection: Connection) -> None:
    """Takes the indexes of pages and counts away, before every sample is laid in again."""
    for name in _FACET_INDEXES:
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


def make_facets(connection: Connection) -> None:
    """Makes them again: sorting once costs a third of inserting in order."""
    for index in SampleRow.__table__.indexes:
        if index.name in _FACET_INDEXES:
            index.create(connection)


def drop_keys(connection: Connection) -> list[str]:
    """Takes PostgreSQL's keys of the large tables away; gives the statements that bring them back.

    Every row's foreign keys are looked up while it comes, and every digest goes to its place in a tree; sorting and
    joining once at the end costs a fraction. SQLite checks no foreign keys and its keys are part of its tables.
    """
    if connection.dialect.name == "sqlite":
        return []
    tables = [table.__tablename__ for table in (DrawingRow, SightingRow, SampleRow)]
    found = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = ANY(%s::regclass[]) ORDER BY contype = 'f'", (tables,),
    ).all()  # fmt: skip
    for table, name, _ in reversed(found):
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}' for table, name, text in found]


def make_keys(connection: Connection, statements: Sequence[str]) -> None:
    """Brings the keys back. An index that should be unique and is not raises IntegrityError."""
    for statement in statements:
        connection.exec_driver_sql(statement)


def tidy(engine: Engine) -> None:
    """After many rows: tells the planner that a collection narrows more than a style, and lets PostgreSQL count and page
    along an index without looking at the rows (1.3 s for 1,000,000 samples; 0.1 s on SQLite).
    """
    if engine.dialect.name == "sqlite":
        with engine.execution_options(immediate=True).begin() as connection:
            # A thousand rows of an index tell a licence of half the rows from a small collection no better than chance.
            connection.exec_driver_sql("PRAGMA analysis_limit=100000")
            connection.exec_driver_sql("ANALYZE sample")
        return
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:  # no VACUUM in a transaction
        connection.exec_driver_sql("VACUUM (ANALYZE) sample")
