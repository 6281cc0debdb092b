"""Prompts become scenes, sentences come back as the scene they say, and what is not read is named."""

from __future__ import annotations

from itertools import islice

import pytest

from text2svg.compose.read import read_prompt
from text2svg.compose.scene import Background, Mark, Scene, Subject
from text2svg.compose.sentences import scenes, sentences
from text2svg.errors import ConfigError

WORDS = ["house", "power", "heart", "star", "bell", "left arrow", "shopping cart", "box", "cherry", "apple"]


@pytest.mark.parametrize(
    ("prompt", "scene"),
    [
        ("a blue circular button with a power symbol", Scene((Subject("power"),), "", Background("circle", "blue"))),
        ("three red hearts in a row", Scene((Subject("heart", "red", 3),), "row")),
        (
            "house with a plus in the corner, outline, thick",
            Scene((Subject("house"),), "", None, (Mark("plus"),), "outline", 24),
        ),
        ("a green check on a house", Scene((Subject("house"),), "", None, (Mark("check", color="green"),))),
        ("a check in a green circle", Scene((Subject("check"),), "", Background("circle", "green"))),
        ("a cat inside a house", Scene((Subject("house"), Subject("cat")), "inside")),
        ("a bird on top of a house", Scene((Subject("bird"), Subject("house")), "on top")),
        ("camera crossed out", Scene((Subject("camera"),), "", None, (Mark("slash"),))),
        ("a grid of six green trees", Scene((Subject("tree", "green", 6),), "grid")),
        ("an orange", Scene((Subject("orange"),))),
        ("a red circle", Scene((Subject("circle", "red"),))),
        (
            "mail with the number 12 in the top right corner",
            Scene((Subject("mail"),), "", None, (Mark("number", "top right", number=12),)),
        ),
        ("Ｂｌｕｅ  HEART\x00", Scene((Subject("heart", "blue"),))),
    ],
)
def test_a_prompt_is_read_whole(prompt: str, scene: Scene) -> None:
    reading = read_prompt(prompt)
    assert (reading.scene, reading.unread, reading.notes) == (scene, (), ())


def test_every_sentence_says_its_scene() -> None:
    for index, scene in enumerate(islice(scenes(WORDS, 3), 500)):
        for sentence in sentences(scene, index):
            reading = read_prompt(sentence)
            assert (reading.scene, reading.unread, reading.notes) == (scene, (), ()), sentence


@pytest.mark.parametrize(
    ("prompt", "unread"),
    [
        ("a cat and a dog and a bird", ("bird",)),
        ("a red blue heart", ("blue",)),
        ("heart {x}", ("{", "}")),
        ("one star in a row", ("in a row",)),
        ("a house in the top left corner", ("top left corner",)),
    ],
)
def test_what_is_not_drawn_is_named(prompt: str, unread: tuple[str, ...]) -> None:
    assert read_prompt(prompt).unread == unread


def test_doubtful_words_are_noted() -> None:
    assert "wearing" in read_prompt("a cat wearing a hat").notes[0]
    assert "ring" in read_prompt("five stars in a circle").notes[0]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("", "empty"),
        (" \x00\u200b ", "empty"),
        ("...!", "empty"),
        ("a" * 301, "301 characters"),
        ("in blue", "nothing to draw"),
        ("12 apples", "cannot draw 12"),
        ("three hearts with a plus and a minus and a cross", "two marks"),
        ("x" * 80, "too long"),
    ],
)
def test_a_prompt_nobody_can_draw_is_refused_with_a_hint(prompt: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_prompt(prompt)
    assert words in caught.value.message
    assert caught.value.hint
