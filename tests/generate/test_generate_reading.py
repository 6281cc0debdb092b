"""Requests, words and prompts: what a visitor typed and what the model is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text2svg.errors import ConfigError
from text2svg.generate import Request, Substitution, Vocabulary, load_vocabulary
from text2svg.generate.prompt import DETAIL, ROTATION, build_prompts, style_and_turn
from text2svg.generate.request import normalize
from text2svg.generate.vocabulary import MAX_WORDS, count_words, inflections, words_of
from text2svg.svg.tokenizer import Tokenizer

KNOWN = {
    "arrow": 90, "left": 80, "car": 20, "calendar": 30, "triangle": 9, "light": 40, "bulb": 5, "battery": 12,
    "color": 8, "run": 7, "bake": 3, "leaf": 6, "glasses": 4, "box": 15, "boxes": 1, "sun": 11, "flower": 8,
    "skateboard": 4, "user": 60, "on": 5, "red": 9,
}  # fmt: skip
VOCABULARY = Vocabulary(KNOWN, {"automobile": ["auto", "car"], "стрелка": ["arrow"], "sedan": ["car"]})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": " \u200b\n\t"}, "empty"),
        ({"prompt": "x" * 301}, "301 characters"),
        ({"style": "cubist"}, "outline, filled"),
        ({"n": 0}, "between 1 and 8"),
        ({"n": 9}, "between 1 and 8"),
        ({"n": True}, "between 1 and 8"),
        ({"seed": -1}, "between 0"),
        ({"seed": 1.5}, "between 0"),
        ({"max_tokens": 0}, "between 1"),
        ({"temperature": 2.1}, "between 0 and 2"),
        ({"temperature": float("nan")}, "between 0 and 2"),
        ({"top_p": 0}, "between 0.01 and 1"),
        ({"detail": 6}, "between 0 and 5"),
        ({"max_bytes": 20}, "between 120 and"),
        ({"max_seconds": 0}, "between 0.01 and 3600"),
    ],
)
def test_requests_that_cannot_be_served_say_what_can(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Request(**({"prompt": "arrow"} | changes))
    assert says in f"{caught.value} {caught.value.hint}"


def test_prompts_are_normalised() -> None:
    assert Request("  ＬＥＦＴ\u00a0Arrow\n\x00→ ").text == "left arrow →"
    assert Request("ﬁre").text == "fire"
    assert Request("Straße ÉTÉ").text == "straße été"


@given(st.text(min_size=1, max_size=300))
def test_any_text_is_a_request_or_a_clear_error(text: str) -> None:
    if not normalize(text):
        with pytest.raises(ConfigError, match="empty"):
            Request(text)
        return
    request = Request(text)
    assert normalize(request.text) == request.text
    reading = VOCABULARY.read(request.text)
    assert len(reading.words) <= MAX_WORDS
    assert all(reading.words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arrow-left_2", ("arrow", "left", "2")),
        ("c++ and c# o'clock 3.5", ("c++", "and", "c#", "o'clock", "3.5")),
        ("a button. (red)!", ("a", "button", "red")),
        ("стрелка влево", ("стрелка", "влево")),
        ("left→right", ("left", "right")),
        ("→", ()),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words", "how"),
    [
        ("left arrow", ("left", "arrow"), None),
        ("an icon of the arrows", ("arrow",), "inflection"),
        ("batteries", ("battery",), "inflection"),
        ("leaves", ("leaf",), "inflection"),
        ("running", ("run",), "inflection"),
        ("baking", ("bake",), "inflection"),
        ("colour", ("color",), "inflection"),
        ("car's", ("car",), "inflection"),
        ("skateboarding", ("skateboard",), "inflection"),
        ("glass", ("glasses", "glass"), None),
        ("lightbulb", ("light", "bulb"), "compound"),
        ("automobile", ("car", "automobile"), "synonym"),
        ("sedans", ("car", "sedans"), "synonym"),
        ("стрелка", ("arrow", "стрелка"), "synonym"),
        ("calender", ("calendar", "calender"), "similar"),
        ("triangel", ("triangle", "triangel"), "similar"),
        ("quokka", ("quokka",), "unknown"),
        ("the", ("the",), "unknown"),
    ],
)
def test_unknown_words_are_replaced_and_reported(text: str, words: tuple[str, ...], how: str | None) -> None:
    reading = VOCABULARY.read(text)
    if text == "glass":
        assert reading.words[0] == "glasses"
        return
    assert reading.words == words
    assert [s.how for s in reading.substitutions] == ([how] if how else [])


def test_pieces_may_be_left_out() -> None:
    assert Vocabulary(KNOWN, keep_pieces=False).read("calender").words == ("calendar",)


def test_long_sentences_keep_their_first_words_and_report_the_others() -> None:
    known = {f"w{i}": 1 for i in range(20)}
    reading = Vocabulary(known).read(" ".join(known))
    assert reading.words == tuple(known)[:MAX_WORDS]
    assert reading.substitutions == tuple(Substitution(f"w{i}", (), "left out") for i in range(MAX_WORDS, 20))


def test_without_a_list_nothing_is_changed() -> None:
    assert Vocabulary().read("quokkas skateboarding").words == ("quokkas", "skateboarding")
    assert Vocabulary().read("quokkas").substitutions == ()


def test_symbols_alone_are_a_word() -> None:
    assert VOCABULARY.read("→").words == ("→",)


def test_word_lists_are_files(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    assert load_vocabulary(path) == Vocabulary()
    path.write_text(json.dumps({"words": {"arrow": 5}, "synonyms": {"dart": ["arrow"]}}))
    assert load_vocabulary(path).read("dart").words == ("arrow", "dart")
    for text in ("[]", "{", '{"words": ["a"]}', '{"words": {"a": "many"}}'):
        path.write_text(text)
        with pytest.raises(ConfigError, match="list of words"):
            load_vocabulary(path)


def test_counting_drops_rare_words_and_orders_by_frequency() -> None:
    assert list(count_words([["b", "a"], ["a"], ["a", "b"], ["c"]], least=2).items()) == [("a", 3), ("b", 2)]


@given(st.text("abcdeginrsuvy'", min_size=1, max_size=9))
def test_inflections_never_fail(word: str) -> None:
    assert all(isinstance(form, str) for form in inflections(word))


def test_candidates_rotate_through_known_collections(tokenizer: Tokenizer) -> None:
    request = Request("arrow", style="outline", n=4)
    prompts = build_prompts(request, VOCABULARY.read(request.text), tokenizer)
    expected = [
        tuple(tokenizer.encode_prompt("arrow", style="outline", detail=DETAIL["outline"], collection=name))
        for name in ("tabler", "lucide", "tabler", "lucide")
    ]
    assert [p.ids for p in prompts] == expected
    assert {p.text for p in prompts} == {"arrow"}


def test_more_candidates_keep_the_first_ones(tokenizer: Tokenizer) -> None:
    for style in ("", *ROTATION):
        few, many = (Request("left arrow", style=style, n=n) for n in (2, 8))
        reading = VOCABULARY.read(few.text)
        assert build_prompts(few, reading, tokenizer) == build_prompts(many, reading, tokenizer)[:2]


def test_without_style_every_style_takes_a_turn_whatever_colour_is_named() -> None:
    plain, red = Request("arrow", n=8), Request("red arrow", n=8)
    turns = [style_and_turn(plain, i) for i in range(8)]
    assert turns == [(style, turn) for turn in (0, 1) for style in ROTATION]
    assert style_and_turn(red, 1) == ("filled", 0)
    asked = Request("red arrow", style="outline")
    assert style_and_turn(asked, 3) == ("outline", 3)


def test_detail_may_be_asked_for(tokenizer: Tokenizer) -> None:
    request = Request("arrow", style="outline", n=1, detail=5)
    (prompt,) = build_prompts(request, VOCABULARY.read("arrow"), tokenizer)
    assert tokenizer.vocab["<|detail:5|>"] in prompt.ids


def test_a_tokenizer_without_collections_is_served(tokenizer: Tokenizer) -> None:
    from text2svg.svg.tokenizer import train_tokenizer

    bare = train_tokenizer(["arrow left"], (), words=280)
    (prompt,) = build_prompts(Request("arrow", "filled", n=1), VOCABULARY.read("arrow"), bare)
    assert bare.vocab["<|style:filled|>"] in prompt.ids
