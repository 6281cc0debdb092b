"""Captions by any vision model behind an engine: drawings in, captions and outcomes out, in the order of the drawings.

    caption(drawings, engine, journal, tools, options) -> outcomes, one after the other

Each drawing is rendered in a killable process and asked about in up to 80 ways. An answer that is there already is not
asked for again; one that does not come is tried again with growing patience. Refuses to count a dead server against a
drawing: the run ends, and the same call goes on. The trade-off: answers are written in order, so one slow answer holds
back at most WINDOW later ones, which wait in the cache.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from text2svg.caption.answers import Answers, payload_key
from text2svg.caption.journal import DROPPED, FAILED, OK, Entry, Tally
from text2svg.caption.pace import Pace
from text2svg.caption.picture import Picture, picture
from text2svg.caption.prompts import Question, questions
from text2svg.caption.quality import KEEP, Known, assess, tidy
from text2svg.caption.rows import Drawing
from text2svg.engine.base import Completion, Engine, Prompt, Sampling
from text2svg.errors import ConfigError, EngineUnavailable, RenderError, SvgError
from text2svg.raster.base import Rasterizer

WINDOW = 4
"""Batches of answers that may wait for an earlier one."""
BROKEN_TRIES = 2
"""How often an answer that broke off, or that the server rejected, is asked for."""


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """What decides captions, with the first Text2SVG's values where it had the option."""

    model: str = ""
    source: str = ""
    """Written into every line; empty takes the last part of the model's name."""
    resolution: int = 224
    """Pixels of the square the model sees."""
    temperature: float = 0.01
    max_tokens: int = 256
    seed: int = 12343
    captions: int = 1
    """Captions a drawing, each to another question."""
    least_score: float = KEEP
    """Captions below are dropped with their reasons; 0 keeps whatever is not empty."""
    batch: int = field(default=64, compare=False)
    """Requests at once."""
    tries: int = field(default=6, compare=False)
    """Requests for one answer before the server counts as gone; the waits between them double from 1 s."""

    def settings(self) -> dict[str, Any]:
        """What another run must repeat to go on with this one's output."""
        return {key: value for key, value in asdict(self).items() if key not in ("batch", "tries")}


@dataclass(frozen=True, slots=True)
class Tools:
    """What captions are made with."""

    rasterizer: Rasterizer
    answers: Answers
    pace: Pace = field(default_factory=Pace)
    agree: Callable[[str, str], float] | None = None
    """Cosine of a caption and a drawing, for quality; None leaves it out."""


class Outcomes(Protocol):
    """What is done and what gets done: a Journal."""

    @property
    def done(self) -> Container[tuple[str, int]]:
        """Drawings by hash and turn that have an outcome."""
        ...

    def add(self, entry: Entry) -> None:
        """Keeps one more."""
        ...


@dataclass(slots=True)
class Figures:
    """Counts of one run; a journal's tally counts everything in its files."""

    reused: int = 0
    """Outcomes that were there."""
    new: int = 0
    calls: int = 0
    """Requests sent for outcomes of this run, repeated ones too."""
    answered: int = 0
    """Outcomes with an answer, asked for or found."""
    cache_hits: int = 0

    def add(self, entry: Entry) -> None:
        """Counts one outcome."""
        self.new += 1
        self.calls += entry.tries
        self.answered += bool(entry.caption or entry.completion_tokens)
        self.cache_hits += entry.cached

    def hit_rate(self) -> float:
        """Share of this run's answers that were there before anybody asked, 0..1."""
        return round(self.cache_hits / max(1, self.answered), 4)

    def report(self, tally: Tally, prices: tuple[float, float] = (0.0, 0.0)) -> dict[str, Any]:
        """Plain figures; `prices` are of a million tokens read and written."""
        cost = (tally.prompt_tokens * prices[0] + tally.completion_tokens * prices[1]) / 1e6
        return {
            "outcomes": sum(tally.status.values()), **{name: tally.status[name] for name in (OK, DROPPED, FAILED)},
            "reasons": dict(tally.reasons.most_common()), "reused": self.reused, "new": self.new, "requests": self.calls,
            "cache_hits": self.cache_hits, "cache_hit_rate": self.hit_rate(),
            "prompt_tokens": tally.prompt_tokens, "completion_tokens": tally.completion_tokens, "cost": round(cost, 4),
        }  # fmt: skip


def caption(
    drawings: Iterable[Drawing], engine: Engine, journal: Outcomes, tools: Tools, options: CaptionOptions
) -> Iterator[Entry]:
    """Brings the journal up to date, an outcome at a time. Closing the iterator ends the run after answers in flight.

    Raises ConfigError for an engine that sees nothing, EngineError when the server refuses altogether, and
    EngineUnavailable when it is gone; every outcome until then is kept.
    """
    if not engine.reads_images:
        raise ConfigError(f"{engine.name} does not read images", hint="openai:http://host:8000/v1?images=on")
    run = _Run(engine, journal, tools, options)
    try:
        yield from run.entries(drawings)
    finally:
        run.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """One question about one drawing, on its way."""

    drawing: Drawing
    turn: int
    question: Question
    picture: Picture | None = None
    answer: Future[tuple[Completion, int]] | None = None
    cached: bool = False
    refused: Entry | None = None


class _Run:
    def __init__(self, engine: Engine, journal: Outcomes, tools: Tools, options: CaptionOptions) -> None:
        self.engine, self.journal, self.tools, self.options = engine, journal, tools, options
        self.pool = ThreadPoolExecutor(options.batch, "caption")
        self.asked: dict[str, Future[tuple[Completion, int]]] = {}
        """Answers on their way, by payload: the same picture and question is asked once."""

    def entries(self, drawings: Iterable[Drawing]) -> Iterator[Entry]:
        waiting: deque[_Job] = deque()
        for job in self._jobs(drawings):
            waiting.append(job)
            while len(waiting) >= WINDOW * self.options.batch or (waiting and _settled(waiting[0])):
                yield self._settle(waiting.popleft())
        while waiting:
            yield self._settle(waiting.popleft())

    def close(self) -> None:
        """Waits for answers in flight, so that what was paid for is kept; those not yet sent are not sent."""
        self.tools.pace.stop()
        self.pool.shutdown(cancel_futures=True)

    def _jobs(self, drawings: Iterable[Drawing]) -> Iterator[_Job]:
        for drawing in drawings:
            asked = questions(drawing.hash, self.options.seed, self.options.captions)
            open_turns = [turn for turn in range(len(asked)) if (drawing.hash, turn) not in self.journal.done]
            if not open_turns:
                continue
            try:
                seen = picture(drawing.svg, self.options.resolution, self.tools.rasterizer)
            except SvgError as error:
                yield from (self._refuse(drawing, turn, asked[turn], DROPPED, error.reason) for turn in open_turns)
            except RenderError as error:
                why = f"no-picture: {error.message}"
                yield from (self._refuse(drawing, turn, asked[turn], FAILED, why) for turn in open_turns)
            else:
                yield from (self._ask(drawing, turn, asked[turn], seen) for turn in open_turns)

    @staticmethod
    def _refuse(drawing: Drawing, turn: int, question: Question, status: str, why: str) -> _Job:
        reason, _, error = why.partition(": ")
        return _Job(drawing, turn, question, refused=Entry(drawing.hash, turn, status, reason, question.text, error=error))

    def _ask(self, drawing: Drawing, turn: int, question: Question, seen: Picture) -> _Job:
        prompt = Prompt(question.text, images=(seen.png,))
        o = self.options
        sampling = Sampling(o.max_tokens, o.temperature, 1.0, o.seed + turn)
        key = payload_key(o.model, prompt, sampling)
        known = self.tools.answers.get(key)
        if known is not None:
            answer: Future[tuple[Completion, int]] = Future()
            answer.set_result((known, 0))
            return _Job(drawing, turn, question, seen, answer, cached=True)
        if key in self.asked:
            return _Job(drawing, turn, question, seen, self.asked[key], cached=True)
        answer = self.pool.submit(self._fetch, key, prompt, sampling)
        self.asked[key] = answer
        answer.add_done_callback(lambda _: self.asked.pop(key, None))
        return _Job(drawing, turn, question, seen, answer)

    def _fetch(self, key: str, prompt: Prompt, sampling: Sampling) -> tuple[Completion, int]:
        """An answer, and how many requests it took. Runs in the pool."""
        sent = broken = 0
        while self.tools.pace.wait():
            sent += 1
            try:
                answer = self.engine.complete([prompt], sampling)[0]
            except EngineUnavailable as error:
                if sent >= self.options.tries:
                    raise
                self.tools.pace.hold(error.retry_after_s or 2.0 ** (sent - 1))
                continue
            self.tools.answers.put(key, answer)
            broken += answer.finish == "error"
            if answer.finish != "error" or broken >= BROKEN_TRIES:
                return answer, sent
        raise EngineUnavailable("the run was stopped")

    def _settle(self, job: _Job) -> Entry:
        entry = job.refused or self._judge(job)
        self.journal.add(entry)
        return entry

    def _judge(self, job: _Job) -> Entry:
        assert job.answer is not None and job.picture is not None
        answer, sent = job.answer.result()
        entry = Entry(
            job.drawing.hash, job.turn, OK, "", job.question.text, tidy(answer.text), 0.0, job.cached,
            0 if job.cached else sent, answer.prompt_tokens, answer.completion_tokens,
        )  # fmt: skip
        if answer.finish == "error":
            return replace(entry, status=FAILED, reason="no-answer", error=answer.error)
        agreement = self.tools.agree(entry.caption, job.drawing.svg) if self.tools.agree and entry.caption else None
        known = Known(job.drawing.name, job.drawing.tags, job.picture.colors, agreement)
        quality = assess(entry.caption, known, job.question.words, whole=answer.finish == "stop")
        kept = entry.caption and quality.score >= self.options.least_score
        return replace(
            entry, status=OK if kept else DROPPED, reason=",".join(quality.reasons), score=quality.score
        )


def _settled(job: _Job) -> bool:
    return job.refused is not None or (job.answer is not None and job.answer.done())
