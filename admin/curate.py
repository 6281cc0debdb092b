"""`text2svg corpus curate|duplicates|leaks|growth`: what stays in the corpus, and what the corpus is like.

Refuses to delete: every command marks or reports. The trade-off: duplicates and leaks are lists beside the store, made
for one state of it, which an export takes with `--without`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin.console import Ticker, facts, plain, say, show
from admin.opening import open_runtime
from admin.stage import How, run_stage, staged

JSON = typer.Option(False, "--json", help="Print JSON.")
EXECUTOR = typer.Option("", help="serial, processes:N or ray:ADDRESS; default one process a core.")
STAGE = typer.Option("", "--from", help="Stage whose rows are compared; default the last of curate, optimize and raw.")


def register(app: typer.Typer) -> None:
    """Adds the commands to `text2svg corpus`."""
    for command in (curate, duplicates, leaks, growth):
        app.command()(command)


@staged
def curate(
    how: How,
    stage: str = typer.Option("optimize", "--from", help="Stage whose rows are judged: optimize or raw."),
    max_bytes: int = typer.Option(32_768, help="Larger drawings are dropped."),
    size: int = typer.Option(32, help="Pixels of the picture each row is judged by; 0 looks at the text alone."),
    as_json: bool = JSON,
) -> None:
    """Drop what is no icon: blank, white, too large, text alone, rasters, tracking pixels, charts and more.

    Each row gets one outcome with its reason, counted by `corpus stats`; nothing is deleted. Stop it and run it again
    to go on.

    \b
    Examples:
      text2svg corpus curate
      text2svg corpus curate --from raw --max-bytes 20000 --executor serial
      text2svg corpus curate --rank $SLURM_PROCID --world-size $SLURM_NTASKS
      text2svg corpus curate --retry timeout,worker-died
    """
    from text2svg.curate.looks import Bounds
    from text2svg.curate.step import CurateStep

    with open_runtime() as runtime:
        summary = run_stage(runtime, CurateStep(bounds=Bounds(max_bytes=max_bytes), size=size), how, stage)
    show(plain(summary), as_json=as_json, text=facts)
    if summary.interrupted:
        say("stopped after a whole shard; run the same command again to go on")
        raise typer.Exit(1)


def duplicates(
    out: Path = typer.Option(Path("duplicates.parquet"), "-o", "--out", help="List to write; export takes it --without."),
    threshold: float = typer.Option(0.6, help="Part of two drawings' edges that must agree before they are rendered."),
    stage: str = STAGE,
    executor: str = EXECUTOR,
    as_json: bool = JSON,
) -> None:
    """List rows that repeat an earlier one: the same canonical text, or nearly the same edges, colours and picture.

    MinHash finds the pairs, a 32 px picture of both decides. Pictures are kept in the cache for the next run.

    \b
    Examples:
      text2svg corpus duplicates -o duplicates.parquet
      text2svg corpus export hf dataset/ --without duplicates.parquet
    """
    from text2svg.pipeline.compare import Compared, write_duplicates

    with open_runtime() as runtime, runtime.store() as store:
        compared = Compared.open(store, stage, runtime.settings.cache)
        found = compared.twins.duplicates(runtime.executor(executor), threshold, _rows(compared.twins.count))
        report = write_duplicates(out, compared, found)
    show({"out": out, **report}, as_json=as_json, text=facts)


def leaks(
    out: Path = typer.Option(Path("leaks.parquet"), "-o", "--out", help="Pairs to write; export takes it --without."),
    stage: str = STAGE,
    executor: str = EXECUTOR,
    as_json: bool = JSON,
) -> None:
    """List held-out rows that look like a training row, by perceptual hash and picture: drawings under two captions.

    \b
    Examples:
      text2svg corpus leaks -o leaks.parquet --json
      text2svg corpus export hf dataset/ --without leaks.parquet
    """
    from text2svg.pipeline.compare import Compared, write_leaks

    with open_runtime() as runtime, runtime.store() as store:
        compared = Compared.open(store, stage, runtime.settings.cache)
        found = compared.twins.leaks(runtime.executor(executor), compared.heldout(), _rows(compared.twins.count))
        report = write_leaks(out, compared, found)
    show({"out": out, **report}, as_json=as_json, text=facts)


def growth(
    out: Path = typer.Option(Path("growth.svg"), "-o", "--out", help="Plot to write."),
    against: str = typer.Option("rows", help="rows or urls read."),
    to: float = typer.Option(0, help="How far to extrapolate, in rows or urls; default ten times what was read."),
    shuffle: int = typer.Option(-1, help="Seed of an order to count in; default the order of reading."),
    as_json: bool = JSON,
) -> None:
    """Unique drawings against what was read: the curve, Heaps' law fitted to it, and how the law goes on.

    \b
    Examples:
      text2svg corpus growth -o growth.svg --json
      text2svg corpus growth --against urls --to 1e8
    """
    from text2svg.errors import ConfigError
    from text2svg.pipeline.growth import draw, numbers, read_growth, write

    if against not in ("rows", "urls"):
        raise ConfigError(f"no growth against {against!r}", hint="rows or urls")
    with open_runtime() as runtime, runtime.store() as store:
        found = read_growth(store, against, shuffle if shuffle >= 0 else None)  # type: ignore[arg-type]
    end = to or 10 * found.read[-1]
    write(out, draw(found, end, against))  # type: ignore[arg-type]
    report = numbers(found, end, against)  # type: ignore[arg-type]
    show({"out": out, **report}, as_json=as_json, text=lambda r: facts({k: v for k, v in r.items() if k != "curve"}))


def _rows(total: int) -> Any:
    ticker = Ticker()
    return lambda rows: ticker.tick(f"{rows:,} of {total:,} rows")
