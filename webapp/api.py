"""The REST interface, `/api/v1`: the same service as the page, described by `/api/openapi.json`.

Errors are the page's notices as JSON with a fitting status; streams are server-sent events whose name is the state of the
view they carry. Refuses bodies over the limit while they arrive, and renders at most two at a time, so that a burst of
downloads cannot take the cores that the engine draws with.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, TypeVar

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from text2svg.errors import Text2SVGError
from webapp import batch, handlers
from webapp.gallery import Filters, Question
from webapp.handlers import Wish
from webapp.limits import UPLOAD_BYTES, ZIP_FILES
from webapp.notices import notice_of
from webapp.preview import shown
from webapp.service import Service
from webapp.tuning import Choice
from webapp.views import Notice, as_json

RENDERS = 2
STATUS = {
    "error.empty": 422,
    "error.nothing": 422,
    "error.budget": 429,
    "error.full": 503,
    "error.closing": 503,
    "error.busy": 503,
    "error.missing": 501,
    "error.engine": 502,
    "error.store": 500,
    "error.unknown": 500,
}
"""HTTP status by notice; everything else is about the request's content, 422."""
TEXT = {"requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}}
Made = TypeVar("Made")


class GenerateIn(BaseModel):
    """What to draw. Numbers outside the limits are clamped to them."""

    prompt: str = Field(max_length=handlers.MAX_PROMPT, examples=["red heart"])
    style: str = Field("", description="outline, filled, duotone, color, or empty for any")
    n: int = Field(
        handlers.MAX_CANDIDATES, description="Candidates, 1 to 8; `order` says which look most like the words"
    )
    seed: int = Field(1, description="Candidate i draws with seed + i")
    max_tokens: int = Field(300, description="Longest drawing, 32 to 1024")
    temperature: float = 0.4
    top_p: float = 0.9
    reference: str = Field("", max_length=UPLOAD_BYTES, description="An SVG in whose manner it is drawn")
    stream: bool = Field(False, description="Server-sent events while it is drawn, instead of one answer")

    def wish(self) -> Wish:
        """As the handlers know it."""
        numbers = {"max_tokens": self.max_tokens, "temperature": self.temperature, "top_p": self.top_p}
        return Wish(self.prompt, self.style, self.n, self.seed, **numbers, reference=self.reference)


class SvgIn(BaseModel):
    """One drawing."""

    svg: str = Field(max_length=UPLOAD_BYTES)


class OptimizeIn(SvgIn):
    """A drawing and how to optimize it."""

    profile: str = Field("web", description="web, model or seed")
    decimals: int | None = Field(None, description="0, 1, 2, or null for what suits the profile")
    off: list[str] = Field([], description="Groups to leave out: grid, paths, shapes, structure, paint, names")


class SearchIn(BaseModel):
    """Words, a drawing, both of them, or neither to browse."""

    words: str = Field("", max_length=handlers.MAX_PROMPT)
    svg: str = Field("", max_length=UPLOAD_BYTES)
    style: str = ""
    licence: str = ""
    collection: str = ""
    k: int = Field(24, ge=1, le=100)
    offset: int = Field(0, ge=0, description="For browsing")

    def asked(self) -> Question:
        """The question as the service knows it."""
        return Question("drawing", self.svg, self.words) if self.svg else Question("words", self.words)


class FileIn(SvgIn):
    """A drawing with a name."""

    name: str = Field(max_length=120)


class ZipIn(BaseModel):
    """What goes into a zip."""

    files: list[FileIn] = Field(max_length=ZIP_FILES)


def client_of(request: Any) -> str:
    """The address the budget is kept for. Behind a proxy the server is told which one to believe."""
    return request.client.host if request.client else "unknown"


def answer(view: Any, status: int = 200) -> JSONResponse:
    """A view as JSON; a failed one with the status of its notice."""
    notice = view if isinstance(view, Notice) else getattr(view, "notice", None)
    failed = notice is not None and getattr(view, "state", "error") == "error"
    code = STATUS.get(notice.key, 422) if failed and notice else status
    headers = {"retry-after": notice.hint.split()[0]} if code == 429 and notice else {}
    return JSONResponse(as_json(view), code, headers)


async def events(views: Iterator[Any], threads: anyio.CapacityLimiter) -> AsyncIterator[str]:
    """Views as server-sent events; a client that leaves closes the iterator, which frees the engine."""
    try:
        while (view := await anyio.to_thread.run_sync(next, views, None, limiter=threads)) is not None:
            yield f"event: {view.state}\ndata: {json.dumps(as_json(view), ensure_ascii=False)}\n\n"
    finally:
        views.close()  # type: ignore[attr-defined]


def streamed(views: Iterator[Any], threads: anyio.CapacityLimiter) -> StreamingResponse:
    """An event stream that proxies do not hold back."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events(views, threads), media_type="text/event-stream", headers=headers)


def last_of(views: Iterator[Made]) -> Made:
    """Runs to the end; every service says something."""
    return deque(views, maxlen=1)[0]


def routes(service: Service) -> APIRouter:
    """The router over one service."""
    router = APIRouter(prefix="/api/v1", tags=["v1"])
    # Who waits for the engine holds a thread, so streams have their own and nobody else waits for them.
    threads = anyio.CapacityLimiter(service.bounds.concurrency + service.bounds.waiting + 4)
    _drawing(router, service, threads)
    _finding(router, service)
    _files(router, service, threads)
    return router


def _drawing(router: APIRouter, service: Service, threads: anyio.CapacityLimiter) -> None:
    @router.post("/generate", summary="Draw candidates for some words")
    async def generate(body: GenerateIn, request: Request) -> Response:
        views = service.generate(client_of(request), body.wish())
        if body.stream:
            return streamed(views, threads)
        return answer(await anyio.to_thread.run_sync(last_of, views, limiter=threads))

    @router.post("/optimize", summary="Make an SVG smaller, and prove that it looks the same")
    async def optimize(body: OptimizeIn, request: Request) -> Response:
        try:
            choice = Choice(body.profile, body.decimals, tuple(body.off))
        except Text2SVGError as error:
            return answer(notice_of(error))
        return answer(await run(lambda: service.optimize(client_of(request), body.svg, choice)))

    @router.post("/clean", summary="Make an SVG safe to show, and measure it")
    async def clean(body: SvgIn, request: Request) -> Response:
        return answer(await run(lambda: service.clean(client_of(request), body.svg)))


def _finding(router: APIRouter, service: Service) -> None:
    @router.post("/search", summary="The corpus by words, by a drawing, or by both")
    async def search(body: SearchIn, request: Request) -> Response:
        filters = Filters(body.style, body.licence, body.collection, body.k)
        return answer(await run(lambda: service.search(client_of(request), body.asked(), filters, body.offset)))

    @router.get("/search", summary="The corpus by words")
    async def look(body: Annotated[SearchIn, Query()], request: Request) -> Response:
        return await search(body, request)

    @router.get("/status", summary="Engine, model and corpus of this server")
    async def status() -> Response:
        return answer(await run(lambda: handlers.status(service.runtime)))


def _files(router: APIRouter, service: Service, threads: anyio.CapacityLimiter) -> None:
    renders = anyio.CapacityLimiter(RENDERS)

    @router.post("/render", summary="An SVG as PNG, or as PDF where libcairo2 is installed", openapi_extra=TEXT)
    async def render(request: Request, form: str = "png", size: int = 512) -> Response:
        try:
            svg = await text_of(request)
            work = lambda: service.picture(client_of(request), svg, form, size)  # noqa: E731
            data = await anyio.to_thread.run_sync(work, limiter=renders)
        except Text2SVGError as error:
            return answer(notice_of(error))
        except UnicodeDecodeError:
            return answer(Notice("error.text"))
        if isinstance(data, Notice):
            return answer(data)
        kind = "application/pdf" if form == "pdf" else "image/png"
        return Response(data, media_type=kind, headers={"cache-control": "no-store"})

    @router.post("/batch", summary="Draw the rows of a CSV; `Accept: application/zip` for a zip", openapi_extra=TEXT)
    async def draw_batch(request: Request) -> Response:
        try:
            text = await text_of(request)
            batch.read_csv(text)
        except Text2SVGError as error:
            return answer(notice_of(error))
        except UnicodeDecodeError:
            return answer(Notice("error.text"))
        views = batch.draw(service, client_of(request), text)
        if "application/zip" not in request.headers.get("accept", ""):
            return streamed(views, threads)
        rows = await anyio.to_thread.run_sync(lambda: [view.row for view in views if view.row], limiter=threads)
        return archive(batch.zipped(batch.files_of(rows)))

    @router.post("/zip", summary="Cleaned drawings as one zip")
    async def pack(body: ZipIn) -> Response:
        try:
            clean = [(file.name, shown(file.svg, measured=False).drawing.svg) for file in body.files]
        except Text2SVGError as error:
            return answer(notice_of(error))
        return archive(await run(lambda: batch.zipped(clean)))


def archive(data: bytes) -> Response:
    """A zip as an answer."""
    return Response(data, media_type="application/zip", headers={"cache-control": "no-store"})


async def run(work: Callable[[], Made]) -> Made:
    """Work that would hold up the event loop, in a thread."""
    return await anyio.to_thread.run_sync(work)


async def text_of(request: Request) -> str:
    """The body as text. Raises UnicodeDecodeError; its length was checked while it arrived."""
    return (await request.body()).decode("utf-8-sig")
