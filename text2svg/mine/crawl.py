"""Visits URLs: robots first, then the page, then the drawings it links to, each host at its own pace.

Seeds come in named batches; a Visit comes out for each seed when everything it led to has an outcome. Refuses to hold
more than four batches open, or to go on while nobody takes the visits. The trade-off: visits come in the order hosts
answer, so whoever stores them must not count on the order of the seeds.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from text2svg.mine.fetch import REDIRECTS, Answer, Fetcher, status_refusal
from text2svg.mine.hosts import Frontier, Politeness
from text2svg.mine.links import Link
from text2svg.mine.origins import Origins
from text2svg.mine.reading import (
    HTML,
    KINDS,
    SVG,
    Reading,
    ReadOptions,
    Row,
    Where,
    check_headers,
    file_rows,
    link_outcome,
    looks_like_svg,
    read,
)
from text2svg.mine.refusal import AGAIN, HOST_FAULTS, PAGE, REASONS, TIMEOUTS, MineRefusal, outcome
from text2svg.mine.throttle import Throttle

OPEN_BATCHES = 4
WAITING = 200_000  # jobs; beyond, no batch is opened
REMEMBERED = 500_000  # linked drawings a batch; beyond, one that two pages share is asked for twice
SEEDS_AT_ONCE = 500
EXCUSES = 3
MAX_HOPS = 5
MAX_URL = 2048


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How far a visit goes."""

    read: ReadOptions = ReadOptions()
    politeness: Politeness = field(default=Politeness(), compare=False)
    retries: int = field(default=2, compare=False)
    """Further tries of what may pass, after 0.5, 1, 2 ... seconds."""
    blocks: Callable[[str, str], str] | None = field(default=None, compare=False)
    """Says why an address (and a digest, here empty) was taken down, or nothing; then it is not asked for."""
    on_visit: Callable[[Visit], None] | None = field(default=None, compare=False)
    """Told of each visit that has ended, e.g. to print it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """URLs under a name."""

    name: str
    urls: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Visit:
    """One seed and everything it led to; the first row is the seed's own."""

    batch: str
    seed: str
    rows: list[Row] = field(default_factory=list)
    pending: int = 1
    refusal: MineRefusal | None = None


@dataclass(slots=True, eq=False)
class _Job:
    url: str
    visit: Visit
    link: Link | None = None
    """Set for a drawing that a page links to."""
    hops: int = 0
    attempt: int = 0
    excused: int = 0
    """Tries that may have failed because our own loop was late."""


Feed = Callable[[], Awaitable[Batch | None]]


class Crawler:
    """One crawl over an open Fetcher."""

    def __init__(self, fetcher: Fetcher, options: CrawlOptions = CrawlOptions()) -> None:
        self.fetcher = fetcher
        self.options = options
        self.frontier = Frontier(options.politeness)
        self.origins = Origins(fetcher, options.read.agent, tdm=options.read.opt_outs)
        self.throttle = Throttle(fetcher.options.connections, fetcher.options.timeout_s)
        self._out: asyncio.Queue[Visit | None] = asyncio.Queue(maxsize=1000)
        self._wake = asyncio.Event()
        self._workers: set[asyncio.Task[None]] = set()
        self._open: Counter[str] = Counter()
        self._asked: dict[str, set[int]] = {}
        self._bug: BaseException | None = None
        self._stopped = False

    async def run(self, feed: Feed) -> AsyncIterator[Visit]:
        """Visits until `feed` gives None; closing the iterator drops what is under way."""
        driver = asyncio.create_task(self._driven(feed))
        throttle = asyncio.create_task(self.throttle.watch(self._wake))
        try:
            while (visit := await self._out.get()) is not None and not self._stopped:
                yield visit
            if not self._stopped:
                await driver
        finally:
            tasks = [driver, throttle, *self._workers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Ends the run early; seeds under way are dropped."""
        self._stopped = True
        if self._out.empty():
            self._out.put_nowait(None)

    async def _driven(self, feed: Feed) -> None:
        try:
            await self._drive(feed)
        except asyncio.CancelledError:
            raise  # nobody reads the visits any more
        except BaseException:
            await self._out.put(None)
            raise
        await self._out.put(None)

    async def _drive(self, feed: Feed) -> None:
        """Keeps workers busy and batches coming."""
        more = True
        while more or self._open:
            self._wake.clear()
            self._staff()
            if self._bug is not None:
                raise self._bug
            starving = len(self._workers) < self.throttle.allowed
            if more and starving and len(self._open) < OPEN_BATCHES and self.frontier.waiting < WAITING:
                batch = await feed()
                more = batch is not None
                if batch is not None:
                    await self._seed(batch)
            else:
                await self._rest(starving=starving)

    async def _rest(self, *, starving: bool) -> None:
        """Waits for a worker to end or, when there is a place free, for a host to be ready."""
        at = self.frontier.next_at() if starving else None
        with suppress(TimeoutError):
            async with asyncio.timeout(None if at is None else max(0.001, at - time.monotonic())):
                await self._wake.wait()

    def _staff(self) -> None:
        while len(self._workers) < self.throttle.allowed:
            job = self._next()
            if job is None:
                return
            task = asyncio.create_task(self._work(job))
            self._workers.add(task)
            task.add_done_callback(self._ended)

    def _next(self) -> _Job | None:
        """The next job. While its host's rules are unknown, no other job of the host comes out."""
        job: _Job | None = self.frontier.pop(time.monotonic())
        if job is not None and self.origins.known(job.url) is None:
            self.frontier.hold(job.url, held=True)
        return job

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._bug = task.exception()
        self._wake.set()

    async def _seed(self, batch: Batch) -> None:
        self._open[batch.name] = len(batch.urls)
        self._asked[batch.name] = set()
        if not batch.urls:
            del self._open[batch.name]
        for number, seed in enumerate(batch.urls):
            if number % SEEDS_AT_ONCE == 0:
                await asyncio.sleep(0)  # answers are waiting too
            visit = Visit(batch.name, seed)
            try:
                if len(seed) > MAX_URL:
                    raise MineRefusal("bad-url", f"{len(seed)} characters")
                await self._enqueue(_Job(self.fetcher.policy.url(seed), visit))
            except MineRefusal as refusal:
                await self._finish(_Job(seed, visit), refusal)

    async def _enqueue(self, job: _Job, *, first: bool = False) -> None:
        if self.options.blocks is not None and (why := self.options.blocks(job.url, "")):
            raise MineRefusal("takedown", why)
        if reason := self.frontier.push(job, first=first):
            raise MineRefusal(reason)

    async def _work(self, job: _Job | None) -> None:
        """Does jobs as long as one is ready and there are not too many workers."""
        while job is not None:
            url = job.url
            try:
                await self._do(job)
            except MineRefusal as refusal:
                await self._refused(job, refusal)
            finally:
                self.frontier.hold(url, held=False)
                self.frontier.release(url)
            job = self._next() if len(self._workers) <= self.throttle.allowed else None

    async def _do(self, job: _Job) -> None:
        url, fetcher = job.url, self.fetcher
        if self.frontier.is_cold(url):
            raise MineRefusal("host-cool-down")
        rules = self.origins.known(url)
        if rules is None:
            rules = await self.origins.learn(url)
            if 0 < rules.delay_s <= self.options.politeness.max_delay_s:
                self.frontier.pause(url, time.monotonic() + rules.delay_s)
        if rules.delay_s > self.options.politeness.max_delay_s:
            raise MineRefusal("host-cool-down", f"Crawl-delay {rules.delay_s:g}")
        if rules.delay_s:
            self.frontier.pace(url, rules.delay_s)
        self.frontier.hold(url, held=False)
        rules.check(url, self.options.read.agent, opt_outs=self.options.read.opt_outs)
        limit = fetcher.options.svg_bytes if job.link else fetcher.options.page_bytes
        answer = await fetcher.get(url, limit, KINDS)
        if answer.status < 500:
            self.frontier.judge(url, failed=False, now=0.0)
        await self._answered(job, answer)

    async def _answered(self, job: _Job, answer: Answer) -> None:
        if answer.status in REDIRECTS:
            job.hops += 1
            if job.hops > MAX_HOPS:
                raise MineRefusal("redirect-limit", f"more than {MAX_HOPS}")
            job.url = self.fetcher.policy.url(answer.location)
            await self._enqueue(job, first=True)
            return
        if answer.status != 200:
            raise status_refusal(answer)
        read_options = self.options.read
        check_headers(answer.headers, read_options)
        where = Where(answer.url, retrieved=_now())
        if job.link is not None:
            if answer.kind not in SVG and not (answer.kind not in HTML and looks_like_svg(answer.body)):
                raise MineRefusal("content-type", answer.kind[:60])
            job.visit.rows += file_rows(answer.body, where, job.link, read_options)
            await self._finish(job, None)
            return
        if len(answer.body) > self.fetcher.options.svg_bytes and answer.kind in SVG:
            raise MineRefusal("byte-limit", f"{len(answer.body)} bytes, at most {self.fetcher.options.svg_bytes}")
        reading = read(answer.body, answer.kind, answer.charset, where, read_options)
        job.visit.rows += reading.rows
        await self._follow(job.visit, reading, where)
        await self._finish(job, None)

    async def _follow(self, visit: Visit, reading: Reading, where: Where) -> None:
        asked = self._asked[visit.batch]
        for link in reading.links:
            try:
                url = self.fetcher.policy.url(link.url)
                if hash(url) in asked:
                    raise MineRefusal("repeat")
                if len(asked) < REMEMBERED:
                    asked.add(hash(url))
                await self._enqueue(_Job(url, visit, link))
                visit.pending += 1
            except MineRefusal as refusal:
                visit.rows.append(link_outcome(link, where, refusal.reason))
        if reading.links:
            self._wake.set()

    async def _refused(self, job: _Job, refusal: MineRefusal) -> None:
        now, frontier = time.monotonic(), self.frontier
        if refusal.reason in TIMEOUTS and job.excused < EXCUSES and self.throttle.was_late(now):
            job.excused += 1
            frontier.push_later(job, now + 1.0)
            return
        abandoned: list[_Job] = []
        if refusal.reason in HOST_FAULTS and not refusal.final:
            abandoned = frontier.judge(job.url, failed=True, now=now)
        if refusal.retry_after > self.options.politeness.max_delay_s:
            abandoned += frontier.cool(job.url, now)
        elif refusal.retry_after:
            frontier.pause(job.url, now + refusal.retry_after)
        for one in abandoned:
            await self._finish(one, MineRefusal("host-cool-down", refusal.reason))
        tired = refusal.final or job.attempt >= self.options.retries or frontier.is_cold(job.url)
        if refusal.reason in AGAIN and not tired:
            frontier.push_later(job, now + max(refusal.retry_after, 0.5 * 2**job.attempt))
            job.attempt += 1
            self._wake.set()
            return
        await self._finish(job, refusal)

    async def _finish(self, job: _Job, refusal: MineRefusal | None) -> None:
        """Notes that a job has ended; the last one of a visit hands the visit out."""
        visit = job.visit
        if refusal is not None and job.link is not None:
            found = Where(job.link.url, retrieved=_now()).provenance(job.link.url)
            visit.rows.append(outcome(found, refusal.reason, refusal.message))
        elif refusal is not None:
            visit.refusal = refusal
        visit.pending -= 1
        if visit.pending:
            return
        own = Where(visit.seed, retrieved=_now()).provenance()
        if visit.refusal is not None:
            visit.rows.insert(0, outcome(own, visit.refusal.reason, visit.refusal.message))
        else:
            visit.rows.insert(0, outcome(own, PAGE, REASONS[PAGE]))
        self._open[visit.batch] -= 1
        if not self._open[visit.batch]:
            del self._open[visit.batch], self._asked[visit.batch]
            self._wake.set()
        if self.options.on_visit is not None:
            self.options.on_visit(visit)
        await self._out.put(visit)


def _now() -> str:
    return _stamp(int(time.time()))


@lru_cache(maxsize=2)
def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
