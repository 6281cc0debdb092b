"""Whose turn it is: one queue a host, one request after a pause, and hosts that fail are left alone for a while.

A plain data structure: time is an argument and nothing waits. Refuses more waiting jobs than a host's budget, so that
one endless site neither fills memory nor holds up the others. The trade-off: hosts are told apart by name and port, so
two names of one machine count as two; a list of public suffixes would be right for a year.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol


class Queued(Protocol):
    """What the queues hold."""

    url: str


@dataclass(frozen=True, slots=True)
class Politeness:
    """How one host is treated."""

    delay_s: float = 1.0
    """Between the starts of two requests; a longer Crawl-delay wins, up to `max_delay_s`."""
    connections: int = 2
    """At the same time."""
    budget: int = 1000
    """Jobs that may wait; 0 is without limit."""
    max_delay_s: float = 30.0
    """A host that asks for longer pauses (Crawl-delay, Retry-After) is left alone instead."""
    strikes: int = 5
    """Failures in a row after which a host is left alone."""
    cool_down_s: float = 300.0


@dataclass(slots=True, eq=False)
class _Host:
    name: str
    queue: deque[Any] = field(default_factory=deque)
    active: int = 0
    next_at: float = 0.0
    delay_s: float = 0.0
    strikes: int = 0
    cold_until: float = 0.0
    held: bool = False
    listed: bool = False
    """Whether it stands in the heap."""
    swept: bool = False
    """Whether a look at it is planned, to forget it."""


def host_of(url: str) -> str:
    """The key of a URL's host: its name, with the port unless that is the scheme's own."""
    return url.split("/", 3)[2] if url.count("/") > 1 else ""


class Frontier:
    """Jobs waiting for their host. Not thread-safe."""

    def __init__(self, politeness: Politeness) -> None:
        self.politeness = politeness
        self.waiting = 0
        """Jobs in all queues, those that wait for another try included."""
        self._hosts: dict[str, _Host] = {}
        self._ready: list[tuple[float, int, _Host]] = []
        self._later: list[tuple[float, int, Any]] = []
        self._order = count()

    def push(self, job: Queued, *, first: bool = False) -> str:
        """Queues a job; gives `host-budget` or `host-cool-down` when its host takes none, else an empty string."""
        host = self._host(job.url)
        if host.cold_until:
            return "host-cool-down"
        if not first and self.politeness.budget and len(host.queue) >= self.politeness.budget:
            return "host-budget"
        host.queue.appendleft(job) if first else host.queue.append(job)
        self.waiting += 1
        self._list(host)
        return ""

    def push_later(self, job: Queued, at: float) -> None:
        """Queues a job for a time to come."""
        heapq.heappush(self._later, (at, next(self._order), job))
        self.waiting += 1

    def pop(self, now: float) -> Any | None:
        """The next job whose host is ready, or None. Counts as a request until `release`."""
        self._bring_due(now)
        while self._ready and self._ready[0][0] <= now:
            host = heapq.heappop(self._ready)[2]
            host.listed = False
            if host.held or not host.queue or host.active >= self.politeness.connections:
                continue
            if host.next_at > now:  # paused since it was listed
                self._list(host)
                continue
            job = host.queue.popleft()
            self.waiting -= 1
            host.active += 1
            host.next_at = now + max(self.politeness.delay_s, host.delay_s)
            self._list(host)
            return job
        return None

    def release(self, url: str) -> None:
        """A request to the host of `url` has ended."""
        host = self._host(url)
        host.active -= 1
        self._list(host)
        if not (host.queue or host.active or host.swept):
            host.swept = True
            heapq.heappush(self._later, (host.next_at, next(self._order), _Sweep(url)))

    def next_at(self) -> float | None:
        """When a host or a later job will be ready, None when only a release can help."""
        times = [heap[0][0] for heap in (self._ready, self._later) if heap]
        return min(times) if times else None

    def hold(self, url: str, *, held: bool) -> None:
        """Keeps a host's jobs back while its rules are being read."""
        host = self._host(url)
        if host.held != held:
            host.held = held
            self._list(host)

    def pace(self, url: str, delay_s: float) -> None:
        """Sets a host's own pause, e.g. its Crawl-delay."""
        self._host(url).delay_s = delay_s

    def pause(self, url: str, until: float) -> None:
        """No request to the host before `until`."""
        host = self._host(url)
        host.next_at = max(host.next_at, until)

    def judge(self, url: str, *, failed: bool, now: float) -> list[Any]:
        """Notes how a request ended; after too many failures in a row gives back the jobs that will not be asked."""
        host = self._host(url)
        host.strikes = host.strikes + 1 if failed else 0
        return self.cool(url, now) if host.strikes >= self.politeness.strikes else []

    def cool(self, url: str, now: float) -> list[Any]:
        """Leaves a host alone from now on for `cool_down_s`; gives back the jobs that waited for it."""
        host = self._host(url)
        host.cold_until = now + self.politeness.cool_down_s
        host.strikes = 0
        jobs = list(host.queue)
        host.queue.clear()
        self.waiting -= len(jobs)
        heapq.heappush(self._later, (host.cold_until, next(self._order), _Sweep(url)))
        return jobs

    def is_cold(self, url: str) -> bool:
        """Whether the host is left alone at present."""
        return self._host(url).cold_until > 0

    def drain(self) -> Iterator[Any]:
        """Takes every waiting job out."""
        for host in self._hosts.values():
            yield from host.queue
            host.queue.clear()
        yield from (job for _, _, job in self._later if not isinstance(job, _Sweep))
        self._later.clear()
        self.waiting = 0

    def _bring_due(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            job = heapq.heappop(self._later)[2]
            host = self._host(job.url)
            if isinstance(job, _Sweep):
                self._sweep(host, now)
                continue
            host.queue.appendleft(job)
            self._list(host)

    def _sweep(self, host: _Host, now: float) -> None:
        """Ends a cool-down that is over; a host without work whose pause is over then costs no memory."""
        if host.cold_until <= now:
            host.cold_until = 0.0
        host.swept = False
        if not (host.queue or host.active or host.held or host.cold_until) and host.next_at <= now:
            self._hosts.pop(host.name, None)

    def _host(self, url: str) -> _Host:
        name = host_of(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(name)
        return host

    def _list(self, host: _Host) -> None:
        if host.listed or host.held or not host.queue or host.active >= self.politeness.connections:
            return
        host.listed = True
        heapq.heappush(self._ready, (host.next_at, next(self._order), host))


@dataclass(frozen=True, slots=True)
class _Sweep:
    """A planned look at a host."""

    url: str
