"""Works once more on rows that failed, and puts the outcomes in their place.

For what passes: a time limit on a busy machine, a worker that was killed, a service that was away, an input that became
ok later. Refuses rows that were dropped: the drawing itself was refused, and would be again. The trade-off: the shard
keeps its identity and its bytes change, so that nothing behind it is made again but the rows that became ok.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from text2svg.executor.base import Executor, Step
from text2svg.pipeline.drain import Drain
from text2svg.pipeline.progress import OnProgress, Progress, Summary
from text2svg.pipeline.stages import key_of, row_of
from text2svg.sample import Sample
from text2svg.store.base import FAILED, RAW, Manifest, Row

if TYPE_CHECKING:
    from text2svg.store.database import Store


def retry(
    store: Store,
    step: Step,
    executor: Executor,
    *,
    reasons: Collection[str] = (),
    input_stage: str = RAW,
    on_progress: OnProgress | None = None,
) -> Summary:
    """Works again on the failed rows of a step's shards, all or those of some reasons, e.g. `timeout`.

    The summary counts the rows worked on and how they ended now. The first Ctrl-C ends after the shard in flight. Raises
    what `stages.run` raises.
    """
    report = on_progress or (lambda _: None)
    waiting = deque(_failed(store, step, input_stage, reasons))
    total = sum(len(numbers) for _, _, numbers in waiting)
    progress = Progress(step.name, shards_total=len(waiting), rows_total=total)
    report(progress)
    in_flight: deque[tuple[Manifest, list[int], list[Sample]]] = deque()

    def items() -> Iterator[Sample]:
        for before, made, numbers in waiting:
            samples = store.samples_of(before)
            chosen = [samples[number] for number in numbers]
            in_flight.append((made, numbers, chosen))
            yield from chosen

    rows: list[Row] = []
    with Drain() as drain, closing(executor.run(step, items())) as outcomes:
        for outcome in outcomes:
            made, numbers, samples = in_flight[0]
            rows.append(row_of(step, samples[len(rows)], outcome))
            if len(rows) < len(samples):
                continue
            store.replace(made, _with(store.rows_of(made), numbers, rows))
            ended = Counter((row.status, row.reason) for row in rows)
            progress = progress.counting((*outcome, count) for outcome, count in ended.items())
            progress = replace(progress, stopping=drain.requested)
            in_flight.popleft()
            rows = []
            report(progress)
            if drain.requested:
                break
    return Summary.of(progress, interrupted=progress.shards < progress.shards_total)


def _failed(
    store: Store, step: Step, input_stage: str, reasons: Collection[str]
) -> Iterator[tuple[Manifest, Manifest, list[int]]]:
    """(input shard, shard, row numbers) of the shards with rows to work on again."""
    for before in store.shards(input_stage):
        made = store.shard(key_of(step, before.id).id)
        if made is None or not made.count(FAILED):
            continue
        rows = store.rows_of(made)
        numbers = [n for n, r in enumerate(rows) if r.status == FAILED and (not reasons or r.reason in reasons)]
        if numbers:
            yield before, made, numbers


def _with(before: list[Row], numbers: list[int], rows: list[Row]) -> list[Row]:
    now = dict(zip(numbers, rows, strict=True))
    return [now.get(number, row) for number, row in enumerate(before)]
