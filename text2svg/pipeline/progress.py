"""What a run tells while it works and when it ends, as plain values.

Refuses to print or to measure time; a console does that. The trade-off: a run that resumes counts the rows of finished
shards as done without reading them.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

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
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Rows of whole shards by `status:reason`, or by the status alone where there is none."""

    def adding(self, manifest: Manifest, *, reused: bool = False) -> Progress:
        """With one more whole shard."""
        return dataclasses.replace(self.counting(manifest.tally), reused=self.reused + reused)

    def counting(self, tally: Iterable[tuple[str, str, int]]) -> Progress:
        """With one more shard whose rows are counted by status and reason."""
        reasons, ended = Counter(self.reasons), Counter[str]()
        for status, reason, rows in tally:
            ended[status] += rows
            reasons[f"{status}:{reason}" if reason else status] += rows
        return dataclasses.replace(
            self,
            shards=self.shards + 1,
            rows=self.rows + ended.total(),
            ok=self.ok + ended[OK],
            dropped=self.dropped + ended[DROPPED],
            failed=self.failed + ended[FAILED],
            reasons=dict(reasons),
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
    reasons: Mapping[str, int]
    """Rows by `status:reason`, or by the status alone where there is none."""
    interrupted: bool
    """True when a signal ended it; run it again to go on."""

    @classmethod
    def of(cls, progress: Progress, *, interrupted: bool) -> Summary:
        """From the last progress."""
        names = ("stage", "shards", "reused", "rows", "ok", "dropped", "failed", "reasons")
        values = {name: getattr(progress, name) for name in names}
        return cls(**values, interrupted=interrupted)
