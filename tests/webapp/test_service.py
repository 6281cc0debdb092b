"""The gate, the budget, the counters and the log: what happens when many ask at once, and what is told about it."""

from __future__ import annotations

import itertools
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from text2svg.generate import Done, Finished, Partial, Ranked, Started
from webapp.gallery import Filters, Question
from webapp.handlers import Wish
from webapp.limits import Bounds, Budget, Gate
from webapp.metrics import BUCKETS, Metrics
from webapp.service import Service
from webapp.views import CreateView

ROOT = Path(__file__).resolve().parents[2]
DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle cx="128" cy="128" r="9"/></svg>'
SECRET = "a prompt that nobody may read"


class Endless:
    """Draws until it is closed, and counts who it draws for."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0

    def generate(self, request: Any) -> Iterator[object]:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield Started(1, request.seed)
            yield Finished(0, DOT, 3, True)
            if request.prompt != "short":
                while True:
                    yield Partial(0, DOT)
            yield Ranked((0,))
            yield Done(0.1)
        finally:
            self.open -= 1


def _last(views: Iterator[CreateView]) -> CreateView:
    return list(views)[-1]


def test_one_draws_one_waits_one_is_sent_away() -> None:
    engine = Endless()
    service = Service(engine, Bounds(concurrency=1, waiting=1))  # type: ignore[arg-type]
    first = service.generate("a", Wish("long"))
    next(first)
    second = service.generate("b", Wish("short"))
    assert next(second).ahead == 1
    refused = _last(service.generate("c", Wish("short")))
    assert (refused.state, refused.notice and refused.notice.key) == ("error", "error.full")
    first.close()  # type: ignore[attr-defined]
    assert _last(second).state == "done"
    assert (service.gate.running, service.gate.waiting, engine.open, engine.most) == (0, 0, 0, 1)


def test_an_answer_nobody_reads_on_holds_up_nobody() -> None:
    service = Service(Endless(), Bounds(concurrency=1, waiting=1))  # type: ignore[arg-type]
    views = [service.generate(name, Wish("long")) for name in "abc"]
    for one in views:  # drawn for, waiting, refused: each read in a thread that is gone afterwards
        thread = threading.Thread(target=next, args=(one,))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert not service.gate.idle(0.01)
    for one in reversed(views):
        one.close()  # type: ignore[attr-defined]
    assert service.gate.idle(1)
    assert service.gate.waiting == 0


def test_who_gives_up_leaves_the_queue() -> None:
    service = Service(Endless(), Bounds(concurrency=1, waiting=5))  # type: ignore[arg-type]
    first = service.generate("a", Wish("long"))
    next(first)
    waiting = [service.generate("b", Wish("short")) for _ in range(3)]
    assert [next(one).ahead for one in waiting] == [1, 2, 3]
    waiting[0].close()  # type: ignore[attr-defined]
    assert next(waiting[1]).ahead == 1
    for one in (first, *waiting[1:]):
        one.close()  # type: ignore[attr-defined]
    assert (service.gate.running, service.gate.waiting) == (0, 0)


def test_many_threads_never_draw_more_than_allowed() -> None:
    engine = Endless()
    service = Service(engine, Bounds(concurrency=2, waiting=30))  # type: ignore[arg-type]
    states: list[str] = []
    work = [
        threading.Thread(target=lambda: states.append(_last(service.generate("a", Wish("short"))).state))
        for _ in range(20)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(30)
    assert states == ["done"] * 20
    assert (engine.most <= 2, engine.open, service.gate.running) == (True, 0, 0)


def test_a_wait_that_takes_too_long_ends() -> None:
    ticks = itertools.count()
    gate = Gate(Bounds(concurrency=0, wait_s=3), clock=lambda: next(ticks))
    assert list(gate.enter())[-1] is None
    assert gate.waiting == 0


def test_stopping_lets_the_running_finish_and_nobody_in() -> None:
    service = Service(Endless(), Bounds(concurrency=1))  # type: ignore[arg-type]
    running = service.generate("a", Wish("long"))
    next(running)
    waiting = service.generate("b", Wish("short"))
    next(waiting)
    service.drain()
    assert _last(waiting).notice.key == "error.closing"  # type: ignore[union-attr]
    assert _last(service.generate("c", Wish("short"))).notice.key == "error.closing"  # type: ignore[union-attr]
    assert not service.gate.idle(0.01)
    assert next(running).state == "running"
    running.close()  # type: ignore[attr-defined]
    assert service.gate.idle(1)


def test_a_client_spends_and_earns() -> None:
    now = [0.0]
    budget = Budget(Bounds(burst=4, per_second=2), clock=lambda: now[0])
    assert budget.take("a", 4) == 0
    assert budget.take("a", 1) == 0.5
    assert budget.take("b", 4) == 0, "another client has its own"
    now[0] = 0.5
    assert budget.take("a", 1) == 0
    now[0] = 100
    assert budget.take("a", 99) == 0, "one request may cost more than the bucket holds, then it takes all"
    assert Budget(Bounds()).take("a", 10**9) == 0


def test_the_budget_holds_for_every_kind_of_work(runtime: Any) -> None:
    service = Service(runtime, Bounds(burst=1, per_second=0.001))
    assert service.clean("a", DOT).state == "done"
    for view in (
        service.optimize("a", DOT),
        service.optimize("a", DOT),
        _last(service.generate("a", Wish("heart"))),
        service.search("a", Question("words", "heart"), Filters()),
    )[1:3]:
        assert view.notice is not None
        assert view.notice.key == "error.budget"
    assert service.clean("b", DOT).state == "done"


def test_the_log_tells_what_happened_and_not_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "text2svg.webapp")
    service = Service(Endless())  # type: ignore[arg-type]
    _last(service.generate("192.0.2.7", Wish("short")))
    cut = service.generate("192.0.2.7", Wish(SECRET))
    next(cut)
    cut.close()  # type: ignore[attr-defined]
    service.clean("192.0.2.7", DOT.replace("circle", SECRET))
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [(line["event"], line["outcome"]) for line in lines] == [
        ("generate", "done"),
        ("generate", "cancelled"),
        ("clean", "error.parse"),
    ]
    assert "nobody may read" not in caplog.text
    assert "192.0.2.7" not in caplog.text
    text = service.metrics.text()
    assert 'text2svg_requests_total{action="generate",outcome="cancelled"} 1' in text
    assert 'text2svg_drawings_total{state="done"}' in text
    assert "text2svg_running 0" in text


def test_a_defect_is_counted_and_raised() -> None:
    class Broken:
        def generate(self, request: Any) -> Iterator[object]:
            raise ZeroDivisionError

    service = Service(Broken())  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        _last(service.generate("a", Wish("x")))
    assert 'outcome="defect"' in service.metrics.text()
    assert service.gate.running == 0


def test_histograms_add_up() -> None:
    metrics = Metrics()
    for seconds in (0.01, 0.2, 3.0, 1000.0):
        metrics.observe("text2svg_seconds", seconds, action="x")
    lines = [line for line in metrics.text().splitlines() if line.startswith("text2svg_seconds")]
    assert len(lines) == len(BUCKETS) + 3
    assert lines[0] == 'text2svg_seconds_bucket{action="x",le="0.05"} 1'
    assert 'text2svg_seconds_bucket{action="x",le="+Inf"} 4' in lines
    assert 'text2svg_seconds_count{action="x"} 4' in lines


HEAPS = """
import ctypes, sys, threading
from webapp.heaps import share_heaps
if not share_heaps():
    sys.exit(7)
def work(at):
    kept = [bytearray(1000 * (at + 1)) for _ in range(2000)]
    done.wait()
done = threading.Barrier(9)
threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
[one.start() for one in threads]
done.wait()
ctypes.CDLL(None).malloc_stats()
"""


def test_threads_share_two_heaps() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HEAPS], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if run.returncode == 7:
        pytest.skip("another allocator than glibc's")
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("Arena ") <= 2
