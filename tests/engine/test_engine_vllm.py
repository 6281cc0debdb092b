"""The supervisor: with a stand-in interpreter always, with real vLLM when one is configured."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.vllm import VllmEngine, VllmOptions
from text2svg.engine.wire import ServerOptions
from text2svg.errors import ConfigError, EngineError, EngineUnavailable


@pytest.fixture
def python(tmp_path: Path) -> str:
    """An interpreter whose `-m vllm.entrypoints.openai.api_server` is the local server of these tests."""
    path = tmp_path / "python"
    script = Path(__file__).with_name("local_server.py")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_starts_says_how_far_it_is_answers_and_ends_its_server(python: str, tmp_path: Path) -> None:
    said: list[str] = []
    engine = VllmEngine("m", VllmOptions(python, log=tmp_path / "l" / "log"), progress=said.append)
    assert engine.complete([Prompt("say <svg|>")], Sampling(seed=3))[0].text == "<svg>"
    assert any("loading weights" in line for line in said)
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


def test_a_crash_while_answering_shows_the_end_of_the_log(python: str) -> None:
    engine = VllmEngine("m", VllmOptions(python))
    engine.start()
    os.killpg(engine._process.pid, signal.SIGKILL)  # noqa: SLF001
    engine._process.wait(5)  # noqa: SLF001
    with pytest.raises(EngineError, match=r"ended with code -9[\s\S]*compiling"):
        list(engine.stream([Prompt("say a")], Sampling()))
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
