"""The starter corpus: a few thousand finished rows in one Parquet file, shipped with the package.

Keeps what a visitor sees (canonical text, caption, licence, author, link) and leaves the raw text in the full store.
Refuses rows without a canonical drawing. The trade-off: a read-only corpus needs no SQLite file and 0.1 s to load.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from text2svg.errors import StoreError
from text2svg.sample import Provenance, Sample

_TEXT = (
    "digest",
    "optimized",
    "caption",
    "style",
    "collection",
    "name",
    "author",
    "licence",
    "licence_evidence",
    "url",
)


def write_starter(path: Path, samples: Iterable[Sample]) -> int:
    """Writes canonical rows in order; returns how many. Raises StoreError for a row without canonical text."""
    rows: dict[str, list[object]] = {name: [] for name in (*_TEXT, "tags", "tokens")}
    for sample in samples:
        if not sample.canonical:
            raise StoreError(f"{sample.digest} is not canonical", hint="optimize the rows first")
        for name in _TEXT:
            owner = sample if hasattr(sample, name) else sample.provenance
            rows[name].append(getattr(owner, name))
        rows["tags"].append(list(sample.tags))
        rows["tokens"].append(sample.tokens)
    types = [(name, pa.string()) for name in _TEXT] + [("tags", pa.list_(pa.string())), ("tokens", pa.int32())]
    table = pa.table(rows, schema=pa.schema(types))
    pq.write_table(table, path, compression="zstd", compression_level=19)
    return table.num_rows


def read_starter(path: Path) -> Iterator[Sample]:
    """The rows of a starter file, in order. Raises StoreError when it is no such file."""
    try:
        table = pq.read_table(path)
        columns = {name: table.column(name).to_pylist() for name in (*_TEXT, "tags", "tokens")}
    except (OSError, pa.ArrowException, KeyError) as error:
        raise StoreError(f"cannot read the starter corpus {path}: {error}", hint="reinstall text2svg") from error
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        provenance = Provenance(
            "package",
            row["collection"],
            row["name"],
            row["url"],
            row["author"],
            row["licence"],
            row["licence_evidence"],
        )
        yield Sample(
            row["digest"],
            "",
            provenance,
            row["caption"],
            tuple(row["tags"]),
            style=row["style"],
            palette=row["style"] == "color",
            optimized=row["optimized"],
            rung="integer",
            tokens=row["tokens"],
        )


class Starter:
    """The rows of a starter file by digest, read on first use by whichever thread asks first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._rows: dict[str, Sample] = {}

    def lookup(self, digests: Sequence[str]) -> list[Sample | None]:
        """Samples in the order of the digests; None for those that are not here. Raises StoreError."""
        with self._lock:
            if not self._rows:
                self._rows = {sample.digest: sample for sample in read_starter(self.path)}
        return [self._rows.get(digest) for digest in digests]
