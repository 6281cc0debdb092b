"""A real vLLM server over the bundled model, where TEST_VLLM_PYTHON names an interpreter that has vLLM."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import text2svg
from admin.engines import held_out
from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.vllm import VllmEngine
from text2svg.errors import EngineUnavailable
from text2svg.evaluate.agreement import compare
from text2svg.runtime import Runtime
from text2svg.settings import Settings

pytestmark = pytest.mark.slow
BUNDLED = Path(text2svg.__file__).parent / "assets" / "generator"
SMALL = "--enforce-eager --dtype float32 --max-model-len 512 --max-num-seqs 16 --gpu-memory-utilization 0.1"


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    made = Runtime(Settings.read())
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmEngine]:
    python = os.environ.get("TEST_VLLM_PYTHON", "")
    if not python:
        pytest.skip("TEST_VLLM_PYTHON names no interpreter with vLLM")
    log = tmp_path_factory.mktemp("vllm") / "log"
    engine = load(f"vllm:{BUNDLED}?log={log}&start_s=2400&arguments={SMALL}", defaults={"vllm.python": python})
    yield engine
    engine.close()


def test_held_out_prompts_give_the_same_drawings_here_and_there(server: VllmEngine, runtime: Runtime) -> None:
    found = compare((load("embedded?decoder=numpy"), server), held_out(runtime, 200), runtime.tokenizer)
    summary = found.summary()
    assert summary["valid"] == [200, 200], summary
    assert summary["different"] == 0, [pair for pair in found.pairs if pair.verdict == "different"][:3]


def test_wild_sampling_stays_within_the_grammar(server: VllmEngine, runtime: Runtime) -> None:
    from text2svg.generate.settle import settle

    wild = Sampling(max_tokens=150, temperature=1.5, top_p=1.0)
    for answer in server.complete(held_out(runtime, 1) * 16, wild):
        settled = settle(answer.text)
        assert settled.valid, answer
        assert settled.warnings == (() if answer.finish == "stop" else ("cut short",))


def test_a_killed_server_is_a_typed_error_and_comes_back(server: VllmEngine, runtime: Runtime) -> None:
    prompts = [Prompt(p.text, ids=p.ids) for p in held_out(runtime, 4)]
    before = server.complete(prompts, Sampling(max_tokens=200, temperature=0))
    stream = server.stream(prompts, Sampling(max_tokens=400, temperature=1.5))
    next(stream)
    first = server._process.pid  # noqa: SLF001
    os.killpg(first, signal.SIGKILL)
    with pytest.raises(EngineUnavailable, match="ended with code -9 while it answered"):
        list(stream)
    began = time.monotonic()
    again = server.complete(prompts, Sampling(max_tokens=200, temperature=0))
    assert [a.text for a in again] == [a.text for a in before]
    assert server._process.pid != first  # noqa: SLF001
    print(f"another server answered after {time.monotonic() - began:.0f} s")
