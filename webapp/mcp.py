"""The tools for language models: Model Context Protocol over streamable HTTP at `/mcp`, without sessions.

Six tools over the same service as the page. Refuses batches and server-initiated messages, which revision 2025-06-18 no
longer asks for. The trade-off of writing the 90 lines here: no dependency, and no progress notifications either; a drawing
is back in about a second.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError

from text2svg import __version__
from text2svg.errors import Text2SVGError
from webapp.api import GenerateIn, OptimizeIn, SearchIn, SvgIn, client_of, last_of, run
from webapp.english import ENGLISH
from webapp.gallery import Filters
from webapp.library import ComposeIn, RelativesIn
from webapp.notices import notice_of
from webapp.service import Service
from webapp.tuning import Choice
from webapp.views import Notice, as_json

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
PARSE_ERROR, INVALID, UNKNOWN_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602


class RenderIn(SvgIn):
    """A drawing to look at."""

    size: int = Field(512, description="Side in pixels, 16 to 2048")


Tool = tuple[type[BaseModel], str, Callable[[Service, str, Any], list[dict[str, Any]]]]


def _text(value: object) -> dict[str, Any]:
    return {"type": "text", "text": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}


def _failed(notice: Notice) -> list[dict[str, Any]]:
    parts = (ENGLISH.get(notice.key, notice.key), notice.detail, notice.hint)
    raise Text2SVGError(" ".join(part for part in parts if part))


def _generate(service: Service, client: str, given: GenerateIn) -> list[dict[str, Any]]:
    view = last_of(service.generate(client, given.wish()))
    if view.notice:
        return _failed(view.notice)
    order = [*view.order, *(one.index for one in view.candidates if one.index not in view.order)]
    drawn = [view.candidates[index] for index in order if view.candidates[index].state == "done"]
    return [_text(one.drawing.svg) for one in drawn]


def _optimize(service: Service, client: str, given: OptimizeIn) -> list[dict[str, Any]]:
    choice = Choice(given.profile, given.decimals, tuple(given.off))
    view = service.optimize(client, given.svg, choice)
    if view.notice:
        return _failed(view.notice)
    facts = {"raw_bytes": view.raw_bytes, "bytes": view.after.size, "saved_percent": view.saved, "kept_as": view.rung}
    return [_text(view.after.svg), _text(facts)]


def _search(service: Service, client: str, given: SearchIn) -> list[dict[str, Any]]:
    filters = Filters(given.style, given.licence, given.collection, given.k)
    view = service.search(client, given.asked(), filters, given.offset)
    if view.notice and view.state == "error":
        return _failed(view.notice)
    return [_text([as_json(one) for one in view.relatives])]


def _compose(service: Service, client: str, given: ComposeIn) -> list[dict[str, Any]]:
    view = service.compose(client, given.wish())
    if view.notice:
        return _failed(view.notice)
    facts = [{"kind": "composed", "attribution": one.attribution, "notes": one.notes} for one in view.composed]
    return [
        part for one, about in zip(view.composed, facts, strict=True) for part in (_text(one.drawing.svg), _text(about))
    ]


def _relatives(service: Service, client: str, given: RelativesIn) -> list[dict[str, Any]]:
    view = service.relatives(client, given.svg, given.k)
    return _failed(view.notice) if view.notice else [_text([as_json(one) for one in view.relatives])]


def _render(service: Service, client: str, given: RenderIn) -> list[dict[str, Any]]:
    data = service.picture(client, given.svg, "png", given.size)
    if isinstance(data, Notice):
        return _failed(data)
    return [{"type": "image", "mimeType": "image/png", "data": base64.b64encode(data).decode()}]


TOOLS: dict[str, Tool] = {
    "generate_svg": (GenerateIn, "Draw icons for a few English words; returns SVG texts, best first.", _generate),
    "optimize_svg": (OptimizeIn, "Make an SVG smaller; the result is checked to look the same.", _optimize),
    "search_icons": (SearchIn, "Find licensed icons by words or by an SVG, with author and licence.", _search),
    "compose_svg": (ComposeIn, "Put a picture together from licensed icons; says whose they are.", _compose),
    "find_relatives": (RelativesIn, "Find the licensed icons nearest to an SVG, near copies flagged.", _relatives),
    "render_png": (RenderIn, "Render an SVG as a PNG image.", _render),
}


def listing() -> list[dict[str, Any]]:
    """The tools as a client lists them."""
    return [
        {"name": name, "description": text, "inputSchema": model.model_json_schema()}
        for name, (model, text, _) in TOOLS.items()
    ]


def call(service: Service, client: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of one tool. Raises KeyError for an unknown tool, ValidationError for wrong arguments."""
    model, _, tool = TOOLS[params["name"]]
    given = model.model_validate(params.get("arguments") or {})
    try:
        return {"content": tool(service, client, given)}
    except Text2SVGError as error:
        notice = notice_of(error)
        return {"content": [_text(" ".join(filter(None, (notice.detail, notice.hint))))], "isError": True}


def routes(service: Service) -> APIRouter:
    """The router over one service."""
    router = APIRouter(include_in_schema=False)

    @router.post("/mcp")
    async def post(request: Request) -> Response:
        try:
            message = json.loads(await request.body())
        except ValueError:
            return _error(None, PARSE_ERROR, "not JSON")
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return _error(None, INVALID, "one JSON-RPC request at a time")
        if "id" not in message:
            return Response(status_code=202)
        return await _respond(service, client_of(request), message)

    @router.get("/mcp")
    async def no_stream() -> Response:
        return Response(status_code=405, headers={"allow": "POST"})

    return router


async def _respond(service: Service, client: str, message: dict[str, Any]) -> Response:
    method, number = message["method"], message["id"]
    params = message.get("params") if isinstance(message.get("params"), dict) else {}
    if method == "initialize":
        asked = params.get("protocolVersion")
        server = {"name": "text2svg", "title": "Text2SVG", "version": __version__}
        version = asked if asked in VERSIONS else VERSIONS[1]
        return _result(number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server})
    if method == "ping":
        return _result(number, {})
    if method == "tools/list":
        return _result(number, {"tools": listing()})
    if method != "tools/call":
        return _error(number, UNKNOWN_METHOD, f"unknown method {method[:60]}")
    try:
        return _result(number, await run(lambda: call(service, client, params)))
    except KeyError:
        return _error(number, BAD_PARAMS, f"unknown tool; known: {', '.join(TOOLS)}")
    except ValidationError as error:
        return _error(number, BAD_PARAMS, str(error)[:500])


def _result(number: object, value: dict[str, Any]) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "result": value})


def _error(number: object, code: int, message: str) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}})
