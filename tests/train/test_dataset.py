from __future__ import annotations

import numpy as np
import pytest

from tests.svg.drawings import LUCIDE, SHADED
from text2svg.caption.colors import color_words
from text2svg.errors import ConfigError
from text2svg.svg.order import order
from text2svg.svg.schema import FOOTER, HEADER
from text2svg.svg.tokenizer import load_tokenizer
from text2svg.train.dataset import (
    LIMITS,
    DatasetOptions,
    Row,
    build_shards,
    colored,
    core_words,
    group_of,
    initial_embeddings,
    mirrored,
    parse_families,
    parse_limits,
)
from text2svg.train.shards import open_group, read_meta

ARROW = HEADER + '<path d="M10 10H90V90H10"/>' + FOOTER


@pytest.mark.parametrize(
    ("svg", "group"),
    [
        (LUCIDE, "stroke"),
        (ARROW, "solid"),
        (SHADED, "color"),
        (HEADER + '<path fill="#f00" d="M0 0H9V9"/>' + FOOTER, "color"),
        (HEADER + '<path fill-opacity=".5" d="M0 0H9V9"/>' + FOOTER, "tone"),
        (HEADER + '<path stroke="#000" d="M0 0H9V9"/>' + FOOTER, "tone"),
        (HEADER + '<path fill="none" stroke="#000" d="M0 0H9V9"/><circle cx="9" cy="9" r="4"/>' + FOOTER, "tone"),
    ],
)
def test_groups(svg: str, group: str) -> None:
    assert group_of(svg) == group


def test_shards_hold_every_row_once_and_count_the_rest(tmp_path) -> None:
    tokenizer = load_tokenizer()
    rows = [
        Row(LUCIDE, "minus circle", "lucide", "outline", (("minus", "circle"), ("remove",), ("delete",))),
        Row(LUCIDE, "minus circle", "lucide", "outline"),
        Row(ARROW, "corner", "tabler", "filled"),
        Row(ARROW, "secret", "tabler", "filled"),
        Row(ARROW, "", "tabler", "filled"),
        Row(SHADED, "fire", "noise", "color"),
        Row(SHADED, "flame", "noise", "color", tokens=75),
    ]
    limits = {"stroke": 60, "solid": 60, "color": 10}
    options = DatasetOptions(limits=limits, core_words=frozenset({"minus", "circle"}), recolored=0)
    counts = build_shards(rows, tmp_path, tokenizer, lambda caption: caption == "secret", options)
    assert counts == {
        "stroke.train": 1, "strokecore.train": 1, "duplicate": 1, "solid.train": 1, "solid.heldout": 1,
        "no caption": 1, "color too long": 2,
    }  # fmt: skip
    group = open_group(tmp_path, "stroke", "train")
    assert tokenizer.decode(group.drawing(0)) == order(LUCIDE)
    assert group.drawing(0)[-1] == tokenizer.eos_id
    prompts = [tokenizer.inner.decode(list(p), skip_special_tokens=False) for p in group.prompts(0)]
    assert prompts[0] == "<|bos|><|set:lucide|><|style:outline|><|detail:0|> minus circle"
    assert len(prompts) == 3
    meta = read_meta(tmp_path)
    assert meta.svg_vocab == tokenizer.svg_vocab
    assert np.load(tmp_path / "control.npy")[tokenizer.vocab["<|style:outline|>"]]


def test_core_words_are_frequent_and_whole() -> None:
    captions = ["arrow left", "arrow a", "heart a", "arrow arrow", "a"]
    assert core_words(captions, 2) == {"arrow"}
    assert core_words(captions, 0) == frozenset()


def test_a_black_drawing_is_also_shown_in_a_colour_that_its_words_name(tmp_path) -> None:
    tokenizer = load_tokenizer()
    rows = [Row(ARROW, "corner", "tabler", "filled"), Row(ARROW, "secret", "tabler", "filled")]
    counts = build_shards(rows, tmp_path, tokenizer, lambda c: c == "secret", DatasetOptions(recolored=1))
    assert counts == {"solid.train": 2, "solid.heldout": 1}
    group = open_group(tmp_path, "solid", "train")
    color, word = tokenizer.decode(group.prompts(1)[0]).split()[-2:]
    assert word == "corner"
    assert color_words(tokenizer.decode(group.drawing(1))) == (color,)
    assert color_words(tokenizer.decode(group.drawing(0))) == ()


def test_a_coloured_drawing_is_asked_for_by_its_own_colour() -> None:
    asked = (("fire",), ("orange", "fire"), ("fire", "orange", "red"), ("flame",))
    copies = list(colored(Row(SHADED, "fire", style="color", prompts=asked), DatasetOptions()))
    assert [copy.prompts for copy in copies] == [(("orange", "fire"),)]
    assert not list(colored(Row(SHADED, "fire", style="color", prompts=asked[:1] + asked[3:]), DatasetOptions()))


def test_numbers_start_near_their_neighbours() -> None:
    tokenizer = load_tokenizer()
    table = initial_embeddings(tokenizer, 64, None)
    near, far = (np.linalg.norm(table[tokenizer.vocab["100"]] - table[tokenizer.vocab[n]]) for n in ("101", "200"))
    assert near < far / 2


def test_limits_replace_the_usual_ones_and_name_the_groups() -> None:
    assert parse_limits("stroke=160, solid=150") == LIMITS | {"stroke": 160, "solid": 150}
    assert parse_limits("") == LIMITS
    for text in ("stroke", "stroke=x", "lines=9"):
        with pytest.raises(ConfigError) as caught:
            parse_limits(text)
        assert "stroke, solid, tone, color" in caught.value.hint


def test_families_are_further_groups_of_some_collections(tmp_path) -> None:
    tokenizer = load_tokenizer()
    rows = [Row(ARROW, "arrow", "lucide", "filled"), Row(LUCIDE, "bell", "twemoji", "outline")]
    options = DatasetOptions(families=parse_families("emoji=twemoji+noto, none=flag"))
    counts = build_shards(rows, tmp_path, tokenizer, lambda _: False, options)
    assert counts["emoji.train"] == counts["stroke.train"] == counts["solid.train"] == 1
    assert "none.train" not in counts
    for text in ("emoji", "emoji=", "stroke=flag", "a b=flag", "colorcore=flag"):
        with pytest.raises(ConfigError, match="cannot read group"):
            parse_families(text)


def test_a_drawing_is_also_shown_mirrored_and_its_words_change_sides(tmp_path) -> None:
    tokenizer = load_tokenizer()
    ring = HEADER + '<circle cx="128" cy="128" r="9"/>' + FOOTER
    rows = [
        Row(ARROW, "arrow left", "tabler", "filled", (("arrow", "left"), ("back",), ("letter", "c"))),
        Row(ARROW, "secret", "tabler", "filled"),
        Row(ARROW, "secret right", "tabler", "filled"),
        Row(ARROW, "play", "tabler", "filled"),
        Row(ring, "ring", "tabler", "filled"),
    ]
    options = DatasetOptions(mirrored=1, recolored=0)
    counts = build_shards(rows, tmp_path, tokenizer, lambda c: c in ("secret", "secret left"), options)
    assert counts == {"solid.train": 4, "solid.heldout": 1, "solidmirror.train": 1, "solidmirror.heldout": 1}
    group = open_group(tmp_path, "solidmirror", "train")
    assert tokenizer.decode(group.drawing(0)) == order(HEADER + '<path d="M246 10H166V90H246"/>' + FOOTER)
    prompts = [tokenizer.inner.decode(list(p), skip_special_tokens=True).strip() for p in group.prompts(0)]
    assert prompts == ["arrow right", "back"]
    assert not list(mirrored(rows[0], DatasetOptions()))
