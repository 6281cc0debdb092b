"""`text2svg model ...`: trained models as folders with a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin.console import facts, plain, say, show, table
from admin.opening import open_runtime

app = typer.Typer(help="List, keep and export models.", no_args_is_help=True, rich_markup_mode=None)
JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command("list")
def list_models(as_json: bool = JSON) -> None:
    """Models in the package and in the store.

    \b
    Example:
      text2svg model list
    """
    from text2svg.errors import StoreError

    with open_runtime() as runtime:
        rows = [_bundled("generator", "generator"), _bundled("encoder", "encoder")]
        try:
            with runtime.store() as store:
                rows += [{"kind": a.kind, "where": str(a.path), "card": plain(a.card)} for a in store.artifacts()]
        except StoreError as error:
            say(f"note: {error.message}; the bundled models only")
    show(rows, as_json=as_json, text=lambda r: table([(m["kind"], m["where"]) for m in r], ("kind", "where")))


def _bundled(kind: str, folder: str) -> dict[str, Any]:
    import json

    from text2svg.runtime import ASSETS

    card = ASSETS / folder / "card.json"
    return {
        "kind": kind,
        "where": f"bundled ({ASSETS / folder})",
        "card": json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {},
    }


@app.command("show")
def show_model(
    folder: Path = typer.Argument(help="A model folder, or `bundled`."),
    as_json: bool = JSON,
) -> None:
    """The card of a model: recipe, tokens seen, held-out losses, data.

    \b
    Example:
      text2svg model show bundled
    """
    import json

    from text2svg.errors import ConfigError
    from text2svg.runtime import ASSETS

    path = (ASSETS / "generator" if str(folder) == "bundled" else folder) / "card.json"
    if not path.is_file():
        raise ConfigError(f"no model card at {path}", hint="export a run first: text2svg model export RUN -o FOLDER")
    show(json.loads(path.read_text(encoding="utf-8")), as_json=as_json, text=facts)


@app.command()
def add(
    folder: Path = typer.Argument(help="A folder with a card.json."),
    kind: str = typer.Option("generator", help="generator or encoder."),
) -> None:
    """Keep a model folder in the store, by its digest.

    \b
    Example:
      text2svg model add exported/ --kind generator
    """
    import json

    with open_runtime() as runtime, runtime.store(write=True) as store:
        card_file = folder / "card.json"
        card = json.loads(card_file.read_text(encoding="utf-8")) if card_file.is_file() else {}
        artifact = store.add_artifact(folder, kind, card)
    print(artifact.path)


@app.command()
def export(
    run: Path = typer.Argument(help="A training run or one checkpoint file."),
    out: Path = typer.Option(..., "-o", "--out", help="Folder to write."),
    onnx: bool = typer.Option(True, help="Also write the int8 graph the embedded engine runs."),
) -> None:
    """Write a trained generator as a Hugging Face folder, with its int8 ONNX graph and card.

    \b
    Example:
      text2svg model export runs/small -o exported/
    """
    from text2svg.runtime import ASSETS
    from text2svg.train.export import export_run

    card = export_run(run, out, ASSETS / "tokenizer" / "tokenizer.json", onnx=onnx)
    show(card, as_json=True)
