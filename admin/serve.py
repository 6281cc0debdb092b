"""`text2svg serve`: the app in a browser.

Refuses to guess who may be trusted: a proxy, a frame and a path are named or they are not there. The trade-off: at home
clients have no budget, so a program of one's own may use the whole machine.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import say
from admin.opening import settings_with

if TYPE_CHECKING:
    from text2svg.runtime import Runtime
    from text2svg.settings import Settings

HOME = ("127.0.0.1", "localhost", "::1")
"""Where the only client is the person who started the server."""
PUBLIC_BURST = 240.0
"""Thirty requests of eight drawings at once, then one drawing a second."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(serve)


@dataclass(frozen=True, slots=True)
class Plan:
    """What every worker serves. Pickles: workers are processes of their own."""

    settings: Settings
    concurrency: int = 1
    waiting: int = 20
    burst: float = 0.0
    proxy: str = ""
    root_path: str = ""
    frames: str = ""
    reports: tuple[Path, ...] = ()


def serve(
    host: str = typer.Option("", help="Address to listen on; 0.0.0.0 for every network. Default 127.0.0.1."),
    port: int = typer.Option(0, help="Port to listen on. Default 7860."),
    engine: str = typer.Option("", help="Engine spec, e.g. openai:http://localhost:8000/v1?model=icons."),
    workers: int = typer.Option(1, min=1, max=64, help="Processes that serve the page; a visitor stays with one."),
    concurrency: int = typer.Option(1, min=1, help="Visitors the engine draws for at once, in each worker."),
    waiting: int = typer.Option(20, min=1, help="Visitors who may wait, in each worker; the next must come back."),
    budget: float = typer.Option(
        -1.0, help="Drawings a client may ask for at once; 0 is no limit. Default 240; at home 0."
    ),
    proxy: str = typer.Option("", help="Address of the proxy whose X-Forwarded-For names the client."),
    root_path: str = typer.Option("", help="Path under which the proxy shows the app, e.g. /draw."),
    reports: list[Path] = typer.Option(
        [], help="Folder of reports for Measure; may repeat. Default: reports in the store."
    ),
    frames: str = typer.Option("", help="Origins that may show the app in a frame, e.g. https://huggingface.co."),
) -> None:
    """Open the app: create, optimize, explore, measure; REST under /api, tools for language models under /mcp.

    \b
    Examples:
      text2svg serve
      text2svg serve --host 0.0.0.0 --port 8080 --workers 4 --proxy 10.0.0.5 --root-path /draw
      text2svg serve --engine 'openai:http://gpu-box:8000/v1?model=icons' --concurrency 8
    """
    settings = settings_with(host=host, port=port, engine=engine)
    burst = budget if budget >= 0 else 0.0 if settings.host in HOME else PUBLIC_BURST
    plan = Plan(settings, concurrency, waiting, burst, proxy, root_path, frames, tuple(reports))
    say(f"Text2SVG on http://{settings.host}:{settings.port} (Ctrl-C stops)")
    if workers == 1:
        _answer(plan, (settings.host, settings.port))
    else:
        raise typer.Exit(_several(plan, workers))


def _answer(plan: Plan, at: tuple[str, int] | socket.socket, number: int | None = None, board: str = "") -> None:
    """Serves one process's share until it is told to stop."""
    from text2svg.runtime import Runtime
    from webapp.heaps import share_heaps

    share_heaps()
    runtime, loaded = Runtime(plan.settings), threading.Event()
    helpers = [_beside(lambda: (runtime.warm(), loaded.set()))]
    from webapp import app
    from webapp.limits import Bounds
    from webapp.measure import Reports
    from webapp.metrics import log_to_stderr
    from webapp.service import Service

    log_to_stderr(number)
    shelf = Reports(list(plan.reports) or [plan.settings.data / "reports"], _runs(runtime))
    service = Service(
        runtime, Bounds(plan.concurrency, plan.waiting, burst=plan.burst), ready=loaded.is_set, reports=shelf
    )
    if board:
        service.metrics.share(Path(board) / f"{number}.prom")
    helpers.append(_beside(service.examples))
    try:
        app.run(app.build(service, frames=plan.frames, root_path=plan.root_path), at, service, proxy=plan.proxy)
    finally:
        for helper in helpers:
            helper.join(service.bounds.grace_s)  # an interpreter that ends around a running model is aborted
        runtime.close()


def _several(plan: Plan, workers: int) -> int:
    """Listens, and hands what comes to `workers` processes; the exit code."""
    import multiprocessing
    import tempfile

    from webapp.metrics import log_to_stderr
    from webapp.workers import Dispatcher, listening

    log_to_stderr()
    context = multiprocessing.get_context("spawn")
    listener = listening(plan.settings.host, plan.settings.port)
    with tempfile.TemporaryDirectory(prefix="text2svg-") as board:

        def spawn(number: int, channel: socket.socket) -> Any:
            process = context.Process(target=_answer, args=(plan, channel, number, board), name=f"text2svg-{number}")
            process.start()
            return process

        return Dispatcher(spawn, workers, proxied=bool(plan.proxy)).run(listener)


def _beside(work: Callable[[], object]) -> threading.Thread:
    """Runs beside what follows: the model loads while Gradio is imported, and the first page's examples are drawn."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _runs(runtime: Runtime) -> Callable[[], Iterable[Any]]:
    """Reads the store's runs; there are none before there is a store."""

    def runs() -> Iterable[Any]:
        if not (runtime.settings.data / "runs").is_dir():
            return ()
        with runtime.store() as store:
            return list(store.runs())

    return runs
