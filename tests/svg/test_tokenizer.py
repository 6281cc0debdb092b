from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.svg.drawings import SAMPLES, walk
from text2svg.errors import ConfigError
from text2svg.svg.tokenizer import load_tokenizer, train_tokenizer
from text2svg.svg.vocabulary import detail_level, drawing_tokens


def test_drawing_tokens_are_distinct_and_come_first() -> None:
    tokens, tokenizer = drawing_tokens(), load_tokenizer()
    assert len(set(tokens)) == len(tokens) == tokenizer.svg_vocab
    assert [tokenizer.decode([i]) for i in range(3, tokenizer.svg_vocab)] == tokens[3:]


@pytest.mark.parametrize("text", SAMPLES)
def test_text_to_ids_to_text_is_exact(text: str) -> None:
    tokenizer = load_tokenizer()
    ids = tokenizer.encode(text)
    assert max(ids) < tokenizer.svg_vocab
    assert "".join(tokenizer.decode([i]) for i in ids) == text


@given(st.integers(0, 2**31), st.integers(12, 300))
@settings(max_examples=60, deadline=None)
def test_sampled_ids_are_the_ids_of_their_text(seed: int, budget: int) -> None:
    tokenizer, ids = load_tokenizer(), walk(seed, budget)
    assert len(ids) <= budget
    assert tokenizer.encode(tokenizer.decode(ids)) == ids[:-1]


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_words_of_any_script_survive(words: str) -> None:
    tokenizer = load_tokenizer()
    plain = " ".join(words.lower().split()).replace("<", " ").replace(">", " ")
    assert tokenizer.decode(tokenizer.encode_words(words)).strip() == plain.strip() or "<|" in words


def test_a_prompt_is_bos_controls_words() -> None:
    tokenizer = load_tokenizer()
    ids = tokenizer.encode_prompt("Arrow  LEFT", style="outline", detail=2, collection="lucide")
    names = [tokenizer.inner.id_to_token(i) for i in ids]
    assert names == ["<|bos|>", "<|set:lucide|>", "<|style:outline|>", "<|detail:2|>", "Ġarrow", "Ġleft"]
    assert tokenizer.encode_prompt("") == [tokenizer.bos_id]


def test_unknown_controls_name_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown style") as caught:
        load_tokenizer().encode_prompt("heart", style="baroque")
    assert "outline" in caught.value.hint


def test_a_foreign_file_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match="no tokenizer"):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_training_is_deterministic() -> None:
    captions = ["arrow left", "arrow right", "heart"] * 5
    one, two = (train_tokenizer(captions, ["b", "a"], 300) for _ in range(2))
    assert one.inner.to_str() == two.inner.to_str()
    assert one.collections == ("a", "b")


@pytest.mark.parametrize(("tokens", "level"), [(1, 0), (32, 0), (33, 1), (256, 5), (9999, 5)])
def test_detail_levels(tokens: int, level: int) -> None:
    assert detail_level(tokens) == level
