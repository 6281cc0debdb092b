"""Carries takedowns out: rows lose text and provenance, drawings seen nowhere else leave the store.

The shards are searched, not the index, because rows that were dropped hold their texts too. A row that is emptied stays
in its place, so that an import goes on where it was. Refuses to leave a request half done: it is recorded first, and the
next opening carries out what a kill left. The trade-off: every raw shard's addresses are read (1 s a million rows and 4
for comparing them), so that no request depends on the index being right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, select

from text2svg.store import admission, index, queries, rewrite, shards, takedown
from text2svg.store.base import DUPLICATE, OK, RAW, Manifest
from text2svg.store.models import SampleRow, ShardRow, SightingRow
from text2svg.store.takedown import Takedown, Takedowns

_PENDING = "takedowns.pending"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a takedown removed."""

    rows: int
    """Rows of raw shards that lost their text."""
    samples: int
    """Drawings that left the index."""
    moved: int
    """Drawings that stay, because they were seen elsewhere too."""
    shards: int
    """Shards rewritten, later stages' included."""


def record(store: Path, request: Takedown) -> None:
    """Appends a request that is not there yet, and notes that it must be carried out. Raises StoreError."""
    known = takedown.read(store)
    try:
        (store / _PENDING).touch()
        if (request.kind, request.value) in {(one.kind, one.value) for one in known}:
            return
        text = "".join(map(takedown.line_of, [*known, request]))
        shards.write_whole(store / takedown.FILE, lambda path: path.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise shards.refused(store, error) from error


def pending(store: Path) -> bool:
    """Whether a recorded request may not have been carried out."""
    return (store / _PENDING).exists()


def settled(store: Path) -> None:
    """Everything recorded has been carried out."""
    (store / _PENDING).unlink(missing_ok=True)


def apply(store: Path, session: Session, on_shard: Callable[[int, int], None] | None) -> Forgotten:
    """Carries out every recorded request; the caller commits, then settles this and `rewrite`. Raises StoreError."""
    takedowns = Takedowns.read(store)
    raw = queries.manifests(session.connection(), ShardRow.stage == RAW)
    changes: rewrite.Changes = {}
    lost: set[str] = set()
    emptied = 0
    for number, manifest in enumerate(raw, start=1):
        if doomed := _doomed(store, manifest, takedowns):
            rows = shards.read_rows(shards.folder_of(store, manifest.key), RAW)
            lost.update(rows[row].digest for row in doomed if rows[row].status == OK)
            changes[manifest.id] = [admission.tombstone(r, doomed[n]) if n in doomed else r for n, r in enumerate(rows)]
            emptied += len(doomed)
        if on_shard is not None:
            on_shard(number, len(raw))
    if not changes:
        return Forgotten(0, 0, 0, 0)
    moved = _promote(store, session, {m.sequence: m for m in raw}, changes, lost)
    changed = rewrite.rewrite(store, session, changes)
    return Forgotten(emptied, len(lost) - moved, moved, len(changed))


def _doomed(store: Path, manifest: Manifest, takedowns: Takedowns) -> dict[int, str]:
    """Why, by row number, of the rows that must go and have not gone yet."""
    table = shards.read_table(shards.folder_of(store, manifest.key), ["digest", "url", "reason"])
    rows = zip(*(table[name].to_pylist() for name in ("digest", "url", "reason")), strict=True)
    return {
        number: why
        for number, (digest, url, reason) in enumerate(rows)
        if reason != takedown.REASON and (why := takedowns.blocks(url, digest))
    }


def _promote(
    store: Path, session: Session, raw: dict[int, Manifest], changes: rewrite.Changes, lost: set[str]
) -> int:
    """Makes the next sighting of a lost drawing the one its sample comes from; gives how many had one."""
    s, g = SampleRow, SightingRow
    seen = select(g.shard, g.row, s.digest).join(s, g.sample == s.id).order_by(g.shard, g.row)
    promoted: set[str] = set()
    for batch in index.batches(sorted(lost)):
        for sequence, row, digest in session.exec(seen.where(s.digest.in_(batch), ~g.first)).all():
            manifest = raw[sequence]
            rows = changes.get(manifest.id) or shards.read_rows(shards.folder_of(store, manifest.key), RAW)
            if digest not in promoted and rows[row].reason == DUPLICATE:
                rows[row] = dataclasses.replace(rows[row], status=OK, reason="")
                changes[manifest.id] = rows
                promoted.add(digest)
    return len(promoted)
