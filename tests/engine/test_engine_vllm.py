"""The supervisor: with a stand-in interpreter always, with real vLLM when one is configured."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

import text2svg
from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.token_lark import token_lark
from text2svg.engine.vllm import MAX_DEATHS, VllmEngine, VllmOptions
from text2svg.engine.wire import ServerOptions
from text2svg.errors import ConfigError, EngineError, EngineUnavailable
from text2svg.svg.lark import lark


@pytest.fixture
def python(tmp_path: Path) -> str:
    """An interpreter whose `-m vllm.entrypoints.openai.api_server` is the local server of these tests."""
    path = tmp_path / "python"
    script = Path(__file__).with_name("local_server.py")
    path.write_text(f'#!/bin/sh\ntest -z "$PYTHONPATH" || exit 9\nexec "{sys.executable}" "{script}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_starts_says_how_far_it_is_answers_and_ends_its_server(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # ours must not reach the other environment
    engine = VllmEngine("unhurried", VllmOptions(python, log=tmp_path / "l" / "log"), progress=said.append)
    assert engine.complete([Prompt("say <svg|>")], Sampling(seed=3))[0].text == "<svg>"
    assert any("loading weights" in line or "compiling" in line for line in said)
    assert [d.text for d in engine.stream([Prompt("say x")], Sampling())][0] == "x"
    process = engine._process  # noqa: SLF001
    engine.close()
    assert _gone(process.pid)
    assert "compiling" in (tmp_path / "l" / "log").read_text()


def test_a_crash_at_the_start_shows_the_end_of_the_log(python: str) -> None:
    engine = load(f"vllm:crash?python={python}")
    with pytest.raises(EngineError, match=r"code 1: ValueError: the model does not fit\n[\s\S]*see root cause"):
        engine.complete([Prompt("say a")], Sampling())
    engine.close()


def _kill(engine: VllmEngine) -> None:
    os.killpg(engine._process.pid, signal.SIGKILL)  # noqa: SLF001


def test_a_server_killed_in_mid_stream_is_a_typed_error_and_the_next_prompt_starts_another(python: str) -> None:
    said: list[str] = []
    engine = VllmEngine("m", VllmOptions(python), progress=said.append)
    stream = engine.stream([Prompt("forever"), Prompt("forever")], Sampling())
    assert next(stream).text
    first = engine._process.pid  # noqa: SLF001
    _kill(engine)
    with pytest.raises(EngineUnavailable, match=r"ended with code -9 while it answered[\s\S]*compiling") as caught:
        list(stream)
    assert "ask again" in caught.value.hint
    assert engine.complete([Prompt("say a")], Sampling())[0].text == "a"
    assert engine._process.pid != first and _gone(first)  # noqa: SLF001
    assert any("starting another" in line for line in said)
    _kill(engine)  # between two prompts: nobody needs to hear of it
    engine._process.wait(5)  # noqa: SLF001
    assert engine.complete([Prompt("say b")], Sampling())[0].text == "b"
    engine.close()


def test_a_server_that_keeps_dying_is_left_dead(python: str) -> None:
    engine = VllmEngine("m", VllmOptions(python))
    for _ in range(MAX_DEATHS):
        with pytest.raises(EngineUnavailable, match="ended with code 3 while it answered"):
            engine.complete([Prompt("forever, then die")], Sampling())
    with pytest.raises(EngineUnavailable, match=f"died {MAX_DEATHS} times without an answer"):
        engine.complete([Prompt("say a")], Sampling())
    engine.close()


def test_a_prompt_the_server_rejects_fails_alone(python: str) -> None:
    engine = VllmEngine("m", VllmOptions(python))
    answers = engine.complete([Prompt("status 400"), Prompt("say a")], Sampling())
    assert [a.finish for a in answers] == ["error", "stop"]
    with pytest.raises(EngineError, match="answered 401"):
        engine.complete([Prompt("status 401")], Sampling())
    engine.close()


def test_a_start_that_takes_too_long_is_given_up_and_cleaned_up(python: str) -> None:
    engine = VllmEngine("slow", VllmOptions(python, start_s=0.6))
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="did not answer within"):
        engine.start()
    assert time.monotonic() - began < 20
    assert engine._process is None  # noqa: SLF001


def test_a_grammar_needs_a_folder_that_names_its_end_token(python: str, tmp_path: Path) -> None:
    engine = VllmEngine(str(tmp_path), VllmOptions(python), ServerOptions(grammar='start: "a"'))
    with pytest.raises(ConfigError, match="tokenizer_config"):
        engine.start()
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert engine.complete([Prompt("say a")], Sampling())[0].text == "a"
    engine.close()


def test_specs_need_an_interpreter() -> None:
    with pytest.raises(ConfigError, match="own environment"):
        load("vllm:folder")
    engine = load("vllm:folder?python=/nowhere/python")
    with pytest.raises(ConfigError, match="cannot run"):
        engine.complete([Prompt("a")], Sampling())
    assert load("vllm:folder", defaults={"vllm.python": "/p"}).options.python == "/p"


def test_a_folder_that_speaks_our_tokens_is_held_to_them(tmp_path: Path) -> None:
    bundled = Path(text2svg.__file__).parent / "assets" / "generator"
    assert load(f"vllm:{bundled}?python=p")._server.grammar == token_lark()  # noqa: SLF001
    assert load(f"vllm:{tmp_path}?python=p")._server.grammar == lark()  # noqa: SLF001
    assert load(f"vllm:{bundled}?python=p&grammar=off")._server.grammar == ""  # noqa: SLF001
    (tmp_path / "tokenizer.json").write_text('{"model": 3}')
    with pytest.raises(ConfigError, match="is no tokenizer"):
        load(f"vllm:{tmp_path}?python=p")
