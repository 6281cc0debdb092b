from __future__ import annotations

import json
from pathlib import Path

import pytest

from text2svg.errors import NotCanonical, SvgError
from text2svg.optimize.fidelity import difference
from text2svg.optimize.geometry import GeometryOptions, normalize
from text2svg.raster import load
from text2svg.svg.allowed import picture
from text2svg.svg.reader import canonicalize
from text2svg.svg.schema import FOOTER, HEADER

TRAPS = json.loads((Path(__file__).parent / "traps.json").read_text(encoding="utf-8"))


def _canonical(body: str, view: str = "0 0 24 24") -> str:
    return normalize(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{body}</svg>').text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<path d="M3 12h18" stroke="currentColor" stroke-width="2" fill="none"/>',
         '<path fill="none" stroke="#000" stroke-width="21" d="M32 128H224"/>'),
        ('<circle cx="12" cy="12" r="9"/>', '<circle cx="128" cy="128" r="96"/>'),
        ('<g transform="translate(3 3) scale(2)"><rect width="3" height="6"/></g>',
         '<rect x="32" y="32" width="64" height="128"/>'),
        ('<g fill="red"><path style="fill:blue" d="M0 0h6v6z"/></g>', '<path fill="#00f" d="M0 0H64V64Z"/>'),
        ('<defs><path id="p" d="M0 0h6v6z"/></defs><use href="#p" x="6"/>', '<path d="M64 0H128V64Z"/>'),
        ('<path opacity=".52" d="M0 0h6v6z"/>', '<path fill-opacity=".5" d="M0 0H64V64Z"/>'),
        ('<path fill="rgba(255,0,0,.4)" d="M0 0h6v6z"/>', '<path fill="#f00" fill-opacity=".4" d="M0 0H64V64Z"/>'),
        ('<polygon points="0,0 6,0 6,6 3"/>', '<path d="M0 0H64V64Z"/>'),
        ("<style>g>:nth-child(2){fill:red!important}</style><g><path/><path style='fill:blue' d='M0 0h6v6z'/></g>",
         '<path fill="#f00" d="M0 0H64V64Z"/>'),
        ('<svg x="6" width="6" height="6" viewBox="0 0 3 3"><path d="M0 0h3v3z"/></svg>', '<path d="M64 0H128V64Z"/>'),
        ('<symbol id="s" viewBox="0 0 3 3"><path d="M0 0h3v3z"/></symbol><use href="#s" width="6" height="6"/>',
         '<path d="M0 0H64V64Z"/>'),
        ('<switch><path systemLanguage="xx" d="M0 0h9v9z"/><path d="M0 0h6v6z"/><path d="M1 1h6v6z"/></switch>',
         '<path d="M0 0H64V64Z"/>'),
        ('<g visibility="hidden"><path d="M0 0h6v6z"/><path visibility="visible" d="M0 0h6v9z"/></g>',
         '<path d="M0 0H64V96Z"/>'),
        ('<clipPath id="c"><path d="M0 0h24v24H0z"/></clipPath><g clip-path="url(#c)"><path d="M0 0h6v6z"/></g>',
         '<path d="M0 0H64V64Z"/>'),
    ],
)  # fmt: skip
def test_resolves(body: str, expected: str) -> None:
    assert _canonical(body) == HEADER + expected + FOOTER


def test_a_wide_drawing_is_centred() -> None:
    assert _canonical('<rect width="200" height="100"/>', "0 0 200 100").endswith(
        '<rect x="0" y="64" width="256" height="128"/></svg>'
    )


def test_gradients_come_in_user_space_on_the_grid() -> None:
    text = _canonical(
        '<linearGradient id="x"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>'
        '<rect x="6" y="6" width="12" height="6" fill="url(#x)"/>'
    )
    assert 'gradientUnits="userSpaceOnUse" x1="64" y1="64" x2="192" y2="64"' in text
    assert canonicalize(text) == text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<mask id="m"/><rect mask="url(#m)" width="9" height="9"/>', "mask"),
        ("<text>x</text>", "element"),
        ('<clipPath id="c"><path d="M0 0H24L0 24V0z"/></clipPath><path clip-path="url(#c)" d="M0 0h24v24z"/>', "clip"),
        ('<rect width="9" height="9" stroke="red" stroke-dasharray="1 2"/>', "dash"),
        ('<g transform="scale(1 3)"><path d="M1 1h5" stroke="red"/></g>', "stroke-transform"),
        ("<style>@media print{rect{fill:red}}</style><rect width='9' height='9'/>", "css"),
        ('<rect x="30" width="9" height="9"/>', "off-grid"),
        ('<g opacity=".5"><g opacity=".5"><path d="M0 0h6v6z"/><path d="M9 9h6v6z"/></g><path d="M0 9h6v6z"/></g>',
         "nested-opacity"),
        ('<rect width="9" height="9" fill="nonsense"/>', "color"),
        ("", "empty"),
    ],
)  # fmt: skip
def test_refuses_by_name(body: str, reason: str) -> None:
    with pytest.raises(NotCanonical) as caught:
        _canonical(body)
    assert caught.value.reason == reason


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["name"])
def test_traps_look_the_same_or_are_refused(trap: dict) -> None:
    options = GeometryOptions(decimals=2, canonical=False)
    try:
        text = normalize(trap["svg"], options).text
    except SvgError as error:
        assert error.reason
        return
    if trap["name"] == "css-transform":
        # resvg does not know transform as a CSS property; browsers draw what we write.
        assert "M102.4 102.4" in text
        return
    drawer = load("resvg")
    assert difference(drawer.render(trap["svg"], 256), drawer.render(text, 256)).bad_fraction <= 0.01


def test_canonical_output_is_a_fixed_point() -> None:
    for trap in TRAPS:
        try:
            text = normalize(trap["svg"]).text
        except SvgError:
            continue
        assert canonicalize(text) == text
        assert normalize(text).text == text


def test_cubic_only_leaves_no_other_curve() -> None:
    options = GeometryOptions(decimals=1, canonical=False, cubic_only=True)
    text = normalize('<svg viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/><path d="M0 0h3Q5 5 9 9"/></svg>', options).text
    assert set("".join(c for d in text.split(' d="')[1:] for c in d.split('"')[0] if c.isalpha())) <= set("MCZ")


def test_text_and_masks_are_kept_under_a_transform_with_what_they_refer_to() -> None:
    options = GeometryOptions(decimals=1, canonical=False, normalize_points=True)
    text = normalize(
        '<svg viewBox="0 0 32 32"><g fill="red"><mask id="m"><rect width="50%" height="9" fill="#fff"/></mask>'
        '<g mask="url(#m)"><rect width="9" height="9"/></g><text x="2" y="9" font-size="4">a</text></g></svg>',
        options,
    ).text
    assert '<rect width="16" height="9" fill="#fff"/>' in text and 'mask="url(#m)"' in text
    assert text.count('fill="red" transform="scale(8)"') == 2 and ">a</text>" in text


def test_a_page_that_rasterizers_would_stretch_keeps_its_size() -> None:
    options = GeometryOptions(decimals=1, canonical=False, shortest=True)
    body = "".join(f'<path d="M{i}11.37 {i}22.71l333.33 44.44z"/>' for i in range(1, 9)) * 8
    text = normalize(f'<svg width="1190.55" height="841.89">{body}</svg>', options).text
    assert 'width="1190.55" height="841.89" viewBox="0 0 256 181.029"' in text
    square = normalize(f'<svg viewBox="0 0 1190 1190">{body}</svg>', options).text
    assert 'width="1190' not in square and 'viewBox="0 0 256 256"' in square


def test_an_untyped_picture_is_typed_by_its_first_bytes() -> None:
    assert picture("data:;base64,/9j/4AAQ") == "data:image/jpeg;base64,/9j/4AAQ"
    assert picture("data:;base64,PHN2Zz4=") is None
