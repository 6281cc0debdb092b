"""How a command runs a stage: whole, as one rank of several, or once more over what failed.

Refuses a rank together with a retry: rows are put in place by the one writer. The trade-off: what ranks made is laid into
the index by the next command that writes, not by the ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from admin.console import Ticker
from admin.options import collected

if TYPE_CHECKING:
    from text2svg.executor.base import Step
    from text2svg.pipeline import Summary
    from text2svg.runtime import Runtime

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class How:
    """The options that all stages have in common."""

    executor: Annotated[str, typer.Option(help="serial, processes:N or ray:ADDRESS; default one process a core.")] = ""
    rank: Annotated[int, typer.Option(help="This machine's number, from 0, when several share the store's folder.")] = -1
    world_size: Annotated[int, typer.Option(help="How many of them there are.")] = 0
    retry: Annotated[str, typer.Option(help="Work again on failed rows: `failed` for all, or reasons: timeout,...")] = ""

    def share(self, items: Iterable[Item], name: Callable[[Item], str]) -> Iterator[Item]:
        """The items that fall to this rank by a hash of their name; all without ranks. Raises ConfigError."""
        from text2svg.sample import check_rank, falls_to

        if self.rank < 0 and not self.world_size:
            return iter(items)
        check_rank(self.rank, self.world_size)
        return (item for item in items if falls_to(name(item), self.rank, self.world_size))


staged = collected(How, "how")
"""Gives a command the options of How, collected into its parameter `how`."""


def run_stage(runtime: Runtime, step: Step, how: How, input_stage: str = "raw") -> Summary:
    """Runs a stage as asked. Raises ConfigError for options that do not go together, and what the pipeline raises."""
    from text2svg.errors import ConfigError
    from text2svg.pipeline import retry, run
    from text2svg.store import RankStore

    options: dict[str, Any] = {"input_stage": input_stage, "on_progress": Ticker().stage}
    executor = runtime.executor(how.executor)
    if how.rank >= 0 or how.world_size:
        if how.retry:
            raise ConfigError("--retry needs the whole store", hint="run it once, without --rank")
        return run(RankStore(runtime.settings.data, how.rank, how.world_size), step, executor, **options)
    with runtime.store(write=True) as store:
        if not how.retry:
            return run(store, step, executor, **options)
        reasons = [] if how.retry == "failed" else [reason for reason in how.retry.split(",") if reason]
        return retry(store, step, executor, reasons=reasons, **options)
