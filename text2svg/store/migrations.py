"""How the index's schema came to be: append-only steps, each in one transaction with its record.

Refuses an index that a newer version migrated further. A migration never looks at `models`, which change; it repeats
the tables as they were. The trade-off: that repetition, against an upgrade path that stays testable. A step that would
be costly may instead ask for a rebuild, because the shards hold everything.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    inspect,
    text,
)

from text2svg.errors import StoreError


def m001_initial(connection: Connection) -> None:
    """Shards with their tallies, samples with drawings and sightings, artifacts, runs."""
    meta = MetaData()
    big = BigInteger().with_variant(Integer(), "sqlite")

    def columns(kind: type, names: str) -> list[Column]:
        return [Column(name, kind(), nullable=False) for name in names.split()]

    def key(name: str, kind: object) -> Column:
        return Column(name, kind, primary_key=True, nullable=False)

    Table(
        "shard", meta, key("sequence", Integer()), Column("id", String(), nullable=False, unique=True),
        *columns(String, "stage config input root columns sha256"),
        *columns(Integer, "version rows bytes"), *columns(Boolean, "final current"), Index("shard_current", "stage", "root"),
    )  # fmt: skip
    Table(
        "tally", meta, key("shard", Integer()), key("status", String()), key("reason", String()),
        *columns(Integer, "rows"),
    )  # fmt: skip
    Table(
        "sample", meta, key("id", big), Column("digest", String(), nullable=False, unique=True),
        *columns(String, "caption captions tags categories style rung stage status reason"),
        *columns(Integer, "shard row tokens"), *columns(Boolean, "palette"),
        *columns(Float, "difference"),
    )  # fmt: skip
    Table(
        "drawing", meta, Column("sample", big, ForeignKey("sample.id"), primary_key=True),
        *columns(String, "optimized"),
    )  # fmt: skip
    Table(
        "sighting", meta, key("shard", Integer()), key("row", Integer()),
        Column("sample", big, ForeignKey("sample.id"), nullable=False),
        *columns(Boolean, "first"),
        *columns(String, "source collection name url author licence"),
        Index("sighting_sample", "sample"), sqlite_with_rowid=False,
    )  # fmt: skip
    Table(
        "artifact", meta, key("sequence", Integer()),
        Column("digest", String(), nullable=False, unique=True),
        Column("kind", String(), nullable=False, index=True),
        *columns(String, "card"), *columns(Integer, "bytes"),
    )  # fmt: skip
    Table("run", meta, key("id", String()), *columns(String, "kind name started record"))
    meta.create_all(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (m001_initial,)


def applied(engine: Engine) -> list[str]:
    """Names of the migrations an index has, in order; empty for a fresh one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("migration"):
            return []
        return sorted(connection.execute(text("SELECT name FROM migration")).scalars())


def check(engine: Engine) -> None:
    """Raises StoreError when the index is not exactly at this version's schema."""
    known = [migration.__name__ for migration in MIGRATIONS]
    found = applied(engine)
    if newer := set(found) - set(known):
        raise StoreError(
            f"the index has migrations this version does not know: {', '.join(sorted(newer))}",
            hint="upgrade text2svg, or delete index.sqlite and let it be rebuilt",
        )
    if found != known:
        raise StoreError(
            "the index is absent or of an older version",
            hint="run `text2svg store rebuild`, or open the store once for writing",
        )


def migrate(engine: Engine) -> None:
    """Applies what is missing; `engine` begins transactions for writing. Raises StoreError for a newer index."""
    done = set(applied(engine))
    for migration in MIGRATIONS:
        if migration.__name__ in done:
            continue
        with engine.begin() as connection:
            if not inspect(connection).has_table("migration"):
                connection.execute(text("CREATE TABLE migration (name VARCHAR NOT NULL PRIMARY KEY)"))
            migration(connection)
            record = text("INSERT INTO migration (name) VALUES (:name)")
            connection.execute(record, {"name": migration.__name__})
    check(engine)
