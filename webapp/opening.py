"""The page's first document: the visitor's language before Gradio reads the browser's, our title, and a fifth of the bytes.

Gradio inserts `head` scripts when its own code already runs, which is too late to say which language its labels shall have;
so a few lines go into the document itself. Refuses everything but the HTML at the root. The trade-off: that one answer (220
kB) is held in memory and packed for each visit, 4 ms.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL = 6


class Opening:
    """ASGI middleware for `GET /`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        script = (files("webapp") / "static" / "language.js").read_text(encoding="utf-8")
        self.first = f"<head><script>{script}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrites the document, passes everything else through."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path not in ("", "/"):
            return await self.app(scope, receive, send)
        packs = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        # What Gradio would pack itself could not be rewritten.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def held(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await self._send(start, bytes(body), packs, send)

        return await self.app({**scope, "headers": plain}, receive, held)

    async def _send(self, start: Message, body: bytes, packs: bool, send: Send) -> None:
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        if dict(headers).get(b"content-type", b"").startswith(b"text/html"):
            body = body.replace(b"<head>", self.first, 1).replace(b'content="Gradio"', b'content="Text2SVG"')
            headers.append((b"vary", b"accept-encoding"))
            if packs:
                body = gzip.compress(body, LEVEL, mtime=0)
                headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})
