"""`text2svg evaluate optimizer`: what the optimizer does to folders of drawings, one line each, beside SVGO alone.

Refuses nothing that a folder may hold: what cannot be read is left out and counted on stderr. The trade-off: all texts of
the folders are held at once; take a sample of large ones with -n.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from admin.console import say, show, table
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.evaluate.optimizer import PackFigures

HEADER = ("pack", "files", "refused", "bad >1%", "bad >5%", "mad64 >2", "p95", "size", "median", "svgo", "stage 1/s",
          "both/s", "svgo/s", "process/s")  # fmt: skip
LEGEND = (
    "bad: files with more than that share of pixels off by more than 16 of 255; mad64 and p95: mean difference after\n"
    "averaging to 64 x 64, of 255; size, median, svgo: output by input, in all, file by file, and of SVGO alone;\n"
    "speeds: files per CPU-second: sanitizer and geometry, everything, SVGO alone warm, one SVGO process per file"
)


def register(app: typer.Typer) -> None:
    """Adds the command to `text2svg evaluate`."""
    app.command()(optimizer)


def optimizer(
    folders: list[Path] = typer.Argument(exists=True, file_okay=False, help="Each folder is one pack."),
    n: int = typer.Option(0, "-n", min=0, help="At most this many files a pack, drawn by the seed; 0 takes all."),
    seed: int = typer.Option(0, help="Which files -n draws."),
    profile: str = typer.Option("web", help="web, model or seed."),
    decimals: int | None = typer.Option(None, min=0, max=2, help="Decimals of the first grid tried."),
    verify: str = typer.Option("sample", help="off, sample or all; the figures are judged in every case."),
    processes: int = typer.Option(5, min=0, help="SVGO processes timed a pack; each takes a CPU-second."),
    as_json: bool = typer.Option(False, "--json", help="Print every figure, rungs and reasons too."),
) -> None:
    """Measure fidelity, size and speed of the optimizer on folders of SVG files.

    \b
    Examples:
      text2svg evaluate optimizer icons/lucide emoji/twemoji
      text2svg evaluate optimizer packs/* -n 200 --decimals 0 --json
    """
    from text2svg.evaluate.optimizer import measure
    from text2svg.optimize.options import OptimizeOptions

    options = OptimizeOptions(profile=profile, decimals=decimals, verify=verify)  # type: ignore[arg-type]
    names = [folder.resolve().name for folder in folders]
    unique = len(set(names)) == len(names)
    packs = {name if unique else str(f): _texts(f, n, seed) for name, f in zip(names, folders, strict=True)}
    with open_runtime() as runtime:
        say(f"judged by {runtime.rasterizer.name}; SVGO runs on {runtime.tools.svgo.backend}")
        figures = measure({k: v for k, v in packs.items() if v}, options, runtime.tools, processes=processes)
    show(figures, as_json=as_json, text=_report)


def _texts(folder: Path, n: int, seed: int) -> list[str]:
    """The readable drawings of a folder as text, in the order of their names."""
    import os

    from text2svg.errors import SourceError, SvgError
    from text2svg.optimize.files import read, unpack, walk

    found = sorted(walk(folder, folder / ".none"), key=lambda each: each.name)
    if 0 < n < len(found):
        found = sorted(random.Random(seed).sample(found, n), key=lambda each: each.name)
    texts, unread = [], 0
    for each in found:
        try:
            texts.append(unpack(read(os.path.realpath(folder), each)).decode("utf-8", "replace"))
        except (SourceError, SvgError):
            unread += 1
    say(f"{folder}: {len(texts):,} drawings" + (f", {unread:,} files could not be read" if unread else ""))
    return texts


def _report(figures: Sequence[PackFigures]) -> str:
    lines = [table([_row(each) for each in figures], HEADER), "", LEGEND]
    for each in figures:
        rungs = ", ".join(f"{name} {count:,}" for name, count in each.rungs)
        reasons = ", ".join(f"{name} {count:,}" for name, count in each.reasons)
        lines.append(f"{each.pack}: {rungs}" + (f"; refused: {reasons}" if reasons else ""))
    return "\n".join(lines)


def _row(each: PackFigures) -> tuple[str, ...]:
    whole = max(1, each.input_bytes)
    shares = (each.output_bytes / whole, each.median_ratio, each.svgo_bytes / whole)
    speeds = (each.stage1, each.both, each.svgo, each.process)
    counts = (each.files, each.refused, each.bad, each.broken, each.coarse)
    return (
        each.pack, *(f"{count:,}" for count in counts), f"{each.mad64[1]:.2f}", *(f"{share:.3f}" for share in shares),
        *(f"{speed:,.1f}" if speed < 10 else f"{speed:,.0f}" for speed in speeds),
    )  # fmt: skip
