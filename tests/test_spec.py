"""Spec texts."""

from __future__ import annotations

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text2svg.errors import ConfigError, UnknownKind
from text2svg.spec import Spec, load_kind, parse_spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("serial", Spec("serial")),
        ("processes:4", Spec("processes", "4")),
        ("hashed?dim=256", Spec("hashed", "", {"dim": "256"})),
        (
            "openai:http://127.0.0.1:8000/v1?timeout_s=30&model=a%26b",
            Spec("openai", "http://127.0.0.1:8000/v1", {"timeout_s": "30", "model": "a&b"}),
        ),
        ("onnx:/data/my model?x=a=b", Spec("onnx", "/data/my model", {"x": "a=b"})),
        ("kind:?empty=", Spec("kind", "", {"empty": ""})),
    ],
)
def test_reads(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec


@pytest.mark.parametrize("text", ["", ":name", "Kind", "a b", "1x", "k?", "k?a", "k?=1", "k?a=1&a=2", "k?a=1&", "?a=1"])
def test_refuses(text: str) -> None:
    if text == "k?":  # an empty tail is no option
        assert parse_spec(text) == Spec("k")
        return
    with pytest.raises(ConfigError) as caught:
        parse_spec(text)
    assert caught.value.hint


@given(
    st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True),
    st.text(st.characters(exclude_characters="?", exclude_categories=["Cs"])).map(str.strip),
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(st.characters(codec="utf-8"))),
)
def test_writing_and_reading_agree(kind: str, name: str, options: dict[str, str]) -> None:
    spec = Spec(kind, name, options)
    assert parse_spec(str(spec)) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert hash(spec) == hash(Spec(kind, name, {}))


def test_options_are_converted_or_refused() -> None:
    spec = parse_spec("k?n=4&rate=.5")
    assert spec.read({"n": int, "rate": float, "other": str}) == {"n": 4, "rate": 0.5}
    with pytest.raises(ConfigError, match="no option 'n'"):
        spec.read({"rate": float})
    with pytest.raises(ConfigError, match="n='x'"):
        parse_spec("k?n=x").read({"n": int})


def test_only_the_chosen_module_is_imported() -> None:
    known = {"one": "no.such.module:make", "two": "fractions:Fraction"}
    sys.modules.pop("fractions", None)
    with pytest.raises(UnknownKind, match="known: one, two"):
        load_kind("seam", "three", known)
    assert "fractions" not in sys.modules
    assert load_kind("seam", "kind", {"kind": "builtins:str"}) == "kind"
