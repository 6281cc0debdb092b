"""Runs one step over a stage: for each input shard that has no output shard yet, rows through the executor, one shard
out, into the index in one transaction.

What is done is read from the shards alone, so a run that was killed anywhere goes on where it was, and every executor
goes on with the others' work. Refuses to keep partial shards: at most the shard in flight is done again. The trade-off:
the window of rows between input and output reaches into the next shard, so workers never wait while one is written,
and a stop throws those few rows' work away.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from text2svg.errors import ConfigError, StoreError
from text2svg.executor.base import Executor, Outcome, Step
from text2svg.pipeline.drain import Drain
from text2svg.pipeline.progress import OnProgress, Progress, Summary
from text2svg.sample import Sample
from text2svg.store.base import (
    DROPPED,
    FAILED,
    OK,
    RAW,
    Manifest,
    Row,
    ShardKey,
    canonical_json,
    changes,
    settings_of,
)

if TYPE_CHECKING:
    from text2svg.store.database import Store
    from text2svg.store.ranks import RankStore

REPORT_ROWS = 64  # between two calls of on_progress


def key_of(step: Step, input_id: str) -> ShardKey:
    """The key of the shard a step makes from an input shard: its name, version and fields.

    A field declared with `compare=False` (where a cache lies, how many threads) does not count.

    Raises ConfigError when the step is no dataclass of plain data.
    """
    if not dataclasses.is_dataclass(step):
        raise ConfigError(f"step {step.name!r} is no dataclass, so its settings are unknown")
    return ShardKey(step.name, step.version, canonical_json(settings_of(step)), input_id)


def run(
    store: Store | RankStore,
    step: Step,
    executor: Executor,
    *,
    input_stage: str = RAW,
    on_progress: OnProgress | None = None,
) -> Summary:
    """Brings a stage up to date with its input stage; the stage is called `step.name`.

    The step's function takes a Sample and returns it with further fields set; an error it raises becomes the row's
    outcome. With a RankStore it is the input shards of its rank. The first Ctrl-C ends after the shard in flight. Raises
    StoreError for an unknown input stage or a step that changes a row's identity, and what `executor.run` raises.
    """
    inputs = store.shards(input_stage)
    if not inputs and input_stage not in store.stages():
        known = ", ".join(store.stages()) or "none yet"
        raise StoreError(f"stage {input_stage!r} has no shards", hint=f"stages here: {known}")
    report = on_progress or (lambda _: None)
    progress = Progress(step.name, shards_total=len(inputs), rows_total=sum(one.count(OK) for one in inputs))
    pending: list[Manifest] = []
    for manifest in inputs:
        key = key_of(step, manifest.id)
        if (done := store.reuse(key)) is not None:
            progress = progress.adding(done, reused=True)
        elif manifest.count(OK) == 0:  # nothing to work on is an outcome too
            progress = progress.adding(store.add_shard(key, []))
        else:
            pending.append(manifest)
    report(progress)
    with Drain() as drain:
        if pending:
            progress = _Work(store, step, pending, drain).run(executor, progress, report)
    return Summary.of(progress, interrupted=progress.shards < progress.shards_total)


class _Work:
    """One pass of the executor over the pending shards."""

    def __init__(self, store: Store | RankStore, step: Step, pending: list[Manifest], drain: Drain) -> None:
        self.store = store
        self.step = step
        self.pending = pending
        self.drain = drain
        self.in_flight: deque[tuple[Manifest, list[Sample]]] = deque()

    def run(self, executor: Executor, progress: Progress, report: OnProgress) -> Progress:
        """Cuts the outcomes into shards; gives the last progress."""
        rows: list[Row] = []
        # Closing ends the workers at once, also when the consumer of a generator is interrupted.
        with closing(executor.run(self.step, self._items())) as outcomes:
            for outcome in outcomes:
                manifest, samples = self.in_flight[0]
                rows.append(row_of(self.step, samples[len(rows)], outcome))
                if len(rows) % REPORT_ROWS == 0:
                    report(_partial(progress, rows, stopping=self.drain.requested))
                if len(rows) < len(samples):
                    continue
                done = self.store.add_shard(key_of(self.step, manifest.id), rows)
                self.in_flight.popleft()
                rows = []
                progress = replace(progress.adding(done), stopping=self.drain.requested)
                report(progress)
                if self.drain.requested:
                    break
        return progress

    def _items(self) -> Iterator[Sample]:
        for manifest in self.pending:
            samples = self.store.samples_of(manifest)
            self.in_flight.append((manifest, samples))
            yield from samples


def row_of(step: Step, sample: Sample, outcome: Outcome) -> Row:
    """What a stage's shard holds of one outcome. Raises StoreError when the step broke its word."""
    if outcome.error:
        return Row(sample.digest, outcome.status, outcome.reason, outcome.error)
    if not isinstance(outcome.value, Sample):
        found = type(outcome.value).__name__
        raise StoreError(f"step {step.name!r} returned {found} instead of a Sample")
    return Row(sample.digest, fields=changes(sample, outcome.value))


def _partial(progress: Progress, rows: list[Row], *, stopping: bool) -> Progress:
    counts = Counter(row.status for row in rows)
    return replace(
        progress,
        rows=progress.rows + len(rows),
        ok=progress.ok + counts[OK],
        dropped=progress.dropped + counts[DROPPED],
        failed=progress.failed + counts[FAILED],
        stopping=stopping,
    )
