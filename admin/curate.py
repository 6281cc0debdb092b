"""`text2svg corpus curate|duplicates|leaks|growth`: what stays in the corpus, and what the corpus is like.

Refuses to delete: every command marks or reports. The trade-off: duplicates and leaks are lists beside the store, made
for one state of it, which an export takes with `--without`.
"""

from __future__ import annotations

import typer

from admin.console import Ticker, facts, plain, say, show
from admin.opening import open_runtime

JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands to `text2svg corpus`."""
    for command in (curate,):
        app.command()(command)


def curate(
    stage: str = typer.Option("optimize", "--from", help="Stage whose rows are judged: optimize or raw."),
    max_bytes: int = typer.Option(32_768, help="Larger drawings are dropped."),
    size: int = typer.Option(32, help="Pixels of the picture each row is judged by; 0 looks at the text alone."),
    executor: str = typer.Option("", help="serial or processes:N; default one process a core."),
    as_json: bool = JSON,
) -> None:
    """Drop what is no icon: blank, white, too large, text alone, rasters, tracking pixels, charts and more.

    Each row gets one outcome with its reason, counted by `corpus stats`; nothing is deleted. Stop it and run it again
    to go on.

    \b
    Examples:
      text2svg corpus curate
      text2svg corpus curate --from raw --max-bytes 20000 --executor serial
    """
    from text2svg.curate.looks import Bounds
    from text2svg.curate.step import CurateStep
    from text2svg.pipeline import run

    with open_runtime() as runtime, runtime.store(write=True) as store:
        step = CurateStep(bounds=Bounds(max_bytes=max_bytes), size=size)
        ticker = Ticker()
        summary = run(store, step, runtime.executor(executor), input_stage=stage, on_progress=ticker.stage)
        reasons = {c.reason or c.status: c.rows for c in store.funnel() if c.stage == step.name}
    show({**plain(summary), "reasons": reasons}, as_json=as_json, text=facts)
    if summary.interrupted:
        say("stopped after a whole shard; run the same command again to go on")
        raise typer.Exit(1)
