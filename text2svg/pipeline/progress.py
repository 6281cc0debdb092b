"""What a run tells while it works and when it ends, as plain values.

Refuses to print or to measure time; a console does that. The trade-off: a run that resumes counts the rows of finished
shards as done without reading them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from text2svg.store.base import DROPPED, FAILED, OK, Manifest


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; counts include what was done before it."""

    stage: str
    shards: int = 0
    """Output shards that are whole."""
    shards_total: int = 0
    """0 when an import does not know how many there will be."""
    rows: int = 0
    """Rows with an outcome, those of the shard in flight included."""
    rows_total: int = 0
    """0 when an import does not know."""
    ok: int = 0
    dropped: int = 0
    failed: int = 0
    reused: int = 0
    """Shards that were there before this run."""
    stopping: bool = False
    """True after Ctrl-C: the shard in flight is the last."""
    label: str = ""
    """The source's chunk at work, e.g. an icon set."""

    def adding(self, manifest: Manifest, *, reused: bool = False) -> Progress:
        """With one more whole shard."""
        return dataclasses.replace(
            self,
            shards=self.shards + 1,
            rows=self.rows + manifest.rows,
            ok=self.ok + manifest.count(OK),
            dropped=self.dropped + manifest.count(DROPPED),
            failed=self.failed + manifest.count(FAILED),
            reused=self.reused + reused,
        )


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended."""

    stage: str
    shards: int
    reused: int
    """Shards that were there before, and were not made again."""
    rows: int
    ok: int
    dropped: int
    failed: int
    interrupted: bool
    """True when a signal ended it; run it again to go on."""

    @classmethod
    def of(cls, progress: Progress, *, interrupted: bool) -> Summary:
        """From the last progress."""
        names = ("stage", "shards", "reused", "rows", "ok", "dropped", "failed")
        values = {name: getattr(progress, name) for name in names}
        return cls(**values, interrupted=interrupted)
