"""The browser app: a FastAPI application with the API, the MCP tools and, at `/`, the Gradio page.

Refuses to talk to anyone: analytics, version checks, run history, web fonts and server-side rendering are off, and the
Content-Security-Policy names no host but our own. The trade-off: a page lives in one process, so several behind a balancer
need sticky sessions, as every Gradio app does; `webapp.workers` gives them to several on one machine.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from webapp.guard import Bodies, Headers
from webapp.metrics import log
from webapp.opening import Opening
from webapp.service import Service

if TYPE_CHECKING:
    from fastapi import FastAPI

LAST_WORD_S = 0.5
"""For the last frame to reach its page after the engine is free."""


def _quiet() -> None:
    # Gradio reads these while it is imported, so they are set before `webapp.page` loads it.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def build(service: Service, *, frames: str = "", root_path: str = "") -> FastAPI:
    """The application; `frames` may show it in a frame, `root_path` is where a proxy puts it."""
    _quiet()
    import gradio as gr
    from fastapi import FastAPI

    from webapp import api, guide, health, library, mcp, page, theme

    app = FastAPI(title="Text2SVG", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    for made in (health, api, library, mcp):
        app.include_router(made.routes(service))
    app.include_router(guide.routes(root_path))
    app.add_middleware(Opening)
    app.add_middleware(Bodies)
    app.add_middleware(Headers, frames=frames)
    blocks = page.blocks(service)
    blocks.queue(max_size=service.bounds.waiting, default_concurrency_limit=4)
    options: dict[str, Any] = {
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
        "max_file_size": "200kb",
        "i18n": page.i18n(),
        "theme": theme.theme(),
        "css": theme.css(),
        "head": theme.head(),
        "mcp_server": False,
        "app_kwargs": {"docs_url": None, "redoc_url": None, "openapi_url": None},
        "pwa": False,
    }
    return gr.mount_gradio_app(app, blocks, path="/", root_path=root_path or None, **options)


def run(app: FastAPI, at: tuple[str, int] | socket.socket, service: Service, *, proxy: str = "") -> None:
    """Answers at `(host, port)`, or on connections handed over a channel, until told to stop; then lets running work finish.

    That takes at most `grace_s` seconds. `proxy` is the address whose X-Forwarded-For names the client.
    """
    import uvicorn

    channel = at if isinstance(at, socket.socket) else None
    host, port = ("", 0) if isinstance(at, socket.socket) else at
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=int(service.bounds.grace_s) + 1,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None,
        # A proxy's next request may be another visitor's, who belongs to another worker.
        headers=[("connection", "close")] if channel and proxy else [],
    )
    try:
        _server(config, service, channel).run(sockets=None if channel is None else [])
    finally:
        service.close()


def _server(config: Any, service: Service, channel: socket.socket | None) -> Any:
    import uvicorn

    from webapp.workers import taking

    class Server(uvicorn.Server):
        """Stops in order: nobody new, then who is drawn for, then the event streams that pages keep open."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if channel is None:
                log("listening", host=config.host, port=config.port)
            else:
                taking(self, channel)

        def handle_exit(self, sig: int, frame: Any) -> None:
            # Not uvicorn's own: that raises the signal again at the end, and SIGTERM would skip every `finally`.
            service.drain()
            self.force_exit = self.should_exit
            self.should_exit = True
            threading.Thread(target=self._finish, daemon=True).start()

        def _finish(self) -> None:
            if not service.gate.idle(service.bounds.grace_s):
                log("overtime", running=service.gate.running)
            time.sleep(LAST_WORD_S)
            # An open tab would otherwise hold the process for the whole grace.
            self.force_exit = True

    return Server(config)
