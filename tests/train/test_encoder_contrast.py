"""The contrastive stage of the token encoder: batches, exact resume, a folder that sentence-transformers opens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from text2svg.encode import load  # noqa: E402
from text2svg.errors import TrainError  # noqa: E402
from text2svg.runtime import ASSETS  # noqa: E402
from text2svg.store.starter import read_starter  # noqa: E402
from text2svg.svg.tokenizer import load_tokenizer  # noqa: E402
from text2svg.train import encoder_contrast  # noqa: E402
from text2svg.train.encoder_contrast import train_contrast  # noqa: E402
from text2svg.train.encoder_documents import Material, write_documents  # noqa: E402
from text2svg.train.encoder_mlm import Place, pretrain  # noqa: E402
from text2svg.train.encoder_pairs import PairBatches  # noqa: E402
from text2svg.train.encoder_recipe import parse  # noqa: E402
from text2svg.train.encoder_shape import marks_of  # noqa: E402

STAGE = {"context": 160, "theta": 1e4, "rate": 3e-3, "tokens": 800, "schedule": "constant", "batch": 2, "micro": 2}
CONTRAST = {"dims": [32, 8], "steps": 6, "batch": 12, "rate": 2e-3, "warmup": 1, "longest": 96}
RECIPE = parse(
    {
        "name": "test",
        "layers": 2,
        "hidden": 32,
        "intermediate": 48,
        "heads": 2,
        "local": 16,
        "stage": [STAGE],
        "contrast": CONTRAST,
    }  # fmt: skip
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    rows = list(read_starter(ASSETS / "starter" / "samples.parquet"))[::9]
    tokenizer = load_tokenizer()
    return Material(write_documents(rows, tmp_path_factory.mktemp("documents"), tokenizer), marks_of(tokenizer))


@pytest.fixture(scope="module")
def run(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    pretrain(RECIPE, 1, material, folder)
    train_contrast(RECIPE, material, load_tokenizer(), folder, Place(report_every=2, save_every=2))
    return folder


def test_pairs_depend_on_the_step_alone_and_no_caption_comes_twice(material: Material) -> None:
    batches = PairBatches(material.documents, 40, 3)
    one, again, other = batches.pairs(5), PairBatches(material.documents, 40, 3).pairs(5), batches.pairs(6)
    assert one.texts == again.texts and one.texts != other.texts
    rows = material.documents.rows
    keys = [rows[at]["key"] for at in one.drawings]
    assert len(set(keys)) == 40 and not any(rows[at]["heldout"] for at in one.drawings)
    assert [rows[at]["key"] for at in one.sisters] == keys
    near = [rows[at] for at in one.near]
    shared = [set(row["key"].split()) & set(key.split()) for row, key in zip(near, keys, strict=True)]
    assert all(shared) and sum(row["key"] != key for row, key in zip(near, keys, strict=True)) > 10
    with pytest.raises(TrainError, match="for a batch of 5000"):
        PairBatches(material.documents, 5000, 3)


def test_anyone_opens_the_folder(run: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(run / "contrast/model"), device="cpu")
    sample = next(read_starter(ASSETS / "starter" / "samples.parquet"))
    vectors = model.encode(["left arrow", sample.optimized])
    assert vectors.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    ours = load(f"sentence:{run / 'contrast/model'}")
    np.testing.assert_allclose(ours.encode_svg([sample.optimized]), vectors[1:], atol=1e-5)


def test_a_cut_run_ends_with_the_same_weights(
    material: Material, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Exception):
        pass

    whole, calls = encoder_contrast._step, iter(range(100))

    def step(*given: object) -> object:
        if next(calls) == 5:
            raise Cut
        return whole(*given)

    shutil.copytree(run / "stage-1", tmp_path / "stage-1")
    monkeypatch.setattr(encoder_contrast, "_step", step)
    with pytest.raises(Cut):
        train_contrast(RECIPE, material, load_tokenizer(), tmp_path, Place(save_every=2))
    monkeypatch.undo()
    assert torch.load(tmp_path / "contrast/state.pt", weights_only=True)["step"] == 4
    model = train_contrast(RECIPE, material, load_tokenizer(), tmp_path)
    assert (model / "model.safetensors").read_bytes() == (run / "contrast/model/model.safetensors").read_bytes()
    whole_log, cut_log = (
        [json.loads(line) for line in (folder / "contrast/log.jsonl").read_text().splitlines()]
        for folder in (run, tmp_path)
    )
    assert [line["step"] for line in whole_log] == [2, 4, 6]
    assert cut_log == whole_log[-1:]  # the mean of the two steps that were left, not of the ten a line is for


def test_the_onnx_graph_gives_the_same_vectors(run: Path) -> None:
    import onnxruntime
    from sentence_transformers import SentenceTransformer

    from text2svg.train.encoder_export_tokens import add_onnx

    model = SentenceTransformer(str(run / "contrast/model"), device="cpu")
    rows = list(read_starter(ASSETS / "starter" / "samples.parquet"))[::700]
    texts = ["left arrow", "house", *(row.optimized for row in rows)]
    wanted = model.encode(texts, batch_size=4)
    given = model.tokenizer(texts, padding=True, truncation=True, max_length=model.max_seq_length, return_tensors="np")
    session = onnxruntime.InferenceSession(add_onnx(run / "contrast/model"))
    made = session.run(None, {name: given[name] for name in ("input_ids", "attention_mask")})[0]
    np.testing.assert_allclose(made, wanted, atol=1e-3)
