"""Composed scenes are canonical, safe, inside the canvas, the same for the same seed, and name their sources."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from text2svg.compose.compose import compose
from text2svg.compose.pairs import pairs, row
from text2svg.compose.read import read_prompt
from text2svg.compose.scene import Background, Scene, Subject
from text2svg.compose.sentences import scenes
from text2svg.compose.shelf import Shelf
from text2svg.errors import ConfigError, NotCanonical
from text2svg.raster.resvg import Resvg
from text2svg.svg.reader import is_canonical
from text2svg.svg.sanitize import sanitize
from text2svg.svg.schema import HEADER

WORDS = ["house", "power", "heart", "star", "bell", "pause", "leaf", "ball"]


def test_any_scene_is_canonical_safe_inside_the_canvas_and_repeatable(shelf: Shelf, rasterizer: Resvg) -> None:
    drawn = 0
    for index, scene in enumerate(islice(scenes(WORDS, 5), 100)):
        try:
            made = compose(scene, shelf.find, index)
        except (ConfigError, NotCanonical) as error:
            assert "no room inside" in str(error), scene
            continue
        drawn += 1
        assert is_canonical(made.svg), scene
        assert sanitize(made.svg).removed == ()
        assert compose(scene, shelf.find, index).svg == made.svg
        assert made.kind == "composed" and "MIT" in made.attribution
        wide = made.svg.replace(HEADER, HEADER.replace("0 0 256 256", "-64 -64 384 384"))
        alpha = rasterizer.render(wide, 384)[..., 3].copy()
        assert alpha.any()
        alpha[64:320, 64:320] = 0
        assert not np.any(alpha > 8), scene
    assert drawn > 85


def test_the_subject_of_a_painted_background_is_white_or_dark(shelf: Shelf) -> None:
    for color, ink in (("blue", "#fff"), ("yellow", "#222"), ("black", "#fff"), ("white", "#222")):
        scene = Scene((Subject("heart"),), "", Background("circle", color), style="filled")
        assert f'"{ink}"' in compose(scene, shelf.find).svg


def test_what_cannot_be_seen_is_drawn_otherwise_and_said(shelf: Shelf) -> None:
    made = compose(read_prompt("a blue heart on a blue circle").scene, shelf.find)
    assert "cannot be seen" in made.notes[0]
    assert '"#fff"' in made.svg


def test_a_stroke_keeps_a_sensible_width(shelf: Shelf) -> None:
    asked = compose(read_prompt("a house, outline, thick").scene, shelf.find).svg
    assert 'stroke-width="24"' in asked
    small = compose(read_prompt("nine houses in a grid, outline").scene, shelf.find)
    assert 'stroke-width="7"' in small.svg
    told = compose(read_prompt("nine houses in a grid, outline, thick").scene, shelf.find)
    assert any("would fill copies" in note for note in told.notes)


def test_copies_are_equal_to_the_last_point(shelf: Shelf) -> None:
    svg = compose(read_prompt("three red hearts in a row").scene, shelf.find).svg
    paths = [part.split('"')[0] for part in svg.split(' d="')[1:]]
    assert len(paths) == 3
    assert len({path.count("A") for path in paths}) == 1


def test_a_missing_style_and_a_missing_thing_are_said(shelf: Shelf) -> None:
    made = compose(read_prompt("a star, outline").scene, shelf.find)
    assert "no outline drawing of 'star'" in made.notes[0]
    with pytest.raises(ConfigError, match="no drawing of 'flurb'"):
        compose(read_prompt("a flurb").scene, shelf.find)


def test_gradients_of_two_drawings_keep_apart(shelf: Shelf) -> None:
    made = compose(read_prompt("a ball beside a ball, colorful").scene, shelf.find)
    assert is_canonical(made.svg)
    assert made.svg.count("<linearGradient") == 2


def test_pairs_resume_and_carry_their_licences(shelf: Shelf) -> None:
    whole = [row(pair) for pair in islice(pairs(WORDS, shelf.find, 1), 30)]
    again = [row(pair) for pair in islice(pairs(WORDS, shelf.find, 1, whole[9]["index"] + 1), 20)]
    assert whole[10:] == again
    for one in whole:
        assert one["kind"] == "composed"
        assert 1 <= len(one["prompts"]) <= 3
        assert {source["licence"] for source in one["sources"]} == {"MIT"}
        assert is_canonical(one["svg"])
