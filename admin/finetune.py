"""`text2svg train finetune`: adapters on a pretrained language model, merged into a folder that vLLM serves.

Needs the `finetune` extra. The trade-off: pairs come from one file or from the whole store, held out by caption.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import say, show
from admin.opening import open_runtime, record_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from text2svg.train.finetune_data import Pair


def register(app: typer.Typer) -> None:
    """Adds the command to `text2svg train`."""
    app.command()(finetune)


def finetune(
    out: Path = typer.Option(..., help="Folder of the run: checkpoints, log, merged model."),
    recipe: str = typer.Option("qwen-0.5b", help="qwen-0.5b, qwen-1.5b, qwen-7b, qwen-32b, or a .toml file."),
    pairs: Path | None = typer.Option(None, help="JSON Lines with prompts and svg; without it the store's drawings."),
    base: str = typer.Option("", help="Another base than the recipe's: a folder or a name on the hub."),
    backend: str = typer.Option("auto", help="auto, unsloth or peft."),
    resume: bool = typer.Option(False, help="Continue from the newest checkpoint of --out."),
    steps: int = typer.Option(0, min=0, help="Stop after this many steps in all; 0 trains to the recipe's end."),
    log_to: str = typer.Option("none", help="Also send metrics to trackio or wandb."),
    keep: bool = typer.Option(False, help="Also copy the merged model into the store."),
    as_json: bool = typer.Option(False, "--json", help="Print the card as JSON."),
) -> None:
    """Fine-tune a language model to draw; Ctrl-C saves a checkpoint that --resume continues exactly.

    A finished run is recorded in the store, when there is one, with its metrics.

    \b
    Examples:
      text2svg train finetune --recipe qwen-0.5b --out runs/qwen
      text2svg train finetune --recipe qwen-32b --pairs pairs.jsonl --out runs/big --log-to trackio
      text2svg train finetune --recipe qwen-0.5b --out runs/qwen --resume
    """
    import time

    from text2svg.train.finetune_recipe import load_finetune_recipe
    from text2svg.train.finetune_run import Job, finetune

    chosen = load_finetune_recipe(recipe, {"base": base} if base else None)
    job = Job(chosen, out, backend, resume, steps, _known_log(log_to), say)
    learned, held = _split(pairs)
    began, started = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    card = finetune(job, learned, held)
    if "heldout" in card:
        _record(card, out / "merged" if keep else None, started, time.monotonic() - began)
    show(card, as_json=True) if as_json else print(out / "merged" if "heldout" in card else out)


def _known_log(name: str) -> str:
    from text2svg.errors import ConfigError

    if name not in ("none", "trackio", "wandb"):
        raise ConfigError(f"unknown log {name!r}", hint="one of: none, trackio, wandb")
    return name


def _split(path: Path | None) -> tuple[Iterable[Pair], Iterable[Pair]]:
    """Pairs to learn from, and those of held-out captions; a file without such gives its last fiftieth."""
    from text2svg.caption.keywords import is_heldout
    from text2svg.train.finetune_data import Pair, read_pairs

    if path is not None:
        found = list(read_pairs(path))
    else:
        with open_runtime() as runtime, runtime.store() as store:
            rows = (s for s in store.iter_samples(stage="optimize") if s.canonical and s.caption)
            found = [Pair(s.caption, s.optimized) for s in rows]
    held = [pair for pair in found if is_heldout(pair.words)]
    if held:
        return [pair for pair in found if not is_heldout(pair.words)], held
    cut = max(1, len(found) // 50)
    say(f"note: no caption is held out; the last {cut:,} pairs are measured and not learned")
    return found[:-cut], found[-cut:]


def _record(card: dict[str, Any], folder: Path | None, started: str, seconds: float) -> None:
    from text2svg.store.base import Run

    config = {"recipe": card["recipe"], "backend": card["backend"], "pairs": card["pairs"]}
    metrics = {name: card[name] for name in ("heldout", "loss", "steps", "learned_tokens")}
    run = Run("train", card["recipe"]["name"], config, metrics, started, round(seconds, 1))
    record_run(run, {"finetuned": folder} if folder else None)
