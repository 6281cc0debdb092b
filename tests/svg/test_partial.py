from __future__ import annotations

import pytest

from tests.svg.drawings import SAMPLES, walk
from text2svg.errors import NotCanonical
from text2svg.svg.grammar import automaton
from text2svg.svg.partial import close
from text2svg.svg.reader import canonicalize
from text2svg.svg.schema import HEADER
from text2svg.svg.tokenizer import load_tokenizer


@pytest.mark.parametrize("text", [*SAMPLES, *(load_tokenizer().decode(walk(seed, 150)) for seed in range(12))])
def test_every_prefix_closes_to_a_valid_drawing(text: str) -> None:
    shown = 0
    for cut in range(len(text) + 1):
        whole = close(text[:cut])
        if whole is None:
            continue
        shown += 1
        assert automaton().accepts(load_tokenizer().encode(whole)), whole
        try:
            canonicalize(whole)
        except NotCanonical as error:
            assert error.reason in ("empty", "nested-opacity")
    assert close(text) == text
    assert shown > 0


def test_a_number_that_may_grow_is_not_shown() -> None:
    start = HEADER + '<path d="M10 10L20 2'
    assert close(start) is None
    assert close(start + "0L") == HEADER + '<path d="M10 10L20 20"/></svg>'


@pytest.mark.parametrize("text", ["", "<sv", HEADER, HEADER + "<path", "hello", HEADER + '<g fill="#f00"><path d="'])
def test_nothing_drawn_is_none(text: str) -> None:
    assert close(text) is None
