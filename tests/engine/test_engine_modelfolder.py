"""What is taken from a stranger's model folder, and what is not."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_model import TINY

from text2svg.engine.model_card import card_page, read_card
from text2svg.engine.modelfolder import SUMS, check_folder, check_sums, tensor_sizes, write_sums
from text2svg.engine.weights import read_safetensors
from text2svg.errors import EngineError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "model"
    shutil.copytree(TINY, out)
    return out


def test_a_plain_folder_is_counted(folder: Path) -> None:
    held = check_folder(folder)
    tensors = read_safetensors(folder / "model.safetensors")
    assert (held.tensors, held.weights) == (len(tensors), sum(t.size for t in tensors.values()))
    assert held.bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return out.getvalue()


def _write(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def _auto_map(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "own.Model"}}))


BAD: list[tuple[str, Callable[[Path], object]]] = [
    ("may be a pickle", _write("pytorch_model.bin", b"anything")),
    ("may be a pickle", _write("onnx/optimizer.PT", b"anything")),
    ("is code", _write("modeling_own.py", b"print()")),
    ("is not what its name says", _write("model-2.safetensors", pickle.dumps({"a": 1}))),
    ("is not what its name says", _write("notes.txt", _zip())),
    ("is not what its name says", _write("run", b"#!/bin/sh\n")),
    ("is not what its name says", _write("program", b"\x7fELF\x02")),
    ("auto_map", _auto_map),
    ("is a link", lambda folder: (folder / "more.json").symlink_to(folder / "config.json")),
    ("no config.json", lambda folder: (folder / "config.json").unlink()),
    ("is not JSON", _write("config.json", b"{")),
    ("is not a safetensors file", _write("model.safetensors", b"\xff" * 64)),
    ("is not a safetensors file", _write("model.safetensors", b"")),
]


@pytest.mark.parametrize(("message", "spoil"), BAD)
def test_what_could_run_or_lies_is_refused_whole(folder: Path, message: str, spoil: Callable[[Path], object]) -> None:
    spoil(folder)
    with pytest.raises(EngineError, match=message) as caught:
        check_folder(folder)
    assert caught.value.hint


def test_a_safetensors_header_must_cover_its_file_exactly(folder: Path) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for spoiled in (
        whole[:-4],
        whole + b"\0" * 8,
        whole.replace(b'"F32"', b'"F16"', 1),
        whole.replace(b'"shape"', b'"shepe"', 1),
    ):
        path.write_bytes(spoiled)
        with pytest.raises(EngineError, match="is damaged"):
            tensor_sizes(path)


def test_a_folder_of_neither_weights_nor_graph_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineError, match="neither safetensors nor an ONNX graph"):
        check_folder(tmp_path)
    with pytest.raises(EngineError, match="is no folder"):
        check_folder(tmp_path / "nowhere")


def test_checksums_hold_until_a_file_changes_goes_or_comes(folder: Path) -> None:
    assert check_sums(folder) is False
    write_sums(folder)
    assert check_sums(folder) is True
    done = subprocess.run(["sha256sum", "--quiet", "-c", SUMS], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "config.json").write_text("{}")
    with pytest.raises(EngineError, match=r"config\.json has changed"):
        check_sums(folder)
    (folder / "config.json").unlink()
    with pytest.raises(EngineError, match=r"config\.json is missing"):
        check_sums(folder)
    write_sums(folder)
    (folder / "new.txt").write_text("")
    with pytest.raises(EngineError, match=r"new\.txt has no checksum"):
        check_sums(folder)


def test_a_page_says_what_the_card_says(tmp_path: Path) -> None:
    card = {"kind": "generator", "architecture": "Qwen3ForCausalLM", "weights": 8565248, "heldout": {"stroke": 1.052},
            "recipe": {"name": "icons-small", "width": 256}, "note": ""}  # fmt: skip
    page = card_page(card, 20_000_000)
    assert page.startswith("---\nlicense: apache-2.0\n") and page.index("\n---\n") < page.index("# icons-small")
    assert "| weights | 8,565,248 |" in page and "| stroke | 1.052 |" in page and "| width | 256 |" in page
    assert "20.0 MB" in page and "note" not in page
    tuned = card_page({"kind": "finetuned", "base": "Qwen/Qwen2.5"}, 1)
    assert "base_model: Qwen/Qwen2.5" in tuned and "instruct=tuned" in tuned
    for text in ("[]", "{}", "{"):
        (tmp_path / "card.json").write_text(text)
        with pytest.raises(EngineError, match="model card"):
            read_card(tmp_path)
