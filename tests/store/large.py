"""A large index: `python tests/store/large.py [ROWS] [--base STORE] [--database URL]`, a million rows by default.

Fills a store with variants of the starter corpus, or of the drawings of another store, in two stages, then times what
people wait for: counts, pages, the index made again from the shards, with the memory that takes. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from text2svg.sample import Sample, digest_of  # noqa: E402
from text2svg.store import RankStore, Row, ShardKey, Store  # noqa: E402
from text2svg.store.base import DEFAULTS, RAW  # noqa: E402
from text2svg.store.starter import read_starter  # noqa: E402

SHARD = 10_000
PAGE = 48
RAW_FIELDS = ("caption", "tags", "categories", "style", "palette")


def base_rows(store: Path | None) -> list[Sample]:
    """Optimized drawings to vary."""
    if store is None:
        return list(read_starter(ROOT / "text2svg" / "assets" / "starter" / "samples.parquet"))
    other = RankStore(store, 0, 1)
    return [replace(one, raw="") for manifest in other.shards("optimize") for one in other.samples_of(manifest)]


def variants(base: Sequence[Sample], count: int) -> Iterator[Sample]:
    """As many distinct drawings: each is a base row with its number in a comment of the raw text."""
    for number, sample in enumerate(islice(cycle(base), count)):
        raw = f"{sample.optimized}<!--{number}-->"
        where = replace(sample.provenance, name=f"{sample.provenance.name}-{number}")
        yield replace(sample, digest=digest_of(raw), raw=raw, provenance=where, captions=(sample.caption, "a drawing"))


def fields(sample: Sample, names: Sequence[str]) -> dict[str, Any]:
    """What a stage set."""
    return {name: value for name in names if (value := getattr(sample, name)) != DEFAULTS[name]}


def fill(store: Store, base: Sequence[Sample], count: int) -> None:
    """Two stages, 10,000 rows a shard; what is there already stays."""
    later = [name for name in DEFAULTS if name not in RAW_FIELDS]
    source = variants(base, count)
    for part in range(-(-count // SHARD)):
        samples = list(islice(source, SHARD))
        key = ShardKey(RAW, 1, "{}", f"large#{part}")
        if store.shard(key.id) is None:
            rows = [Row(s.digest, fields=fields(s, RAW_FIELDS), raw=s.raw, provenance=s.provenance) for s in samples]
            store.add_shard(key, rows)
        made = ShardKey("optimize", 1, "{}", key.id)
        if store.shard(made.id) is None:
            store.add_shard(made, [Row(s.digest, fields=fields(s, later)) for s in samples])
        print(f"filled {(part + 1) * SHARD:,} of {count:,}", file=sys.stderr)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(wall seconds, CPU seconds of this process)."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - wall, time.process_time() - cpu


def counts(store: Store) -> None:
    """What `corpus stats` asks."""
    store.funnel()
    for column in ("licence", "style", "rung", "source", "collection"):
        store.histogram(column)


def pages(store: Store, count: int) -> dict[str, float]:
    """Milliseconds of a page by filter and depth, the better of two."""
    most = {name: next(iter(store.histogram(name))) for name in ("collection", "licence", "style")}
    chosen: list[dict[str, str]] = [{}, *({name: value} for name, value in most.items()), most]
    found = {}
    for filters in chosen:
        for offset in (0, 1000, count // 2):
            name = f"{' + '.join(filters) or 'all'} from {offset}"
            best = min(timed(lambda: store.browse(PAGE, offset, **filters))[0] for _ in range(2))  # noqa: B023
            found[name] = round(1000 * best, 1)
    return found


def main() -> int:
    """Exit code 0 when the index is what the shards say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--database", default="", help="address of a PostgreSQL database; default SQLite")
    parser.add_argument("--keep", type=Path, help="folder of the store; a second run fills nothing and shows its memory")
    given = parser.parse_args()
    with ExitStack() as stack:
        path = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store"
        with Store.create(path, given.database) as store:
            if len(store.shards("optimize")) * SHARD < given.rows:
                fill(store, base_rows(given.base), given.rows)
        with Store.open(path, given.database) as store:
            wall, cpu = timed(store.rebuild)
        with Store.open(path, given.database, read_only=True) as store:
            counts(store)
            report = store.verify()
            answer = {
                "samples": report.samples,
                "rebuild_s": round(wall, 1),
                "rebuild_cpu_s": round(cpu, 1),
                "rebuild_rows_per_s": round(report.samples / wall),
                "rebuild_rows_per_cpu_s": round(report.samples / cpu),
                "stats_ms": round(1000 * timed(lambda: counts(store))[0], 1),
                "page_ms": pages(store, given.rows),
                "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "index_mb": sum(file.stat().st_size for file in path.glob("index.sqlite*")) >> 20,
                "problems": report.problems,
            }
    print(json.dumps(answer, indent=1))
    return bool(report.problems)


if __name__ == "__main__":
    sys.exit(main())
