"""Masked-token pretraining: packing, masks, exact resume, token counts, stages that follow one another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from text2svg.errors import ConfigError, TrainError  # noqa: E402
from text2svg.runtime import ASSETS  # noqa: E402
from text2svg.store.starter import read_starter  # noqa: E402
from text2svg.svg.tokenizer import load_tokenizer  # noqa: E402
from text2svg.train.encoder_documents import Cursor, Material, Packer, masked, write_documents  # noqa: E402
from text2svg.train.encoder_mlm import Place, hidden_states, latest, pretrain  # noqa: E402
from text2svg.train.encoder_recipe import load_token_recipe, parse, recipe_names  # noqa: E402
from text2svg.train.encoder_shape import MASK, grown, make_model, marks_of, save_tokenizer  # noqa: E402

STAGE = {"context": 160, "theta": 1e4, "rate": 3e-3, "tokens": 6000, "schedule": "constant", "batch": 4, "micro": 2}
RECIPE = parse(
    {
        "name": "test",
        "layers": 3,
        "hidden": 32,
        "intermediate": 48,
        "heads": 2,
        "local": 16,
        "words": 0.5,
        "stage": [STAGE, STAGE | {"theta": 1.6e5, "tokens": 1200}],
    }
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    rows = list(read_starter(ASSETS / "starter" / "samples.parquet"))[::12]
    tokenizer = load_tokenizer()
    return Material(write_documents(rows, tmp_path_factory.mktemp("documents"), tokenizer), marks_of(tokenizer))


@pytest.fixture(scope="module")
def run(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    pretrain(RECIPE, 1, material, folder, Place(report_every=2, save_every=4))
    return folder


def test_shipped_recipes_are_the_published_ones() -> None:
    assert {"tiny", "base", "large"} <= set(recipe_names())
    base, large = load_token_recipe("base"), load_token_recipe("large")
    assert [stage.tokens for stage in base.stages] == [12e9, 3e9, 2e9]
    assert [stage.context for stage in large.stages] == [1024, 8192, 8192]
    assert all(stage.masked == 0.3 for stage in (*base.stages, *large.stages))
    warm, steady, last = base.stages
    assert warm.rate_at(0) < warm.rate_at(25_000_000) < warm.rate_at(60_000_000) == 8e-4
    assert warm.rate_at(25_000_000) == pytest.approx(4e-4, rel=1e-3)
    assert warm.rows_at(0) == 48 and warm.rows_at(500_000_000) == 2304 and warm.rows_at(2_000_000_000) == 4608
    assert steady.rate_at(0) == steady.rate_at(10**9) == 3e-4
    assert last.rate_at(0) == 3e-4 and last.rate_at(500_000_000) == pytest.approx(1.5e-4)
    assert last.rate_at(2_000_000_000) == pytest.approx(3e-7)
    with pytest.raises(ConfigError, match="unknown recipe key"):
        parse({"name": "x", "width": 3})
    with pytest.raises(ConfigError, match="unknown encoder recipe") as caught:
        load_token_recipe("huge")
    assert "base, large" in caught.value.hint


def test_packed_rows_hold_whole_documents_once_a_pass(material: Material) -> None:
    documents, marks = material
    chosen = documents.split(False)[:60]
    packer = Packer(documents, chosen, marks, 5)
    cursor, seen, tokens = Cursor(), 0, 0
    while cursor.passed == 0:
        packed, cursor = packer.take(cursor, (1, 256), 0.0)
        seen += packed.owners.max() + 1
        tokens += packed.real
        starts = packed.positions[0] == 0
        assert (packed.ids[0][starts & (packed.owners[0] >= 0)] == marks.bos).all()
    lengths = [min(256, len(documents.drawing(int(at))) + 2) for at in chosen]
    extra = seen - len(chosen)  # documents of the second pass that fitted into the last row
    assert 0 <= extra < 20 and tokens >= sum(lengths)
    again, _ = packer.take(Cursor(0, 7), (2, 256), 0.5)
    same, _ = Packer(documents, chosen, marks, 5).take(Cursor(0, 7), (2, 256), 0.5)
    np.testing.assert_array_equal(again.ids, same.ids)


def test_three_of_ten_tokens_are_hidden_and_marks_never(material: Material) -> None:
    documents, marks = material
    packed, _ = Packer(documents, documents.split(False), marks, 0).take(Cursor(), (60, 256), 0.5)
    ids, chosen = masked(packed, marks, 0.3, np.random.default_rng(0))
    plain = (packed.owners >= 0) & ~np.isin(packed.ids, (marks.bos, marks.eos))
    assert chosen.sum() / plain.sum() == pytest.approx(0.3, abs=0.02) and not chosen[~plain].any()
    assert (ids[chosen] == marks.mask).mean() == pytest.approx(0.8, abs=0.02)
    np.testing.assert_array_equal(ids[~chosen], packed.ids[~chosen])


def test_a_document_in_a_packed_row_sees_itself_alone(material: Material) -> None:
    documents, marks = material
    model = make_model(RECIPE, RECIPE.stages[0], marks).eval()
    packed, _ = Packer(documents, documents.split(False), marks, 1).take(Cursor(), (1, 256), 0.0)
    assert packed.owners.max() >= 1
    with torch.no_grad():
        together = hidden_states(model, packed, torch.from_numpy(packed.ids))[0]
        for owner in range(int(packed.owners.max()) + 1):
            own = packed.owners[0] == owner
            alone = model.model(input_ids=torch.from_numpy(packed.ids[:, own])).last_hidden_state[0]
            torch.testing.assert_close(together[torch.from_numpy(own)], alone, atol=1e-4, rtol=1e-4)


def test_the_loss_falls_and_every_token_is_counted(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "stage-1/log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.5
    assert lines[-1]["tokens"] >= 6000 > lines[-2]["tokens"]
    card = json.loads((run / "stage-1/model/card.json").read_text())
    assert card["tokens"] == lines[-1]["tokens"] and card["steps"] == lines[-1]["step"]


def test_a_cut_run_ends_with_the_same_weights(material: Material, run: Path, tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    calls = iter(range(100))

    def clock() -> float:
        if (at := next(calls)) > 3:
            raise Cut
        return float(at)

    with pytest.raises(Cut):
        pretrain(RECIPE, 1, material, tmp_path, Place(report_every=2, save_every=4, clock=clock))
    assert torch.load(tmp_path / "stage-1/state.pt", weights_only=True)["step"] == 4
    pretrain(RECIPE, 1, material, tmp_path, Place(report_every=2, save_every=4))
    name = "stage-1/model/model.safetensors"
    assert (tmp_path / name).read_bytes() == (run / name).read_bytes()


def test_stages_follow_one_another(material: Material, run: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="stage 1 is not done"):
        pretrain(RECIPE, 2, material, tmp_path)
    with pytest.raises(TrainError, match="no stage 3"):
        pretrain(RECIPE, 3, material, run)
    with pytest.raises(TrainError, match="another recipe"):
        pretrain(replace(RECIPE, words=0.0), 1, material, run)
    model = pretrain(RECIPE, 2, material, run)
    assert model == latest(run)
    config = json.loads((model / "config.json").read_text())
    assert config["rope_parameters"]["full_attention"]["rope_theta"] == 1.6e5
    assert config["rope_parameters"]["sliding_attention"]["rope_theta"] == 1e4


def test_a_large_model_grows_from_the_middle_of_a_small_one(material: Material, run: Path) -> None:
    large = replace(RECIPE, layers=5, hidden=48, intermediate=80, heads=3)
    model = grown(make_model(large, RECIPE.stages[0], material.marks), run / "stage-1/model")
    from transformers import ModernBertForMaskedLM

    small = ModernBertForMaskedLM.from_pretrained(run / "stage-1/model")
    wide, thin = model.model.layers[4].attn.Wo.weight, small.model.layers[2].attn.Wo.weight
    torch.testing.assert_close(wide[8:40, 8:40], thin)
    torch.testing.assert_close(wide[:8, 8:40], thin[-8:])
    with pytest.raises(TrainError, match="cannot grow"):
        grown(make_model(replace(RECIPE, hidden=16), RECIPE.stages[0], material.marks), run / "stage-1/model")


def test_the_saved_tokenizer_reads_words_and_drawings_as_ours_does(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    ours = load_tokenizer()
    save_tokenizer(ours, tmp_path, 512)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    marks = marks_of(ours)
    assert theirs.mask_token == MASK and theirs.mask_token_id == marks.mask and theirs.pad_token_id == marks.pad
    sample = next(read_starter(ASSETS / "starter" / "samples.parquet"))
    for text, ids in (
        (sample.optimized, ours.encode(sample.optimized)),
        ("left arrow", ours.encode_words("left arrow")),
    ):
        assert theirs(text)["input_ids"] == [marks.bos, *ids, marks.eos]
