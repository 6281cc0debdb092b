"""Who may ask how much: a gate before the engine, and a budget for every client.

The gate lets a few requests draw, a few more wait, and turns the rest away at once with a number of seconds. The budget is
a token bucket: a client may burst, then continues at the rate of a person who looks at what was drawn. Refuses to keep
state on disk or between processes; with `--workers N` each worker counts for itself, so the limits multiply by N.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

UPLOAD_BYTES = 200_000
"""Of one drawing. Most of what icon sets hold is under 20 kB; 200 kB keeps a worst-case sanitize under 0.2 s."""
BODY_BYTES = 4_000_000
"""Of one request to the API: a zip of 200 drawings of 20 kB."""
BATCH_ROWS = 50
"""Of one CSV: at 0.4 s a row it holds the engine for 20 seconds, in turns with everybody else."""
ZIP_FILES = 200
CLIENTS = 10_000
"""Buckets kept; the client longest unseen is forgotten, which only ever gives it a full bucket again."""
STEP_S = 0.5
"""Between two looks at the queue: how late a visitor learns that it moved."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one server gives. A burst of 0 means clients have no budget."""

    concurrency: int = 1
    """Requests that draw at the same time."""
    waiting: int = 20
    """Requests that may wait for the engine; at 0.4 s a request the last of them waits 8 seconds."""
    wait_s: float = 60.0
    burst: float = 0.0
    """Points a client may spend at once: a drawing costs 1, an optimization 0.5, a search 0.2, a cleaning 0.05."""
    per_second: float = 1.0
    """Points that come back each second."""
    grace_s: float = 10.0
    """How long a stopping server lets running work finish."""


class Budget:
    """Token buckets by client. Thread-safe."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float) -> float:
        """Spends `cost` and returns 0, or returns the seconds until that would be possible."""
        bounds = self._bounds
        if not bounds.burst:
            return 0.0
        now = self._clock()
        with self._lock:
            left, seen = self._buckets.pop(client, (bounds.burst, now))
            left = min(bounds.burst, left + (now - seen) * bounds.per_second)
            missing = min(cost, bounds.burst) - left
            self._buckets[client] = (left if missing > 0 else left - cost, now)
            if len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
        return max(0.0, missing / bounds.per_second)


class Gate:
    """Slots before the engine and a queue before the slots. Thread-safe."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: OrderedDict[object, None] = OrderedDict()
        self.running = 0
        self.closing = False
        """True once the server was told to stop: nobody new is let in."""

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    def enter(self) -> Iterator[int | None]:
        """Yields how many are ahead about twice a second, then ends when there is a slot; `leave` gives it back.

        Ends with None when nobody may wait any more, when the wait took too long, or when the server stops. Closing the
        iterator leaves the queue.
        """
        ticket = object()
        # Never yield while the lock is held: who reads on may be another thread, or nobody.
        if not self._join(ticket):
            yield None
            return
        entered = False
        try:
            deadline = self._clock() + self._bounds.wait_s
            while not entered:
                place, entered = self._look(ticket)
                if entered:
                    return
                if self.closing or self._clock() > deadline:
                    yield None
                    return
                yield place + 1
                with self._changed:
                    self._changed.wait(STEP_S)
        finally:
            with self._changed:
                del self._queue[ticket]
                self._changed.notify_all()

    def _join(self, ticket: object) -> bool:
        with self._changed:
            full = self.running >= self._bounds.concurrency and self.waiting >= self._bounds.waiting
            if full or self.closing:
                return False
            self._queue[ticket] = None
            return True

    def _look(self, ticket: object) -> tuple[int, bool]:
        """The place in the queue, and whether a slot was taken."""
        with self._changed:
            place = next(at for at, one in enumerate(self._queue) if one is ticket)
            free = place == 0 and self.running < self._bounds.concurrency and not self.closing
            self.running += free
            return place, free

    def leave(self) -> None:
        """Gives the slot back."""
        with self._changed:
            self.running -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Lets nobody in any more; who is drawn for may finish."""
        with self._changed:
            self.closing = True
            self._changed.notify_all()

    def idle(self, timeout: float) -> bool:
        """Waits until nobody is drawn for; False when that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.running, timeout)
