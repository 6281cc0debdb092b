"""What whoever runs the server asks: is it alive, is it ready, how busy is it.

`/healthz` answers as long as the process does, `/readyz` only while new work is accepted, `/metrics` in Prometheus' text
format. Refuses details: nothing here names a visitor, a path or a model's folder.
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from webapp.service import Service


def routes(service: Service) -> APIRouter:
    """The router over one service."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        state = "closing" if service.gate.closing else "ready" if service.ready() else "loading"
        return JSONResponse({"status": state}, 200 if state == "ready" else 503)

    @router.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(service.metrics.everybody(), media_type="text/plain; version=0.0.4")

    return router
