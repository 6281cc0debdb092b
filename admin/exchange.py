"""`text2svg corpus export ...` and `corpus import jsonl|parquet|hf|store`: hand a corpus on, and take one in.

Refuses to overwrite: an export goes on with its own folder and with no other. The trade-off: files are the only way
in and out; sending a folder to a hub is left to the hub's own tool.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.console import Ticker, facts, plain, say, show
from admin.opening import open_runtime
from admin.options import collected

exporting = typer.Typer(help="Hand the corpus on as files.", no_args_is_help=True, rich_markup_mode=None)

OUT = typer.Argument(help="Folder to write; an interrupted export goes on with it.")
PATH = typer.Argument(help="A file, or a folder that holds some.")
SPLIT = typer.Option("caption", help="caption: train and heldout by caption; none: all rows are train.")
JSON = typer.Option(False, "--json", help="Print JSON.")


@dataclass(frozen=True, slots=True)
class Leaving:
    """Which rows leave."""

    stage: Annotated[str, typer.Option("--from", help="Stage whose rows leave; default the last of all.")] = ""
    licence_allow: Annotated[str, typer.Option(help="SPDX identifiers that may leave, and no others: MIT,Apache-2.0")] = ""
    without: Annotated[
        Path | None, typer.Option(help="Parquet with a digest column, or a text file, of rows that stay.")
    ] = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What is known of all rows that come in."""

    licence: Annotated[str, typer.Option(help="SPDX identifier of rows that state none, e.g. its card's.")] = ""
    evidence: Annotated[str, typer.Option(help="What says so; stored with every row.")] = ""


leaving, stated_by = collected(Leaving, "chosen"), collected(Stated, "stated")


def register(app: typer.Typer, importing: typer.Typer) -> None:
    """Adds the commands to `text2svg corpus` and `text2svg corpus import`."""
    app.add_typer(exporting, name="export")
    for name, command in (("jsonl", import_jsonl), ("parquet", import_parquet), ("hf", import_hf), ("store", import_store)):
        importing.command(name)(command)


@exporting.command("jsonl")
@leaving
def export_jsonl(
    chosen: Leaving,
    out: Path = OUT,
    layout: str = typer.Option("files", help="files: ab/<md5>.jsonl, one drawing each; prefix: ab.jsonl, 256 files."),
    as_json: bool = JSON,
) -> None:
    """The first Text2SVG's JSONL: url, timestamp and svg as found, by the MD5 of the text, byte for byte its format.

    \b
    Examples:
      text2svg corpus export jsonl seed/
      text2svg corpus export jsonl seed/ --layout prefix --licence-allow MIT,CC0-1.0
    """
    from text2svg.errors import ConfigError
    from text2svg.pipeline.formats import SeedFormat

    if layout not in ("files", "prefix"):
        raise ConfigError(f"unknown layout {layout!r}", hint="files or prefix")
    _export(out, SeedFormat(layout), chosen, "none", as_json)  # type: ignore[arg-type]


@exporting.command("parquet")
@leaving
def export_parquet(chosen: Leaving, out: Path = OUT, split: str = SPLIT, as_json: bool = JSON) -> None:
    """Every field of every row as Parquet files, with the credits beside them.

    \b
    Example:
      text2svg corpus export parquet rows/ --licence-allow MIT,Apache-2.0 --split none
    """
    from text2svg.pipeline.formats import ParquetFormat

    _export(out, ParquetFormat(), chosen, split, as_json)


@exporting.command("hf")
@leaving
def export_hf(
    chosen: Leaving,
    out: Path = OUT,
    name: str = typer.Option("Text2SVG corpus", help="Title of the card."),
    split: str = SPLIT,
    as_json: bool = JSON,
) -> None:
    """A Hugging Face data set folder: card, licence histogram, credits, train and heldout Parquet files.

    \b
    Examples:
      text2svg corpus export hf dataset/
      text2svg corpus export hf dataset/ --without duplicates.parquet --licence-allow MIT,ISC
    """
    from text2svg.pipeline.formats import HubFormat

    _export(out, HubFormat(name=name), chosen, split, as_json)


def _export(out: Path, form: Any, chosen: Leaving, split: str, as_json: bool) -> None:
    from text2svg.curate.licences import LicencePolicy
    from text2svg.errors import ConfigError
    from text2svg.pipeline.export import Selection, export, latest_stage, listed

    if split not in ("caption", "none"):
        raise ConfigError(f"unknown split {split!r}", hint="caption or none")
    policy = LicencePolicy(only=frozenset(name.strip() for name in chosen.licence_allow.split(",") if name.strip()))
    with open_runtime() as runtime, runtime.store() as store:
        selection = Selection(
            chosen.stage or latest_stage(store.stages()), policy, store.takedowns(),
            listed(chosen.without) if chosen.without else frozenset(), split == "caption",
        )  # fmt: skip
        done = export(store, out, form, selection, Ticker().stage)
    show({"out": out, "from": selection.stage, **done.report()}, as_json=as_json, text=facts)
    _end(done)


@stated_by
def import_jsonl(stated: Stated, path: Path = PATH, as_json: bool = JSON) -> None:
    """Import the first Text2SVG's JSONL, in either layout; licences come from the drawings' own metadata.

    \b
    Example:
      text2svg corpus import jsonl seed/
    """
    from text2svg.curate.exchange import iter_jsonl

    _import(iter_jsonl, path, stated, as_json)


@stated_by
def import_parquet(stated: Stated, path: Path = PATH, as_json: bool = JSON) -> None:
    """Import Parquet files that export wrote, or others with a column raw or svg.

    \b
    Example:
      text2svg corpus import parquet rows/
      text2svg corpus import parquet art.parquet --licence CC0-1.0 --evidence "card of the data set, read 2026-11-24"
    """
    from text2svg.curate.exchange import iter_parquet

    _import(iter_parquet, path, stated, as_json)


@stated_by
def import_hf(stated: Stated, path: Path = PATH, as_json: bool = JSON) -> None:
    """Import a Hugging Face data set folder; rows that state no licence take the one of its card.

    \b
    Example:
      text2svg corpus import hf dataset/
    """
    from text2svg.curate.exchange import iter_hub

    _import(iter_hub, path, stated, as_json)


def import_store(
    path: Path = typer.Argument(help="Folder of another store, e.g. one that another machine mined."),
    as_json: bool = JSON,
) -> None:
    """Take in all that another store brought in: drawings, sightings and outcomes; its later stages are made again here.

    \b
    Example:
      text2svg corpus import store /mnt/machine7/store
    """
    from text2svg.pipeline import import_samples
    from text2svg.pipeline.sources import rows_of_store

    with open_runtime() as runtime, runtime.store(write=True) as store:
        summary = import_samples(store, rows_of_store(path), {"source": "store"}, on_progress=Ticker().stage)
    show(summary, as_json=as_json, text=lambda s: facts(plain(s)))
    _end(summary)


def _import(read: Any, path: Path, stated: Stated, as_json: bool) -> None:
    from text2svg.curate.exchange import fingerprint, origin
    from text2svg.errors import ConfigError
    from text2svg.pipeline import import_samples

    if stated.licence and not stated.evidence:
        raise ConfigError("a licence needs evidence", hint='--evidence "card of the data set"')
    path = path.resolve()
    licence = [stated.licence, stated.evidence]
    config = {"source": read.__name__.removeprefix("iter_"), "files": fingerprint(path), "licence": licence}
    with open_runtime() as runtime, runtime.store(write=True) as store:
        chunks = read(path, origin(path.stem, *licence))
        summary = import_samples(store, chunks, config, on_progress=Ticker().stage)
    show(summary, as_json=as_json, text=lambda s: facts(plain(s)))
    _end(summary)


def _end(done: Any) -> None:
    if done.interrupted:
        say("stopped after a whole part; run the same command again to go on")
        raise typer.Exit(1)
