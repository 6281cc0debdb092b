"""`text2svg model ...`: trained models as folders with a card, in the package, in the store and on the way between.

Refuses to take in what could run when it is read: see `text2svg.engine.modelfolder`. The trade-off: a model is a folder by
its digest, so changing a card makes another model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin import convert_encoder
from admin.console import facts, plain, say, show, table
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.store.base import Artifact

app = typer.Typer(help="List, check, move and convert models.", no_args_is_help=True, rich_markup_mode=None)
convert_encoder.register(app)
JSON = typer.Option(False, "--json", help="Print JSON.")
MODEL = typer.Argument(help="A model folder, the beginning of a digest in the store, or `bundled`.")
SHORTEST = 6
"""Least digits of a digest."""


@app.command("list")
def list_models(as_json: bool = JSON) -> None:
    """Models in the package and in the store.

    \b
    Example:
      text2svg model list
    """
    rows = [_bundled("generator"), _bundled("encoder")]
    rows += [
        {"kind": a.kind, "digest": a.digest, "bytes": a.bytes, "where": str(a.path), "card": plain(a.card)}
        for a in _kept()
    ]
    columns = ("kind", "digest", "bytes", "where")
    show(
        rows,
        as_json=as_json,
        text=lambda found: table(
            [(m["kind"], m["digest"][:12], f"{m['bytes']:,}", m["where"]) for m in found], columns
        ),
    )


def _bundled(kind: str) -> dict[str, Any]:
    import json

    from text2svg.runtime import ASSETS

    folder = ASSETS / kind
    card = folder / "card.json"
    return {
        "kind": kind,
        "digest": "bundled",
        "bytes": _size(folder),
        "where": str(folder),
        "card": json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {},
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _kept() -> list[Artifact]:
    from text2svg.errors import StoreError

    with open_runtime() as runtime:
        try:
            with runtime.store() as store:
                return store.artifacts()
        except StoreError as error:
            say(f"note: {error.message}; the bundled models only")
            return []


def _folder(model: str) -> Path:
    """The folder a person means. Raises ConfigError."""
    from text2svg.errors import ConfigError
    from text2svg.runtime import ASSETS

    if model == "bundled":
        return ASSETS / "generator"
    if Path(model).is_dir():
        return Path(model)
    found = [a for a in _kept() if len(model) >= SHORTEST and a.digest.startswith(model)]
    if len(found) != 1:
        many = f"{len(found)} models of the store begin with" if found else "neither a folder nor a model of the store:"
        raise ConfigError(f"{many} {model!r}", hint="text2svg model list")
    return found[0].path


@app.command("show")
def show_model(model: str = MODEL, as_json: bool = JSON) -> None:
    """The card of a model, its size and whether its checksums hold.

    \b
    Examples:
      text2svg model show bundled
      text2svg model show exported/ --json
    """
    from text2svg.engine.model_card import read_card
    from text2svg.engine.modelfolder import check_folder, check_sums

    folder = _folder(model)
    held = check_folder(folder)._asdict() | {"checksums": "hold" if check_sums(folder) else "none"}
    show(held | read_card(folder), as_json=as_json, text=facts)


@app.command("import")
def import_model(
    folder: Path = typer.Argument(help="A Hugging Face model folder, or one that `model export` wrote."),
    kind: str = typer.Option("", help="generator, encoder, finetuned; default from its card."),
) -> None:
    """Keep a model folder in the store, by its digest. Pickles, code and wrong checksums are refused.

    \b
    Example:
      text2svg model import exported/
    """
    from text2svg.engine.model_card import read_card
    from text2svg.engine.modelfolder import check_folder, check_sums
    from text2svg.errors import ConfigError

    check_folder(folder)
    check_sums(folder)
    card = read_card(folder) if (folder / "card.json").is_file() else {}
    kind = kind or card.get("kind", "")
    if not kind:
        raise ConfigError(f"{folder} has no card.json that says what it is", hint="add --kind generator")
    with open_runtime() as runtime, runtime.store(write=True) as store:
        artifact = store.add_artifact(folder, kind, card)
    print(artifact.path)


@app.command()
def export(
    source: str = typer.Argument(help="A training run, a checkpoint file, a digest of the store, or `bundled`."),
    out: Path = typer.Option(..., "-o", "--out", help="Folder to write."),
    onnx: bool = typer.Option(True, help="For a run: also write the int8 graph the embedded engine runs."),
) -> None:
    """Write a model as a Hugging Face folder with its int8 ONNX graph, card, page and checksums.

    \b
    Examples:
      text2svg model export runs/small -o exported/
      text2svg model export 4f2a91c0 -o exported/
    """
    from text2svg.runtime import ASSETS

    run = Path(source)
    if run.is_file() or any(run.glob("checkpoint-*.pt")):
        from text2svg.train.export import export_run

        export_run(run, out, ASSETS / "tokenizer" / "tokenizer.json", onnx=onnx)
    else:
        _copy(_folder(source), out)
    _finish(out)


def _copy(folder: Path, out: Path) -> None:
    """The files of a folder in another one. Raises ConfigError when that is not empty."""
    import shutil

    from text2svg.errors import ConfigError

    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty", hint="name a new folder")
    shutil.copytree(folder, out, dirs_exist_ok=True)


def _finish(folder: Path) -> None:
    """A page and checksums, once everything else is there."""
    from text2svg.engine.model_card import card_page, read_card
    from text2svg.engine.modelfolder import check_folder, write_sums

    if (folder / "card.json").is_file():
        card = read_card(folder)
        (folder / "README.md").write_text(card_page(card, _size(folder)), encoding="utf-8")
    held = check_folder(folder)
    write_sums(folder)
    say(f"{folder}: {held.weights:,} weights in {held.tensors:,} tensors, {held.bytes:,} bytes")
    print(folder)


@app.command()
def convert(
    model: str = MODEL,
    out: Path = typer.Option(..., "-o", "--out", help="Folder, or .gguf file, to write."),
    to: str = typer.Option(
        "onnx", help="onnx: the folder with its int8 graph; gguf: one file for llama.cpp; huggingface: without graphs."
    ),
) -> None:
    """Turn a model folder into another form of itself. Writing graphs needs the `train` extra, GGUF the package gguf.

    \b
    Examples:
      text2svg model convert exported/ --to onnx -o with-graph/
      text2svg model convert bundled --to gguf -o generator.gguf
    """
    import shutil

    from text2svg.engine.modelfolder import SUMS, check_folder
    from text2svg.errors import ConfigError

    folder = _folder(model)
    check_folder(folder)
    if to == "gguf":
        from text2svg.engine.llamacpp import write_gguf

        print(write_gguf(folder, out))
        return
    if to not in ("onnx", "huggingface"):
        raise ConfigError(f"cannot convert to {to!r}", hint="one of: onnx, gguf, huggingface")
    _copy(folder, out)
    shutil.rmtree(out / "onnx", ignore_errors=True)
    (out / SUMS).unlink(missing_ok=True)
    if to == "onnx":
        from text2svg.train.export import write_graph

        write_graph(out)
    _finish(out)


@app.command()
def card(
    model: str = MODEL,
    out: Path | None = typer.Option(None, "-o", "--out", help="File to write; default stdout."),
) -> None:
    """The page of a model for the Hugging Face hub, made from its card.

    \b
    Example:
      text2svg model card exported/ -o exported/README.md
    """
    from text2svg.engine.model_card import card_page, read_card

    folder = _folder(model)
    page = card_page(read_card(folder), _size(folder))
    if out is None:
        print(page, end="")
    else:
        out.write_text(page, encoding="utf-8")


@app.command("vllm")
def vllm(
    out: Path = typer.Argument(help="Folder of the environment."),
    cpu: bool = typer.Option(False, help="The build for CPUs."),
    find: str = typer.Option("", help="Index or folder of wheels with torch+cpu, which PyPI cannot hold."),
) -> None:
    """Make the environment that vLLM needs for itself, for engines `vllm:FOLDER`; prints its interpreter.

    \b
    Example:
      export TEXT2SVG_VLLM_PYTHON=$(text2svg model vllm vllm-env --cpu --find wheels/)
    """
    from text2svg.engine.vllm_env import create

    print(create(out, cpu=cpu, find=find, report=say).absolute())
