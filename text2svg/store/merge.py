"""What the index says of a raw shard's samples: the raw shard with its later stages' shards laid over it, as columns.

Later shards are laid over in the order they were made; a row that is not ok keeps what earlier stages set and takes the
outcome. Refuses a later row whose sample the raw shard does not hold. The trade-off: a shard's columns are Python lists
(25 MB for 10,000 rows with drawings), because that is what both databases take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import pyarrow as pa

from text2svg.errors import StoreError
from text2svg.store import shards
from text2svg.store.base import DEFAULTS, DUPLICATE, OK, RAW, Manifest

SIGHTING = ("source", "collection", "name", "url", "author", "licence")
"""Provenance fields in the index; evidence and time stay in the shards."""
ON_SAMPLE = tuple(name for name in DEFAULTS if name != "optimized")
"""Sample fields in the table `sample`."""
REPEATED = ("source", "collection", "licence")
"""Provenance fields of the first sighting that the table `sample` repeats."""
_WANTED = frozenset({"digest", "status", "reason", *DEFAULTS, *SIGHTING})


@dataclass(frozen=True, slots=True)
class Merged:
    """A raw shard's ok rows, in their order."""

    manifest: Manifest
    rows: list[int]
    """Row numbers in the raw shard."""
    columns: dict[str, list]
    """Columns of the table `sample`, without `id`, `shard` and `row`."""
    optimized: list[str]
    """Drawings, empty where there is none."""
    seen: dict[str, list]
    """The sighting columns of the whole raw shard."""
    repeats: list[int]
    """Row numbers of drawings that were samples already."""
    digests: list[str]
    """Of the whole raw shard."""


def columns_of(table: pa.Table) -> dict[str, list]:
    """What the index keeps of a shard, as lists; word lists become JSON texts."""
    found = {}
    for name in table.column_names:
        if name in _WANTED:
            values = table[name].to_pylist()
            found[name] = [cell(value) for value in values] if isinstance(DEFAULTS.get(name), tuple) else values
    return found


def cell(value: object) -> object:
    """A Sample's value as the index holds it."""
    if not isinstance(value, (list, tuple)):
        return value
    return f"[{', '.join(map(encode_basestring, value))}]"  # as json.dumps does, in a fifth of its time


def read(store: Path, manifest: Manifest) -> pa.Table:
    """The columns of a shard that the index keeps: all but the raw texts. Raises StoreError."""
    folder = shards.folder_of(store, manifest.key)
    fixed = ["digest", "status", "reason", *manifest.columns]
    return shards.read_table(folder, [*fixed, *SIGHTING] if manifest.key.stage == RAW else fixed)


def merge(raw: Manifest, later: Sequence[Manifest], tables: Sequence[pa.Table]) -> Merged:
    """A raw shard and its later ones, given in the order they were made, with what `read` gives of each of them.

    Raises StoreError.
    """
    merged = start(raw, tables[0])
    places = {merged.digests[row]: place for place, row in enumerate(merged.rows)} if later else {}
    for manifest, table in zip(later, tables[1:], strict=True):
        _lay_over(merged, places, manifest, columns_of(table))
    merged.columns["shown"] = [
        status == OK and bool(drawing)
        for status, drawing in zip(merged.columns["status"], merged.optimized, strict=True)
    ]
    return merged


def start(manifest: Manifest, table: pa.Table) -> Merged:
    """A raw shard alone."""
    found = columns_of(table)
    rows = [row for row, status in enumerate(found["status"]) if status == OK]
    count, whole = len(rows), len(rows) == len(found["status"])

    def of_rows(name: str, default: object = None) -> list:
        if name not in found:
            return [default] * count
        return list(found[name]) if whole else [found[name][row] for row in rows]

    columns = {name: of_rows(name, cell(DEFAULTS[name])) for name in ON_SAMPLE}
    columns |= {name: of_rows(name) for name in ("digest", *REPEATED)}
    columns |= {"stage": [RAW] * count, "status": [OK] * count, "reason": [""] * count}
    optimized = [value or "" for value in of_rows("optimized", "")]
    columns["shown"] = [bool(drawing) for drawing in optimized]
    repeats = [row for row, reason in enumerate(found["reason"]) if reason == DUPLICATE]
    seen = {name: found[name] for name in SIGHTING}
    return Merged(manifest, rows, columns, optimized, seen, repeats, found["digest"])


def _lay_over(merged: Merged, places: dict[str, int], manifest: Manifest, found: dict[str, list]) -> None:
    columns = merged.columns
    try:
        at = [places[digest] for digest in found["digest"]]
    except KeyError as error:
        raise StoreError(f"shard {manifest.id} has rows whose samples its raw shard does not hold") from error
    ok = [row for row, status in enumerate(found["status"]) if status == OK]
    for name in manifest.columns:
        target: list[Any] = merged.optimized if name == "optimized" else columns[name]
        values = found[name]
        for row in ok:
            if (value := values[row]) is not None:
                target[at[row]] = value
    for name in ("status", "reason"):
        target = columns[name]
        for place, value in zip(at, found[name], strict=True):
            target[place] = value
    stages = columns["stage"]
    for place in at:
        stages[place] = manifest.key.stage
