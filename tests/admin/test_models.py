"""`text2svg model`: the ways of a model folder between package, store and other programs."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from admin.cli import app
from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.embedded import BUNDLED


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXT2SVG_DATA", str(tmp_path / "data"))


def run(*args: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["model", *args])
    assert done.exit_code == code, done.output
    return done


def test_a_model_goes_out_into_the_store_and_out_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("export", "bundled", "-o", str(out))
    assert (out / "README.md").read_text().startswith("---\nlicense:")
    shown = json.loads(run("show", str(out), "--json").stdout)
    assert shown["checksums"] == "hold" and shown["weights"] > 1_000_000
    kept = Path(run("import", str(out)).stdout.strip())
    listed = json.loads(run("list", "--json").stdout)
    assert [row["kind"] for row in listed] == ["generator", "encoder", "generator"]
    assert listed[-1]["digest"] == kept.name
    again = tmp_path / "again"
    run("export", kept.name[:10], "-o", str(again))
    assert (again / "SHA256SUMS").read_text() == (out / "SHA256SUMS").read_text()
    assert "is not empty" in run("export", "bundled", "-o", str(again), code=1).stderr
    page = run("card", kept.name).stdout
    assert "# icons" in page or "# generator" in page


def test_pickles_and_broken_checksums_stay_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("export", "bundled", "-o", str(out))
    (out / "generation_config.json").write_text("{}")
    assert "has changed" in run("import", str(out), code=1).stderr
    (out / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    assert "may be a pickle" in run("import", str(out), code=1).stderr
    assert "may be a pickle" in run("show", str(out), code=1).stderr
    assert not (tmp_path / "data" / "artifacts").exists()


def test_conversions(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    run("convert", "bundled", "--to", "huggingface", "-o", str(plain))
    assert (plain / "model.safetensors").is_file() and not (plain / "onnx").exists()
    assert "one of: onnx, gguf" in run("convert", "bundled", "--to", "pickle", "-o", str(tmp_path / "x"), code=1).stderr
    assert "neither a folder nor" in run("show", "nowhere", code=1).stderr


def test_gguf_holds_every_weight(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="the package gguf is not installed")
    from text2svg.engine.weights import read_safetensors

    path = tmp_path / "generator.gguf"
    run("convert", "bundled", "--to", "gguf", "-o", str(path))
    reader = gguf.GGUFReader(path)
    tensors = read_safetensors(BUNDLED / "model.safetensors")
    assert len(reader.tensors) == len(tensors)
    assert sum(int(t.n_elements) for t in reader.tensors) == sum(t.size for t in tensors.values())
    assert "is no .gguf file" in run("convert", "bundled", "--to", "gguf", "-o", str(tmp_path / "x"), code=1).stderr


@pytest.mark.train
def test_a_graph_can_be_written_anew(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_genai", reason="the train extra is not installed")
    out = tmp_path / "graphed"
    run("convert", "bundled", "--to", "onnx", "-o", str(out))
    assert (out / "onnx" / "genai_config.json").is_file()
    assert not (out / "onnx" / "model.onnx.data").exists(), "the engine packs the weights from model.safetensors"
    same = [load(f"embedded:{folder}").complete([Prompt("heart")], Sampling(200, 0.7))[0] for folder in (out, BUNDLED)]
    assert same[0].text == same[1].text != ""
    assert json.loads(run("show", str(out), "--json").stdout)["checksums"] == "hold"
