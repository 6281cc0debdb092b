"""The browser app: a FastAPI application with the Gradio page mounted at `/`.

Refuses to talk to anyone: analytics, version checks, run history, web fonts and server-side rendering are off, and the
Content-Security-Policy names no host but our own. The policy has to allow inline and evaluated script, because Gradio
does not start without them; it stops exfiltration, while `static/*.js` stops injection by never parsing HTML.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from webapp.handlers import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
GRACE_S = 5
"""Open event streams would keep a stopping server alive for as long as a tab is open."""
QUEUE_SIZE = 20
"""Visitors who may wait; at 1.5 s a request the last of them waits half a minute."""


class Headers:
    """ASGI middleware that adds HEADERS; a BaseHTTPMiddleware would break the cancelling of streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything through and adds the headers to each HTTP answer."""

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in extra if name not in names),
                ]
            await send(message)

        await self.app(scope, receive, send_with if scope["type"] == "http" else send)


def _quiet() -> None:
    # Gradio reads these while it is imported, so they are set before `webapp.page` loads it.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def build(runtime: Runtime, *, concurrency: int = 1) -> FastAPI:
    """The application; `concurrency` is how many visitors the engine draws for at once."""
    _quiet()
    import gradio as gr
    from fastapi import FastAPI

    from webapp import api, page, theme

    app = FastAPI(title="Text2SVG", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(api.routes(runtime))
    app.add_middleware(Headers)
    blocks = page.blocks(runtime, concurrency=concurrency)
    blocks.queue(max_size=QUEUE_SIZE, default_concurrency_limit=4)
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
    return gr.mount_gradio_app(app, blocks, path="/", **options)


def serve(host: str, port: int, runtime: Runtime, *, concurrency: int = 1) -> None:
    """Answers on `host:port` until it is told to stop."""
    import uvicorn

    app = build(runtime, concurrency=concurrency)
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=GRACE_S)
