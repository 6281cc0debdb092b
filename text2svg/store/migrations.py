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
    Text,
    exists,
    inspect,
    select,
    text,
    true,
    update,
)

from text2svg.errors import StoreError


def m001_initial(connection: Connection) -> None:
    """Shards with their tallies, samples with drawings and sightings, artifacts, runs."""
    meta = MetaData()
    big = BigInteger().with_variant(Integer(), "sqlite")
    words = String().with_variant(Text(collation="C"), "postgresql")

    def columns(kind: object, names: str) -> list[Column]:
        return [Column(name, kind, nullable=False) for name in names.split()]

    def key(name: str, kind: object) -> Column:
        return Column(name, kind, primary_key=True, nullable=False)

    Table(
        "shard", meta, key("sequence", Integer()), Column("id", words, nullable=False, unique=True),
        *columns(words, "stage config input root columns sha256"),
        *columns(Integer(), "version rows bytes"), *columns(Boolean(), "final current"),
        Index("shard_current", "stage", "root"),
    )  # fmt: skip
    Table(
        "tally", meta, key("shard", Integer()), key("status", words), key("reason", words), *columns(Integer(), "rows"),
    )  # fmt: skip
    Table(
        "sample", meta, key("id", big), Column("digest", words, nullable=False, unique=True),
        *columns(words, "caption captions tags categories style rung stage status reason"),
        *columns(Integer(), "shard row tokens"), *columns(Boolean(), "palette"),
        *columns(Float(), "difference"),
    )  # fmt: skip
    Table(
        "drawing", meta, Column("sample", big, ForeignKey("sample.id"), primary_key=True), *columns(words, "optimized"),
    )  # fmt: skip
    Table(
        "sighting", meta, key("shard", Integer()), key("row", Integer()),
        Column("sample", big, ForeignKey("sample.id"), nullable=False),
        *columns(Boolean(), "first"),
        *columns(words, "source collection name url author licence"),
        Index("sighting_sample", "sample"), sqlite_with_rowid=False,
    )  # fmt: skip
    Table(
        "artifact", meta, key("sequence", Integer()),
        Column("digest", words, nullable=False, unique=True),
        Column("kind", words, nullable=False, index=True),
        *columns(words, "card"), *columns(big, "bytes"),
    )  # fmt: skip
    Table("run", meta, key("id", words), *columns(words, "kind name started record"))
    meta.create_all(connection)


def m002_pages(connection: Connection) -> None:
    """What people narrow and count by goes onto the sample, with an index each; 5 s for 300,000 samples."""
    added = ("source", "collection", "licence")
    for name in added:
        words = _words(connection)
        connection.execute(text(f"ALTER TABLE sample ADD COLUMN {name} {words} NOT NULL DEFAULT ''"))
    connection.execute(text("ALTER TABLE sample ADD COLUMN shown BOOLEAN NOT NULL DEFAULT false"))
    meta = MetaData()
    plain = ("id", "shard", "row", "status", "style", "rung")
    sample = Table("sample", meta, *(Column(name) for name in (*plain, *added)), Column("shown", Boolean()))
    sighting = Table("sighting", meta, *(Column(name) for name in ("shard", "row", *added)))
    drawing = Table("drawing", meta, Column("sample"))
    first = (sighting.c.shard == sample.c.shard) & (sighting.c.row == sample.c.row)
    values = {name: select(sighting.c[name]).where(first).scalar_subquery() for name in added}
    seen = exists().where(drawing.c.sample == sample.c.id)
    connection.execute(update(sample).values(**values))
    connection.execute(update(sample).where(sample.c.status == "ok", seen).values(shown=true()))
    for name in ("source", "collection", "licence", "style", "rung"):
        Index(f"sample_{name}", sample.c[name], sample.c.shown, sample.c.id).create(connection)
    Index("sample_shown", sample.c.shown, sample.c.id).create(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (m001_initial, m002_pages)


def _words(connection: Connection) -> str:
    """The type of every text: sorted by code point on both."""
    return "VARCHAR" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'


def applied(engine: Engine) -> list[str]:
    """Names of the migrations an index has, in order; empty for a fresh one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("migration"):
            return []
        return sorted(connection.execute(text("SELECT name FROM migration")).scalars())


def check(engine: Engine, upgrade: Callable[[], None] | None = None) -> None:
    """Raises StoreError when the index is not exactly at this version's schema.

    `upgrade` may bring an older one up to date; whoever may only read an old index is told how that is done.
    """
    known = [migration.__name__ for migration in MIGRATIONS]
    found = applied(engine)
    if newer := set(found) - set(known):
        raise StoreError(
            f"the index has migrations this version does not know: {', '.join(sorted(newer))}",
            hint="upgrade text2svg, or drop the index and let it be rebuilt",
        )
    if found == known:
        return
    hint = "run `text2svg store rebuild`, or open the store once for writing"
    if not found or upgrade is None:
        raise StoreError("the index is absent or of an older version", hint=hint)
    try:
        upgrade()
    except StoreError as error:
        raise StoreError(f"the index is of an older version: {error.message}", hint=hint) from error


def migrate(engine: Engine) -> None:
    """Applies what is missing; `engine` begins transactions for writing. Raises StoreError for a newer index."""
    done = set(applied(engine))
    for migration in MIGRATIONS:
        if migration.__name__ in done:
            continue
        with engine.begin() as connection:
            if not inspect(connection).has_table("migration"):
                words = _words(connection)
                connection.execute(text(f"CREATE TABLE migration (name {words} NOT NULL PRIMARY KEY)"))
            migration(connection)
            record = text("INSERT INTO migration (name) VALUES (:name)")
            connection.execute(record, {"name": migration.__name__})
    check(engine)
