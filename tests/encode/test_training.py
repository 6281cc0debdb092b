"""Training of the towers: exact resume, honest splits, batches that are functions of the step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapes

from text2svg import raster
from text2svg.errors import TrainError
from text2svg.sample import Sample

torch = pytest.importorskip("torch")

from text2svg.caption.keywords import is_heldout  # noqa: E402
from text2svg.encode import load  # noqa: E402
from text2svg.encode.words import Vocabulary  # noqa: E402
from text2svg.train import encoder  # noqa: E402
from text2svg.train.contrast import Shape, Towers, contrast  # noqa: E402
from text2svg.train.encoder_batches import Batches, Chances  # noqa: E402
from text2svg.train.encoder_card import write_card  # noqa: E402
from text2svg.train.encoder_data import Prepared, key_of, load_prepared, prepare  # noqa: E402
from text2svg.train.encoder_eval import evaluate_encoder, measure, pool, retrieval  # noqa: E402


@pytest.fixture(scope="module")
def data(prepared_folder: Path) -> Prepared:
    return load_prepared(prepared_folder)


def test_preparing_again_renders_nothing(prepared_folder: Path, drawn: list[Sample]) -> None:
    counts = prepare(drawn, prepared_folder, raster.load("resvg"), rows=50)
    assert counts == {"kept": 0, "blank": 0, "failed": 0, "skipped": 125}


def test_prepared_pixels_are_the_renders(data: Prepared, drawn: list[Sample]) -> None:
    wanted = raster.load("resvg").render(drawn[60].optimized, 48)
    np.testing.assert_array_equal(data.pixels(np.array([60]))[0], wanted)
    assert [row["heldout"] for row in data.rows] == [is_heldout(s.caption) for s in drawn]


def test_colours_survive_preparing(tmp_path: Path, drawn: list[Sample]) -> None:
    red = shapes.sample(drawn[0].optimized.replace("<circle", '<circle fill="#f00"'), "circle red")
    prepare([drawn[0], red], tmp_path, raster.load("resvg"))
    pixels = load_prepared(tmp_path).pixels(np.array([0, 1]))
    inside = pixels[..., 3] == 255
    assert pixels[0][inside[0]][:, :3].max() == 0
    assert (pixels[1][inside[1]] == [255, 0, 0, 255]).all()


def test_a_run_that_was_cut_off_ends_with_the_same_bytes(data: Prepared, tmp_path: Path) -> None:
    whole = shapes.recipe(steps=8, save_every=4)
    encoder.train_encoder(whole, data, tmp_path / "whole")

    class Cut(Exception):
        pass

    def clock() -> float:
        clock.calls += 1
        if clock.calls > 6:
            raise Cut
        return float(clock.calls)

    clock.calls = 0
    cut = replace(whole, report_every=1)
    encoder.train_encoder(cut, data, tmp_path / "reference")
    with pytest.raises(Cut):
        encoder.train_encoder(cut, data, tmp_path / "cut", clock=clock)
    assert torch.load(tmp_path / "cut" / "state.pt", weights_only=True)["step"] == 4
    encoder.train_encoder(cut, data, tmp_path / "cut")
    made = {
        name: (tmp_path / name / "towers.safetensors").read_bytes()
        for name in ("whole", "reference", "cut")
    }
    assert made["cut"] == made["reference"] == made["whole"]


def test_another_recipe_in_the_same_run_is_refused(data: Prepared, trained: Path) -> None:
    with pytest.raises(TrainError, match="another recipe"):
        encoder.train_encoder(shapes.recipe(seed=1), data, trained)


def test_recipe_round_trip_and_unknown_names() -> None:
    from dataclasses import asdict

    recipe = shapes.recipe(rate=1e-3)
    assert encoder.read_recipe(json.loads(json.dumps(asdict(recipe)))) == recipe
    with pytest.raises(TrainError, match="epochs"):
        encoder.read_recipe({"epochs": 3})


def test_log_shows_falling_loss(trained: Path) -> None:
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 60]
    assert lines[-1]["loss"] < 0.7 * lines[0]["loss"]


def test_batches_depend_on_seed_and_step_and_hold_no_heldout_row(data: Prepared) -> None:
    heldout = np.array([row["key"] == key_of("ring left") for row in data.rows])
    split = replace(data, heldout=heldout)
    vocabulary = Vocabulary.of(["circle", "ring", "left"], 8)
    first, same, other = (
        Batches(split, vocabulary, 64, seed, Chances()).at(3) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.pixels, same.pixels)
    np.testing.assert_array_equal(first.ids, same.ids)
    assert not np.array_equal(first.pixels, other.pixels)
    batches = Batches(split, vocabulary, 64, 0, Chances())
    assert len({key for step in range(30) for key in batches.at(step).keys}) == 24  # of 25 captions
    with pytest.raises(TrainError, match="training drawings"):
        Batches(split, vocabulary, 500, 0, Chances())


def test_rows_of_one_caption_are_no_negatives() -> None:
    vectors = torch.nn.functional.normalize(
        torch.randn(4, 8, generator=torch.Generator().manual_seed(0)), dim=1
    )
    vectors[1] = vectors[0]
    apart = contrast(vectors, vectors, torch.tensor([0, 1, 2, 3]), torch.tensor(3.0))
    together = contrast(vectors, vectors, torch.tensor([0, 0, 2, 3]), torch.tensor(3.0))
    assert together < apart - 0.3


def test_a_word_never_trained_gets_its_teacher_vector() -> None:
    teacher = torch.nn.functional.normalize(
        torch.randn(6, 12, generator=torch.Generator().manual_seed(1)), dim=1
    )
    teacher[5] = teacher[0]
    towers = Towers(Shape(dim=16, word_dim=8, hidden=8, channels=4), teacher, buckets=4).eval()
    vectors = towers.text(torch.tensor([[0], [5], [1]]), torch.ones(3, 1))
    assert vectors[0] @ vectors[1] > 0.9999 > vectors[0] @ vectors[2]


def test_retrieval_counts_ranks() -> None:
    candidates = np.eye(4, dtype=np.float32)
    found = retrieval(candidates[[2, 0]], candidates, np.array([2, 1]))
    assert (found.recall_1, found.recall_10, found.queries, found.candidates) == (0.5, 1.0, 2, 4)
    assert found.mrr == pytest.approx((1 + 1 / 4) / 2)  # ties count against the answer


def test_pool_takes_one_drawing_a_heldout_caption(data: Prepared) -> None:
    rows = [row | {"heldout": "middle" in row["key"]} for row in data.rows]
    place = pool(rows, 1000, 0)
    assert sorted(place.captions) == [
        f"{k} middle" for k in ("circle", "line", "ring", "square", "triangle")
    ]
    for own, sister in zip(place.drawings, place.sisters, strict=True):
        assert data.rows[own]["key"] == data.rows[sister]["key"]
        assert data.rows[own]["collection"] != data.rows[sister]["collection"]
    perfect = {at: np.eye(5, dtype=np.float32)[i] for i, at in enumerate(place.drawings)}
    by_key = {data.rows[at]["key"]: vector for at, vector in perfect.items()}
    found = measure(
        place,
        lambda texts: np.stack([by_key[key_of(text)] for text in texts]),
        lambda rows: np.stack([by_key[data.rows[at]["key"]] for at in rows]),
    )
    assert found["caption"].recall_1 == found["sister"].recall_1 == 1.0
    assert "tags" not in found


def test_card_stands_beside_the_baseline(exported: Path, tmp_path: Path) -> None:
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = [shapes.sample(s.optimized, f"{s.caption} {n}") for n, s in enumerate(shapes.samples())]
    captions = {sample.caption for sample in rows if is_heldout(sample.caption)}
    model, baseline = load(f"onnx:{tmp_path}"), load("hashed")
    metrics = {one.name: evaluate_encoder(rows, one) for one in (model, baseline)}
    assert metrics["shapes"]["caption"].candidates == len(captions) >= 2
    with pytest.raises(TrainError, match="hashed"):
        write_card(tmp_path, {"shapes": metrics["shapes"]})
    text = write_card(tmp_path, metrics).read_text()
    assert "| hashed | caption to drawing" in text and "- drawings: 125" in text
    assert json.loads((tmp_path / "config.json").read_text())["metrics"]["hashed"]["caption"]
    load(f"onnx:{tmp_path}")  # metrics are no part of the digest


def test_the_whole_road_from_samples_to_a_card(drawn: list[Sample], tmp_path: Path) -> None:
    from text2svg.train.encoder_run import run_encoder

    held = [replace(one, caption=word) for one, word in zip(drawn, ("eye", "laptop", "radio"), strict=False)]
    assert all(is_heldout(one.caption) for one in held)
    places = (tmp_path / "work", tmp_path / "out")
    answer = run_encoder(lambda: iter([*drawn, *held]), places, raster.load("resvg"), recipe=shapes.recipe())
    assert set(answer["metrics"]) == {"text2svg-towers-1", "hashed"}
    assert "caption to drawing" in (places[1] / "README.md").read_text(encoding="utf-8")
