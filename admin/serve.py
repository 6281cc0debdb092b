"""`text2svg serve`: the app in a browser."""

from __future__ import annotations

import typer

from admin.console import say
from admin.opening import settings_with


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(serve)


def serve(
    host: str = typer.Option("", help="Address to listen on; 0.0.0.0 for every network. Default 127.0.0.1."),
    port: int = typer.Option(0, help="Port to listen on. Default 7860."),
    engine: str = typer.Option("", help="Engine spec, e.g. openai:http://localhost:8000/v1?model=icons."),
    concurrency: int = typer.Option(1, min=1, help="Visitors the engine draws for at once."),
) -> None:
    """Open the app: create, optimize, explore.

    \b
    Examples:
      text2svg serve
      text2svg serve --host 0.0.0.0 --port 8080
      text2svg serve --engine 'openai:http://gpu-box:8000/v1?model=icons' --concurrency 8
    """
    import threading

    from text2svg.runtime import Runtime

    settings = settings_with(host=host, port=port, engine=engine)
    runtime = Runtime(settings)
    # The model loads while Gradio is imported; whoever comes first waits for the slower of the two, not for both.
    threading.Thread(target=runtime.warm, daemon=True).start()
    from webapp.app import serve as run

    say(f"Text2SVG on http://{settings.host}:{settings.port} (Ctrl-C stops)")
    try:
        run(settings.host, settings.port, runtime, concurrency=concurrency)
    finally:
        runtime.close()
