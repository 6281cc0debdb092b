"""What the command line says: data on stdout, talk on stderr, errors with their hint.

Refuses to colour a pipe or a terminal that set NO_COLOR. The trade-off: progress is one line that is rewritten on a
terminal and printed every ten seconds elsewhere, so that logs of long runs stay short.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

QUIET_S = 10.0
"""Seconds between progress lines in a log."""
LIVE_S = 0.2
"""Seconds between rewrites of the line on a terminal."""


def plain(value: Any) -> Any:
    """A value as JSON can say it: dataclasses and named tuples as objects, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.item() if hasattr(value, "item") and not isinstance(value, str) else value


def show(value: Any, *, as_json: bool, text: Callable[[Any], str] | None = None) -> None:
    """Prints an answer: JSON, or the text made by `text`."""
    if as_json:
        print(json.dumps(plain(value), ensure_ascii=False, indent=1))
    else:
        print(text(value) if text else value)


def say(message: str) -> None:
    """Prints talk to stderr."""
    print(message, file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[Any]], header: Sequence[str]) -> str:
    """Left-aligned text columns, numbers to the right."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    right = [all(_numeric(row[i]) for row in cells[1:]) and len(cells) > 1 for i in range(len(header))]
    lines = []
    for row in cells:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def _numeric(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").strip().isdigit()


def facts(value: Mapping[str, Any]) -> str:
    """One `name  value` line each."""
    width = max((len(str(k)) for k in value), default=0)
    return "\n".join(f"{str(k).ljust(width)}  {v}" for k, v in value.items())


class Ticker:
    """A progress line on stderr. Call `tick` as often as you like; it prints when it should."""

    def __init__(self, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.quiet = quiet
        self.live = sys.stderr.isatty()
        self.clock = clock
        self.began = clock()
        self.last = float("-inf")
        self.width = 0

    def tick(self, text: str, *, final: bool = False) -> None:
        """Shows `text`; a final line always appears."""
        now = self.clock()
        if self.quiet or (not final and now - self.last < (LIVE_S if self.live else QUIET_S)):
            return
        self.last = now
        if not self.live:
            say(text)
            return
        sys.stderr.write("\r" + text.ljust(self.width) + ("\n" if final else ""))
        sys.stderr.flush()
        self.width = len(text)

    def stage(self, progress: Any) -> None:
        """Shows a pipeline progress."""
        done, total = progress.rows, progress.rows_total
        seconds = self.clock() - self.began
        share = f" of {total:,}" if total else ""
        ending = ", stopping after this shard" if progress.stopping else ""
        label = f" {progress.label}" if progress.label else ""
        self.tick(
            f"{progress.stage}{label}: {done:,}{share} rows, {progress.ok:,} ok, {progress.dropped:,} dropped, "
            f"{progress.failed:,} failed, {progress.reused} shards were there, {seconds:.0f} s{ending}"
        )
