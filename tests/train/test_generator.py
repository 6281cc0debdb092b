from __future__ import annotations

import json

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="the train extra has torch")

from tests.svg.drawings import walk  # noqa: E402
from tests.train.walks import rows  # noqa: E402
from text2svg.errors import TrainError  # noqa: E402
from text2svg.runtime import ASSETS  # noqa: E402
from text2svg.svg.tokenizer import load_tokenizer  # noqa: E402
from text2svg.train.checkpoint import list_checkpoints, load_checkpoint  # noqa: E402
from text2svg.train.dataset import build_shards  # noqa: E402
from text2svg.train.export import export_run, read_weights  # noqa: E402
from text2svg.train.generator import Place, Start, train  # noqa: E402
from text2svg.train.model import Model, Shape  # noqa: E402
from text2svg.train.recipe import load_recipe  # noqa: E402

PLACE = Place("cpu", torch.float32, False, 1, "a test")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    tokenizer = load_tokenizer()
    folder = tmp_path_factory.mktemp("shards")
    build_shards(rows(tokenizer), folder, tokenizer, lambda caption: caption.endswith("3"))
    return folder


def _train(shards, out, tokens, **start):
    mix = dict.fromkeys(("color",), 1.0)
    return train(load_recipe("icons-tiny", {}), shards, out, mix=mix, tokens=tokens, start=Start(**start), place=PLACE)


def test_stopping_and_resuming_is_training_in_one_go(shards, tmp_path) -> None:
    _train(shards, tmp_path / "once", 10_000)
    _train(shards, tmp_path / "twice", 4_000)
    with pytest.raises(TrainError, match="already holds a run"):
        _train(shards, tmp_path / "twice", 10_000)
    _train(shards, tmp_path / "twice", 10_000, resume=True)
    one, two = (load_checkpoint(tmp_path / name) for name in ("once", "twice"))
    assert one["step"] == two["step"]
    for name, value in one["weights"].items():
        assert torch.equal(value, two["weights"][name]), name


def test_a_branch_decays_and_leaves_its_parent_alone(shards, tmp_path) -> None:
    _train(shards, tmp_path / "trunk", 5_000)
    before = list_checkpoints(tmp_path / "trunk")[-1].read_bytes()
    done = _train(shards, tmp_path / "branch", 10**9, branch=tmp_path / "trunk", decay_tokens=4_000)
    assert done.tokens >= 9_000
    assert list_checkpoints(tmp_path / "trunk")[-1].read_bytes() == before
    lines = [json.loads(line) for line in (tmp_path / "branch" / "log.jsonl").read_text().splitlines()]
    rates = [line["lr"] for line in lines if line["event"] == "train"]
    assert rates == sorted(rates, reverse=True)


def test_the_exported_folder_is_the_trained_model(shards, tmp_path) -> None:
    transformers = pytest.importorskip("transformers", reason="the train extra has transformers")
    _train(shards, tmp_path / "run", 6_000)
    card = export_run(tmp_path / "run", tmp_path / "out", ASSETS / "tokenizer" / "tokenizer.json", onnx=False)
    assert card["tokens"] >= 6_000
    state = load_checkpoint(tmp_path / "run")
    vocabulary, recipe = state["vocabulary"], state["recipe"]
    shape = Shape(
        vocabulary["vocab_size"],
        vocabulary["svg_vocab"],
        recipe["width"],
        recipe["layers"],
        recipe["heads"],
        recipe["ffn"],
    )
    weights = read_weights(tmp_path / "out", shape)
    ids = torch.tensor([walk(1, 40)])
    ours = Model(shape, weights, torch.float32, False).logits(ids)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32)(ids).logits
    assert torch.allclose(ours, theirs[..., : shape.svg_vocab], atol=1e-4)
    assert float(theirs[..., shape.svg_vocab :].detach().abs().max()) == 0.0


def test_foreign_checkpoints_are_refused(tmp_path) -> None:
    (tmp_path / "checkpoint-00000001.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainError, match="cannot read"):
        load_checkpoint(tmp_path)


def test_blanked_words_become_padding() -> None:
    from text2svg.train.batches import Augment, Vocabulary, vary

    vocabulary = Vocabulary(np.array([0, 0, 0, 1, 1], bool), np.array([0, 0, 1, 0, 0], bool), 0)
    never = Augment(0, 0, 0, 0, 1.0)
    assert vary([np.array([1, 2, 3, 4])], vocabulary, never, np.random.default_rng(0)).tolist() == [1, 2, 0, 0]
