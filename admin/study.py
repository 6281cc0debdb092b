"""`text2svg train study`: ablations of a recipe at one budget, side by side.

Needs the `train` extra. Refuses to train an arm twice. The trade-off: arms run one after another, since two would share
the cores and neither's seconds would mean anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from admin.console import plain, say, show, table
from admin.opening import record_run

if TYPE_CHECKING:
    from text2svg.train.study import Arm, Plan, Result


def register(app: typer.Typer) -> None:
    """Adds the command to `text2svg train`."""
    app.command()(study)


def study(
    plan: str = typer.Argument("outline", help="A shipped plan or a .toml file."),
    shards: Path = typer.Option(..., exists=True, help="Token shards, from `text2svg train shards`."),
    work: Path = typer.Option(..., help="Folder of the study: a run for each arm."),
    threads: int = typer.Option(1, help="CPU threads."),
    only: str = typer.Option("", help="Arms to train, separated by commas; the first arm is always among them."),
    as_json: bool = typer.Option(False, "--json", help="Print the results as JSON."),
) -> None:
    """Train every arm of a plan with one budget and compare what held-out drawings cost each, in nats a token.

    Ctrl-C stops after a checkpoint, the same command goes on. Each finished arm is recorded as a run in the store, when
    there is one (`text2svg store runs`).

    \b
    Examples:
      text2svg train study --shards shards/ --work runs/study --threads 2
      text2svg train study mine.toml --shards shards/ --work runs/mine --only base,wide --json
    """
    from text2svg.train.study import compared, load_plan, run_study
    from text2svg.train.trainer import choose_place

    chosen = _only(load_plan(plan), only)
    place = choose_place(threads=threads)
    say(place.reason)
    results = []
    for arm, result in zip(chosen.arms, run_study(chosen, shards, work, place, say), strict=False):
        say(f"{arm.name}: " + ", ".join(f"{name} {value:.3f}" for name, value in result.heldout.items()))
        _record(chosen, arm, result)
        results.append(result)
    header = ["arm", "what differs", *(cell for group in chosen.measure for cell in (group, "+-")), "M weights", "s"]
    show(plain(results), as_json=True) if as_json else print(table(compared(results, chosen.measure), header))
    if len(results) < len(chosen.arms):
        raise typer.Exit(130)


def _only(plan: Plan, names: str) -> Plan:
    from dataclasses import replace

    from text2svg.errors import ConfigError

    wanted = {name.strip() for name in names.split(",") if name.strip()}
    known = [arm.name for arm in plan.arms]
    if unknown := sorted(wanted - set(known)):
        raise ConfigError(f"unknown arm {', '.join(unknown)}", hint=f"one of: {', '.join(known)}")
    kept = tuple(arm for arm in plan.arms if not wanted or arm.name in wanted or arm is plan.arms[0])
    return replace(plan, arms=kept)


def _record(plan: Plan, arm: Arm, result: Result) -> None:
    from text2svg.store.base import Run

    config = {"plan": plan.name, "recipe": arm.recipe.to_dict(), "mix": dict(arm.mix), "changes": arm.changes}
    metrics = {"heldout": dict(result.heldout), "tokens": result.tokens, "weights": result.weights}
    config["key"] = result.key
    record_run(Run("train", f"{plan.name}/{arm.name}", config, metrics, result.started, result.seconds))
