"""Compares the rows of a stage with each other: opens the stream, names the rows again, and writes the lists.

Refuses to change the store: what it makes lies in the cache, under the identity of the shards compared. The trade-off:
a new shard makes a new identity, and everything is drawn again (about a third of a millisecond a row).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from text2svg.caption.keywords import is_heldout
from text2svg.curate.twins import Found, Leak, Twins
from text2svg.errors import StoreError
from text2svg.pipeline.export import latest_stage
from text2svg.store.base import OK
from text2svg.store.shards import write_whole

if TYPE_CHECKING:
    from text2svg.store.database import Store


class Compared:
    """The rows of a stage, by position; their names are read once, 200 bytes a row."""

    def __init__(self, store: Store, stage: str, twins: Twins) -> None:
        self.store = store
        self.stage = stage
        self.twins = twins

    @classmethod
    def open(cls, store: Store, stage: str, cache: Path) -> Compared:
        """The rows of `stage`, or of the stage nearest to done. Raises StoreError when it has none."""
        stage = stage or latest_stage(store.stages())
        manifests = store.shards(stage)
        count = sum(manifest.count(OK) for manifest in manifests)
        if not count:
            raise StoreError(f"stage {stage!r} has no rows", hint=f"stages here: {', '.join(store.stages()) or 'none yet'}")
        identity = sha256(" ".join(manifest.id for manifest in manifests).encode()).hexdigest()[:16]
        return cls(store, stage, Twins(lambda: store.iter_samples(stage), cache / "compared" / identity, count))

    @cached_property
    def names(self) -> list[tuple[str, str, str]]:
        """(digest, caption, style) of every row."""
        return [(sample.digest, sample.caption, sample.style) for sample in self.twins.source()]

    def heldout(self) -> NDArray[np.bool_]:
        """Which rows are held out by their caption."""
        return np.array([bool(caption.strip()) and is_heldout(caption) for _, caption, _ in self.names], bool)


def write_duplicates(out: Path, compared: Compared, found: Found) -> dict[str, Any]:
    """Writes one row a duplicate: digest, original, kind, similarity, difference. Gives the counts."""
    names = compared.names
    _write(out, {
        "digest": [names[twin.row][0] for twin in found.twins],
        "original": [names[twin.original][0] for twin in found.twins],
        "kind": [twin.kind for twin in found.twins],
        "similarity": [twin.similarity for twin in found.twins],
        "difference": [twin.difference for twin in found.twins],
    })  # fmt: skip
    kinds = Counter(twin.kind for twin in found.twins)
    return {
        "from": compared.stage,
        "rows": found.rows,
        "listed": len(found.twins),
        **{f"listed_{kind}": count for kind, count in sorted(kinds.items())},
        "listed_under_another_caption": sum(names[twin.row][1] != names[twin.original][1] for twin in found.twins),
        "pairs": found.pairs,
        "pairs_confirmed": found.same,
        "precision_of_edges_alone": round(found.same / found.pairs, 4) if found.pairs else None,
    }


def write_leaks(out: Path, compared: Compared, found: Sequence[Leak]) -> dict[str, Any]:
    """Writes one row a pair: digest (held out), train, both captions, bits, difference. Gives the counts."""
    names = compared.names
    _write(out, {
        "digest": [names[leak.heldout][0] for leak in found],
        "train": [names[leak.train][0] for leak in found],
        "caption": [names[leak.heldout][1] for leak in found],
        "train_caption": [names[leak.train][1] for leak in found],
        "bits": [leak.bits for leak in found],
        "difference": [leak.difference for leak in found],
    })  # fmt: skip
    rows = {leak.heldout for leak in found}
    held = int(compared.heldout().sum())
    return {
        "from": compared.stage,
        "rows": compared.twins.count,
        "heldout": held,
        "pairs": len(found),
        "heldout_rows_that_leak": len(rows),
        "share": round(len(rows) / held, 4) if held else None,
        "by_style": dict(Counter(names[row][2] or "(none)" for row in rows).most_common()),
    }


def _write(out: Path, columns: dict[str, list[Any]]) -> None:
    types = {"similarity": pa.float64(), "difference": pa.float64(), "bits": pa.int64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    table = pa.table(columns, schema=schema)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, lambda path: pq.write_table(table, path, compression="zstd"))
