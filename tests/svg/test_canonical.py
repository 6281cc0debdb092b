from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.svg.drawings import SAMPLES, walk
from text2svg.errors import NotCanonical, ParseError
from text2svg.raster import load
from text2svg.svg.grammar import automaton
from text2svg.svg.reader import canonicalize, is_canonical
from text2svg.svg.sanitize import sanitize
from text2svg.svg.schema import FOOTER, HEADER, LEVELS
from text2svg.svg.tokenizer import load_tokenizer

WALKS = st.builds(walk, st.integers(0, 2**31), st.integers(12, 260))


@pytest.mark.parametrize("text", SAMPLES)
def test_samples_are_fixed_points(text: str) -> None:
    assert canonicalize(text) == text
    assert is_canonical(text)


@given(WALKS)
@settings(max_examples=80, deadline=None)
def test_canonicalising_twice_changes_nothing_and_the_grammar_accepts_it(ids: list[int]) -> None:
    text = load_tokenizer().decode(ids)
    try:
        once = canonicalize(text)
    except NotCanonical as error:
        assert error.reason in ("empty", "nested-opacity")
        return
    assert canonicalize(once) == once
    assert automaton().accepts(load_tokenizer().encode(once))


@given(WALKS)
@settings(max_examples=25, deadline=None)
def test_everything_the_grammar_accepts_is_safe_and_renders(ids: list[int]) -> None:
    text = load_tokenizer().decode(ids)
    cleaned = sanitize(text)
    assert cleaned.removed == ()
    assert load("resvg").render(cleaned.text, 32).shape == (32, 32, 4)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<path d="m10 10h20v20h-20z"/>', '<rect x="10" y="10" width="20" height="20"/>'),
        ('<path d="M10 10 L20 10 L30 10 L30 40"/>', '<path d="M10 10H30V40"/>'),
        ('<path d="M128 32A96 96 0 1 1 128 224A96 96 0 1 1 128 32Z"/>', '<circle cx="128" cy="128" r="96"/>'),
        ('<path d="M50 50z" stroke="#000" stroke-width="9"/>', '<path stroke="#000" stroke-width="9" d="M50 50H50"/>'),
        ('<g fill="#ff0000"><g><path d="M0 0H9V9"/></g></g>', '<path fill="#f00" d="M0 0H9V9"/>'),
        ('<rect x="1" y="1" width="8" height="0"/><path d="M0 0H9V9"/>', '<path d="M0 0H9V9"/>'),
        ('<ellipse cx="9" cy="9" rx="5" ry="5"/>', '<circle cx="9" cy="9" r="5"/>'),
        ('<g opacity=".5"><path d="M0 0H9V9"/></g>', '<path fill-opacity=".5" d="M0 0H9V9"/>'),
    ],
)
def test_one_drawing_has_one_text(body: str, expected: str) -> None:
    assert canonicalize(HEADER + body + FOOTER) == HEADER + expected + FOOTER


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ('<path d="M0 0H300V9"/>', "off-grid"),
        ('<path transform="scale(2)" d="M0 0H9V9"/>', "attribute"),
        ('<path fill="url(#a)" d="M0 0H9V9"/>', "reference"),
        ('<path fill="teal" d="M0 0H9V9"/>', "color"),
        ("<text>hi</text>", "element"),
        ('<path d="M0 0H9V9" fill-opacity="nan"/>', "number"),
        ('<path stroke="#000" stroke-width="99" d="M0 0H9V9"/>', "stroke-width"),
    ],
)
def test_refusals_name_their_reason(body: str, reason: str) -> None:
    with pytest.raises(NotCanonical) as caught:
        canonicalize(HEADER + body + FOOTER)
    assert caught.value.reason == reason


def test_text_that_is_no_svg_is_a_parse_error() -> None:
    with pytest.raises(ParseError):
        canonicalize("left arrow")
    assert not is_canonical("left arrow")


def test_levels_are_written_as_svgo_writes_numbers() -> None:
    assert LEVELS[0] == "0"
    assert LEVELS[10] == ".5"
    assert LEVELS[1] == ".05"
    assert LEVELS[20] == "1"
