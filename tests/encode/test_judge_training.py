"""The judge's training: texts without held-out captions, words in their order, exact resume, a graph that says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapes

from text2svg import raster
from text2svg.errors import ConfigError, TrainError
from text2svg.sample import Sample

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from text2svg.caption.keywords import is_heldout  # noqa: E402
from text2svg.encode.embedded import OnnxEncoder  # noqa: E402
from text2svg.encode.words import Vocabulary, content_words, words_of  # noqa: E402
from text2svg.train import encoder  # noqa: E402
from text2svg.train.contrast import Shape, planes  # noqa: E402
from text2svg.train.encoder import load_towers, read_recipe  # noqa: E402
from text2svg.train.encoder_data import load_prepared, prepare  # noqa: E402
from text2svg.train.judge import run_judge, write_judge_card  # noqa: E402
from text2svg.train.judge_data import LOOK, chosen, describe, load_judge_recipe  # noqa: E402
from text2svg.train.judge_model import JudgeBatches, JudgeTowers  # noqa: E402

SMALL = Shape(dim=32, word_dim=16, hidden=32, channels=8, size=64)


def recipe(**changes: object) -> encoder.EncoderRecipe:
    return replace(shapes.recipe(steps=8, save_every=4, batch=16, kind="judge", shape=SMALL), **changes)


@pytest.fixture(scope="module")
def work(drawn: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judge")
    run_judge(drawn, (folder, folder / "out"), raster.load("resvg"), recipe=recipe())
    return folder


def test_no_text_of_any_row_is_held_out() -> None:
    held = next(word for word in (f"thing {i}" for i in range(999)) if is_heldout(word))
    row = describe(replace(shapes.samples()[0], tags=("round", held, "disc")))
    assert "round" in row["tags"] and held not in row["tags"]
    assert not any(is_heldout(text) for text in row["texts"]) and not any(held in text for text in row["texts"])
    assert row["texts"][0] == "circle top" and any("circle" in text and "icon" in text for text in row["texts"][1:])


def test_every_caption_is_chosen_once_and_one_in_sixteen_again(drawn: list[Sample]) -> None:
    kept = list(chosen(drawn))
    assert {s.caption for s in kept} == {s.caption for s in drawn} and 25 < len(kept) < 50


def test_texts_are_captions_lists_and_sentences(drawn: list[Sample], tmp_path: Path) -> None:
    prepare(drawn, tmp_path, raster.load("resvg"), look=LOOK)
    data = load_prepared(tmp_path)
    assert data.alpha.shape[1:] == (64, 64)
    words = sorted({word for row in data.rows for text in row["texts"] for word in words_of(text)})
    batches = JudgeBatches(data, Vocabulary.of(words, 16), 32, 0, encoder.Chances())
    said = {" ".join(batches.text(0, np.random.default_rng(seed))) for seed in range(60)}
    assert len(said) > 5 and any("icon" in text for text in said)
    np.testing.assert_array_equal(batches.at(3).ids, batches.at(3).ids)


def test_a_run_that_was_cut_off_ends_with_the_same_bytes(work: Path, tmp_path: Path, monkeypatch) -> None:
    data, calls = load_prepared(work / "data"), []
    step = encoder._step  # noqa: SLF001

    def cut(*given: object) -> np.ndarray:
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return step(*given)

    monkeypatch.setattr(encoder, "_step", cut)
    with pytest.raises(KeyboardInterrupt):
        encoder.train_encoder(recipe(), data, tmp_path)
    monkeypatch.setattr(encoder, "_step", step)
    encoder.train_encoder(recipe(), data, tmp_path)
    whole, again = ((place / "towers.safetensors").read_bytes() for place in (work / "run", tmp_path))
    assert whole == again


def test_the_graph_says_what_the_towers_say_and_hears_the_order(work: Path, drawn: list[Sample]) -> None:
    judge = OnnxEncoder(work / "out")
    _, words, towers = load_towers(work / "run")
    assert isinstance(towers, JudgeTowers)
    features = Vocabulary.of(words, 64).features(content_words(words_of("circle left")))
    ids, weights = (torch.tensor([[item[at] for item in features]]) for at in (0, 1))
    with torch.inference_mode():
        one = towers.text(ids, weights.float())
        padded = towers.text(torch.cat([ids, ids[:, :1]], 1), torch.cat([weights, torch.zeros(1, 1)], 1).float())
        turned = towers.text(ids.flip(1), weights.flip(1).float())
        pixels = torch.from_numpy(np.stack([raster.load("resvg").render(s.optimized, 64) for s in drawn[:4]]))
        seen = towers.drawing(planes(pixels))
    assert torch.allclose(one, padded, atol=1e-6) and not torch.allclose(one, turned, atol=1e-4)
    assert float((torch.from_numpy(judge.encode_svg([s.optimized for s in drawn[:4]])) * seen).sum(1).min()) > 0.98
    one, turned = judge.encode_text(["circle left", "left circle"])
    assert one.shape == (32,) and not np.allclose(one, turned, atol=1e-4)


def test_the_exported_text_graph_is_the_tower(work: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from text2svg.train.encoder_export import export_encoder

    for name in ("recipe.json", "words.txt"):
        (tmp_path / name).write_bytes((work / "run" / name).read_bytes())
    state = load_file(work / "run" / "towers.safetensors")
    state["text.beside.weight"] = torch.randn(state["text.beside.weight"].shape, generator=torch.Generator().manual_seed(1))
    save_file(state, tmp_path / "towers.safetensors")
    judge = OnnxEncoder(export_encoder(tmp_path, tmp_path / "out", name="j", facts={}))
    _, words, towers = load_towers(tmp_path)
    for text in ("circle left", "left circle", "ring"):
        features = Vocabulary.of(words, 64).features(words_of(text))
        ids, weights = (torch.tensor([[item[at] for item in features]]) for at in (0, 1))
        with torch.inference_mode():
            wanted = towers.text(ids, weights.float()).numpy()
        assert float((judge.encode_text([text, "circle left top bottom"])[:1] * wanted).sum()) > 0.99


def test_the_card_begins_with_what_the_judge_is_worth(work: Path) -> None:
    figure = {"value": 0.5, "low": 0.45, "high": 0.55, "n": 9}
    text = write_judge_card(work / "out", {"n": 9, "real": {"r1": figure}, "shuffled": {"r1": figure}}).read_text()
    assert text.index("What it is worth") < text.index("Two towers") and "| real | 0.500 (0.450-0.550) |" in text


def test_recipes_are_named_and_wrong_ones_refused(tmp_path: Path) -> None:
    assert load_judge_recipe("small").kind == "judge"
    with pytest.raises(ConfigError, match="one of: small|no recipe"):
        load_judge_recipe("huge")
    for text in ("steps = ", "stepz = 3"):
        (tmp_path / "r.toml").write_text(text)
        with pytest.raises((ConfigError, TrainError)):
            load_judge_recipe(str(tmp_path / "r.toml"))
    with pytest.raises(TrainError, match="unknown kind"):
        encoder._parts(read_recipe({"kind": "oracle"}))  # noqa: SLF001
