"""What may enter the store: raw rows that are what they say, later rows that answer for their input.

Refuses a digest that is not its raw text's. The trade-off: hashing every drawing once more costs 1 us a row, and a
wrong digest would otherwise be found only when somebody looks for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from text2svg.errors import StoreError
from text2svg.sample import Provenance, digest_of
from text2svg.store import index, queries, shards
from text2svg.store.base import DROPPED, DUPLICATE, OK, Row, ShardKey
from text2svg.store.models import ShardRow
from text2svg.store.takedown import REASON, Takedowns


def admit(session: Session, rows: Sequence[Row], takedowns: Takedowns) -> list[Row]:
    """Raw rows with every repeated drawing marked and the texts of taken down ones gone.

    Raises StoreError for a row that is not what it says.
    """
    seen = set(index.ids_of(session, [row.digest for row in rows if row.status == OK]))
    marked = []
    for number, row in enumerate(rows):
        if row.provenance is None or digest_of(row.raw) != row.digest:
            raise StoreError(f"raw row {number} ({row.digest!r}) lacks provenance or has a wrong digest")
        if takedowns and (why := takedowns.blocks(row.provenance.url, row.digest)):
            row = tombstone(row, why)
        elif row.status == OK and row.digest in seen:
            row = dataclasses.replace(row, status=DROPPED, reason=DUPLICATE)
        elif row.status == OK:
            seen.add(row.digest)
        marked.append(row)
    return marked


def tombstone(row: Row, why: str) -> Row:
    """What stays of a raw row that was taken down: that it was there, where in the source's order, and why it is gone."""
    return Row(row.digest, DROPPED, REASON, why, provenance=Provenance(row.provenance.source))


def check_input(session: Session, store: Path, key: ShardKey, rows: Sequence[Row]) -> str:
    """The root of a later shard. Raises StoreError when its rows are not one for each ok row of its input, in order."""
    return check_digests(session, store, key, [row.digest for row in rows])


def check_digests(session: Session, store: Path, key: ShardKey, digests: Sequence[str]) -> str:
    """The same for the digests of the rows alone."""
    found = queries.manifests(session.connection(), ShardRow.id == key.input)
    if not found:
        raise StoreError(f"stage {key.stage!r} names an input shard that is not there: {key.input}")
    (manifest,) = found
    if len(digests) != manifest.count(OK):
        counted = f"{len(digests)} rows for {manifest.count(OK)} of its input"
        raise StoreError(f"stage {key.stage!r} gives {counted}")
    if list(digests) != shards.ok_digests(shards.folder_of(store, manifest.key)):
        raise StoreError(f"stage {key.stage!r} does not give its input's rows in order")
    return manifest.root
