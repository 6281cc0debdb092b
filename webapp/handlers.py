"""What the app does, without a browser: requests in, views out.

The tabs, the HTTP routes and the tests all call these functions. A handler turns every error of `text2svg.errors` into
a `Notice` with its hint, and lets anything else escape: a defect should be seen in the log, not smoothed over.

Refuses to hold state between calls. The trade-off: the browser sends a drawing back when it wants it optimized, and we
clean it again, which costs about a millisecond and means a restart of the server loses nobody's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from text2svg.errors import ConfigError, Text2SVGError
from text2svg.generate.manner import Manner
from text2svg.generate.request import MAX_CANDIDATES, Request
from webapp.notices import notice_of
from webapp.preview import brotli_size, shown, sizes
from webapp.progress import Board
from webapp.tuning import Choice, Tuner
from webapp.views import Asked, CleanView, CreateView, Notice, OptimizeView, Status

MAX_PROMPT = 300
"""Characters. Longer text is outside anything the generator was trained on."""
MAX_TOKENS = 1024
MAX_SEED = 2**31 - 1
FRAME_S = 0.07
"""About 14 pictures a second: below that a drawing looks steady, above it the browser only decodes more."""
DEADLINE_S = 60.0
"""One visitor may hold the engine this long."""
STYLES = ("", "outline", "filled", "duotone", "color")


class Runtime(Protocol):
    """The part of `text2svg.runtime.Runtime` that the app uses."""

    def generate(self, request: Request) -> Iterator[object]: ...  # noqa: D102
    def optimize(self, svg: str, *, profile: str, decimals: int | None = None) -> Any: ...  # noqa: D102
    def search_words(self, query: str, k: int, **filters: str) -> Sequence[Any]: ...  # noqa: D102
    def search_drawing(self, svg: str, k: int, words: str = "", **filters: str) -> Sequence[Any]: ...  # noqa: D102
    def browse(self, k: int, offset: int, **filters: str) -> Sequence[Any]: ...  # noqa: D102
    def compose(self, scene: Any, n: int, seed: int) -> Sequence[Any]: ...  # noqa: D102
    def manner(self, svg: str) -> Manner: ...  # noqa: D102
    def relatives(self, svg: str, k: int) -> Sequence[Any]: ...  # noqa: D102
    def png(self, svg: str, size: int) -> bytes: ...  # noqa: D102
    def describe(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Wish:
    """What the page's fields hold; numbers outside our limits are clamped, a cleared field is None."""

    prompt: str
    style: str = ""
    n: float | None = MAX_CANDIDATES
    seed: float | None = 0
    max_tokens: float | None = 300
    temperature: float | None = 0.4
    top_p: float | None = 0.9
    reference: str = ""
    """SVG text in whose manner it is drawn."""

    def clamped(self) -> Wish:
        """The same with every field inside the limits."""
        return Wish(
            prompt=self.prompt.strip()[:MAX_PROMPT],
            style=self.style if self.style in STYLES else "",
            n=int(_clamp(self.n, 1, MAX_CANDIDATES)),
            seed=int(_clamp(self.seed, 0, MAX_SEED)),
            max_tokens=int(_clamp(self.max_tokens, 32, MAX_TOKENS)),
            temperature=_clamp(self.temperature, 0.05, 2.0),
            top_p=_clamp(self.top_p, 0.05, 1.0),
            reference=self.reference.strip(),
        )

    def request(self, runtime: Runtime) -> Request:
        """Raises ConfigError when the prompt holds no word, SvgError when the reference cannot be read."""
        values = asdict(self.clamped())
        reference, request = values.pop("reference"), Request(**values)
        return request.like(runtime.manner(reference)) if reference else request


def _clamp(value: float | None, low: float, high: float) -> float:
    # A not-a-number compares false with everything, and lands on the lower end.
    return min(high, value) if value and value >= low else low


def generate(
    runtime: Runtime,
    wish: Wish,
    *,
    run: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[CreateView]:
    """Views of a wish as it is drawn, at most one per FRAME_S; closing the iterator frees the engine."""
    board = Board(began(wish, run))
    if not board.view.prompt:
        yield replace(board.view, state="error", notice=Notice("error.empty", level="info"))
        return
    start = shown_at = clock()
    events = None
    try:
        request = wish.request(runtime)
        board.view = replace(board.view, asked=_asked(request))
        events = runtime.generate(request)
        for event in events:
            urgent = board.take(event)
            now = clock()
            if now - start > DEADLINE_S:
                yield board.stopped(Notice("error.deadline", level="info"))
                return
            if urgent or now - shown_at >= FRAME_S:
                shown_at = now
                yield board.frame()
        yield board.finished(clock() - start)
    except Text2SVGError as error:
        yield board.failed(notice_of(error))
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def began(wish: Wish, run: int) -> CreateView:
    """The view of a wish before anything is drawn."""
    return CreateView("running", " ".join(wish.prompt.split()), wish.style, run)


def _asked(request: Request) -> Asked:
    numbers = (request.n, request.seed, request.max_tokens, request.temperature, request.top_p)
    return Asked(*numbers, asdict(request.manner) if request.manner else None)


def clean(svg: str) -> CleanView:
    """An edited drawing, made safe and measured: what the page may show of it."""
    if not svg.strip():
        return CleanView("error", notice=Notice("error.nothing", level="info"))
    try:
        result = shown(svg)
    except Text2SVGError as error:
        return CleanView("error", notice=notice_of(error))
    drawing = replace(result.drawing, brotli=brotli_size(result.drawing.svg))
    return CleanView("done", drawing, result.removed)


def optimize(tuner: Tuner, svg: str, choice: Choice) -> OptimizeView:
    """Cleans and optimizes one drawing; the sizes compare with the text as it was given."""
    if not svg.strip():
        return OptimizeView("error", notice=Notice("error.nothing", level="info"))
    try:
        before = shown(svg)
        result = tuner.optimize(before.drawing.svg, choice)
        after = shown(result.text)
    except Text2SVGError as error:
        return OptimizeView("error", notice=notice_of(error))
    raw, packed = sizes(svg)
    return OptimizeView(
        "done",
        before=before.drawing,
        after=replace(after.drawing, brotli=brotli_size(after.drawing.svg)),
        raw_bytes=raw,
        raw_gzip=packed,
        raw_brotli=brotli_size(svg),
        saved=round(100 * (1 - after.drawing.size / raw), 1),
        rung=str(result.rung),
        difference=_difference(result.difference),
        removed=before.removed,
        warnings=tuple(str(warning) for warning in result.warnings),
    )


def _difference(value: object) -> float:
    """The mean absolute difference, whether the optimizer reports a number or its whole measurement."""
    if value is None:
        return -1.0
    return round(float(getattr(value, "mean_abs", value)), 3)  # type: ignore[arg-type]


def picture(runtime: Runtime, svg: str, form: str, size: int) -> bytes:
    """A PNG or PDF of a cleaned drawing, `size` pixels or points square (16..2048).

    Raises SvgError, RenderError, ConfigError for another form, MissingDependency for a PDF without libcairo2.
    """
    clean_svg, side = shown(svg, measured=False).drawing.svg, max(16, min(2048, size))
    if form == "png":
        return runtime.png(clean_svg, side)
    if form != "pdf":
        raise ConfigError(f"unknown form {form!r}", hint="one of: png, pdf")
    from text2svg.raster.cairo import Cairo

    return Cairo().pdf(clean_svg, side)


def no_pdf() -> str:
    """Why this machine writes no PDF; empty when it does. Looks for the library without loading it."""
    from ctypes.util import find_library

    return "" if find_library("cairo") else "libcairo2"


def status(runtime: Runtime) -> Status:
    """What the header says about the engine and the corpus; a server without a corpus still draws and optimizes."""
    try:
        facts = runtime.describe()
    except Text2SVGError:
        # Explore says what is missing, with its hint, where it is missed.
        return Status(pdf=no_pdf())
    return Status(
        engine=str(facts.get("engine", "")),
        model=str(facts.get("model", "")),
        rows=int(facts.get("rows", 0)),
        licences=tuple(str(name) for name in facts.get("licences", ())),
        collections=tuple(str(name) for name in facts.get("collections", ())),
        pdf=no_pdf(),
    )
