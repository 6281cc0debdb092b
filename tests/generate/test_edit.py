"""Wishes change what they name and nothing else; every other wish is refused whole."""

from __future__ import annotations

import pytest

from text2svg.errors import ConfigError, NotCanonical, SvgError
from text2svg.generate.edit import UNDERSTOOD, edit, read_wish
from text2svg.optimize import Optimized, OptimizeOptions, open_tools, optimize
from text2svg.svg.reader import is_canonical
from text2svg.svg.schema import HEADER

BUTTON = (
    HEADER + '<circle fill="#27e" cx="128" cy="128" r="120"/>'
    '<path fill="none" stroke="#fff" stroke-width="16" d="M128 60V128"/></svg>'
)
ARROW = HEADER + '<path fill="none" stroke="#000" stroke-width="20" d="M200 40L100 128L200 216"/></svg>'
FLAG = HEADER + '<rect fill="#e33" x="20" y="60" width="100" height="120"/><circle cx="190" cy="90" r="40"/></svg>'


def unused(svg: str) -> Optimized:
    raise AssertionError("a canonical drawing needs no bringing")


@pytest.mark.parametrize(
    ("svg", "wish", "has", "has_not"),
    [
        (ARROW, "make it blue", ('stroke="#27e"', 'd="M200 40L100 128L200 216"'), ("#000",)),
        (ARROW, "Please make it Dark Green!", ('stroke="#162"',), ("#000",)),
        (ARROW, "recolor it to #f0f", ('stroke="#f0f"',), ("#000",)),
        (BUTTON, "make it red", ('fill="#e33"', 'stroke="#fff"'), ("#27e",)),
        (FLAG, "change the red to green", ('fill="#2a4"', "<circle cx"), ("#e33",)),
        (FLAG, "red to green and black to white", ('fill="#2a4"', 'fill="#fff"'), ("#e33",)),
        (ARROW, "stroke width 8", ('stroke-width="8"',), ()),
        (ARROW, "make the lines thicker", ('stroke-width="28"',), ()),
        (ARROW, "thinner", ('stroke-width="14"',), ()),
        (FLAG, "outline", ('fill="none" stroke="#e33" stroke-width="12"',), ('fill="#e33"',)),
        (ARROW, "fill it", ("<path stroke=",), ('fill="none"',)),
        (ARROW, "mirror", ("M56 40L156 128L56 216",), ()),
        (ARROW, "flip it vertically", ("M200 216L100 128L200 40",), ()),
        (ARROW, "rotate 90", ("M216 200L128 100L40 200",), ()),
        (ARROW, "turn it to the left", ("M40 56L128 156L216 56",), ()),
        (BUTTON, "remove the background", ('stroke="#27e"',), ("<circle", "#fff")),
    ],
)
def test_a_wish_does_what_it_says(svg: str, wish: str, has: tuple[str, ...], has_not: tuple[str, ...]) -> None:
    edited = edit(svg, wish, unused)
    assert is_canonical(edited.text)
    assert [part for part in has if part not in edited.text] == [], edited.text
    assert [part for part in has_not if part in edited.text] == [], edited.text
    assert edited.done and not edited.lossy


def test_turns_and_mirrors_come_back() -> None:
    for wish in ("mirror, mirror", "rotate 180 and rotate 180", "rotate left then rotate right", "rotate 360"):
        assert edit(FLAG, wish, unused).text == FLAG


def test_a_crooked_turn_stays_on_the_canvas() -> None:
    edited = edit(HEADER + '<rect x="0" y="0" width="256" height="256"/></svg>', "rotate 45 degrees", unused)
    assert edited.text.endswith('d="M128 0L256 128L128 256L0 128Z"/></svg>')


def test_every_example_is_understood() -> None:
    assert [name for wish in UNDERSTOOD for name, _ in read_wish(wish)]


@pytest.mark.parametrize("wish", ["make it happier", "add a hat", "make it blue and add a hat", "", "🙂", "x" * 301])
def test_any_other_wish_is_refused_with_what_is_understood(wish: str) -> None:
    with pytest.raises(ConfigError) as caught:
        edit(ARROW, wish, unused)
    assert "make it blue" in caught.value.hint


@pytest.mark.parametrize(
    ("svg", "wish", "words"),
    [
        (FLAG, "change yellow to blue", "nothing is yellow"),
        (FLAG, "stroke width 9", "no strokes"),
        (ARROW, "remove the background", "no background"),
        (ARROW, "stroke width 900", "out of range"),
    ],
)
def test_a_wish_that_finds_nothing_says_so(svg: str, wish: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        edit(svg, wish, unused)


def test_foreign_drawings_are_brought_into_form_and_it_is_said() -> None:
    with open_tools() as tools:

        def bring(svg: str) -> Optimized:
            return optimize(svg, OptimizeOptions(profile="model"), tools)

        foreign = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" onload="x()"><script>x()</script>'
            '<path d="M3 12h18" stroke="currentColor" stroke-width="2"/></svg>'
        )
        edited = edit(foreign, "make it red", bring)
        assert edited.lossy and "256 grid" in edited.notes[0]
        assert is_canonical(edited.text) and 'stroke="#e33"' in edited.text and "x()" not in edited.text
        with pytest.raises(SvgError):
            edit("<svg", "make it red", bring)
        blur = '<filter id="f"><feGaussianBlur stdDeviation="3"/></filter><path filter="url(#f)"'
        blurred = foreign.replace("<path", blur)
        with pytest.raises(NotCanonical, match="no-canonical-form"):
            edit(blurred, "make it red", bring)
