"""The index's tables. Everything in them can be made again from shards and the records beside artifacts and runs.

Types are plain integers, texts, floats and booleans, so the same schema runs on SQLite and PostgreSQL. Refuses raw
texts: they stay in the shards. The trade-off: optimized drawings live in a table of their own, which costs a join and
keeps `sample` narrow enough to count in milliseconds.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer
from sqlmodel import Field, SQLModel

# SQLite makes only an INTEGER PRIMARY KEY the row's own number; PostgreSQL needs 64 bits.
_BIG = BigInteger().with_variant(Integer(), "sqlite")


class MigrationRow(SQLModel, table=True):
    """A migration that has been applied."""

    __tablename__ = "migration"

    name: str = Field(primary_key=True)


class ShardRow(SQLModel, table=True):
    """One shard, as its manifest says."""

    __tablename__ = "shard"
    __table_args__ = (Index("shard_current", "stage", "root"),)

    sequence: int = Field(primary_key=True)
    id: str = Field(unique=True)
    stage: str
    version: int
    config: str
    input: str
    root: str
    rows: int
    columns: str
    bytes: int
    sha256: str
    final: bool
    current: bool
    """False once the same stage made another shard from the same raw shard."""


class TallyRow(SQLModel, table=True):
    """How many rows of a shard had one outcome."""

    __tablename__ = "tally"

    shard: int = Field(primary_key=True)
    status: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    rows: int


class SampleRow(SQLModel, table=True):
    """One distinct drawing."""

    __tablename__ = "sample"

    id: int = Field(sa_column=Column(_BIG, primary_key=True))
    digest: str = Field(unique=True)
    shard: int
    row: int
    caption: str
    captions: str
    tags: str
    categories: str
    style: str
    palette: bool
    rung: str
    tokens: int
    difference: float
    stage: str
    status: str
    reason: str


class DrawingRow(SQLModel, table=True):
    """The optimized text of a sample."""

    __tablename__ = "drawing"

    sample: int = Field(sa_column=Column(_BIG, ForeignKey("sample.id"), primary_key=True))
    optimized: str


class SightingRow(SQLModel, table=True):
    """One place a drawing was seen; `first` is the one its sample came from."""

    __tablename__ = "sighting"
    __table_args__ = (Index("sighting_sample", "sample"), {"sqlite_with_rowid": False})

    shard: int = Field(primary_key=True)
    row: int = Field(primary_key=True)
    sample: int = Field(sa_column=Column(_BIG, ForeignKey("sample.id"), nullable=False))
    first: bool
    source: str
    collection: str
    name: str
    url: str
    author: str
    licence: str


class ArtifactRow(SQLModel, table=True):
    """A model or other folder."""

    __tablename__ = "artifact"

    sequence: int = Field(primary_key=True)
    digest: str = Field(unique=True)
    kind: str = Field(index=True)
    card: str
    bytes: int


class RunRow(SQLModel, table=True):
    """One training or evaluation."""

    __tablename__ = "run"

    id: str = Field(primary_key=True)
    kind: str
    name: str
    started: str
    record: str
