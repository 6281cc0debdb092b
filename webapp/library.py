"""REST for what can be looked at: composed pictures, relatives, the map, the examples, and what was measured.

Same service, same limits and same notices as `webapp.api`. Refuses more than two comparisons of pixels at a time, so that
nobody's curiosity takes the cores that others are drawn on.
"""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from webapp import handlers
from webapp.api import SvgIn, answer, client_of, run
from webapp.atlas import AT_ONCE
from webapp.composing import MAX_COMPOSED
from webapp.gallery import RELATIVES
from webapp.handlers import Wish
from webapp.measure import MOST_COLUMNS
from webapp.service import Service

PIXELS = 2


class ComposeIn(BaseModel):
    """What to put together from corpus drawings."""

    prompt: str = Field(max_length=handlers.MAX_PROMPT, examples=["a blue circular button with a power symbol"])
    style: str = Field("", description="outline, filled, duotone, color, or empty for what the words say")
    n: int = Field(MAX_COMPOSED, description="Compositions, 1 to 4; fewer when the corpus has no more")
    seed: int = Field(1, description="The same seed gives the same bytes")

    def wish(self) -> Wish:
        """As the handlers know it."""
        return Wish(self.prompt, self.style, self.n, self.seed)


class RelativesIn(SvgIn):
    """A drawing whose relatives are asked for."""

    k: int = Field(RELATIVES, ge=1, le=24)


class RowsIn(BaseModel):
    """Rows of the index, as the map numbers them."""

    rows: list[int] = Field(max_length=AT_ONCE)


def routes(service: Service) -> APIRouter:
    """The router over one service."""
    router = APIRouter(prefix="/api/v1", tags=["v1"])
    _making(router, service)
    _looking(router, service)
    _measuring(router, service)
    return router


def _making(router: APIRouter, service: Service) -> None:
    pixels = anyio.CapacityLimiter(PIXELS)

    @router.post("/compose", summary="Put pictures together from licensed corpus drawings; no model draws them")
    async def compose(body: ComposeIn, request: Request) -> Response:
        work = lambda: service.compose(client_of(request), body.wish())  # noqa: E731
        return answer(await anyio.to_thread.run_sync(work, limiter=pixels))

    @router.post("/relatives", summary="The nearest corpus drawings, and whether a drawing nearly copies one")
    async def relatives(body: RelativesIn, request: Request) -> Response:
        work = lambda: service.relatives(client_of(request), body.svg, body.k)  # noqa: E731
        return answer(await anyio.to_thread.run_sync(work, limiter=pixels))

    @router.get("/examples", summary="What this server made of a few words when it started")
    async def examples() -> Response:
        return answer(await run(service.examples))


def _looking(router: APIRouter, service: Service) -> None:
    @router.get("/map", summary="The corpus as points on a plane, near ones alike")
    async def atlas() -> Response:
        return answer(await run(service.atlas))

    @router.post("/drawings", summary="Corpus drawings by the rows that the map names")
    async def drawings(body: RowsIn, request: Request) -> Response:
        return answer(await run(lambda: service.drawings(client_of(request), body.rows)))


def _measuring(router: APIRouter, service: Service) -> None:
    @router.get("/reports", summary="What was measured here")
    async def reports() -> Response:
        return answer(await run(service.reports.board))

    @router.get("/reports/compare", summary="Reports side by side, with what others published apart")
    async def compare(
        name: Annotated[list[str], Query(max_length=MOST_COLUMNS)],
        offset: Annotated[int, Query(ge=0)] = 0,
        failed: Annotated[bool, Query(description="Only prompts that some report failed")] = False,  # noqa: FBT002
    ) -> Response:
        return answer(await run(lambda: service.reports.compare(name, offset, failed=failed)))
