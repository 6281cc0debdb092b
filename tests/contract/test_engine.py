"""One suite over every engine: what a caller may rely on whichever spec it was given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from local_server import LocalServer  # noqa: E402
from tiny_model import TINY, TinyGrammar, TinyTokenizer  # noqa: E402

from text2svg.compose.engine import ComposeEngine  # noqa: E402
from text2svg.engine import Engine, Prompt, Sampling, load  # noqa: E402
from text2svg.engine.embedded import EmbeddedEngine, EmbeddedOptions  # noqa: E402
from text2svg.engine.openai import OpenAIEngine  # noqa: E402
from text2svg.engine.scripted import ScriptedEngine  # noqa: E402
from text2svg.engine.vllm import VllmEngine, VllmOptions  # noqa: E402
from text2svg.engine.wire import ServerOptions  # noqa: E402
from text2svg.errors import UnknownKind  # noqa: E402
from text2svg.sample import Provenance, Sample, digest_of  # noqa: E402

WORDS = ("say one|two", "say three|<four/>|5")
HOUSE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><path d="M24 120L128 20L232 120V232H24Z"/></svg>'
PROMPTS = [Prompt(words) for words in WORDS]
SAMPLING = Sampling(max_tokens=30, temperature=0.9, seed=7)


def _embedded(**options: object) -> EmbeddedEngine:
    made = EmbeddedOptions(**options)  # type: ignore[arg-type]
    return EmbeddedEngine(TINY, made, tokenizer=TinyTokenizer(), grammar=TinyGrammar())


def _vllm(tmp_path: Path) -> VllmEngine:
    python = tmp_path / "python"
    server = Path(__file__).parents[1] / "engine" / "local_server.py"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{server}" "$@"\n')
    python.chmod(0o755)
    return VllmEngine("m", VllmOptions(str(python)))


def _find(words: str, style: str = "") -> list[Sample]:
    """The composer knows one drawing, whatever it is asked for."""
    origin = Provenance("package", "tiny", "house", author="A. Author", licence="MIT")
    return [Sample(digest_of(HOUSE), "", origin, words, style="filled", optimized=HOUSE, rung="integer", tokens=20)]


@pytest.fixture(params=["numpy", "onnx-fp32", "onnx-int8", "openai", "chat", "vllm", "scripted", "compose"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with LocalServer() as server:
        make = {
            "numpy": lambda: _embedded(decoder="numpy"),
            "onnx-fp32": lambda: _embedded(graph="onnx-fp32"),
            "onnx-int8": lambda: _embedded(),
            "openai": lambda: OpenAIEngine(server.url),
            "chat": lambda: OpenAIEngine(server.url, ServerOptions(chat=True)),
            "vllm": lambda: _vllm(tmp_path),
            "scripted": lambda: ScriptedEngine({words: [words[4:]] for words in WORDS}),
            "compose": lambda: ComposeEngine(_find),
        }[request.param]()
        yield make
        make.close()


def test_it_is_an_engine_with_a_name(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    assert engine.name
    assert engine.streams


def test_answers_come_in_the_order_of_the_prompts(engine: Engine) -> None:
    forward = engine.complete(PROMPTS, SAMPLING)
    assert [a.finish for a in forward] == ["stop", "stop"]
    assert all(a.text and a.completion_tokens > 0 and not a.error for a in forward)
    again = engine.complete(PROMPTS, SAMPLING)
    assert [a.text for a in again] == [a.text for a in forward]


def test_the_stream_says_what_complete_says(engine: Engine) -> None:
    texts = ["", ""]
    ended = []
    for delta in engine.stream(PROMPTS, SAMPLING):
        assert delta.index not in ended
        texts[delta.index] += delta.text
        if delta.finish:
            ended.append(delta.index)
    assert sorted(ended) == [0, 1]
    assert texts == [a.text for a in engine.complete(PROMPTS, SAMPLING)]


def test_candidate_i_is_the_candidate_of_seed_plus_i(engine: Engine) -> None:
    pair = engine.complete([PROMPTS[0]] * 2, SAMPLING)
    second = engine.complete(PROMPTS[:1], replace(SAMPLING, seed=SAMPLING.seed + 1))
    assert pair[1].text == second[0].text


def test_a_stream_may_be_left_at_any_time_and_the_engine_goes_on(engine: Engine) -> None:
    for taken in (0, 1, 3):
        stream = engine.stream(PROMPTS, SAMPLING)
        for _ in range(taken):
            next(stream)
        stream.close()
    assert engine.complete(PROMPTS, SAMPLING)[0].finish == "stop"


def test_no_prompts_give_no_answers(engine: Engine) -> None:
    assert engine.complete([], SAMPLING) == []
    assert list(engine.stream([], SAMPLING)) == []


def test_close_may_be_repeated(engine: Engine) -> None:
    engine.close()
    engine.close()


def test_unknown_kinds_list_the_known_ones() -> None:
    with pytest.raises(UnknownKind, match="compose, embedded, openai, scripted, vllm"):
        load("llama:x", more={"compose": lambda spec: ComposeEngine(_find)})
