"""Caption checks, reason by reason, and what a picture shows."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from text2svg.caption.picture import DARK, colors_seen, picture
from text2svg.caption.quality import FACTORS, Known, assess, repeats, speaks, tidy, words_in
from text2svg.errors import Refused
from text2svg.raster import load

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
BELL = Known("bell", ("alarm",), ("black",))
REASONS = [
    ("", Known(), 10, "empty"),
    ("...", Known(), 10, "empty"),
    ("I'm sorry, I cannot identify the object.", BELL, 20, "refusal"),
    ("As an AI I have no eyes.", BELL, 20, "refusal"),
    ("I’m unable to see any picture.", BELL, 20, "refusal"),
    ("A bell <svg viewBox='0 0 1 1'>", BELL, 20, "markup"),
    ("```A bell```", BELL, 20, "markup"),
    ("一个铃铛的图标", BELL, 20, "language"),
    ("Колокольчик на белом фоне", BELL, 20, "language"),
    ("Das ist eine Glocke mit einem Strich", BELL, 20, "language"),
    ("La cloche est dans un cercle avec une ligne", BELL, 20, "language"),
    ("a bell bell bell", BELL, 20, "repetition"),
    ("the bell and the bell and the bell and the bell and the bell", BELL, 20, "repetition"),
    ("a bell that rings over a long wall of stone beside the road", BELL, 5, "too-long"),
    ("bell", BELL, 15, "too-short"),
    ("This image shows a bell.", BELL, 20, "frame"),
    ("An arrow that points to the right", Known("arrow left"), 20, "side-contradiction"),
    ("A red bell", BELL, 20, "color-contradiction"),
    ("A green heart", Known("heart", (), ("red", "white")), 20, "color-contradiction"),
    ("A bell", Known("bell", agreement=-0.4), 20, "off-topic"),
]


@pytest.mark.parametrize(("caption", "known", "most", "reason"), REASONS)
def test_each_reason_has_its_case(caption: str, known: Known, most: int, reason: str) -> None:
    quality = assess(caption, known, most)
    assert quality.reasons[:1] == (reason,)
    assert quality.score <= FACTORS[reason]


def test_every_reason_is_tested() -> None:
    assert {reason for *_, reason in REASONS} | {"cut"} == set(FACTORS)
    assert assess("A bell that", BELL, 20, whole=False).reasons == ("cut",)


@pytest.mark.parametrize(
    ("caption", "known"),
    [
        ("A bell in a circle.", BELL),
        ("Un-ringed bell, seen from the side", BELL),
        ("A left arrow", Known("arrow left")),
        ("Arrows to the left and to the right", Known("arrow left right")),
        ("A red panda", Known("red panda", (), ("black",))),
        ("A crimson heart", Known("heart", (), ("red",))),
        ("A violet and blue flower", Known("flower", (), ("purple",))),
        ("An orange sun", Known("sun", (), ("yellow", "orange"))),
        ("24/7", Known("24 hours")),
        ("A café with a naïve sign", Known("cafe")),
    ],
)
def test_what_is_well_is_kept_whole(caption: str, known: Known) -> None:
    assert assess(caption, known, 10) == assess("A plain one", Known(), 10)


def test_reasons_multiply() -> None:
    both = assess("This image shows a red bell.", BELL, 20)
    assert both.reasons == ("color-contradiction", "frame")
    assert both.score == round(FACTORS["color-contradiction"] * FACTORS["frame"], 4)


def test_languages() -> None:
    assert speaks(words_in("красный круг и 2 линии"), "ru") and not speaks(words_in("a red circle"), "ru")
    assert speaks(words_in("die cut machine"), "en")  # one foreign function word proves nothing


def test_repetition_needs_six_pairs() -> None:
    assert not repeats("a b a b a".split()) and repeats("a b a b a b a b".split())


def test_answers_are_tidied() -> None:
    assert tidy(' Caption:  "A bell\n on a wall." ') == '"A bell on a wall."'.strip('"')
    assert tidy("image shows: a bell") == "a bell" and tidy('"') == '"'


# Pictures


def shown(body: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture(HEAD + body + "</svg>", 64, load("resvg")).png)).convert("RGB"))


def test_black_ink_is_shown_on_white_and_white_ink_on_dark() -> None:
    assert shown('<circle cx="128" cy="128" r="90"/>')[0, 0].tolist() == [255] * 3
    white = shown('<circle cx="128" cy="128" r="90" fill="#fff"/>')
    assert white[0, 0].tolist() == [DARK] * 3 and white[32, 32].tolist() == [255] * 3
    flag = shown('<rect y="40" width="256" height="170" fill="#fff"/><circle cx="128" cy="128" r="40" fill="#b00"/>')
    assert flag[0, 0].tolist() == [DARK] * 3


def test_a_drawing_without_ink_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        shown('<circle cx="128" cy="128" r="90" fill="none"/>')
    assert caught.value.reason == "blank"


def test_colors_are_counted_on_the_picture() -> None:
    body = '<rect width="200" height="256" fill="#00f"/><rect x="200" width="56" height="256" fill="#fc0"/>'
    assert picture(HEAD + body + "</svg>", 64, load("resvg")).colors == ("blue", "yellow")
    assert colors_seen(np.zeros((4, 4, 4), np.uint8)) == ()
