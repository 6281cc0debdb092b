"""The loop from request to events, on scripted answers and on a random model that speaks canonical SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from text2svg import raster
from text2svg.engine.base import Delta, Prompt, Sampling
from text2svg.engine.embedded import EmbeddedEngine, EmbeddedOptions
from text2svg.engine.measure import Clocks, measure
from text2svg.engine.scripted import ScriptedEngine
from text2svg.errors import ConfigError, EngineError, EngineUnavailable
from text2svg.generate import (
    Done,
    Event,
    Finished,
    Partial,
    Ranked,
    Request,
    Setup,
    Started,
    Vocabulary,
    best,
    generate,
)  # fmt: skip
from text2svg.generate.rank import Scores, closeness, rank
from text2svg.generate.settle import LEAVES, frame, settle
from text2svg.svg.reader import is_canonical
from text2svg.svg.schema import FOOTER, HEADER
from text2svg.svg.tokenizer import Tokenizer

RING = f'{HEADER}<circle fill="none" stroke="#000" stroke-width="21" cx="128" cy="128" r="96"/>{FOOTER}'
CROSS = f'{HEADER}<g fill="none" stroke="#000" stroke-width="21"><path d="M40 40L216 216"/>'
CROSS += f'<path d="M216 40L40 216"/></g>{FOOTER}'
PAIR = f'{HEADER}<path d="M10 20H200V90Z"/><circle cx="60" cy="70" r="30"/>{FOOTER}'


class _Clock:
    """Time that advances by a fixed step at each look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def _events(answers: Sequence[str], tokenizer: Tokenizer, setup: Setup | None = None, **wish: object) -> list[Event]:
    request = Request(**({"prompt": "arrow", "n": len(answers), "max_tokens": 999} | wish))
    return list(generate(request, ScriptedEngine(answers), tokenizer, setup or Setup(clock=_Clock(1.0))))


def _finished(events: Sequence[Event]) -> list[Finished]:
    return sorted((e for e in events if isinstance(e, Finished)), key=lambda e: e.index)


def test_events_come_in_order_and_every_frame_is_canonical(tokenizer: Tokenizer) -> None:
    events = _events([RING, PAIR], tokenizer)
    assert isinstance(events[0], Started)
    assert isinstance(events[-2], Ranked)
    assert isinstance(events[-1], Done)
    assert [f.svg for f in _finished(events)] == [RING, PAIR]
    frames = [e.svg for e in events if isinstance(e, Partial) and e.index == 1]
    assert len(frames) >= 2
    assert frames[0] == f'{HEADER}<path d="M10 20H200"/>{FOOTER}'
    assert all(is_canonical(e.svg) for e in events if isinstance(e, Partial | Finished))
    assert events[-1].tokens == sum(f.tokens for f in _finished(events)) > 20


def test_frames_are_throttled_for_each_candidate(tokenizer: Tokenizer) -> None:
    many = HEADER + "".join(f'<circle cx="{i}" cy="128" r="9"/>' for i in range(10, 90)) + FOOTER

    def count(step: float, fps: float) -> int:
        events = _events([many, many], tokenizer, Setup(clock=_Clock(step), max_fps=fps))
        return sum(isinstance(e, Partial) for e in events)

    all_frames = count(10, 20)
    assert all_frames >= 150
    assert 0 < count(0.001, 20) < all_frames / 3
    assert count(0.001, 0) == 0
    assert count(0.001, 1000) > count(0.001, 20)


def test_a_drawing_cut_by_the_budget_is_closed_and_said(tokenizer: Tokenizer) -> None:
    (done,) = _finished(_events([PAIR], tokenizer, max_tokens=15))
    assert done.valid
    assert done.warnings == ("cut short",)
    assert done.svg == f'{HEADER}<path d="M10 20H200V90Z"/>{FOOTER}'


def test_a_drawing_that_outgrows_its_bytes_is_closed_at_what_fits(tokenizer: Tokenizer) -> None:
    many = HEADER + "".join(f'<circle cx="{i}" cy="128" r="9"/>' for i in range(10, 90)) + FOOTER
    engine = ScriptedEngine([many, RING])
    events = list(generate(Request("arrow", n=2, max_tokens=999, max_bytes=500), engine, tokenizer))
    long, short = _finished(events)
    assert long.valid and short.valid
    assert 450 < len(long.svg) <= 500
    assert long.warnings == ("cut short", "closed at 500 bytes")
    assert (short.svg, short.warnings) == (RING, ())
    exact = _finished(list(generate(Request("arrow", n=1, max_bytes=len(RING)), ScriptedEngine([RING]), tokenizer)))
    assert (exact[0].svg, exact[0].warnings) == (RING, ())


def test_what_is_not_finished_in_time_is_closed_as_it_is(tokenizer: Tokenizer) -> None:
    many = HEADER + "".join(f'<circle cx="{i}" cy="128" r="9"/>' for i in range(10, 90)) + FOOTER
    closed = []

    class Slow(ScriptedEngine):
        def stream(self, *args: object, **more: object) -> Iterator[Delta]:
            try:
                yield from super().stream(*args, **more)
            finally:
                closed.append(True)

    setup = Setup(clock=_Clock(0.05))
    events = list(generate(Request("arrow", n=2, max_tokens=999, max_seconds=5), Slow([many, RING]), tokenizer, setup))
    long, short = _finished(events)
    assert short.svg == RING
    assert long.valid
    assert HEADER in long.svg and len(long.svg) < len(many) / 2
    assert long.warnings == ("cut short", "closed after 5 s")
    assert closed == [True]
    assert isinstance(events[-1], Done)


@pytest.mark.parametrize(
    ("answer", "warnings"),
    [
        ("I cannot draw.", ("no drawing",)),
        (HEADER, ("cut short", "nothing drawn")),
        ("<svg><script>alert(1)</script></svg>", None),
        (f'{HEADER}<circle cx="128" cy="128" r="96" onload="x()"/>{FOOTER}', None),
        (f'{HEADER}<image href="http://x/y.png"/>{FOOTER}', None),
        (f'{HEADER}<path d="M0 0L999 0"/>{FOOTER}', None),
        (f"{HEADER}<path d='M0 0L9", ("cut short", "nothing drawn")),
    ],
)
def test_what_is_not_canonical_is_never_shown(
    answer: str, warnings: tuple[str, ...] | None, tokenizer: Tokenizer
) -> None:
    events = _events([answer, RING], tokenizer)
    bad, good = _finished(events)
    assert (bad.svg, bad.valid, good.valid) == ("", False, True)
    assert bad.warnings
    if warnings:
        assert bad.warnings == warnings
    assert events[-2] == Ranked((1, 0))
    assert all(is_canonical(e.svg) for e in events if isinstance(e, Partial))


def test_a_chatty_model_is_understood(tokenizer: Tokenizer) -> None:
    (done,) = _finished(_events([f"Here you are:\n```svg\n{PAIR}\n```\nEnjoy!"], tokenizer))
    assert (done.svg, done.valid, done.warnings) == (PAIR, True, ())


def test_other_spellings_become_canonical() -> None:
    spelled = PAIR.replace("<path", '<path fill="#000000"').replace("H200", "h190")
    assert settle(spelled).svg == PAIR


def test_foreign_svg_is_redrawn_when_somebody_can() -> None:
    foreign = f'<svg viewBox="0 0 24 24"><path d="M1 2"/></svg> and {PAIR}'

    def redraw(svg: str) -> str:
        assert svg == foreign
        return PAIR

    assert settle(foreign, redraw=redraw).warnings == ("redrawn",)
    assert settle(foreign, redraw=redraw).svg == PAIR
    assert not settle(foreign, redraw=lambda svg: svg).valid
    assert not settle(foreign).valid


def test_blank_drawings_are_not_valid(tokenizer: Tokenizer) -> None:
    speck = f'{HEADER}<circle cx="0" cy="0" r="1"/>{FOOTER}'
    setup = Setup(rasterizer=raster.load("resvg"), clock=_Clock(1))
    blank, ring = _finished(_events([speck, RING], tokenizer, setup))
    assert (blank.valid, blank.warnings, blank.svg) == (False, ("blank",), speck)
    assert ring.valid


def test_every_prefix_gives_a_canonical_frame_or_none() -> None:
    for text in (RING, CROSS, PAIR):
        frames = [frame(text[:cut]) for cut in range(len(text) + 1)]
        assert all(not f or is_canonical(f) for f in frames)
        assert frames[-1] == text


def test_substitutions_are_announced(tokenizer: Tokenizer) -> None:
    setup = Setup(Vocabulary({"arrow": 9}), clock=_Clock(1))
    started = _events([RING], tokenizer, setup, prompt="arrows")[0]
    assert started.words == ("arrow",)
    assert started.substitutions[0].how == "inflection"
    assert started.engine == "scripted"


def test_leaving_early_closes_the_engines_stream(tokenizer: Tokenizer) -> None:
    class Watched(ScriptedEngine):
        closed = False

        def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
            try:
                yield from super().stream(prompts, sampling)
            finally:
                self.closed = True

    engine = Watched([RING])
    events = generate(Request("arrow", n=1), engine, tokenizer)
    next(events), next(events)
    assert not engine.closed
    events.close()
    assert engine.closed


def test_an_engine_that_stops_or_fails_halfway(tokenizer: Tokenizer) -> None:
    class Half(ScriptedEngine):
        def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
            yield Delta(0, PAIR[:110], "", 9)
            yield Delta(1, "", "error", error="out of memory")

    events = list(generate(Request("arrow", n=2), Half([RING]), tokenizer))
    first, second = _finished(events)
    assert first.valid
    assert "stopped before" in first.warnings[-1]
    assert second.warnings == ("no drawing", "out of memory")
    assert best(events) == first

    class Dead(ScriptedEngine):
        def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
            raise EngineUnavailable("gone")
            yield

    with pytest.raises(EngineUnavailable):
        list(generate(Request("arrow"), Dead([RING]), tokenizer))


def test_ranking() -> None:
    def done(index: int, svg: str, valid: bool = True, logprob: float | None = None) -> Finished:
        return Finished(index, svg, 5, valid, (), logprob)

    assert rank("", [done(0, "a", logprob=-2), done(1, "b", logprob=-1), done(2, "c", False)]) == (1, 0, 2)
    assert rank("", [done(2, "c"), done(0, "a"), done(1, "b")]) == (0, 1, 2)
    assert rank("", [done(0, "a", logprob=-1), done(1, "a", logprob=-1), done(2, "b", logprob=-3)]) == (0, 2, 1)
    assert rank("x", [done(0, "a"), done(1, "bb")], lambda words, cs: Scores([len(c.svg) for c in cs])) == (1, 0)
    unread = [done(0, "a", logprob=-2), done(1, "b", logprob=-1)]
    assert rank("ф", unread, lambda words, cs: Scores([0.0 for _ in cs])) == (1, 0)
    assert rank("", []) == ()


def test_drawings_that_leave_the_canvas_come_after_those_that_stay(tokenizer: Tokenizer) -> None:
    out = f'{HEADER}<circle cx="250" cy="128" r="30"/>{FOOTER}'
    edge = f'{HEADER}<circle cx="128" cy="128" r="130"/>{FOOTER}'
    events = _events([out, RING, edge], tokenizer)
    assert [done.warnings for done in _finished(events)] == [(LEAVES,), (), ()]
    assert all(done.valid for done in _finished(events))
    assert [event.order for event in events if isinstance(event, Ranked)] == [(1, 2, 0)]


def test_what_looks_like_a_better_one_comes_later() -> None:
    candidates = [Finished(i, svg, 5, True) for i, svg in enumerate("abcd")]
    alike = np.eye(4)
    alike[0, 1] = alike[1, 0] = 0.96
    alike[1, 2] = alike[2, 1] = 0.96
    assert rank("", candidates, lambda words, cs: Scores([4, 3, 2, 1], alike)) == (0, 2, 3, 1)


# A random model: its drawings mean nothing, and still every one of them must be whole.


@pytest.fixture(scope="session")
def engine(folder: Path) -> EmbeddedEngine:
    return EmbeddedEngine(folder, EmbeddedOptions(decoder="numpy"))


@pytest.mark.parametrize("max_tokens", [12, 60, 250])
@pytest.mark.parametrize("temperature", [0.7, 1.5])
def test_a_random_model_draws_only_whole_drawings(engine: EmbeddedEngine, max_tokens: int, temperature: float) -> None:
    wish = Request("left arrow", n=8, seed=5, max_tokens=max_tokens, temperature=temperature, top_p=1.0)
    events = list(generate(wish, engine, engine.tokenizer, Setup(max_fps=1000)))
    for done in _finished(events):
        assert done.valid or done.warnings == ("empty",), done
        assert done.tokens <= max_tokens
        assert "cut short" not in done.warnings
    assert sum(f.valid for f in _finished(events)) >= 6
    assert all(is_canonical(e.svg) for e in events if isinstance(e, Partial))


def test_the_same_wish_gives_the_same_bytes(folder: Path, engine: EmbeddedEngine) -> None:
    wish = Request("left arrow", "outline", n=3, seed=9, max_tokens=120)
    other = EmbeddedEngine(folder, EmbeddedOptions(decoder="numpy", rows=2))
    one, two = (_finished(list(generate(wish, e, e.tokenizer))) for e in (engine, other))
    assert one == two
    changed = _finished(list(generate(replace(wish, seed=100), engine, engine.tokenizer)))
    assert [f.svg for f in changed] != [f.svg for f in one]
    shifted = _finished(list(generate(replace(wish, n=1), engine, engine.tokenizer)))
    assert shifted == one[:1]


def test_a_budget_below_the_shortest_drawing_is_said(engine: EmbeddedEngine) -> None:
    (done,) = _finished(list(generate(Request("arrow", n=1, max_tokens=5), engine, engine.tokenizer)))
    assert not done.valid
    assert "max_tokens=5" in done.warnings[-1]


def test_prompts_without_any_word_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError):
        _events([RING], tokenizer, prompt="\u200b")


def test_measure_counts_tokens_and_looks_for_the_first_shape(engine: EmbeddedEngine) -> None:
    ids = tuple(engine.tokenizer.encode_prompt("arrow"))
    found = measure(engine, [Prompt("arrow", ids=ids)] * 2, Sampling(40, 1.0, 1.0), candidates=3)
    assert found.tokens > 30
    assert found.failed == 0
    assert 0 < found.first_token_s <= found.first_shape_s <= found.all_done_s
    ticks = Clocks(_Clock(1.0), _Clock(0.5))
    exact = measure(ScriptedEngine([RING]), [Prompt("a")], Sampling(), candidates=1, clocks=ticks)
    assert exact.first_token_s == 1.0
    assert exact.tokens == pytest.approx(1e3 * 0.5 / exact.cpu_ms_per_token)
    with pytest.raises(EngineError, match="answered no prompt"):
        measure(ScriptedEngine({"b": [RING]}), [Prompt("a")], Sampling())
    with pytest.raises(ConfigError):
        measure(engine, [], Sampling())


def test_closeness_ranks_what_looks_like_the_words_first() -> None:
    class Encoder:
        name, dim, digest = "two axes", 2, ""

        def encode_text(self, texts):
            return np.array([[1.0, 0.0] if text == "ring" else [0.0, 1.0] for text in texts], np.float32)

        def encode_svg(self, svgs):
            return np.array([[0.9, 0.1] if "circle" in svg else [0.2, 0.8] for svg in svgs], np.float32)

    candidates = [
        Finished(0, CROSS, 9, True, logprob=-0.1),
        Finished(1, RING, 9, True, logprob=-2.0),
        Finished(2, "", 0, False),
    ]
    scorer = closeness(Encoder())
    assert rank("ring", candidates, scorer) == (1, 0, 2)
    assert rank("cross", candidates, scorer) == (0, 1, 2)
    assert rank("ring", candidates[2:], scorer) == (2,)
