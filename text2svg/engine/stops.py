"""Cuts a stream of text at the first stop string, even when it arrives in several pieces.

Refuses to guess: text that might still become a stop string is held back, never shown and withdrawn. The trade-off:
the reader runs behind by at most the length of the longest stop string.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopFilter:
    """Feed pieces with `push`; what it returns is safe to show."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(s for s in stops if s)
        self._held = ""
        self.stopped = False

    def push(self, piece: str) -> str:
        """Return what may be shown now; sets `stopped` once a stop string was complete."""
        if not self._stops or self.stopped:
            return "" if self.stopped else piece
        text = self._held + piece
        found = [at for at in (text.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """Return what was held back, at the end of the stream."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """How long the longest end of `text` is that begins `stop`."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
