"""How many requests a crawl may have under way, judged by how late its own event loop is.

A loop that is busy for longer than a timeout finds answers late and calls hosts silent that are not. So the number
grows while the loop is punctual and shrinks while it is late. Refuses to judge hosts or the network. The trade-off: a
slow start of about two seconds to 500.
"""

from __future__ import annotations

import asyncio
import time

TICK_S = 0.1
FIRST = 64
LEAST = 8
LATE = 0.2
"""Lateness, as a share of the timeout, from which the number shrinks."""


class Throttle:
    """`allowed` requests at the same time, at most `most`."""

    def __init__(self, most: int, timeout_s: float) -> None:
        self.most = most
        self.late_s = LATE * timeout_s
        self.allowed = min(FIRST, most)
        self._timeout_s = timeout_s
        self._late_at = float("-inf")

    def was_late(self, now: float) -> bool:
        """Whether a time-out at `now` may be our own fault: the loop was late while the answer was awaited."""
        return now - self._late_at < 2 * self._timeout_s

    def judge(self, late_s: float, now: float = 0.0) -> None:
        """Takes one measurement in, seconds of lateness."""
        if late_s > self.late_s:
            self._late_at = now
            self.allowed = max(min(LEAST, self.most), self.allowed * 2 // 3)
        elif late_s < self.late_s / 2:
            self.allowed = min(self.most, self.allowed + max(8, self.allowed // 8))

    async def watch(self, wake: asyncio.Event) -> None:
        """Measures for ever; sets `wake` when the number grew."""
        while True:
            before, allowed = time.monotonic(), self.allowed
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            self.judge(now - before - TICK_S, now)
            if self.allowed > allowed:
                wake.set()
