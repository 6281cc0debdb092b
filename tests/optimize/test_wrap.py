"""The wrapper moves a drawing to the 256 grid without touching it: same pixels for every viewport there is."""

from __future__ import annotations

import pytest

from text2svg.errors import Refused
from text2svg.optimize.fidelity import difference
from text2svg.optimize.wrap import wrap
from text2svg.raster import load
from text2svg.svg.sanitize import sanitize

BODY = '<path fill="#c00" d="M2 2h16v5z"/><circle cx="10" cy="12" r="6" stroke="#00c" fill="none" stroke-width="2"/>'
ROOTS = {
    "square": 'viewBox="0 0 20 20"',
    "offset": 'viewBox="-5 3 20 20"',
    "wide": 'viewBox="0 0 40 20"',
    "tall": 'viewBox="0 0 20 40"',
    "size-only": 'width="20" height="40"',
    "points": 'width="15pt" height="15pt"',
    "percent-size": 'viewBox="0 0 20 20" width="100%" height="100%"',
    "one-side": 'viewBox="0 0 20 10" width="40"',
    "meet": 'viewBox="0 0 20 20" width="40" height="20" preserveAspectRatio="xMinYMid meet"',
    "slice": 'viewBox="0 0 20 20" width="40" height="20" preserveAspectRatio="xMidYMid slice"',
    "none": 'viewBox="0 0 20 20" width="40" height="20" preserveAspectRatio="none"',
    "inherited": 'viewBox="0 0 24 24" fill="none" stroke="#080" stroke-width="2" stroke-linecap="round"',
    "exponent": 'viewBox="0 0 2e1 2E1"',
}


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_pixels_stay(root: str) -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {root}>{BODY}</svg>'
    wrapped = wrap(sanitize(text).text)
    assert wrapped.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">')
    rasterizer = load("resvg")
    measured = difference(rasterizer.render(text, 256), rasterizer.render(wrapped, 256))
    assert measured.bad_fraction < 0.002, wrapped


def test_a_square_costs_one_group() -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{BODY}</svg>'
    assert '<g transform="scale(16)">' in wrap(text)


def test_percentages_keep_their_viewport() -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="50%" height="25%"/></svg>'
    rasterizer = load("resvg")
    assert difference(rasterizer.render(text, 256), rasterizer.render(wrap(text), 256)).bad_fraction == 0


@pytest.mark.parametrize(
    ("root", "reason"),
    [("", "viewport"), ('width="100%"', "viewport"), ('viewBox="0 0 0 9"', "viewport")],
)
def test_without_a_viewport_there_is_nothing_to_wrap(root: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        wrap(f'<svg xmlns="http://www.w3.org/2000/svg" {root}>{BODY}</svg>')
    assert caught.value.reason == reason
