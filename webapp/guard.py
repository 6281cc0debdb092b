"""ASGI middleware: headers on every answer, a limit on every body, and no calls from other sites' pages.

Refuses to buffer: bodies are counted while they pass. A BaseHTTPMiddleware would be shorter and would break the cancelling
of streams. The trade-off of the policy: Gradio does not start without inline and evaluated script, so it stops
exfiltration, while `static/*.js` stops injection by never parsing HTML.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webapp.limits import BODY_BYTES
from webapp.metrics import log

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
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
HEADERS = {
    "content-security-policy": "; ".join((*POLICY, "frame-ancestors 'self'")),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
GUARDED = ("/api/", "/mcp")
"""Paths that a page of another site must not call with a visitor's browser."""


class _TooLong(Exception):
    """A body went over the limit; never leaves this module."""


class Headers:
    """Adds HEADERS; `frames` are the origins that may show the page in a frame, such as a Space's host."""

    def __init__(self, app: ASGIApp, frames: str = "") -> None:
        self.app = app
        policy = "; ".join((*POLICY, f"frame-ancestors 'self' {frames}".strip()))
        self.extra = [(k.encode(), v.encode()) for k, v in {**HEADERS, "content-security-policy": policy}.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything through and adds the headers to each HTTP answer."""

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                added = ((name, value) for name, value in self.extra if name not in names)
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, send_with if scope["type"] == "http" else send)


class Bodies:
    """Answers 413 to a body over the limit, and 403 to a call that another site's page made."""

    def __init__(self, app: ASGIApp, limit: int = BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts the body while it arrives."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"].startswith(GUARDED) and _foreign(headers):
            return await _refuse(send, 403, "error.origin")
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length) > self.limit:
            return await _refuse(send, 413, "error.limit")
        started = False
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self.limit:
                raise _TooLong
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLong:
            if not started:
                await _refuse(send, 413, "error.limit")
        return None


def _foreign(headers: dict[bytes, str]) -> bool:
    """Whether a browser sent this for a page of another origin; programs send no Origin."""
    origin = headers.get(b"origin", "")
    hosts = {headers.get(b"host", ""), headers.get(b"x-forwarded-host", "")}
    return bool(origin) and urlsplit(origin).netloc not in hosts


async def _refuse(send: Send, status: int, key: str) -> None:
    log("refused", status=status)
    body = json.dumps({"key": key, "detail": "", "hint": "", "level": "error"}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
