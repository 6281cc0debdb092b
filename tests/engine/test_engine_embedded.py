"""The embedded engine on the tiny model: grammar, budgets, seeds, batches, cancellation, turns."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tiny_model import BOS, TINY, TinyGrammar, TinyTokenizer

from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.embedded import EmbeddedEngine, EmbeddedOptions
from text2svg.errors import ConfigError, EngineError, EngineUnavailable

CLOSED = re.compile(r"<( \d\d)*>\Z")
RUNS = {
    "numpy": EmbeddedOptions(decoder="numpy"),
    "fp32": EmbeddedOptions(graph="onnx-fp32"),
    "int8": EmbeddedOptions(rows=3),
}


def _engine(run: str = "numpy", **changes: object) -> EmbeddedEngine:
    import dataclasses

    options = dataclasses.replace(RUNS[run], **changes)
    return EmbeddedEngine(TINY, options, tokenizer=TinyTokenizer(), grammar=TinyGrammar())


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("budget", [3, 4, 7, 40, 100])
def test_every_answer_closes_within_its_budget(run: str, budget: int) -> None:
    prompts = [Prompt(f"word {i}") for i in range(12)]
    for answer in _engine(run).complete(prompts, Sampling(budget, 1.0, 1.0)):
        assert CLOSED.match(answer.text), answer
        assert answer.finish == "stop"
        assert answer.completion_tokens <= budget
        assert answer.logprob <= 0


def test_a_budget_below_the_shortest_answer_is_said() -> None:
    (answer,) = _engine().complete([Prompt("a")], Sampling(2))
    assert (answer.finish, answer.text) == ("error", "")
    assert "max_tokens=2" in answer.error


def test_a_prompt_that_does_not_fit_fails_alone() -> None:
    prompts = [Prompt("a"), Prompt("b", ids=(BOS, *[20] * 127, 30)), Prompt("c")]
    finishes = [a.finish for a in _engine().complete(prompts, Sampling(9))]
    assert finishes == ["stop", "error", "stop"]


@pytest.mark.parametrize("run", RUNS)
def test_a_candidate_is_the_same_alone_in_a_batch_and_in_a_queue(run: str) -> None:
    engine = _engine(run)
    prompts = [Prompt("left arrow")] * 7
    sampling = Sampling(60, 1.0, 0.95, seed=11)
    together = [a.text for a in engine.complete(prompts, sampling)]
    assert len(set(together)) == 7
    import dataclasses

    for i, text in enumerate(together):
        alone = engine.complete(prompts[:1], dataclasses.replace(sampling, seed=11 + i))
        assert alone[0].text == text
    mixed = [Prompt("up"), Prompt("left arrow"), Prompt("a b c d e f"), Prompt("left arrow")]
    answers = engine.complete(mixed, sampling)
    assert [answers[1].text, answers[3].text] == [together[1], together[3]]


def test_float32_answers_are_the_same_in_numpy_and_in_the_graph() -> None:
    prompts, sampling = [Prompt("left arrow"), Prompt("bell")], Sampling(100, 0.8, 0.9, seed=3)
    assert [a.text for a in _engine("numpy").complete(prompts, sampling)] == [
        a.text for a in _engine("fp32").complete(prompts, sampling)
    ]


def test_a_fixed_shape_gives_the_same_closed_answers() -> None:
    exact, fixed = _engine("fp32"), _engine("fp32")
    fixed.warm()
    fixed._model.decoder.exact_batches = False  # noqa: SLF001 - what a machine with other kernels would measure
    prompts, sampling = [Prompt("left arrow")] * 6, Sampling(50, 0.8, 0.9)
    assert [a.text for a in exact.complete(prompts, sampling)] == [a.text for a in fixed.complete(prompts, sampling)]


def test_greedy_follows_the_grammar_not_the_stop_budget() -> None:
    one, two = (_engine().complete([Prompt("x")], Sampling(60, 0.0, seed=s))[0].text for s in (1, 2))
    assert one == two


def test_stream_is_one_delta_a_token_interleaved_and_ends_once() -> None:
    deltas = list(_engine().stream([Prompt("a"), Prompt("b")], Sampling(40, 1.0, 1.0)))
    for index in (0, 1):
        own = [d for d in deltas if d.index == index]
        assert [bool(d.finish) for d in own] == [False] * (len(own) - 1) + [True]
        assert all(d.tokens == 1 for d in own)
    assert {d.index for d in deltas[2:6]} == {0, 1}


def test_closing_the_stream_stops_the_model() -> None:
    engine = _engine()
    engine.warm()
    decoder = engine._model.decoder  # noqa: SLF001
    stream = engine.stream([Prompt("a")], Sampling(100, 1.0, 1.0))
    next(stream), next(stream)
    calls = []
    decoder.forward = lambda *a: calls.append(a)  # type: ignore[method-assign]
    stream.close()
    assert not calls
    assert not engine._turns._busy  # noqa: SLF001


def test_threads_take_turns_and_get_their_own_answers() -> None:
    engine = _engine("fp32")
    sampling = Sampling(60, 1.0, 1.0, seed=5)
    expected = {w: [a.text for a in engine.complete([Prompt(w)] * 2, sampling)] for w in "abcd"}
    got: dict[str, list[str]] = {}

    def ask(word: str) -> None:
        got[word] = [a.text for a in engine.complete([Prompt(word)] * 2, sampling)]

    threads = [threading.Thread(target=ask, args=(w,)) for w in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == expected


def test_two_open_streams_advance_side_by_side() -> None:
    engine = _engine()
    sampling = Sampling(100, 1.0, 1.0)
    one, two = engine.stream([Prompt("a")], sampling), engine.stream([Prompt("a")], sampling)
    pairs = list(zip(one, two, strict=True))
    assert pairs
    assert all(a == b for a, b in pairs)


def test_stop_strings_end_an_answer_before_them() -> None:
    answers = _engine().complete([Prompt("a")] * 8, Sampling(60, 1.0, 1.0))
    seed, whole = max(enumerate(a.text for a in answers), key=lambda item: len(item[1]))
    stop = whole[-8:-4]
    cut = _engine().complete([Prompt("a")], Sampling(60, 1.0, 1.0, seed, (stop,)))[0]
    assert 0 < len(cut.text) < len(whole)
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish == "stop"


def test_without_grammar_the_model_runs_to_the_limit_or_to_eos() -> None:
    engine = EmbeddedEngine(TINY, EmbeddedOptions(decoder="numpy", grammar=False), tokenizer=TinyTokenizer())
    answers = engine.complete([Prompt("a")] * 4, Sampling(20, 1.0, 1.0))
    assert {a.finish for a in answers} <= {"stop", "length"}
    assert any(not CLOSED.match(a.text) for a in answers)


def test_the_choice_of_decoder_is_said(tmp_path: Path) -> None:
    engine = _engine("int8")
    assert engine.name == "embedded:tiny/onnx"
    assert "onnx/" in engine.reason
    engine.warm()
    assert engine.name == "embedded:tiny/onnx-int8"
    shutil.copy(TINY / "config.json", tmp_path)
    bare = EmbeddedEngine(tmp_path)
    assert bare.name.endswith("/numpy")
    assert "missing" in bare.reason
    with pytest.raises(EngineUnavailable, match="missing"):
        EmbeddedEngine(tmp_path, EmbeddedOptions(decoder="onnx"))


def test_a_damaged_graph_is_an_error_not_a_fallback(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "m")
    (tmp_path / "m" / "onnx" / "model.onnx").write_bytes(b"broken")
    engine = EmbeddedEngine(tmp_path / "m", tokenizer=TinyTokenizer(), grammar=TinyGrammar())
    with pytest.raises(EngineError, match="cannot load"):
        engine.complete([Prompt("a")], Sampling(9))


def test_a_graph_without_weights_is_told_when_they_do_not_fit(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "m")
    path = tmp_path / "m" / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b"model.layers.0.mlp.up_proj", b"model.layers.0.mlp.up_prok"))
    engine = EmbeddedEngine(tmp_path / "m", tokenizer=TinyTokenizer(), grammar=TinyGrammar())
    with pytest.raises(EngineError, match="does not fit its graph: 'model.layers.0.mlp.up_proj"):
        engine.warm()
    path.unlink()
    with pytest.raises(EngineUnavailable, match="cannot read"):
        EmbeddedEngine(tmp_path / "m", tokenizer=TinyTokenizer(), grammar=TinyGrammar()).warm()


def test_images_are_refused() -> None:
    with pytest.raises(EngineError, match="no images"):
        _engine().complete([Prompt("a", images=(b"png",))], Sampling(9))


def test_specs_name_folder_and_options() -> None:
    engine = load(f"embedded:{TINY}?decoder=numpy&threads=2&rows=8&grammar=off")
    assert engine.options == EmbeddedOptions("numpy", "onnx", 2, 8, False)
    with pytest.raises(ConfigError, match="rows"):
        load(f"embedded:{TINY}?rows=9")
    with pytest.raises(ConfigError, match="decoder"):
        load(f"embedded:{TINY}?decoder=torch")
    with pytest.raises(EngineUnavailable, match="no model"):
        load("embedded:/nowhere")


def test_the_digest_changes_with_the_weights(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "m")
    before = EmbeddedEngine(tmp_path / "m").digest()
    data = bytearray((tmp_path / "m" / "model.safetensors").read_bytes())
    data[-100] ^= 1
    (tmp_path / "m" / "model.safetensors").write_bytes(data)
    assert EmbeddedEngine(tmp_path / "m").digest() != before == EmbeddedEngine(TINY).digest()


def test_the_runtime_writes_no_usage_file_and_importing_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, os\n"
        "import text2svg.engine as e\n"
        "assert not {'numpy', 'onnxruntime', 'httpx', 'torch'} & set(sys.modules), sorted(sys.modules)\n"
        "from pathlib import Path\n"
        "from text2svg.engine.graph import OnnxDecoder\n"
        "from text2svg.engine.weights import read_config\n"
        f"OnnxDecoder(Path({str(TINY / 'onnx')!r}), read_config(Path({str(TINY)!r})))\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    root = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path, timeout=120)
    assert not list(tmp_path.rglob("*.db"))
