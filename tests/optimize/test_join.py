"""Neighbours of one paint share a path only where the picture cannot tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from text2svg.optimize.fidelity import Difference
from text2svg.optimize.geometry import GeometryOptions, normalize

RING = '<path {} d="M2 12a10 10 0 1 1 20 0 10 10 0 1 1-20 0zM6 12a6 6 0 1 {} 12 0 6 6 0 1 {}-12 0z"/>'
DOT = '<path {} d="M10 12a2 2 0 1 1 4 0 2 2 0 1 1-4 0z"/>'
STROKE = 'fill="none" stroke="#246" stroke-width="3"'

JOINED = {
    "crossing strokes": f'<path {STROKE} d="M4 4l16 16"/><path {STROKE} d="M20 4L4 20"/>',
    "fills side by side": '<path d="M2 2h8v20H2z"/><path d="M12 2l9 9-9 9z"/>',
    "a dot in the hole of a ring": RING.format("", 0, 0) + DOT.format(""),
    "a dot in an even-odd hole": RING.format('fill-rule="evenodd"', 1, 1) + DOT.format('fill-rule="evenodd"'),
    "a ring around a dot": DOT.format("") + RING.format("", 0, 0),
    "diagonals that keep clear": '<path d="M2 2l18 18h-6L2 8z"/><path d="M8 2l14 14v-5l-9-9z"/>',
}
APART = {
    "a square across another": '<path d="M2 2h12v12H2z"/><path d="M8 8v12h12V8z"/>',
    "a dot on a disc, turned the other way": '<path d="M2 2h20v20H2z"/><path d="M8 8v6h6V8z"/>',
    "a disc over a dot": '<path d="M8 8v6h6V8z"/><path d="M2 2h20v20H2z"/>',
    "even-odd, one in the other": '<path fill-rule="evenodd" d="M2 2h20v20H2z"/><path fill-rule="evenodd" d="M8 8h6v6H8z"/>',
    "squares that touch": '<path d="M2 2h8v8H2z"/><path d="M10 2h8v8h-8z"/>',
    "strokes that shine through": f'<path {STROKE} stroke-opacity=".5" d="M4 4l16 16"/>'
    f'<path {STROKE} stroke-opacity=".5" d="M20 4L4 20"/>',
    "faded shapes": '<path opacity=".5" d="M2 2h8v20H2z"/><path opacity=".5" d="M12 2h9v20h-9z"/>',
    "two colours": '<path fill="red" d="M2 2h8v20H2z"/><path fill="tan" d="M12 2h9v20h-9z"/>',
    "fill and stroke": '<path stroke="red" d="M2 2h8v20H2z"/><path stroke="red" d="M9 3h9v18H9z"/>',
}  # fmt: skip
OPTIONS = GeometryOptions(2, canonical=False, shortest=True)


def _svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{body}</svg>'


@pytest.mark.parametrize("body", JOINED.values(), ids=JOINED)
def test_is_joined(body: str, same_picture: Callable[..., Difference]) -> None:
    text = normalize(_svg(body), OPTIONS).text
    assert text.count("<path") == 1
    same_picture(_svg(body), text, 0.002)


@pytest.mark.parametrize("body", APART.values(), ids=APART)
def test_stays_apart(body: str, same_picture: Callable[..., Difference]) -> None:
    text = normalize(_svg(body), OPTIONS).text
    assert text.count("<path") == 2
    same_picture(_svg(body), text, 0.002)


def test_thousands_of_neighbours_are_not_compared_for_ever() -> None:
    body = "".join(f'<path d="M{i % 20} {i % 21}l9 2-3 {i % 5}z"/>' for i in range(3000))
    assert normalize(_svg(body), OPTIONS).text.count("<path") > 2900
