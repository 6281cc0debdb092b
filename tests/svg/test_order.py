from __future__ import annotations

import numpy as np
import pytest

from tests.svg.drawings import FADED, LUCIDE, SAMPLES, SHADED, walk
from text2svg.errors import NotCanonical
from text2svg.raster import load
from text2svg.svg.order import order, recolor
from text2svg.svg.reader import canonicalize, is_canonical
from text2svg.svg.schema import FOOTER, HEADER
from text2svg.svg.tokenizer import load_tokenizer


def difference(one: str, two: str) -> float:
    """Mean distance of two renders, 0..255."""
    renderer = load("resvg")
    return float(np.abs(renderer.render(one, 256).astype(int) - renderer.render(two, 256)).mean())


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        # A square begun anywhere, in either direction, is one square.
        ("M90 10H10V90H90Z", "M10 10H90V90H10Z"),
        ("M90 90V10H10V90", "M10 10H90V90H10Z"),
        # The side that Z draws is a straight one.
        ("M10 90V10C50 0 50 0 90 10V90Z", "M10 10C50 0 50 0 90 10V90H10Z"),
        # The largest part comes first, then top to bottom; both keep their winding towards each other.
        ("M20 40V50H30V40ZM20 20V30H30V20ZM10 10H90V90H10Z", "M10 10H90V90H10ZM20 20V30H30V20ZM20 40V50H30V40Z"),
        ("M20 40H30V50H20ZM10 90H90V10H10Z", "M10 10H90V90H10ZM20 40V50H30V40Z"),
        ("M128 32A96 96 0,1,0 224 128L128 128Z", "M128 128H224A96 96 0,1,1 128 32Z"),
    ],
)  # fmt: skip
def test_a_filled_path_has_one_text(given: str, ordered: str) -> None:
    text = canonicalize(f'{HEADER}<path d="{given}"/><path d="M5 5H9V240L4 5"/>{FOOTER}')
    assert canonicalize(f'{HEADER}<path d="{ordered}"/>{FOOTER}').removeprefix(HEADER)[: -len(FOOTER)] in order(text)
    assert difference(text, order(text)) < 0.05


def test_strokes_run_from_the_top_left_and_keep_their_open_ends() -> None:
    paint = 'fill="none" stroke="#000" stroke-width="21"'
    text = f'{HEADER}<path {paint} d="M200 90L128 20L40 90M60 240A9 5 30,1,0 20 200"/>{FOOTER}'
    assert 'd="M40 90L128 20L200 90M20 200A9 5 30,1,1 60 240"' in order(canonicalize(text))
    assert difference(text, order(canonicalize(text))) < 0.05


def test_shapes_change_places_only_where_that_cannot_show() -> None:
    small, large = '<circle cx="9" cy="9" r="4"/>', '<rect x="8" y="8" width="90" height="40" rx="9"/>'
    plain = canonicalize(HEADER + small + large + FOOTER)
    assert order(plain) == HEADER + large + small + FOOTER
    for paint in ('fill="#f00" fill-opacity=".5"', 'fill="#f00" stroke="#000"'):
        kept = canonicalize(f"{HEADER}<g {paint}>{small}{large}</g>{FOOTER}")
        assert order(kept) == kept
    two = HEADER + small.replace("<circle", '<circle fill="#f00"') + large + FOOTER
    assert order(two) == two


@pytest.mark.parametrize("text", SAMPLES)
def test_known_drawings_look_the_same(text: str) -> None:
    assert is_canonical(order(text))
    assert difference(text, order(text)) < 0.05


def test_any_drawing_looks_the_same_and_is_canonical() -> None:
    tokenizer, seen = load_tokenizer(), 0
    for seed in range(300):
        text = tokenizer.decode(walk(seed, 90)[:-1])
        try:
            text = canonicalize(text)
        except NotCanonical:
            continue
        seen += 1
        assert is_canonical(order(text)), text
        assert difference(text, order(text)) < 0.3, text
    assert seen > 200


def test_black_becomes_a_colour_and_colours_stay() -> None:
    assert recolor(LUCIDE, "#e33") == LUCIDE.replace("#000", "#e33")
    assert recolor(FADED, "#27e") == FADED.replace("<rect", '<rect fill="#27e"')
    assert recolor(SHADED, "#e33") == SHADED
    with pytest.raises(NotCanonical):
        order('<svg viewBox="0 0 9 9"/>')
