"""Styles follow the body first, then the name, then the habit of the set."""

from __future__ import annotations

import pytest

from text2svg.mine.styles import colors_of, set_lean, set_marks, style_of

STROKE = '<path fill="none" stroke="currentColor" d="M3 12h18"/>'
FILL = '<path fill="currentColor" d="M3 3h18v18H3z"/>'
FADED = f'<path fill="currentColor" opacity=".3" d="M0 0h9v9z"/>{FILL}'
RED = f'<path fill="#f00" d="M0 0h9v9z"/>{FILL}'
MASK = (
    '<mask id="a"><path fill="#fff" stroke="#000" d="M0 0h9v9z"/></mask>'
    '<path fill="currentColor" mask="url(#a)" d="M0 0h48v48H0z"/>'
)


@pytest.mark.parametrize(
    ("body", "marks", "lean", "style"),
    [
        (STROKE, (), "", "outline"),
        (FILL, (), "", "filled"),
        (FILL, ("outline",), "", "outline"),
        (FILL, (), "outline", "outline"),
        (STROKE, ("solid",), "", "filled"),
        (FADED, ("filled",), "", "duotone"),
        (FILL, ("twotone",), "", "duotone"),
        (RED, ("outline",), "", "color"),
        (MASK, (), "", "filled"),
        ('<path fill="#888" d="M0 0h9v9z"/>', (), "", "filled"),
        ('<path stroke="currentColor" d="M0 0h9"><animate fill="freeze"/></path>', (), "", "outline"),
    ],
)
def test_style(body: str, marks: tuple[str, ...], lean: str, style: str) -> None:
    assert style_of(body, marks, lean=lean) == style


def test_a_palette_of_two_grays_is_color() -> None:
    body = '<path fill="#333" d="M0 0h9v9z"/><path fill="#ccc" d="M0 0h9v9z"/>'
    assert style_of(body, (), palette=True) == "color"
    assert style_of(body, ()) == "filled"


def test_masks_and_animations_are_no_colors() -> None:
    assert colors_of(MASK) == frozenset()
    assert colors_of('<path fill="RED"/><stop stop-color="#0F0"/><g style="fill:#00f"/>') == {"red", "#0f0", "#00f"}
    assert colors_of('<g style="fill:#00f;stroke:none"/>') == {"#00f"}


def test_a_set_leans_away_from_what_it_marks() -> None:
    assert set_lean("x", "X", {"": 50, "fill": 50}) == "outline"
    assert set_lean("x", "X", {"": 50, "outline": 50}) == "filled"
    assert set_lean("x", "X", {"": 30, "outline": 30, "fill": 30}) == ""
    assert set_lean("x", "X Line", {"": 9}) == "outline"
    assert set_marks("IconPark TwoTone") == ("twotone",)
