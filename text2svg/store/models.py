"""The index's tables. Everything in them can be made again from shards and the records beside artifacts and runs.

Types are plain integers, texts, floats and booleans, so the same schema runs on SQLite and PostgreSQL. Refuses raw
texts: they stay in the shards. The trade-off: `sample` repeats what its first sighting says of source, collection and
licence, and whether it is shown, so that a page of filtered rows is a walk along one index; optimized drawings live in
a table of their own, which costs a join and keeps `sample` narrow.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import AutoString, Field, SQLModel

# SQLite makes only an INTEGER PRIMARY KEY the row's own number; PostgreSQL needs 64 bits.
_BIG = BigInteger().with_variant(Integer(), "sqlite")


def escape_nul(value: str) -> str:
    """A text without U+0000, which PostgreSQL cannot hold; `unescape_nul` gives it back."""
    return value.replace("\x1b", "\x1be").replace("\x00", "\x1bz")


def unescape_nul(value: str) -> str:
    """The text that `escape_nul` was given."""
    return value.replace("\x1bz", "\x00").replace("\x1be", "\x1b")


class PostgresText(TypeDecorator):
    """Any text, sorted by code point as SQLite does."""

    impl = Text
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(collation="C")

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        """See escape_nul."""
        return value if value is None else escape_nul(value)

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        """See unescape_nul."""
        return unescape_nul(value) if value is not None and "\x1b" in value else value


_TEXT = AutoString().with_variant(PostgresText(), "postgresql")
FACETS = ("source", "collection", "licence", "style", "rung")
"""Columns of `sample` that people narrow and count by; each has an index that holds the order of a page."""


def _text(**options: bool) -> str:
    return Field(sa_type=_TEXT, **options)


class MigrationRow(SQLModel, table=True):
    """A migration that has been applied."""

    __tablename__ = "migration"

    name: str = _text(primary_key=True)


class ShardRow(SQLModel, table=True):
    """One shard, as its manifest says."""

    __tablename__ = "shard"
    __table_args__ = (Index("shard_current", "stage", "root"),)

    sequence: int = Field(primary_key=True)
    id: str = _text(unique=True)
    stage: str = _text()
    version: int
    config: str = _text()
    input: str = _text()
    root: str = _text()
    rows: int
    columns: str = _text()
    bytes: int
    sha256: str = _text()
    final: bool
    current: bool
    """False once the same stage made another shard from the same raw shard."""


class TallyRow(SQLModel, table=True):
    """How many rows of a shard had one outcome."""

    __tablename__ = "tally"

    shard: int = Field(primary_key=True)
    status: str = _text(primary_key=True)
    reason: str = _text(primary_key=True)
    rows: int


class SampleRow(SQLModel, table=True):
    """One distinct drawing."""

    __tablename__ = "sample"
    __table_args__ = (
        Index("sample_shown", "shown", "id"),
        *(Index(f"sample_{name}", name, "shown", "id") for name in FACETS),
    )

    id: int = Field(sa_column=Column(_BIG, primary_key=True))
    digest: str = _text(unique=True)
    shard: int
    row: int
    caption: str = _text()
    captions: str = _text()
    tags: str = _text()
    categories: str = _text()
    style: str = _text()
    palette: bool
    rung: str = _text()
    tokens: int
    difference: float
    stage: str = _text()
    status: str = _text()
    reason: str = _text()
    source: str = _text()
    collection: str = _text()
    licence: str = _text()
    shown: bool
    """Whether it is ok and has a drawing."""


class DrawingRow(SQLModel, table=True):
    """The optimized text of a sample."""

    __tablename__ = "drawing"

    sample: int = Field(sa_column=Column(_BIG, ForeignKey("sample.id"), primary_key=True))
    optimized: str = _text()


class SightingRow(SQLModel, table=True):
    """One place a drawing was seen; `first` is the one its sample came from."""

    __tablename__ = "sighting"
    __table_args__ = (Index("sighting_sample", "sample"), {"sqlite_with_rowid": False})

    shard: int = Field(primary_key=True)
    row: int = Field(primary_key=True)
    sample: int = Field(sa_column=Column(_BIG, ForeignKey("sample.id"), nullable=False))
    first: bool
    source: str = _text()
    collection: str = _text()
    name: str = _text()
    url: str = _text()
    author: str = _text()
    licence: str = _text()


class ArtifactRow(SQLModel, table=True):
    """A model or other folder."""

    __tablename__ = "artifact"

    sequence: int = Field(primary_key=True)
    digest: str = _text(unique=True)
    kind: str = _text(index=True)
    card: str = _text()
    bytes: int = Field(sa_column=Column(_BIG, nullable=False))


class RunRow(SQLModel, table=True):
    """One training or evaluation."""

    __tablename__ = "run"

    id: str = _text(primary_key=True)
    kind: str = _text()
    name: str = _text()
    started: str = _text()
    record: str = _text()
