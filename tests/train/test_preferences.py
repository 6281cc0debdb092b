"""The generator's own drawings, the better one of two, and learning from them."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from tests.svg.drawings import walk
from text2svg.errors import TrainError
from text2svg.runtime import ASSETS, Runtime
from text2svg.svg.order import order
from text2svg.svg.tokenizer import load_tokenizer
from text2svg.train.batches import Data
from text2svg.train.dataset import Row, build_shards
from text2svg.train.preferences import (
    LEAST,
    LEAST_PICK,
    Asked,
    Drawer,
    Preference,
    asks,
    pick_documents,
    prefer,
    read_preferences,
    read_prompt,
    write_line,
)

HEART = Asked("heart", "outline", "lucide", 2)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    tokenizer = load_tokenizer()
    folder = tmp_path_factory.mktemp("shards")
    rows = [
        Row(tokenizer.decode(walk(seed, 60)[:-1]), f"{name} {seed}", collection, "outline", ((name, str(seed)),))
        for seed in range(20)
        for name, collection in (("arrow", "lucide"), ("heart", "openmoji"))
    ]
    build_shards(rows, folder, tokenizer, lambda caption: caption.endswith("3"))
    return folder


def test_prompts_are_those_of_training_and_of_the_product(shards) -> None:
    data = Data(shards, ["color"], "train")
    asked = list(asks(data, {"color": 1.0}, load_tokenizer(), seed=1))
    assert len(asked) == len(set(asked)) == 18
    assert {each.collection for each in asked} == {"lucide"}, "generation asks for no openmoji outline"
    assert not any(each.words.endswith("3") for each in asked), "held out"
    assert asked == list(asks(data, {"color": 1.0}, load_tokenizer(), seed=1))


def test_picks_are_documents_in_the_order_that_is_learned(shards, tmp_path) -> None:
    tokenizer = load_tokenizer()
    drawn = [tokenizer.decode(walk(seed, 60)[:-1]) for seed in range(60)]
    found = [Preference(HEART, svg, drawn[0], (LEAST_PICK + (0.1 if at else -0.1), 0.0)) for at, svg in enumerate(drawn)]
    documents, counts = pick_documents(found, tokenizer)
    assert counts == {"picks far from the words": 1, "picks.train": 58, "picks.heldout": 1}
    first = documents["picks", "train"][0]
    assert tokenizer.decode(first.tokens[:-1]) == order(drawn[1])
    assert first.tokens[-1] == tokenizer.eos_id
    assert read_prompt(first.prompts[0], tokenizer) == HEART
    build_shards([], tmp_path, tokenizer, bool, more=documents)
    assert len(Data(tmp_path, ["picks"], "train").groups[0]) == 58


def test_a_prompt_is_read_back() -> None:
    tokenizer = load_tokenizer()
    ids = tokenizer.encode_prompt("red heart", style="outline", detail=2, collection="lucide")
    assert read_prompt(ids, tokenizer) == Asked("red heart", "outline", "lucide", 2)
    assert read_prompt(tokenizer.encode_prompt("red heart"), tokenizer) == Asked("red heart", "")


def test_the_nearest_and_the_farthest_drawing_are_a_pair(tmp_path) -> None:
    with closing(Runtime()) as runtime:
        drawer = Drawer(runtime.engine, runtime.encoder, runtime.tokenizer, runtime.rasterizer, n=6, together=2)
        words = ("heart", "star", "house")
        found = list(prefer([Asked(word, "outline", "tabler", 2) for word in words], drawer, seed=3))
        assert len(found) == 3
        pairs = [each for each in found if each is not None]
        assert pairs
        for pair in pairs:
            near = (
                runtime.encoder.encode_svg([pair.chosen, pair.rejected])
                @ runtime.encoder.encode_text([pair.asked.words])[0]
            )
            assert np.allclose(near, pair.scores, atol=1e-3)
            assert near[0] - near[1] >= LEAST - 1e-3
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(map(write_line, pairs)), encoding="utf-8")
    assert read_preferences(path) == pairs


@pytest.mark.parametrize(
    "line", ["{", "[]", json.dumps({"asked": {"name": "heart"}, "chosen": "", "rejected": "", "scores": [1, 0]})]
)
def test_a_line_that_is_no_pair_is_named(tmp_path, line) -> None:
    (tmp_path / "pairs.jsonl").write_text(line + "\n")
    with pytest.raises(TrainError, match="pairs.jsonl, line 1"):
        read_preferences(tmp_path / "pairs.jsonl")


@pytest.mark.train
def test_what_was_chosen_grows_likelier_than_what_was_not(shards, tmp_path) -> None:
    torch = pytest.importorskip("torch", reason="the train extra has torch")
    from text2svg.train.checkpoint import load_checkpoint
    from text2svg.train.export import export_run
    from text2svg.train.generator import Place, train
    from text2svg.train.prefer import PreferOptions, Tuner
    from text2svg.train.recipe import load_recipe

    place = Place("cpu", torch.float32, False, 1, "a test")
    train(load_recipe("icons-tiny", {}), shards, tmp_path / "run", mix={"color": 1.0}, tokens=2_000, place=place)
    tokenizer = load_tokenizer()
    one, other = (order(tokenizer.decode(walk(seed, 60)[:-1])) for seed in (40, 41))
    pairs = [Preference(HEART, one, other, (0.5, 0.1))] * 24
    options = PreferOptions(muon_lr=0.01, adam_lr=1e-3, pairs=8, epochs=6)
    found = Tuner(tmp_path / "run", tmp_path / "out", options, place).run(pairs, tokenizer, lambda _: None)
    assert found["before"]["odds"] == 0
    assert found["after"]["odds"] > 0.02
    before, after = (load_checkpoint(tmp_path / name) for name in ("run", "out"))
    assert after["progress"]["tokens"] == before["progress"]["tokens"] + found["tokens"]
    assert not torch.equal(before["weights"]["head"], after["weights"]["head"])
    card = export_run(tmp_path / "out", tmp_path / "model", ASSETS / "tokenizer" / "tokenizer.json", onnx=False)
    assert card["history"][-1]["preferences"]["pairs"] == 22
    with pytest.raises(TrainError, match="already holds a run"):
        Tuner(tmp_path / "run", tmp_path / "out", options, place)
    with pytest.raises(TrainError, match="too few"):
        Tuner(tmp_path / "run", tmp_path / "few", options, place).run(pairs[:7], tokenizer, lambda _: None)
