"""`text2svg train judge` and `text2svg evaluate judge`: the model that grades drawings, and how far it can be trusted.

Refuses to hide behind its own training: real drawings of captions it never saw, and the same ones shuffled, come first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin.console import facts, say, show
from admin.opening import open_runtime

JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds `judge` to `text2svg evaluate`."""
    app.command("judge")(evaluate)


def register_training(app: typer.Typer) -> None:
    """Adds `judge` to `text2svg train`."""
    app.command("judge")(train)


def evaluate(
    judge: Path | None = typer.Option(None, help="Folder of a judge; default the bundled one."),
    n: int = typer.Option(0, "-n", help="Held-out captions, evenly over styles; 0 takes all."),
    seed: int = typer.Option(0, help="Decides the shuffle and the intervals."),
    as_json: bool = JSON,
) -> None:
    """Grade the judge: real drawings of held-out captions, the same ones shuffled; R@k is among 100 captions.

    \b
    Example:
      text2svg evaluate judge --json
    """
    from admin.protocol import judged_range
    from text2svg.evaluate.judge import load_judge
    from text2svg.runtime import ASSETS

    model = load_judge(judge or ASSETS / "judge")
    show(judged_range(model, n, seed), as_json=as_json, text=_text)


def _text(answer: dict[str, Any]) -> str:
    from text2svg.evaluate.report import judged

    return facts({"judge": answer["name"], "prompts": answer["n"], **judged({"judge": answer})})


def train(
    work: Path = typer.Option(..., help="Folder for rendered rows and the run; a second call continues there."),
    out: Path = typer.Option(..., "-o", "--out", help="Folder of the exported judge."),
    recipe: str = typer.Option("small", help="A shipped recipe or a .toml file."),
    teacher: str = typer.Option("", help="Encoder spec of a sentence model whose word vectors are learned from."),
    as_json: bool = JSON,
) -> None:
    """Train the judge on the store's drawings and captions, held-out captions left out; nothing else reads it.

    \b
    Examples:
      text2svg train judge --work runs/judge -o judge/ --recipe small
      text2svg train judge --work runs/judge -o judge/ --teacher sentence:all-MiniLM-L6-v2
    """
    from admin.protocol import judged_range
    from text2svg.encode import load
    from text2svg.evaluate.judge import load_judge
    from text2svg.train.judge import run_judge, write_judge_card
    from text2svg.train.judge_data import load_judge_recipe

    how = load_judge_recipe(recipe)
    with open_runtime() as runtime, runtime.store() as store:
        say(f"rendering, then {how.steps} steps of {how.batch} pairs; {work}/run/log.jsonl tells how far it is")
        run_judge(
            store.iter_samples(stage="optimize"),
            (work, out),
            runtime.rasterizer,
            recipe=how,
            teacher=load(teacher) if teacher else None,
        )
    answer = judged_range(load_judge(out), 0, 0)
    write_judge_card(out, answer)
    show(answer, as_json=as_json, text=_text)
