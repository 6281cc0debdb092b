"""The score passes what was asked and fails what is missing, each check for its own reason."""

from __future__ import annotations

from itertools import islice

import pytest

from text2svg.compose.compose import compose
from text2svg.compose.pairs import pairs
from text2svg.compose.read import read_prompt
from text2svg.compose.score import scene_score
from text2svg.compose.shelf import Shelf
from text2svg.raster.resvg import Resvg


@pytest.mark.parametrize(
    ("asked", "drawn", "failed"),
    [
        ("a heart on a blue circle", "a heart on a red circle", ("background colour",)),
        ("a heart on a blue circle", "a heart on a blue square", ("background",)),
        ("a heart on a blue circle", "a blue heart", ("background", "background colour")),
        ("a red heart", "a green heart", ("subject colour",)),
        ("three red hearts in a row", "four red hearts in a row", ("count", "arrangement")),
        ("three red hearts in a row", "two red hearts in a row", ("count", "arrangement")),
        ("three red hearts in a row", "three red hearts in a column", ("arrangement",)),
        ("a filled house with a plus", "a filled house with a cross", ("plus mark",)),
        ("a filled house with a plus", "a filled house", ("plus mark",)),
        ("an outline house with a plus", "an outline house with a minus", ("plus mark",)),
        ("a filled bell with the number 3", "a filled bell with the number 8", ("number mark",)),
        ("a bell on a blue circle with the number 12", "a bell on a blue circle with the number 13", ("number mark",)),
        ("a filled bell with a red check", "a filled bell with a green check", ("check mark's colour",)),
        ("a filled house crossed out", "a filled house", ("slash mark",)),
        ("a house, outline, thin", "a house, outline, thick", ("stroke width",)),
        ("a red heart beside a blue star", "a red heart beside a green star", ("second subject's colour",)),
    ],
)
def test_each_missing_thing_fails_its_own_check(
    shelf: Shelf, rasterizer: Resvg, asked: str, drawn: str, failed: tuple[str, ...]
) -> None:
    scene = read_prompt(asked).scene
    right = scene_score(compose(scene, shelf.find, 1).svg, scene, rasterizer)
    assert (right.share, right.failed) == (1.0, ())
    wrong = scene_score(compose(read_prompt(drawn).scene, shelf.find, 1).svg, scene, rasterizer)
    assert set(failed) <= set(wrong.failed)
    assert wrong.share < 1


def test_what_was_composed_scores_one(shelf: Shelf, rasterizer: Resvg) -> None:
    words = ["house", "power", "heart", "star", "bell"]
    for pair in islice(pairs(words, shelf.find, 2), 30):
        score = scene_score(pair.composition.svg, pair.asked, rasterizer)
        assert score.failed == (), pair.sentences


def test_no_drawing_passes_nothing(rasterizer: Resvg) -> None:
    scene = read_prompt("a red heart").scene
    assert scene_score("<svg onload='x'/>", scene, rasterizer).share == 0
