"""`train preferences`, `train prefer`: the generator learns from its own drawings what says the words best."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, facts, say, show
from admin.opening import open_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from text2svg.train.preferences import Asked, Preference

MIX = "strokecore=3,stroke=2,solidcore=3,solid=2,tonecore=1,colorcore=1,emoji=1"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(preferences)
    app.command()(prefer)


def preferences(
    out: Path = typer.Argument(help="JSON Lines file; an existing one is gone on with."),
    shards: Path = typer.Option(..., help="Token shards: their training prompts are drawn."),
    count: int = typer.Option(2000, min=1, help="Pairs the file shall have."),
    n: int = typer.Option(8, "-n", min=2, max=64, help="Drawings of each prompt."),
    mix: str = typer.Option(MIX, help="Groups of the shards and how often their prompts are taken."),
    seed: int = typer.Option(0, min=0, help="Which prompts, and the first seed of their drawings."),
) -> None:
    """Draw prompts several times and keep the nearest and the farthest drawing of each, as the search encoder sees them.

    The drawing model is TEXT2SVG_ENGINE, the bundled one by default. A stopped run goes on where it was.

    \b
    Example:
      text2svg train preferences pairs.jsonl --shards shards --count 2000
    """
    from text2svg.train.preferences import read_preferences, write_line

    done = read_preferences(out) if out.exists() else []
    ticker, kept = Ticker(), len(done)
    with open_runtime() as runtime, out.open("a", encoding="utf-8") as file:
        for drawn, found in enumerate(_found(runtime, (shards, mix), {each.asked for each in done}, (n, seed)), 1):
            if kept >= count:
                break
            if found is not None:
                file.write(write_line(found))
                file.flush()
                kept += 1
            ticker.tick(f"{kept:,} of {count:,} pairs, {drawn:,} prompts drawn", final=kept == count)
    say(f"{out}: {kept:,} pairs")


def _found(
    runtime: Any, source: tuple[Path, str], done: set[Asked], options: tuple[int, int]
) -> Iterator[Preference | None]:
    from text2svg.train.batches import Data, parse_mix
    from text2svg.train.preferences import Drawer, asks, prefer

    weights = parse_mix(source[1])
    n, seed = options
    data = Data(source[0], list(weights), "train")
    wanted = (each for each in asks(data, weights, runtime.tokenizer, seed) if each not in done)
    return prefer(wanted, Drawer(runtime.engine, runtime.encoder, runtime.tokenizer, runtime.rasterizer, n), seed)


def prefer(
    run: Path = typer.Argument(exists=True, help="Folder of a run, or a checkpoint file, to begin with."),
    out: Path = typer.Argument(help="Folder of the new run; export it like any other."),
    pairs: Path = typer.Option(..., exists=True, help="Pairs, from `text2svg train preferences`."),
    beta: float = typer.Option(5.0, min=0.01, help="Odds of a pair for a difference of one nat per token."),
    likelihood: float = typer.Option(0.2, min=0, help="Weight of the chosen drawing's own likelihood."),
    rate: float = typer.Option(1.0, min=0.01, help="Times the usual learning rates."),
    epochs: int = typer.Option(1, min=1, help="Times each pair is seen."),
    threads: int = typer.Option(1, min=1, help="CPU threads."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tune a trained generator to preferences; minutes on a CPU. Other judges than the encoder must say if it helped.

    \b
    Example:
      text2svg train prefer runs/small runs/preferred --pairs pairs.jsonl && text2svg model export runs/preferred -o FOLDER
    """
    from text2svg.train.prefer import PreferOptions, Tuner
    from text2svg.train.preferences import read_preferences
    from text2svg.train.trainer import choose_place

    usual = PreferOptions(beta, likelihood, epochs=epochs)
    options = replace(usual, muon_lr=rate * usual.muon_lr, adam_lr=rate * usual.adam_lr)
    with open_runtime() as runtime:
        tuner = Tuner(run, out, options, choose_place(compiled=False, threads=threads))  # compiling takes as long
        found = tuner.run(read_preferences(pairs), runtime.tokenizer, say)
    show(found, as_json=as_json, text=facts)
