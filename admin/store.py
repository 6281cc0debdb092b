"""`text2svg store ...`: the folder that holds the corpus and the models."""

from __future__ import annotations

from typing import Any

import typer

from admin.console import facts, plain, say, show, table
from admin.opening import open_runtime

app = typer.Typer(help="Look after the store.", no_args_is_help=True, rich_markup_mode=None)
JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command()
def init() -> None:
    """Make an empty store at TEXT2SVG_DATA, or leave the one that is there alone.

    \b
    Example:
      TEXT2SVG_DATA=/data/icons text2svg store init
    """
    with open_runtime() as runtime, runtime.store(write=True) as store:
        say(f"store at {store.path}")


@app.command()
def verify(as_json: bool = JSON) -> None:
    """Hash every shard and artifact again and compare with manifests and index; exit 1 when anything disagrees.

    \b
    Example:
      text2svg store verify --json
    """
    with open_runtime() as runtime, runtime.store() as store:
        report = store.verify()
    show({**plain(report), "ok": report.ok}, as_json=as_json, text=facts)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def rebuild(as_json: bool = JSON) -> None:
    """Make the index again from the shards.

    \b
    Example:
      text2svg store rebuild
    """
    with open_runtime() as runtime, runtime.store(write=True) as store:
        store.rebuild()
        report = store.verify()
    show({**plain(report), "ok": report.ok}, as_json=as_json, text=facts)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def runs(as_json: bool = JSON) -> None:
    """Training and evaluation runs, newest last.

    \b
    Example:
      text2svg store runs
    """
    with open_runtime() as runtime, runtime.store() as store:
        found = [plain(run) for run in store.runs()]
    show(found, as_json=as_json, text=_runs_text)


def _runs_text(found: list[dict[str, Any]]) -> str:
    if not found:
        return "no runs yet"
    return table([(r["kind"], r.get("name", ""), r.get("metrics", "")) for r in found], ("kind", "name", "metrics"))
