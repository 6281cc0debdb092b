"""Turns the events of a generation into the view of the moment.

Keeps the last good frame of every candidate: a frame that the sanitizer refuses is skipped, a finished drawing that it
refuses is shown as invalid with the reason. Refuses to clean frames nobody will see: partial drawings are kept as text
until `frame` is asked for, which is 14 times a second and not once a token (4 candidates at 100 tokens/s).
"""

from __future__ import annotations

from dataclasses import replace

from text2svg.errors import SvgError
from text2svg.generate.events import Done, Finished, Partial, Ranked, Started
from webapp.preview import shown
from webapp.views import Candidate, CreateView, Drawing, Notice, Reading

_OPEN = ("waiting", "drawing")


class Board:
    """The state of one request while its events arrive."""

    def __init__(self, view: CreateView) -> None:
        self.view = view
        self._candidates: dict[int, Candidate] = {}
        self._pending: dict[int, str] = {}

    def take(self, event: object) -> bool:
        """Takes one event; true when the page should change at once."""
        match event:
            case Started():
                self._start(event)
            case Partial():
                self._pending[event.index] = event.svg
                return False
            case Finished():
                self._finish(event)
            case Ranked():
                self.view = replace(self.view, order=tuple(event.order))
            case Done():
                return False
        return True

    def _start(self, event: Started) -> None:
        self._candidates = {i: Candidate(i, seed=event.seed + i) for i in range(event.n)}
        read = tuple(Reading(s.word, s.used, s.how) for s in event.substitutions)
        self.view = replace(self.view, readings=read)

    def _finish(self, event: Finished) -> None:
        self._pending.pop(event.index, None)
        candidate = self._candidates.get(event.index, Candidate(event.index))
        warnings = tuple(str(warning) for warning in event.warnings)
        candidate = replace(candidate, tokens=event.tokens, warnings=warnings)
        try:
            drawing = shown(event.svg).drawing if event.svg else Drawing()
        except SvgError as error:
            self._put(replace(candidate, state="invalid", reason=error.reason))
            return
        if event.valid and event.svg:
            self._put(replace(candidate, drawing=drawing, state="done"))
            return
        reason = warnings[-1] if warnings else "nothing drawn"
        self._put(replace(candidate, drawing=drawing, state="invalid", reason=reason))

    def _put(self, candidate: Candidate) -> None:
        self._candidates[candidate.index] = candidate

    def frame(self) -> CreateView:
        """The view of this moment."""
        for index, text in self._pending.items():
            candidate = self._candidates.get(index, Candidate(index))
            try:
                drawing = shown(text, measured=False).drawing
            except SvgError:
                continue
            self._put(replace(candidate, drawing=drawing, state="drawing"))
        self._pending.clear()
        return self._with(self.view.state)

    def finished(self, seconds: float) -> CreateView:
        """The last view of a request that ran to its end."""
        self.frame()
        self.view = replace(self.view, seconds=round(seconds, 2))
        return self._with("done")

    def stopped(self, notice: Notice | None = None) -> CreateView:
        """The last view of a request that was cut short."""
        self.frame()
        self._halt()
        self.view = replace(self.view, notice=notice)
        return self._with("stopped")

    def failed(self, notice: Notice) -> CreateView:
        """The last view of a request that raised."""
        self._halt()
        self.view = replace(self.view, notice=notice)
        return self._with("error")

    def _halt(self) -> None:
        for candidate in list(self._candidates.values()):
            if candidate.state in _OPEN:
                self._put(replace(candidate, state="stopped"))

    def _with(self, state: str) -> CreateView:
        ordered = tuple(self._candidates[i] for i in sorted(self._candidates))
        self.view = replace(self.view, state=state, candidates=ordered)
        return self.view
