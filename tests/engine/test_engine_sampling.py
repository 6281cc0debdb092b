"""The sampler's distribution, the stop filter's cuts, the lock's order."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from text2svg.engine.sampler import choose
from text2svg.engine.stops import StopFilter
from text2svg.engine.turns import Turns

LOGITS = np.log(np.array([0.5, 0.2, 0.1, 0.1, 0.06, 0.04], np.float32))
ALL = np.arange(6)


def _draw(count: int = 4000, **given_: float) -> np.ndarray:
    options = {"temperature": 1.0, "top_p": 1.0} | given_
    tokens = [choose(LOGITS, ALL, uniform=u, **options).token for u in (np.arange(count) + 0.5) / count]
    return np.bincount(tokens, minlength=6) / count


def test_temperature_one_gives_the_models_own_distribution() -> None:
    np.testing.assert_allclose(_draw(), np.exp(LOGITS), atol=0.002)


def test_temperature_sharpens() -> None:
    expected = np.exp(LOGITS) ** 2 / (np.exp(LOGITS) ** 2).sum()
    np.testing.assert_allclose(_draw(temperature=0.5), expected, atol=0.002)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    np.testing.assert_allclose(_draw(top_p=0.65), [5 / 7, 2 / 7, 0, 0, 0, 0], atol=0.002)
    assert _draw(top_p=0.01).tolist() == [1, 0, 0, 0, 0, 0]


def test_zero_temperature_is_greedy_and_ties_go_to_the_lower_id() -> None:
    assert choose(LOGITS, np.array([2, 3, 5]), temperature=0, top_p=1, uniform=0.99).token == 2


def test_only_allowed_tokens_are_looked_at_and_their_probabilities_sum_to_one() -> None:
    allowed = np.array([1, 4])
    picks = [choose(LOGITS, allowed, temperature=1, top_p=1, uniform=u) for u in (0.1, 0.9)]
    assert [p.token for p in picks] == [1, 4]
    assert sum(np.exp(p.logprob) for p in picks) == pytest.approx(1)
    assert choose(LOGITS, np.array([5]), temperature=1, top_p=0.1, uniform=0.5) == (5, 0.0)


@given(st.lists(st.text("ab<", max_size=4), max_size=12), st.sampled_from([("<",), ("ab", "ba"), ("aab<",), ()]))
def test_stop_filter_cuts_where_the_whole_text_would_be_cut(pieces: list[str], stops: tuple[str, ...]) -> None:
    filter_ = StopFilter(stops)
    shown = ""
    for piece in pieces:
        shown += filter_.push(piece)
        if filter_.stopped:
            break
    else:
        shown += filter_.flush()
    whole = "".join(pieces)
    cuts = [whole.find(s) for s in stops if s in whole]
    # A later stop string may begin earlier; the stream stops at the first that is complete.
    assert whole.startswith(shown)
    assert filter_.stopped == bool(cuts)
    if len(stops) < 2:
        assert shown == whole[: min(cuts)] if cuts else shown == whole


def test_turns_are_given_in_the_order_of_asking() -> None:
    turns, order = Turns(), []
    threads = []
    with turns:
        for name in range(5):
            thread = threading.Thread(target=_take, args=(turns, order, name))
            thread.start()
            threads.append(thread)
            while len(turns._waiting) <= name:  # noqa: SLF001 - the test must know that it queues
                time.sleep(0.001)
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]
    with turns:
        pass


def _take(turns: Turns, order: list[int], name: int) -> None:
    with turns:
        order.append(name)


def test_whoever_gives_up_waiting_does_not_keep_the_turn() -> None:
    turns, holding, let_go = Turns(), threading.Event(), threading.Event()

    def hold() -> None:
        with turns:
            holding.set()
            let_go.wait(10)

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    holder = threading.Thread(target=hold)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        holder.start()
        holding.wait(10)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt), turns:
            pytest.fail("the turn was taken")
    finally:
        signal.signal(signal.SIGALRM, before)
        let_go.set()
        holder.join(10)
    with turns:
        assert not holder.is_alive()
