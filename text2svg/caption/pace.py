"""When the next request may go: at most so many a minute, and nobody while a server asked for patience.

One object serves all threads of a run, so a 429 for one of them slows all. Refuses to count answers. The trade-off:
requests are spread evenly instead of in bursts that a server's own window would have allowed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST_S = 60.0
"""No server holds a run longer than this between two tries."""


class Pace:
    """`wait()` before each request; `hold(seconds)` when the server refused one."""

    def __init__(self, per_minute: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 60.0 / per_minute if per_minute > 0 else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._held = 0.0
        self._stopped = threading.Event()

    def wait(self) -> bool:
        """Blocks until this request may go; False when the run was stopped meanwhile."""
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + self._gap
        while True:
            with self._lock:
                left = max(turn, self._held) - self._clock()
            if left <= 0 or self._stopped.is_set():
                return not self._stopped.is_set()
            self._stopped.wait(left)

    def hold(self, seconds: float) -> None:
        """Lets nobody go for that long, at most LONGEST_S."""
        with self._lock:
            self._held = max(self._held, self._clock() + min(seconds, LONGEST_S))

    def stop(self) -> None:
        """Wakes every waiting thread; none of them goes."""
        self._stopped.set()
