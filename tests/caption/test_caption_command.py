"""`text2svg corpus caption --engine keywords`: into the store as a stage, or into a file beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from typer.testing import CliRunner

from text2svg.executor import load as load_executor
from text2svg.pipeline import import_samples
from text2svg.pipeline import run as run_step
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store.database import Store


@dataclass(frozen=True, slots=True)
class AsItIs:
    """An optimizer that keeps every text."""

    name: str = "optimize"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        yield lambda sample: replace(sample, optimized=sample.raw, rung="original")


def make_store(folder: Path) -> None:
    where, tags = Provenance("package"), ("ring", "alarm")
    rows = [Sample(digest_of(w), w, where, w, tags, style="outline") for w in ("bell", "cup plus")]
    with Store.create(folder) as store:
        import_samples(store, [("rows", rows)], {"source": "test"})
        run_step(store, AsItIs(), load_executor("serial"))


def run(*words: str) -> str:
    from admin.cli import app

    done = CliRunner().invoke(app, ["corpus", "caption", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_keyword_captions_become_a_stage_and_a_second_run_does_nothing(own_data: Path) -> None:
    make_store(own_data)
    first, second = (json.loads(run("--engine", "keywords", "--json")) for _ in range(2))
    assert first["ok"] == second["ok"] == 2
    with Store.open(own_data, read_only=True) as store:
        captions = {sample.caption: sample.captions for sample in store.iter_samples(stage="caption")}
    assert any("a cup with a plus sign" in text.lower() for text in captions["cup plus"])
    assert all(len(texts) == 2 for texts in captions.values())


def test_keyword_captions_go_to_a_file_in_the_first_text2svg_s_form(own_data: Path, tmp_path: Path) -> None:
    make_store(own_data)
    out = tmp_path / "k.jsonl"
    answer = json.loads(run("--output", str(out), "--json"))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert answer["captions"] == len(lines) == 4 and answer["rows"] == 2
    assert list(lines[0]) == ["hash", "caption", "source", "prompt"]
    assert {line["source"] for line in lines} == {"keywords"}
    with Store.open(own_data, read_only=True) as store:
        assert "caption" not in store.stages()


def test_wrong_options_are_said(own_data: Path, tmp_path: Path) -> None:
    from admin.cli import app

    server = ("--engine", "openai:http://127.0.0.1:9/v1", "--model", "m")
    out = ("--output", str(tmp_path / "o"))
    for words, said in {
        ("--data-files", "x.jsonl"): "leave --data-files out",
        server: "--output captions.jsonl",
        (*server, *out, "--executor", "serial"): "either --output or --executor",
        (*server, "--executor", "serial", "--rate", "3"): "--rate does not go with a stage",
        ("--engine", "vllm:m", "--model", "m", "--executor", "serial"): "openai:URL",
        (*server, *out, "--tp", "2"): "cannot reach",
        (*server, *out, "--prices", "1"): "--prices 0.10,0.40",
        (*server, *out, "--captions", "81", "--data-files", "x"): "no file matches",
    }.items():
        done = CliRunner().invoke(app, ["corpus", "caption", *words])
        assert done.exit_code == 1 and said in done.output
