"""`text2svg evaluate super-glue`: a token encoder fine-tuned on the first Text2SVG's tasks. Needs the `train` extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, say, show, table
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.evaluate.encoder_glue import GlueTask, Letter
    from text2svg.runtime import Runtime

NAMES = "letters,pairs,tags,tags-apart"


def super_glue(
    work: Path = typer.Option(..., help="Folder for the tasks and the results; a second call continues there."),
    model: Path = typer.Option(..., help="A pretrained stage: runs/tiny/stage-2/model."),
    fonts: list[Path] = typer.Option([Path("/usr/share/fonts")], help="Folder of open fonts; may be given again."),
    tasks: str = typer.Option(NAMES, help="Which tasks."),
    epochs: int = typer.Option(4, min=1, help="Passes over the training part; the best by validation is tested."),
    rate: float = typer.Option(5e-4, min=1e-7, help="Peak learning rate."),
    untrained: bool = typer.Option(
        True, "--untrained/--pretrained-only", help="Also the same shape from random weights."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell letters, optimized pairs and tags apart; accuracy on test rows beside the published figures.

    \b
    Examples:
      text2svg evaluate super-glue --work runs/glue --model runs/tiny/stage-3/model
      text2svg evaluate super-glue --work runs/glue --model runs/tiny/stage-3/model --tasks letters --fonts fonts/ --json
    """
    from text2svg.errors import ConfigError
    from text2svg.evaluate.encoder_glue import DIFFERS, PUBLISHED, TASKS
    from text2svg.train.encoder_classify import Tuning

    chosen = [name for name in tasks.split(",") if name]
    if unknown := set(chosen) - set(TASKS):
        raise ConfigError(f"unknown task {', '.join(sorted(unknown))}", hint=f"tasks: {', '.join(TASKS)}")
    if not (model / "model.safetensors").is_file():
        hint = "text2svg train encoder --work W --stage 1 writes W/stage-1/model"
        raise ConfigError(f"{model} holds no pretrained stage", hint=hint)
    how, answer = Tuning(rate=rate, epochs=epochs), {}
    with open_runtime() as runtime:
        for name in chosen:
            task = _task(runtime, work / "tasks" / f"{name}.json", fonts)
            row = {"rows": {part: len(rows) for part, rows in task.parts.items()}, "majority": round(task.majority, 4)}
            for trained in (True, False) if untrained else (True,):
                say(f"{name}: {'pretrained' if trained else 'random weights'}")
                row["pretrained" if trained else "random"] = _result(runtime, work, model, (task, how, trained))
            answer[name] = row | {"published": PUBLISHED[name], "differs": DIFFERS[name]}
    show(answer, as_json=as_json, text=_text)


def _task(runtime: Runtime, path: Path, fonts: list[Path]) -> GlueTask:
    """Made once, then read."""
    from text2svg.evaluate.encoder_glue import GlueTask, letters, pairs, tagged

    name = path.stem
    if path.is_file():
        say(f"{name}: the rows of {path}")
        return GlueTask.read(path)
    say(f"{name}: putting the rows together")
    if name == "letters":
        task = letters(_letters(runtime, fonts))
    else:
        with runtime.store() as store:
            rows = store.iter_samples(stage="optimize")
            task = pairs(rows) if name == "pairs" else tagged(rows, apart=name == "tags-apart")
    task.save(path)
    return task


def _letters(runtime: Runtime, fonts: list[Path]) -> Iterator[Letter]:
    from text2svg.errors import SvgError
    from text2svg.evaluate.encoder_glue import Letter
    from text2svg.evaluate.encoder_glyphs import font_files, glyphs

    progress = Ticker()
    paths = font_files(fonts)
    for at, glyph in enumerate(glyphs(paths)):
        progress.tick(f"letters: {at} of at most {2 * len(paths)}")
        try:
            made = runtime.optimize(glyph.svg, profile="model", verify="sample")
        except SvgError:
            continue  # a glyph that is no drawing, such as an empty box
        if made.rung == "integer":
            yield Letter(glyph.letter, made.text, glyph.family)


def _result(runtime: Runtime, work: Path, model: Path, what: tuple[GlueTask, Any, bool]) -> dict[str, Any]:
    """Accuracy with its interval; kept on disk under all that decides it."""
    import hashlib
    import json
    from dataclasses import asdict

    from text2svg.evaluate.metrics import share
    from text2svg.train.encoder_classify import classifier, fine_tune, labelled
    from text2svg.train.encoder_shape import marks_of

    task, how, trained = what
    weights = hashlib.sha256((model / "model.safetensors").read_bytes() if trained else b"")
    weights.update(json.dumps([asdict(how), asdict(task)]).encode())
    path = work / "results" / f"{task.name}-{weights.hexdigest()[:16]}.json"
    if not path.is_file():
        marks = marks_of(runtime.tokenizer)
        parts = {
            part: labelled([(row.texts, row.label) for row in rows], runtime.tokenizer, marks, how.longest)
            for part, rows in task.parts.items()
        }
        made = fine_tune(classifier(model, task.classes, trained=trained, seed=how.seed), parts, how, say)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(share(made.right)._asdict() | {"validation": made.val}, indent=1), encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _text(answer: dict[str, Any]) -> str:
    def cell(one: dict[str, Any] | None) -> str:
        return f"{100 * one['value']:.1f} [{100 * one['low']:.1f}, {100 * one['high']:.1f}]" if one else ""

    def percent(value: float | None) -> str:
        return f"{100 * value:.1f}" if value else ""

    lines = [
        (
            name,
            " / ".join(f"{count:,}" for count in row["rows"].values()),
            percent(row["majority"]),
            cell(row.get("random")),
            cell(row["pretrained"]),
            *(percent(row["published"].get(one)) for one in ("ModernBERT-base", "SVG-BERT-base")),
        )
        for name, row in answer.items()
    ]
    header = (
        "task",
        "train / val / test",
        "majority",
        "random weights",
        "pretrained",
        "ModernBERT-base",
        "SVG-BERT-base",
    )
    notes = [f"{name}: {row['differs']}" for name, row in answer.items()]
    return (
        table(lines, header)
        + "\n\nThe last two columns are published figures of 150 M parameters.\n"
        + "\n".join(notes)
    )


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("super-glue")(super_glue)
