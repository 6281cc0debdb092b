from __future__ import annotations

import numpy as np
import pytest

from tests.svg.drawings import SAMPLES, walk
from text2svg.svg.grammar import automaton
from text2svg.svg.lark import lark
from text2svg.svg.tokenizer import load_tokenizer


@pytest.mark.parametrize("text", SAMPLES)
def test_accepts_canonical_drawings(text: str) -> None:
    ids = load_tokenizer().encode(text)
    assert automaton().accepts(ids)
    assert automaton().accepts([*ids, automaton().eos_id])
    assert not automaton().accepts(ids[:-1])
    assert not automaton().accepts(ids[1:])


@pytest.mark.parametrize("budget", [10, 11, 12, 17, 60, 300])
def test_always_closes_within_its_budget(budget: int) -> None:
    for seed in range(40):
        ids = walk(seed, budget)
        assert len(ids) <= budget
        assert ids[-1] == automaton().eos_id


def test_a_budget_below_the_shortest_drawing_allows_nothing() -> None:
    rules = automaton()
    assert rules.tokens_needed(rules.start) == 10
    assert not rules.mask(rules.start, 9).any()


def test_gradients_are_named_in_order_and_before_use() -> None:
    encode = load_tokenizer().encode
    ids = encode(SAMPLES[2])
    assert automaton().accepts(ids)
    assert not automaton().accepts(encode(SAMPLES[2].replace('id="a"', 'id="b"').replace("(#a)", "(#b)")))
    assert not automaton().accepts(encode(SAMPLES[2].replace("(#a)", "(#c)")))


def test_a_wrong_step_is_a_value_error() -> None:
    rules = automaton()
    with pytest.raises(ValueError, match="cannot follow"):
        rules.step(rules.start, rules.eos_id)


def test_every_state_has_an_ending() -> None:
    assert int(np.max(automaton().need)) < 100


def test_lark_accepts_what_the_automaton_draws_and_nothing_else() -> None:
    llguidance = pytest.importorskip("llguidance", reason="the dev extra has llguidance")
    tokenizer = load_tokenizer()
    inner = llguidance.LLTokenizer(tokenizer.inner.to_str(), n_vocab=tokenizer.vocab_size, eos_token=tokenizer.eos_id)
    drawings = [tokenizer.encode(text) for text in SAMPLES] + [walk(seed, 120)[:-1] for seed in range(40)]
    for ids in drawings:
        matcher = llguidance.LLMatcher(inner, llguidance.LLMatcher.grammar_from_lark(lark()))
        assert matcher.validate_tokens(ids) == len(ids), tokenizer.decode(ids)
    bad = SAMPLES[0].replace("<circle", "<script")
    matcher = llguidance.LLMatcher(inner, llguidance.LLMatcher.grammar_from_lark(lark()))
    ids = tokenizer.encode(bad)
    assert matcher.validate_tokens(ids) < len(ids)
