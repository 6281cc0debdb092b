"""`text2svg train encoder`: the search encoder's two towers, or a token encoder in stages. Needs the `train` extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import say, show
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.runtime import Runtime

STAGES = ("towers", "1", "2", "3", "contrast")


def encoder(
    work: Path = typer.Option(..., help="Folder for prepared rows and the run; a second call continues there."),
    out: Path | None = typer.Option(None, "-o", "--out", help="Folder of the exported encoder."),
    stage: str = typer.Option("towers", help="towers, or a token encoder's 1, 2, 3 (masked tokens) or contrast."),
    recipe: str = typer.Option("tiny", help="Of a token encoder: tiny, base, large or a .toml file."),
    steps: int = typer.Option(1000, min=0, help="Of towers: steps of 768 pairs; 0 with --locales only adds words."),
    rate: float = typer.Option(2e-3, help="Of towers: peak learning rate."),
    teacher: str = typer.Option("", help="Of towers: encoder spec of a sentence model whose word vectors are learned."),
    start: Path | None = typer.Option(
        None, "--from", help="Towers to go on from; or a small model that stage 1 grows from."
    ),
    locales: Path | None = typer.Option(
        None, help="With --from: an unpacked emojibase-data, for words of other languages."
    ),
    device: str = typer.Option("cpu", help="Of a token encoder: cpu or cuda."),
    threads: int = typer.Option(1, min=1, help="CPU threads."),
) -> None:
    """Train an encoder: words and drawings in one space. Ctrl-C loses a few steps; the same command goes on.

    \b
    Examples:
      text2svg train encoder --work runs/encoder -o encoder/ --teacher sentence:all-MiniLM-L6-v2
      text2svg train encoder --work runs/more -o encoder/ --from text2svg/assets/encoder --locales emojibase-data
      text2svg train encoder --work runs/tiny --stage 1 && text2svg train encoder --work runs/tiny --stage 2
      text2svg train encoder --work runs/tiny --stage contrast -o tiny-encoder/
    """
    from text2svg.errors import ConfigError

    if stage not in STAGES:
        raise ConfigError(f"unknown stage {stage!r}", hint=f"one of: {', '.join(STAGES)}")
    with open_runtime() as runtime:
        if stage == "towers":
            answer = _towers(
                runtime, work, out, {"steps": steps, "rate": rate, "threads": threads}, (teacher, start, locales)
            )
        else:
            answer = _tokens(runtime, work, out, (stage, recipe), {"device": device, "threads": threads, "tile": start})
    show(answer, as_json=True)


def _towers(
    runtime: Runtime, work: Path, out: Path | None, how: dict[str, Any], source: tuple[str, Path | None, Path | None]
) -> Any:
    from text2svg.encode import load
    from text2svg.errors import ConfigError
    from text2svg.train.encoder import EncoderRecipe
    from text2svg.train.encoder_batches import Chances
    from text2svg.train.encoder_run import run_encoder
    from text2svg.train.encoder_start import Exported

    if out is None:
        raise ConfigError("towers are exported when they are trained", hint="name a folder: -o encoder/")
    teacher, start, locales = source
    if not how["steps"] and start and locales:
        from text2svg.train.encoder_extend import extend_exported

        return extend_exported(start, locales, out)
    begin = Exported(start, locales) if start else load(teacher) if teacher else None
    recipe = EncoderRecipe(
        **how, warmup=min(100, how["steps"]), nested=(64, 32), chances=Chances(template=0.05, sister=0.2, near=0.2)
    )
    with runtime.store() as store:
        return run_encoder(
            lambda: (s for s in store.iter_samples(stage="optimize") if s.canonical),
            (work, out),
            runtime.rasterizer,
            recipe=recipe,
            teacher=begin,
            report=say,
        )


def _tokens(
    runtime: Runtime, work: Path, out: Path | None, which: tuple[str, str], how: dict[str, Any]
) -> dict[str, Any]:
    import shutil

    from text2svg.train.encoder_contrast import train_contrast
    from text2svg.train.encoder_documents import Documents, Material, write_documents
    from text2svg.train.encoder_export_tokens import add_onnx
    from text2svg.train.encoder_mlm import Place, pretrain
    from text2svg.train.encoder_recipe import load_token_recipe
    from text2svg.train.encoder_shape import marks_of

    stage, name = which
    recipe, tokenizer, place = load_token_recipe(name), runtime.tokenizer, Place(**how)
    folder = work / "documents"
    if (folder / "rows.jsonl").is_file():
        documents = Documents.open(folder)
    else:
        say("reading drawings")
        with runtime.store() as store:
            rows = (s for s in store.iter_samples(stage="optimize") if s.canonical)
            documents = write_documents(rows, folder, tokenizer)
    material = Material(documents, marks_of(tokenizer))
    say(f"{len(documents.rows):,} drawings, {len(documents.tokens):,} tokens")
    if stage == "contrast":
        model = train_contrast(recipe, material, tokenizer, work, place)
        add_onnx(model)
    else:
        model = pretrain(recipe, int(stage), material, work, place)
    if out is not None:
        shutil.copytree(model, out, dirs_exist_ok=True)
    return {"folder": str(out or model), "drawings": len(documents.rows)}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(encoder)
