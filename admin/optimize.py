"""`optimize` and `optimize-dir`: one drawing or a folder of any size made smaller, from the command line.

Folders exit with 0 when every file is ok, 1 when some are not, 2 for wrong usage, and 128 plus the signal when stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, facts, say, show
from admin.inputs import read_input
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.optimize.batch import Tally
    from text2svg.optimize.options import Optimized, OptimizeOptions

PROFILE = "web: smallest faithful file. model: canonical SVG. seed: absolute, no arcs."
VERIFY = "off, sample (one in 20) or all: render before and after."
DECIMALS = typer.Option(None, min=0, max=2, help="Decimals of the first grid tried; default 1 for web, else 0.")
OVERWRITE = typer.Option(False, "--overwrite", help="Do all again, also into a folder that holds other files.")
JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(optimize)
    app.command()(optimize_dir)


def optimize(
    source: Path = typer.Argument(help="An SVG file, a folder of them, or - for stdin."),
    out: Path | None = typer.Option(None, "-o", "--out", help="File or folder to write; default stdout for one file."),
    profile: str = typer.Option("web", help=PROFILE),
    verify: str = typer.Option("all", help=VERIFY),
    decimals: int | None = DECIMALS,
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Make SVG files smaller without changing the picture.

    \b
    Examples:
      text2svg optimize logo.svg -o logo.min.svg
      text2svg optimize icons/ -o small/ --json
      cat drawing.svg | text2svg optimize - --profile model
    """
    options = _options(profile=profile, verify=verify, decimals=decimals)
    if source.is_dir():
        if out is None:
            raise typer.BadParameter("a folder needs --out: text2svg optimize icons/ -o small/")
        _folder((source, out), options, as_json=as_json, overwrite=overwrite)
        return
    with open_runtime() as runtime:
        _deliver(runtime.optimize_with(read_input(source), options), out, as_json)


def _deliver(result: Optimized, out: Path | None, as_json: bool) -> None:
    if out is not None:
        out.write_text(result.text, encoding="utf-8")
    if as_json:
        show(result, as_json=True)
    elif out is None:
        print(result.text)
    for warning in result.warnings:
        say(f"note: {warning}")
    say(f"{result.raw_bytes:,} to {result.bytes:,} bytes ({result.gzip_bytes:,} gzip), rung {result.rung}")


def optimize_dir(
    input_dir: Path = typer.Option(..., "--input-dir", "--input_dir", help="Folder of .svg and .svgz, nested or not."),
    output_dir: Path = typer.Option(..., "--output-dir", "--output_dir", help="Folder for the same tree, optimized."),
    cubic_only: bool | None = typer.Option(None, "--cubic-only", "--cubic_only", help="seed: lines as cubics too."),
    normalize_points: bool | None = typer.Option(
        None, "--normalize-points/--keep-points", "--normalize_points/--keep_points", help="seed: fit to the scale."
    ),
    normalize_scale: float | None = typer.Option(
        None, "--normalize-scale", "--normalize_scale", help="seed: length of the longer side, default 256."
    ),
    num_threads: int = typer.Option(0, "--num-threads", "--num_threads", min=0, help="Processes; 0 is one a core."),
    svgo_config: Path | None = typer.Option(
        None, "--svgo-config", "--svgo_config", exists=True, dir_okay=False, help="Default: the project's own."
    ),
    profile: str = typer.Option("", help=f"{PROFILE} Default web, or seed when a seed option is given."),
    verify: str = typer.Option("all", help=VERIFY),
    decimals: int | None = DECIMALS,
    timeout: float = typer.Option(30.0, min=0.1, max=3600, help="Seconds a file may take."),
    report: Path | None = typer.Option(None, help="JSONL, one line a file; default report.jsonl in the output."),
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Optimize a folder of any size; run it again to go on where it stopped.

    \b
    Examples:
      text2svg optimize-dir --input-dir icons --output-dir small
      text2svg optimize-dir --input_dir raw --output_dir seed --cubic_only --normalize_scale 256 --num_threads 8
      text2svg optimize-dir --input-dir raw --output-dir corpus --profile model --verify sample --report corpus.jsonl
    """
    given = {"cubic_only": cubic_only, "normalize_points": normalize_points, "normalize_scale": normalize_scale}
    seed = {name: value for name, value in given.items() if value is not None}
    chosen = profile or ("seed" if seed else "web")
    if seed and chosen != "seed":
        raise typer.BadParameter(f"--{next(iter(seed))} is an option of the seed profile, not of {chosen}")
    options = _options(profile=chosen, verify=verify, decimals=decimals, **seed)
    setup = {"workers": num_threads, "timeout": timeout, "config": svgo_config, "report": report}
    _folder((input_dir, output_dir), options, as_json=as_json, overwrite=overwrite, **setup)


def _options(**values: Any) -> OptimizeOptions:
    from text2svg.errors import ConfigError
    from text2svg.optimize.options import OptimizeOptions

    try:
        return OptimizeOptions(**values)
    except ConfigError as error:
        raise typer.BadParameter(f"{error.message}; {error.hint}") from error


def _folder(places: tuple[Path, Path], options: OptimizeOptions, *, as_json: bool, **setup: Any) -> None:
    """Runs a folder, says how it goes, and exits by what became of the files."""
    import signal
    from dataclasses import replace

    from text2svg.errors import ConfigError
    from text2svg.optimize.batch import Folder, Tally, optimize_folder
    from text2svg.pipeline.drain import Drain

    workers, timeout = setup.get("workers") or "", setup.get("timeout", 30.0)
    total, ticker = Tally(), Ticker()
    with open_runtime() as runtime, Drain() as drain:
        svgo = replace(runtime.svgo, config=setup.get("config"))
        folder = Folder(*places, options, setup.get("report"), svgo, runtime.settings.rasterizer, setup["overwrite"])
        try:
            folder.check()
        except ConfigError as error:
            raise typer.BadParameter(f"{error.message}; {error.hint}") from error
        executor = runtime.executor(f"processes:{workers}?timeout_s={timeout}")
        for row in optimize_folder(folder, executor, lambda: drain.requested):
            total.add(row)
            ticker.tick(_progress(total, ticker, drain.requested))
    ticker.tick(_progress(total, ticker, drain.requested), final=True)
    show({**_summary(total), "report": str(folder.journal)}, as_json=as_json, text=facts)
    if drain.requested:
        say("stopped; run the same command again to go on")
        raise typer.Exit(128 + signal.SIGINT)
    if total.ok < total.files:
        raise typer.Exit(1)


def _progress(total: Tally, ticker: Ticker, stopping: bool) -> str:
    fresh = total.files - total.skipped
    rate = fresh / max(1e-3, ticker.clock() - ticker.began)
    there = f", {total.skipped:,} were there" if total.skipped else ""
    ending = ", stopping" if stopping else ""
    bad = total.refused + total.failed + total.timeout
    return f"{total.files:,} files, {total.ok:,} ok, {bad:,} not{there}, {rate:,.0f} a second{ending}"


def _summary(total: Tally) -> Mapping[str, Any]:
    from admin.console import plain

    ratio = round(total.after / total.before, 4) if total.before else None
    return {"files": total.files, **plain(total), "ratio": ratio}
