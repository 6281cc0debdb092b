"""The grammar for servers allows what the automaton allows, token by token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import text2svg
from text2svg.engine.token_lark import token_lark
from text2svg.svg.grammar import automaton

TOKENIZER = Path(text2svg.__file__).parent / "assets" / "generator" / "tokenizer.json"


def test_llguidance_masks_equal_the_automaton_s_on_random_walks() -> None:
    guidance = pytest.importorskip("llguidance", reason="the dev extra is not installed")
    machine, random = automaton(), np.random.default_rng(0)
    tokenizer = guidance.LLTokenizer(TOKENIZER.read_text(), eos_token=machine.eos_id)
    grammar = guidance.LLMatcher.grammar_from_lark(token_lark())
    checked = 0
    for _ in range(12):
        matcher, state = guidance.LLMatcher(tokenizer, grammar), machine.start
        for left in range(200, 0, -1):
            theirs = np.frombuffer(matcher.compute_logit_bias(), np.uint8) > 0
            ours = machine.table[state % machine.states] >= 0
            assert np.array_equal(theirs[: machine.width], ours)
            assert not theirs[machine.width :].any()
            checked += 1
            token = int(random.choice(np.flatnonzero(machine.mask(state, left))))
            if token == machine.eos_id:
                break
            assert matcher.consume_token(token)
            state = machine.step(state, token)
    assert checked > 1000
