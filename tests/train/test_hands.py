from __future__ import annotations

import pytest

from text2svg.train.hands import OTHER, READ, other_hand


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ("arrow left", "arrow right"),
        ("cat", "cat"),
        ("undo", "redo"),
        ("letter a", None),
        ("letters", "letters"),
        ("mp3", None),
        ("play", None),
        ("", ""),
    ],
)
def test_left_is_right_in_the_mirror_and_what_is_read_has_no_image(words: str, other: str | None) -> None:
    expected = None if other is None else tuple(other.split())
    assert other_hand(words.split()) == expected


def test_sides_come_in_pairs_and_are_not_read() -> None:
    assert all(OTHER[OTHER[word]] == word for word in OTHER)
    assert not READ & OTHER.keys()
