"""Colour augmentation: other colours, the same drawing, the same seed the same text."""

from __future__ import annotations

import colorsys
from xml.etree import ElementTree

import pytest
from hostile_files import RICH, starter_texts
from hypothesis import given
from hypothesis import strategies as st

from text2svg.errors import ConfigError, SvgError
from text2svg.optimize.recolor import PAINTS, shift_colors
from text2svg.svg.css import hex_color
from text2svg.svg.reader import parse_canonical
from text2svg.svg.sanitize import sanitize

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
TEXTS = starter_texts()
COLORFUL = [text for text in TEXTS if text.count('="#') > 6][::2]

colors = st.one_of(
    st.sampled_from("red #f00 #FF0000 rgb(255,0,0) teal white #000 gray hsl(200,50%,40%) #1a2b3c80".split()),
    st.integers(0, 0xFFFFFF).map("#{:06x}".format),
    st.integers(0, 0xFFF).map("#{:03x}".format),
    st.sampled_from(["none", "currentColor", "inherit", "transparent", "url(#g)", "url(#g) red", "context-fill"]),
)
seeds = st.integers(0, 2**32)
palettes = st.lists(st.sampled_from(["#28c", "orange", "#0a5", "crimson", "#888", "hsl(280 60% 50%)"]), max_size=4)


@st.composite
def drawings(draw: st.DrawFn) -> str:
    shapes = "".join(
        f'<rect width="{n}" height="3" fill="{draw(colors)}" stroke="{draw(colors)}" stroke-width="{n}"/>'
        for n in range(draw(st.integers(1, 8)))
    )
    stops = f'<stop stop-color="{draw(colors)}"/><stop offset="1" stop-color="{draw(colors)}"/>'
    return sanitize(f'{HEAD}<linearGradient id="g">{stops}</linearGradient>{shapes}</svg>').text


def painted(text: str) -> list[tuple[str, str]]:
    """Each colour attribute and its value, in the order of the document."""
    elements = ElementTree.fromstring(text).iter()
    return [(name, element.attrib[name]) for element in elements for name in PAINTS if name in element.attrib]


def bare(text: str) -> list[tuple[str, dict[str, str], str | None]]:
    """The drawing without its colours."""
    return [
        (element.tag, {k: v for k, v in element.attrib.items() if k not in PAINTS}, element.text)
        for element in ElementTree.fromstring(text).iter()
    ]


def distinct(text: str) -> set[str]:
    return {hex_color(value.rpartition(")")[2] or value) for _, value in painted(text) if value and not value.endswith(")")}


@given(drawings(), seeds, palettes, st.booleans())
def test_the_drawing_stays_and_its_colours_map_one_to_one(text: str, seed: int, palette: list[str], grays: bool) -> None:
    shifted = shift_colors(text, seed, palette=palette, grays=grays)
    assert shift_colors(text, seed, palette=palette, grays=grays) == shifted
    assert bare(shifted) == bare(text)
    before, after = painted(text), painted(shifted)
    if grays and "fill" not in ElementTree.fromstring(text).attrib:
        after = after[1:]  # the root's ink
    assert [name for name, _ in before] == [name for name, _ in after]
    mapping: dict[str, str] = {}
    for (_, old), (_, new) in zip(before, after, strict=True):
        if old in ("none", "currentColor", "inherit", "url(#g)", "context-fill"):
            assert new == old
        else:
            assert mapping.setdefault(hex_color(old), hex_color(new)) == hex_color(new)
    assert len(set(mapping.values())) <= len(mapping)


@given(drawings(), seeds)
def test_greys_stay_and_hues_move(text: str, seed: int) -> None:
    for (_, old), (_, new) in zip(painted(text), painted(shift_colors(text, seed)), strict=True):
        old, new = hex_color(old), hex_color(new)
        if not old.startswith("#"):
            continue
        assert old[7:] == new[7:]  # alpha
        levels = [int(old[i : i + 2], 16) for i in (1, 3, 5)]
        if max(levels) == min(levels):
            assert old == new
        elif max(levels) - min(levels) > 100:
            assert old != new


@pytest.mark.parametrize("seed", range(3))
def test_real_drawings_keep_their_number_of_colours_and_stay_canonical(seed: int) -> None:
    kept = total = 0
    for text in COLORFUL:
        shifted = shift_colors(text, seed)
        again = parse_canonical(shifted).to_text()
        assert bare(shifted) == bare(text)
        assert len(distinct(shifted)) <= len(distinct(text))
        assert again == shifted or len(distinct(shifted)) < len(distinct(text))
        kept += len(distinct(shifted))
        total += len(distinct(text))
    assert len(COLORFUL) > 100
    assert kept >= 0.95 * total  # two neighbours on the coarse #rgb grid may meet


def test_seeds_differ_and_hues_turn_together() -> None:
    text = f'{HEAD}<rect fill="#c33"/><rect fill="#33c"/></svg>'
    assert len({shift_colors(text, seed) for seed in range(50)}) > 30
    for seed in range(20):
        one, two = (value for _, value in painted(shift_colors(text, seed)))
        hues = [
            colorsys.rgb_to_hsv(*(int(hex_color(v)[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0] * 360 for v in (one, two)
        ]
        assert abs((hues[0] - hues[1] + 180) % 360 - 180) > 45


def test_a_palette_gives_its_hues_and_shades_stay_shades() -> None:
    text = f'{HEAD}<rect fill="#c33"/><rect fill="#a11"/><rect fill="#f66"/><rect fill="#33c"/></svg>'
    dark, darker, light, other = (hex_color(value) for _, value in painted(shift_colors(text, 1, palette=["#0a5"])))
    for value in (dark, darker, light, other):
        red, green, blue = (int(value[i : i + 2], 16) for i in (1, 3, 5))
        assert green > red and green > blue
    assert int(darker[3:5], 16) < int(dark[3:5], 16) < int(light[3:5], 16)
    with pytest.raises(ConfigError, match="no colour"):
        shift_colors(text, 1, palette=["bluish"])
    with pytest.raises(SvgError):
        shift_colors("<p/>", 1)


def test_black_icons_take_an_ink_and_white_stays_paper() -> None:
    text = f'{HEAD}<path d="M0 0h9v9z"/><path fill="#FFF" stroke="#000" d="M1 1h2"/></svg>'
    assert shift_colors(text, 3) == text
    inked = painted(shift_colors(text, 3, grays=True))
    assert [name for name, _ in inked] == ["fill", "fill", "stroke"]
    assert inked[1][1] == "#FFF" and inked[0][1] == inked[2][1] != "#000"


def test_masks_and_what_they_use_are_opacity_not_colour() -> None:
    text = (
        f'{HEAD}<linearGradient id="o"><stop stop-color="#a00"/></linearGradient><mask id="m"><rect fill="url(#o)"/>'
        '<circle r="3" fill="#c33"/></mask><rect fill="#c33" mask="url(#m)"/></svg>'
    )
    for grays in (False, True):
        values = [value for _, value in painted(shift_colors(text, 5, grays=grays))]
        assert values[:3] == ["#a00", "url(#o)", "#c33"] and values[3] != "#c33" and len(values) == 4


def test_everything_a_sanitised_drawing_may_hold_goes_through() -> None:
    text = sanitize(RICH).text
    shifted = shift_colors(text, 2)
    assert bare(shifted) == bare(text) and shifted != text
    assert sanitize(shifted).text == shifted
