"""`setup` fetches once what later runs need; `doctor` says what works here and how to mend the rest."""

from __future__ import annotations

import importlib.util
import platform
from typing import Any

import typer

from admin.console import say, show, table
from text2svg.errors import MissingDependency


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(setup)
    app.command()(doctor)


def setup() -> None:
    """Install the pinned SVGO now instead of on first use.

    \b
    Example:
      text2svg setup
    """
    from text2svg.optimize.svgo_install import install
    from text2svg.settings import Settings

    say(f"SVGO in {install(Settings.read().cache / 'svgo')}")


def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Check engines, Node, SVGO, libcairo2, extras, the store and the bundled models; exit 1 when a part is broken.

    \b
    Example:
      text2svg doctor
    """
    from text2svg.runtime import Runtime

    runtime = Runtime()
    rows = [
        _row("python", lambda: platform.python_version()),
        _row("settings", lambda: f"data {runtime.settings.data}, engine {runtime.settings.engine}"),
        _row("model", lambda: _model(runtime)),
        _row("corpus", lambda: _corpus(runtime)),
        _row("resvg", lambda: f"{len(runtime.png(_DOT, 16))} byte PNG"),
        _row("svgo", lambda: _svgo(runtime)),
        _row("store", lambda: _store(runtime), optional=True),
        _row("cairo", _cairo, optional=True),
        *(
            _row(name, lambda n=name: _package(n), optional=True)
            for name in ("torch", "transformers", "unsloth", "psycopg")
        ),
        _row("ray", _ray, optional=True),
    ]
    runtime.close()
    show(
        rows, as_json=as_json, text=lambda r: table([tuple(x.values()) for x in r], ("part", "state", "detail", "hint"))
    )
    if any(row["state"] == "broken" for row in rows):
        raise typer.Exit(1)


_DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle cx="128" cy="128" r="96"/></svg>'


def _row(part: str, check: Any, *, optional: bool = False) -> dict[str, str]:
    from text2svg.errors import Text2SVGError

    try:
        return {"part": part, "state": "ok", "detail": check(), "hint": ""}
    except Text2SVGError as error:
        state = "absent" if optional else "broken"
        return {"part": part, "state": state, "detail": error.message, "hint": error.hint}


def _model(runtime: Any) -> str:
    warm = getattr(runtime.engine, "warm", None)
    if warm is not None:
        warm()
    return str(runtime.engine.name)


def _corpus(runtime: Any) -> str:
    return f"{len(runtime.searcher.index):,} drawings ({runtime.corpus.name})"


def _svgo(runtime: Any) -> str:
    result = runtime.optimize(_DOT)
    return f"{runtime.tools.svgo.backend}, {result.bytes} bytes"


def _store(runtime: Any) -> str:
    with runtime.store() as store:
        index = "PostgreSQL" if runtime.settings.database_url else "SQLite"
        return f"{', '.join(store.stages()) or 'empty'} ({index})"


def _cairo() -> str:
    from text2svg.raster import load

    return f"{len(load('cairo').png(_DOT, 16))} byte PNG"


def _ray() -> str:
    """Starts Ray here, lets one worker answer, and says how long that took."""
    import time
    from importlib.metadata import version

    from text2svg.executor import load
    from text2svg.executor.base import Ping

    started = time.monotonic()
    (outcome,) = load("ray?workers=1&timeout_s=30").run(Ping(), ["ping"])
    if outcome.error:
        raise MissingDependency("a worker of Ray", hint=f"it said: {outcome.error}")
    return f"{version('ray')}, a worker answered after {time.monotonic() - started:.0f} s"


def _package(name: str) -> str:
    from importlib.metadata import version

    extra = {"torch": "train", "transformers": "train", "unsloth": "finetune", "psycopg": "postgres"}[name]
    if importlib.util.find_spec(name) is None:
        raise MissingDependency(name, extra=extra)
    return version(name)
