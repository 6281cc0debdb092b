"""The routes beside the page: health, and a drawing as PNG.

Refuses bodies over the upload limit before reading them whole, and renders at most two at a time, so that a burst of
downloads cannot take the cores that the engine draws with.
"""

from __future__ import annotations

from dataclasses import asdict

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from text2svg.errors import LimitError, Text2SVGError
from webapp.handlers import Runtime, png
from webapp.notices import notice_of
from webapp.preview import UPLOAD_BYTES
from webapp.views import Notice

RENDERS = 2


def routes(runtime: Runtime) -> APIRouter:
    """The router over one runtime."""
    router = APIRouter()
    renders = anyio.CapacityLimiter(RENDERS)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.post("/render.png")
    async def render(request: Request, size: int = 512) -> Response:
        try:
            svg = await _body(request)
            data = await anyio.to_thread.run_sync(png, runtime, svg, size, limiter=renders)
        except Text2SVGError as error:
            return JSONResponse(asdict(notice_of(error)), status_code=422)
        except UnicodeDecodeError:
            return JSONResponse(asdict(Notice("error.text")), status_code=422)
        return Response(data, media_type="image/png", headers={"cache-control": "no-store"})

    return router


async def _body(request: Request) -> str:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > UPLOAD_BYTES:
            raise LimitError("byte-limit", f"more than {UPLOAD_BYTES:,} bytes")
    return data.decode()
