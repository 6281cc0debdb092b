"""`text2svg store ...`: the folder that holds the corpus and the models."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from admin.console import Ticker, facts, plain, say, show, table
from admin.opening import open_runtime
from text2svg.errors import ConfigError

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
def verify(
    set_aside: bool = typer.Option(False, "--set-aside", help="First move damaged shards and what was made from them."),
    as_json: bool = JSON,
) -> None:
    """Hash every shard and artifact again and compare with manifests and index; exit 1 when anything disagrees.

    With --set-aside damaged shards go into the store's folder aside/, and the index follows; then run the import or the
    stages again, which make what is missing, or bring the shards back from a backup.

    \b
    Examples:
      text2svg store verify --json
      text2svg store verify --set-aside
    """
    from text2svg.store import Store

    with open_runtime() as runtime:
        for place in Store.set_aside(runtime.settings.data, runtime.settings.database_url) if set_aside else ():
            say(f"set aside: {place}")
        with runtime.store(write=set_aside) as store:
            report = store.verify(_counting("verify"))
    _verdict(report, as_json=as_json)


@app.command()
def rebuild(as_json: bool = JSON) -> None:
    """Make the index again from the shards.

    \b
    Example:
      text2svg store rebuild
    """
    with open_runtime() as runtime, runtime.store(write=True) as store:
        wall, cpu = time.monotonic(), time.process_time()
        store.rebuild(_counting("rebuild"))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        report = store.verify(_counting("verify"))
    speed = {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "rows_per_second": round(report.samples / wall)}
    _verdict(report, speed, as_json=as_json)


@app.command()
def backup(
    folder: Path = typer.Argument(help="An empty folder, or an earlier backup, which then gets what changed."),
    as_json: bool = JSON,
) -> None:
    """Copy shards, artifacts, runs and takedowns as they are at this moment, while others may go on writing.

    The copy is a store: name it in TEXT2SVG_DATA, and its index is made when it is first opened for writing.

    \b
    Examples:
      text2svg store backup /backup/icons
      TEXT2SVG_DATA=/backup/icons text2svg store rebuild
    """
    with open_runtime() as runtime, runtime.store() as store:
        made = store.backup(folder, _counting("backup"))
    show(made, as_json=as_json, text=lambda found: facts(plain(found)))


@app.command()
def gc(
    superseded: bool = typer.Option(False, help="Also shards that another configuration of their stage replaced."),
    hours: float = typer.Option(24.0, help="Leftovers younger than this stay: a rank may be writing them."),
    dry_run: bool = typer.Option(False, help="Only list what would go."),
    as_json: bool = JSON,
) -> None:
    """Delete what killed runs left behind, and on request what nothing uses any more.

    \b
    Examples:
      text2svg store gc --dry-run
      text2svg store gc --superseded
    """
    with open_runtime() as runtime, runtime.store(write=not dry_run) as store:
        found = store.garbage(superseded=superseded, older_than_s=hours * 3600)
        if not dry_run:
            store.collect(found)
    show(found, as_json=as_json, text=lambda rows: _garbage_text(rows, dry_run=dry_run))


def _garbage_text(found: list[Any], *, dry_run: bool) -> str:
    lines = [f"{one.why:10}  {one.bytes:12,}  {one.path}" for one in found]
    ending = "would be freed" if dry_run else "freed"
    return "\n".join([*lines, f"{len(found)} found, {sum(one.bytes for one in found):,} bytes {ending}"])


@app.command()
def forget(
    url: str = typer.Option("", help="A drawing's or page's address."),
    domain: str = typer.Option("", help="A site, its subdomains included."),
    digest: str = typer.Option("", help="A drawing, wherever it was seen."),
    note: str = typer.Option("", help="Who asked and why, for the record."),
    as_json: bool = JSON,
) -> None:
    """Take drawings down: out of shards and index now, and out of every later import, mining and export.

    A drawing that was also seen elsewhere stays with that sighting, unless its digest is named. Make the search index
    again afterwards with `text2svg corpus index`; backups made before hold what they held.

    \b
    Examples:
      text2svg store forget --domain example.org --note "mail of 3 May"
      text2svg store forget --url https://example.com/logo.svg
      text2svg store forget --digest 3f1c…
    """
    from text2svg.store import Takedown

    given = [(kind, value) for kind, value in (("url", url), ("domain", domain), ("digest", digest)) if value]
    if len(given) != 1:
        raise ConfigError("name one thing to take down", hint="--url, --domain or --digest")
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    request = Takedown.of(*given[0], note=note, when=when)
    with open_runtime() as runtime, runtime.store(write=True) as store:
        gone = store.forget(request, _counting("forget"))
    show({**plain(request), **plain(gone)}, as_json=as_json, text=facts)


@app.command()
def takedowns(as_json: bool = JSON) -> None:
    """What was taken down so far.

    \b
    Example:
      text2svg store takedowns --json
    """
    with open_runtime() as runtime, runtime.store() as store:
        found = [plain(request) for request in store.takedown_requests()]
    show(found, as_json=as_json, text=_takedowns_text)


def _takedowns_text(found: list[dict[str, Any]]) -> str:
    if not found:
        return "nothing was taken down"
    return table([tuple(one.values()) for one in found], tuple(found[0]))


def _counting(name: str) -> Callable[[int, int], None]:
    ticker = Ticker()
    return lambda done, of: ticker.tick(f"{name}: {done:,} of {of:,} shards", final=done == of and ticker.live)


def _verdict(report: Any, more: dict[str, Any] | None = None, *, as_json: bool) -> None:
    show({**plain(report), **(more or {}), "ok": report.ok}, as_json=as_json, text=facts)
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
