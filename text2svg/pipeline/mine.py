"""Mines URLs into raw shards, batch by batch, going on where a killed run was.

A batch's rows are cut into parts of 10,000 rows or 64 MB as visits end. Each part names the URLs it holds (rows
without a name), so a run that comes back asks only for the others: kill -9 loses what came since the last part. Refuses
to hold up the network while a shard is written; that happens in a thread. The trade-off: hosts answer in their own
order, so which page's sighting of a drawing is the first may differ from run to run; the drawings do not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from text2svg.executor.base import Outcome
from text2svg.mine.crawl import Batch, Crawler, CrawlOptions, Visit
from text2svg.mine.extract import VERSION as EXTRACT_VERSION
from text2svg.mine.fetch import Fetcher
from text2svg.mine.refusal import TRANSIENT
from text2svg.pipeline.drain import Drain
from text2svg.pipeline.progress import OnProgress, Progress, Summary
from text2svg.sample import Sample
from text2svg.store import shards
from text2svg.store.base import DEFAULTS, RAW, Manifest, Row, ShardKey, canonical_json

if TYPE_CHECKING:
    from text2svg.store.database import Store

VERSION = 1  # of a mined row
PART_ROWS = 10_000
PART_BYTES = 64 * 1024 * 1024
DNS_THREADS = 64  # getaddrinfo blocks; the default pool has six threads on two cores
REPORT_VISITS = 64
STOP_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Mined:
    """How a run of the miner ended."""

    summary: Summary
    urls: int
    """URLs with an outcome, those of earlier runs included."""


def mine_urls(
    store: Store,
    batches: Iterable[Batch],
    fetcher: Fetcher,
    options: CrawlOptions = CrawlOptions(),
    on_progress: OnProgress | None = None,
) -> Mined:
    """Visits every URL of the batches that has no outcome yet. The first Ctrl-C stores what is there and ends.

    Raises StoreError, and what the batches raise.
    """
    options = replace(options, blocks=store.takedowns().blocks)
    run = _Run(store, batches, _config(fetcher, options), on_progress)
    with Drain() as drain, asyncio.Runner() as runner:
        return runner.run(run.go(Crawler(fetcher, options), drain))


def failed_urls(store: Store) -> Iterator[str]:
    """The URLs whose latest outcome may change another day, each once, oldest first."""
    latest: dict[str, bool] = {}
    for manifest in store.shards(RAW):
        if not any(status == "failed" for status, _, _ in manifest.tally) and not latest:
            continue
        table = shards.read_table(shards.folder_of(store.path, manifest.key), ["url", "name", "reason", "source"])
        for row in table.to_pylist():
            if row["source"] == "url" and not row["name"]:
                if row["reason"] in TRANSIENT:
                    latest[row["url"]] = True
                else:
                    latest.pop(row["url"], None)
    yield from latest


def _config(fetcher: Fetcher, options: CrawlOptions) -> str:
    """What decides the rows; how fast they come does not."""
    sizes = (fetcher.options.page_bytes, fetcher.options.svg_bytes)
    return canonical_json({"source": "url", "extract": EXTRACT_VERSION, "bytes": sizes, "read": options.read})


@dataclass(slots=True)
class _Open:
    """A batch under way."""

    name: str
    part: int
    left: int
    rows: list[Row] = field(default_factory=list)
    size: int = 0


class _Run:
    """One call of `mine_urls`."""

    def __init__(self, store: Store, batches: Iterable[Batch], config: str, on_progress: OnProgress | None) -> None:
        self.store = store
        self.batches = iter(batches)
        self.config = config
        self.report = on_progress or (lambda _: None)
        self.progress = Progress(RAW)
        self.urls = 0
        self.open: dict[str, _Open] = {}
        self.pending: Counter[str] = Counter()

    async def go(self, crawler: Crawler, drain: Drain) -> Mined:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(DNS_THREADS))
        watcher = asyncio.create_task(_watch(crawler, drain))
        async with crawler.fetcher, aclosing(crawler.run(self._feed)) as visits:
            async for visit in visits:
                await self._take(visit)
        watcher.cancel()
        for batch in list(self.open.values()):
            if batch.rows:
                await self._write(batch, final=False)
        return Mined(Summary.of(self.progress, interrupted=bool(self.open)), self.urls)

    async def _feed(self) -> Batch | None:
        return await asyncio.to_thread(self._next)

    def _next(self) -> Batch | None:
        """The next batch that has something to do, without the URLs that are done."""
        for batch in self.batches:
            done, part, finished = self._reuse(batch)
            if finished:
                continue
            left = tuple(url for url in batch.urls if url not in done)
            opened = _Open(batch.name, part, len(left))
            if left:
                self.open[batch.name] = opened
                return replace(batch, urls=left)
            self._record(self.store.add_shard(self._key(opened), [], final=True), reused=False)
        return None

    def _reuse(self, batch: Batch) -> tuple[set[str], int, bool]:
        """The URLs that earlier parts of a batch hold, how many parts there are, and whether they are all."""
        done: set[str] = set()
        part = 0
        while (manifest := self.store.shard(self._key(_Open(batch.name, part, 0)).id)) is not None:
            part += 1
            self._record(manifest, reused=True)
            if manifest.final:
                self.urls += len(batch.urls) - len(done)
                return done, part, True
            table = shards.read_table(shards.folder_of(self.store.path, manifest.key), ["url", "name"])
            pairs = zip(table["url"].to_pylist(), table["name"].to_pylist(), strict=True)
            held = {url for url, name in pairs if url and not name}
            self.urls += len(held)
            done |= held
        return done, part, False

    async def _take(self, visit: Visit) -> None:
        batch = self.open[visit.batch]
        for found in visit.rows:
            row = _row(found)
            batch.rows.append(row)
            batch.size += len(row.raw)
            self.pending[row.status] += 1
        batch.left -= 1
        self.urls += 1
        if not batch.left:
            del self.open[visit.batch]
            await self._write(batch, final=True)
        elif len(batch.rows) >= PART_ROWS or batch.size >= PART_BYTES:
            await self._write(batch, final=False)
        elif self.urls % REPORT_VISITS == 0:
            self._tell()

    async def _write(self, batch: _Open, *, final: bool) -> None:
        rows, batch.rows, batch.size = batch.rows, [], 0
        manifest = await asyncio.to_thread(self.store.add_shard, self._key(batch), rows, final=final)
        batch.part += 1
        self.pending -= Counter(row.status for row in rows)
        self._record(manifest, reused=False)
        self._tell()

    def _record(self, manifest: Manifest, *, reused: bool) -> None:
        self.progress = self.progress.adding(manifest, reused=reused)

    def _tell(self) -> None:
        now, waiting = self.progress, self.pending
        self.report(
            replace(
                now,
                rows=now.rows + waiting.total(),
                ok=now.ok + waiting["ok"],
                dropped=now.dropped + waiting["dropped"],
                failed=now.failed + waiting["failed"],
                label=f"{self.urls:,} URLs",
            )
        )

    def _key(self, batch: _Open) -> ShardKey:
        return ShardKey(RAW, VERSION, self.config, f"{batch.name}#{batch.part}")


async def _watch(crawler: Crawler, drain: Drain) -> None:
    """Stops the crawl after a signal, which does not wake a waiting loop by itself."""
    while not drain.requested:  # noqa: ASYNC110 - a signal handler may set a flag and nothing else
        await asyncio.sleep(STOP_SECONDS)
    crawler.stop()


def _row(found: Sample | Outcome) -> Row:
    sample: Any = found.value if isinstance(found, Outcome) else found
    fields = {name: value for name in DEFAULTS if (value := getattr(sample, name)) != DEFAULTS[name]}
    if isinstance(found, Outcome):
        return Row(sample.digest, found.status, found.reason, found.error, fields, sample.raw, sample.provenance)
    return Row(sample.digest, fields=fields, raw=sample.raw, provenance=sample.provenance)
