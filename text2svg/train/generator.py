"""Train the generator: a loop over steps that logs, measures, checkpoints, resumes and branches.

    python -m text2svg.train.generator --shards DIR --out RUN --recipe icons-small --mix stroke=1 --tokens 5e6

Runs on a machine with torch and numpy alone. Refuses to overwrite a run (use --resume) and to train without tokens to
see. The trade-off: the program and the function share one way of starting, so both take a place, a start and a mix.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from text2svg.errors import ConfigError, Text2SVGError, TrainError
from text2svg.train.batches import parse_mix
from text2svg.train.checkpoint import list_checkpoints
from text2svg.train.recipe import Recipe, load_recipe
from text2svg.train.trainer import Place, Progress, Start, Trainer, choose_place

__all__ = ["Place", "Progress", "Start", "choose_place", "main", "train"]


def train(
    recipe: Recipe,
    shards: Path,
    out: Path,
    *,
    mix: Mapping[str, float],
    tokens: int,
    start: Start = Start(),
    place: Place | None = None,
) -> Progress:
    """Train into the folder `out` and return how far it got. SIGTERM and SIGINT save a checkpoint and return."""
    if list_checkpoints(out) and not start.resume:
        raise TrainError(f"{out} already holds a run", hint="add --resume, or name another folder")
    place = place or choose_place()
    trainer = Trainer(recipe, (shards, mix), out, place)
    trainer.begin(start)
    print(
        f"{place.reason}; {sum(v.numel() for v in trainer.model.weights.values()):,} weights",
        file=sys.stderr,
    )
    return trainer.run_interruptibly(tokens)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m text2svg.train.generator", description="Train the generator.")
    add = parser.add_argument
    add("--shards", type=Path, required=True, help="folder of token shards")
    add("--out", type=Path, required=True, help="folder of the run")
    add("--recipe", default="icons-small", help="a shipped recipe or a .toml file")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace one value of the recipe",
    )
    add("--mix", default="stroke=1", help="groups and their weights by tokens")
    add(
        "--tokens",
        type=float,
        default=float("inf"),
        help="stop when this many tokens have been seen in all",
    )
    add("--threads", type=int, default=1, help="CPU threads")
    add("--device", default="auto", help="auto, cpu or cuda")
    add("--eager", action="store_true", help="do not compile")
    add(
        "--resume",
        action="store_true",
        help="continue from the newest checkpoint of --out, if there is one",
    )
    add("--branch", type=Path, help="begin with the whole state of another run or checkpoint file")
    add("--from", dest="weights", type=Path, help="begin with the weights of an exported folder")
    add(
        "--decay-from-now",
        type=float,
        metavar="TOKENS",
        help="decay to 0 over this many tokens, then stop",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    args = _arguments().parse_args(argv)
    try:
        changes = dict(_setting(text) for text in args.set)
        resume = args.resume and bool(list_checkpoints(args.out))
        start = Start(
            resume=resume,
            branch=None if resume else args.branch,
            weights=None if resume else args.weights,
            decay_tokens=int(args.decay_from_now) if args.decay_from_now else None,
        )
        train(
            load_recipe(args.recipe, changes),
            args.shards,
            args.out,
            mix=parse_mix(args.mix),
            tokens=args.tokens,
            start=start,
            place=choose_place(args.device, not args.eager, args.threads),
        )
    except Text2SVGError as error:
        print(
            f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""),
            file=sys.stderr,
        )
        return 2
    return 0


def _setting(text: str) -> tuple[str, int | float]:
    key, _, value = text.partition("=")
    try:
        return key, float(value) if any(c in value for c in ".eE") else int(value)
    except ValueError as error:
        raise ConfigError(f"cannot read {text!r}", hint="write --set muon_lr=0.01") from error


if __name__ == "__main__":
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    sys.exit(main())
