"""The handlers behind the gate: what the page, the API and the MCP tools all call.

Every piece of work passes here: the client's budget first, then the queue, then the handler, then the counters and one log
line. Refuses to let the two doors differ: a limit that holds for the page holds for the API. The trade-off: a defect is
counted and logged here and then raised all the same.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from webapp import atlas, composing, examples, gallery, handlers
from webapp.gallery import Filters, Question
from webapp.handlers import Runtime, Wish
from webapp.limits import Bounds, Budget, Gate
from webapp.measure import Reports
from webapp.metrics import Metrics, log
from webapp.tuning import Choice, Tuner
from webapp.views import CleanView, ComposeView, CreateView, ExploreView, Notice, OptimizeView, RelativesView

Answer = TypeVar("Answer", CleanView, ComposeView, ExploreView, OptimizeView, RelativesView)

COSTS = {
    "optimize": 0.5, "search": 0.2, "clean": 0.05, "render": 0.2, "compose": 0.3, "relatives": 0.3, "drawings": 0.1,
}  # fmt: skip
"""Points of a client's budget; a drawing costs 1. About their share of a core."""


class Service:
    """One runtime and its limits. Thread-safe."""

    def __init__(
        self,
        runtime: Runtime,
        bounds: Bounds = Bounds(),
        *,
        ready: Callable[[], bool] = lambda: True,
        reports: Reports | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runtime = runtime
        self.reports = reports or Reports()
        self.ready = ready
        self.bounds = bounds
        self.gate = Gate(bounds, clock)
        self.budget = Budget(bounds, clock)
        self.metrics = Metrics()
        self.tuner = Tuner(runtime)
        self._clock = clock
        self._once = threading.Lock()
        self._examples: examples.Examples | None = None
        self._atlas: atlas.AtlasView | None = None
        self.metrics.gauge("text2svg_running", lambda: self.gate.running)
        self.metrics.gauge("text2svg_waiting", lambda: self.gate.waiting)

    def generate(self, client: str, wish: Wish, *, run: int = 0) -> Iterator[CreateView]:
        """As handlers.generate, within the limits. Closing the iterator leaves the queue and frees the engine."""
        start, first, last = self._clock(), -1.0, handlers.began(wish, run)
        outcome, views = "cancelled", self._drawn(client, wish, run)
        try:
            for last in views:
                if first < 0 and any(one.drawing.svg for one in last.candidates):
                    first = self._clock() - start
                # Told before it is shown: nobody has to read past the last view.
                outcome = "cancelled" if last.state == "running" else _outcome(last)
                yield last
        except Exception:
            outcome = "defect"
            raise
        finally:
            views.close()  # type: ignore[attr-defined]
            self._tell(last, outcome, first, self._clock() - start)

    def _drawn(self, client: str, wish: Wish, run: int) -> Iterator[CreateView]:
        view = handlers.began(wish, run)
        refused = self._refusal(client, wish.n or 1)
        if refused:
            yield replace(view, state="error", notice=refused)
            return
        for ahead in self.gate.enter():
            if ahead is None:
                yield replace(view, state="error", notice=self._full())
                return
            yield replace(view, ahead=ahead)
        views = handlers.generate(self.runtime, wish, run=run, clock=self._clock)
        try:
            yield from views
        finally:
            views.close()  # type: ignore[attr-defined]
            self.gate.leave()

    def optimize(self, client: str, svg: str, choice: Choice = Choice()) -> OptimizeView:
        """As handlers.optimize, within the client's budget."""
        run = lambda: handlers.optimize(self.tuner, svg, choice)  # noqa: E731
        return self._counted(client, "optimize", OptimizeView("error"), run)

    def clean(self, client: str, svg: str) -> CleanView:
        """As handlers.clean, within the client's budget."""
        return self._counted(client, "clean", CleanView("error"), lambda: handlers.clean(svg))

    def search(self, client: str, asked: Question, filters: Filters, offset: int = 0) -> ExploreView:
        """As the gallery answers the question, within the client's budget."""
        kind, text, words = asked

        def run() -> ExploreView:
            if kind == "drawing":
                return gallery.search_drawing(self.runtime, text, filters, words)
            if kind == "words" and text.strip():
                return gallery.search_words(self.runtime, text, filters)
            return gallery.browse(self.runtime, filters, offset)

        return self._counted(client, "search", ExploreView("error", kind), run)

    def compose(self, client: str, wish: Wish) -> ComposeView:
        """As composing.compose, within the client's budget."""
        run = lambda: composing.compose(self.runtime, wish)  # noqa: E731
        return self._counted(client, "compose", ComposeView("error"), run)

    def relatives(self, client: str, svg: str, k: int = gallery.RELATIVES) -> RelativesView:
        """As gallery.relatives, within the client's budget."""
        run = lambda: gallery.relatives(self.runtime, svg, k)  # noqa: E731
        return self._counted(client, "relatives", RelativesView("error"), run)

    def drawings(self, client: str, rows: Sequence[int]) -> RelativesView:
        """As atlas.drawings, within the client's budget."""
        run = lambda: atlas.drawings(self.runtime, rows)  # noqa: E731
        return self._counted(client, "drawings", RelativesView("error"), run)

    def examples(self) -> examples.Examples:
        """What the first page shows; made once, by whoever asks first."""
        with self._once:
            if self._examples is None:
                self._examples = examples.made(self.runtime, lambda: not self.gate.closing)
            return self._examples

    def atlas(self) -> atlas.AtlasView:
        """The map of the corpus; packed once it can be read."""
        with self._once:
            view = self._atlas or atlas.atlas(self.runtime)
            self._atlas = view if view.state == "done" else None
            return view

    def picture(self, client: str, svg: str, form: str, size: int) -> bytes | Notice:
        """As handlers.picture, or why the client has to wait. Raises Text2SVGError."""
        refused = self._refusal(client, COSTS["render"])
        if refused:
            return refused
        with self._timed("render") as outcome:
            data = handlers.picture(self.runtime, svg, form, size)
            outcome.append("done")
            return data

    def drain(self) -> None:
        """Lets nobody in any more; says what is still running."""
        if not self.gate.closing:
            log("stopping", running=self.gate.running, waiting=self.gate.waiting)
        self.gate.close()

    def close(self) -> None:
        """Ends what this service started, and says whether work was cut short."""
        log("stopped", cut_short=self.gate.running)
        self.tuner.close()

    def _refusal(self, client: str, cost: float) -> Notice | None:
        wait = self.budget.take(client, cost)
        return Notice("error.budget", hint=f"{math.ceil(wait)} s", level="info") if wait else None

    def _full(self) -> Notice:
        return Notice("error.closing" if self.gate.closing else "error.full", level="info")

    def _counted(self, client: str, action: str, failed: Answer, run: Callable[[], Answer]) -> Answer:
        refused = self._refusal(client, COSTS[action])
        if refused:
            self.metrics.count("text2svg_requests_total", action=action, outcome="error.budget")
            return replace(failed, notice=refused)
        with self._timed(action) as outcome:
            view = run()
            outcome.append(_outcome(view))
            return view

    @contextmanager
    def _timed(self, action: str) -> Iterator[list[str]]:
        start, outcome = self._clock(), ["failed"]
        try:
            yield outcome
        finally:
            seconds = self._clock() - start
            self.metrics.count("text2svg_requests_total", action=action, outcome=outcome[-1])
            self.metrics.observe("text2svg_seconds", seconds, action=action)
            log(action, outcome=outcome[-1], seconds=round(seconds, 3))

    def _tell(self, view: CreateView, outcome: str, first: float, seconds: float) -> None:
        tokens = sum(one.tokens for one in view.candidates)
        self.metrics.count("text2svg_requests_total", action="generate", outcome=outcome)
        self.metrics.count("text2svg_tokens_total", tokens)
        for one in view.candidates:
            self.metrics.count("text2svg_drawings_total", state=one.state)
        self.metrics.observe("text2svg_seconds", seconds, action="generate")
        if first >= 0:
            self.metrics.observe("text2svg_first_frame_seconds", first)
        facts = {"n": len(view.candidates), "tokens": tokens, "first": round(first, 3), "seconds": round(seconds, 3)}
        log("generate", outcome=outcome, **facts)


def _outcome(view: Any) -> str:
    return view.notice.key if view.state == "error" and view.notice else view.state
