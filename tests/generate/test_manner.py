from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from text2svg.engine.scripted import ScriptedEngine
from text2svg.errors import ConfigError, NotCanonical
from text2svg.generate import Event, Finished, Partial, Request, Setup, generate
from text2svg.generate.bring import brought
from text2svg.generate.manner import Manner, dress, manner_of, matched
from text2svg.generate.prompt import build_prompts
from text2svg.generate.request import palette_of
from text2svg.generate.settle import LEAVES
from text2svg.generate.vocabulary import Reading
from text2svg.optimize.options import Optimized
from text2svg.svg.inks import inks_of
from text2svg.svg.reader import canonicalize, is_canonical, parse_canonical
from text2svg.svg.schema import FOOTER, HEADER
from text2svg.svg.tokenizer import Tokenizer


def _canonical(body: str) -> str:
    return canonicalize(HEADER + body + FOOTER)


LINES = _canonical(
    '<g fill="none" stroke="#d36" stroke-width="13" stroke-linecap="round"><path d="M10 20H200"/><path d="M9 99H99"/></g>'
)
DISC = _canonical('<circle cx="128" cy="128" r="96" fill="#27e"/>')
TWO = _canonical('<circle cx="128" cy="128" r="96" fill="#27e"/><path fill="#fff" d="M100 100H150V150Z"/>')
FADED = _canonical('<circle cx="128" cy="128" r="96" fill-opacity=".2"/><path d="M100 100H150V150Z"/>')
PLAIN = _canonical('<g fill="none" stroke="#000" stroke-width="20"><path d="M10 20H200"/><path d="M10 90H200"/></g>')


def _manner(svg: str) -> Manner:
    return manner_of(parse_canonical(svg), 2)


def test_the_manner_of_a_drawing_is_its_style_strokes_and_colours() -> None:
    assert _manner(LINES) == Manner("outline", 2, 13, "round", "miter", ("#d36",))
    assert _manner(DISC) == Manner("filled", 2, inks=("#27e",))
    assert _manner(TWO) == Manner("color", 2, inks=("#27e", "#fff"))
    assert _manner(FADED).style == "duotone"


def test_paint_is_measured_in_grid_units() -> None:
    square = '<path d="M0 0H100V100H0Z" fill="#f00"/>'
    line = '<path d="M0 50H100" fill="none" stroke="#00f" stroke-width="10"/>'
    assert inks_of(parse_canonical(_canonical(square + line))) == {"#f00": 10_001, "#00f": 1_001}


def test_a_drawing_is_dressed_in_strokes_and_colours_of_the_reference() -> None:
    dressed = dress(PLAIN, _manner(LINES), _manner(LINES).inks)
    assert is_canonical(dressed)
    assert _manner(dressed) == _manner(LINES)
    assert 'stroke="#000"' in dress(PLAIN, _manner(LINES), ())
    assert dress(DISC, None, ("#d36",)) == DISC.replace("#27e", "#d36")


def test_light_inks_stay_light_and_dark_ones_dark() -> None:
    dark_on_light = TWO.replace("#27e", "#fec").replace("#fff", "#120")
    assert matched(inks_of(parse_canonical(dark_on_light)), ("#136", "#eef")) == {"#fec": "#eef", "#120": "#136"}
    assert set(matched(inks_of(parse_canonical(TWO)), ("#136",)).values()) == {"#136"}


def _drawn(answers: Sequence[str], tokenizer: Tokenizer, request: Request) -> list[Event]:
    return list(generate(request, ScriptedEngine(answers), tokenizer, Setup(clock=iter(range(10**6)).__next__)))


def test_every_frame_is_in_the_manner_and_colours_in_the_words_win(tokenizer: Tokenizer) -> None:
    events = _drawn([PLAIN], tokenizer, Request("arrow", n=1).like(_manner(LINES)))
    shown = [event.svg for event in events if isinstance(event, Partial | Finished)]
    assert len(shown) >= 2
    for svg in shown:
        assert _manner(svg).inks == ("#d36",)
        assert _manner(svg).stroke_width == 13
    blue = _drawn([PLAIN], tokenizer, Request("blue arrow", n=1).like(_manner(LINES)))
    (last,) = [event.svg for event in blue if isinstance(event, Finished)]
    assert _manner(last).inks == ("#000",)
    assert _manner(last).stroke_width == 13


def test_a_palette_that_is_asked_for_wins_over_words_and_reference(tokenizer: Tokenizer) -> None:
    palette = palette_of(["Navy", "#ffcc11", "navy", "#fc1"])
    assert palette == ("#136", "#fc1")
    for request in (Request("blue arrow", palette=palette), Request("arrow", palette=palette).like(_manner(LINES))):
        (last,) = [e for e in _drawn([PLAIN], tokenizer, replace(request, n=1)) if isinstance(e, Finished)]
        assert _manner(last.svg).inks == ("#136",)
    with pytest.raises(ConfigError, match="unknown colour 'blurple'") as caught:
        palette_of(["blurple"])
    assert "navy" in caught.value.hint


def test_a_wider_stroke_that_leaves_the_canvas_is_said(tokenizer: Tokenizer) -> None:
    edge = _canonical('<path fill="none" stroke="#000" stroke-width="4" d="M20 4H200"/>')
    for manner, leaves in ((_manner(LINES), True), (None, False)):
        request = Request("arrow", n=1, manner=manner)
        (last,) = [e for e in _drawn([edge], tokenizer, request) if isinstance(e, Finished)]
        assert (LEAVES in last.warnings) is leaves


def test_the_model_is_asked_for_the_style_and_about_the_detail(tokenizer: Tokenizer) -> None:
    def detail(request: Request) -> set[int]:
        levels = {tokenizer.vocab[f"<|detail:{level}|>"]: level for level in range(6)}
        return {levels[i] for i in build_prompts(request, Reading(("arrow",)), tokenizer)[0].ids if i in levels}

    plainest = manner_of(parse_canonical(LINES), 0)
    assert Request("arrow").like(plainest).style == "outline"
    assert Request("arrow", "filled").like(plainest).style == "filled"
    assert detail(Request("arrow").like(plainest)) == {1}
    assert detail(Request("arrow").like(manner_of(parse_canonical(LINES), 5))) == {3}
    assert detail(Request("arrow", detail=0).like(manner_of(parse_canonical(LINES), 5))) == {0}


def test_a_reference_without_canonical_form_is_refused_and_a_canonical_one_is_not_touched() -> None:
    def never(_svg: str) -> Optimized:
        raise AssertionError("a canonical drawing needs no optimizer")

    assert brought(f"  {DISC}\n", never) == (DISC, ())
    with pytest.raises(NotCanonical, match="wrap"):
        brought("<svg/>", lambda svg: Optimized(svg, "wrap", 1, 1, 1, None))
