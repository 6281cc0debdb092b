"""The judge: what it may be used for, what it says of real and of shuffled drawings, and that nothing chooses by it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from text2svg.encode import load
from text2svg.errors import ConfigError
from text2svg.evaluate.judge import load_judge, places, range_of, verdict
from text2svg.evaluate.prompts import load_prompts, real_drawings
from text2svg.evaluate.tasks import Task, Tasks, heldout_tasks
from text2svg.runtime import ASSETS
from text2svg.sample import Provenance, Sample
from text2svg.store.starter import read_starter

ROOT = Path(__file__).resolve().parents[2]
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'


class Sure:
    """Reads a drawing's words from its text: `words in order` of the rect's id."""

    name, dim, digest = "sure", 8, "0"

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def encode_text(self, texts: list[str]) -> np.ndarray:
        return np.stack([np.eye(len(self.words), dtype=np.float32)[self.words.index(text)] for text in texts])

    def encode_svg(self, svgs: list[str]) -> np.ndarray:
        return self.encode_text(svgs)


WORDS = [f"word {i}" for i in range(12)]


def tasks() -> Tasks:
    return Tasks("t", tuple(Task(str(i), word, "", "", word) for i, word in enumerate(WORDS)))


def test_a_judge_that_knows_is_always_right_and_shuffled_drawings_never_are() -> None:
    found = range_of(Sure(WORDS), tasks(), 1)
    assert {name: figure.value for name, figure in found["real"].items()} == dict.fromkeys(("r1", "r5", "r10", "own"), 1)
    assert found["shuffled"]["r1"].value == 0
    assert found["real"]["r1"].n == 12


def test_no_shuffle_keeps_a_drawing_with_its_words() -> None:
    for seed in range(20):
        assert range_of(Sure(WORDS), tasks(), seed)["shuffled"]["r1"].value == 0


def test_missing_drawings_count_against_and_other_scripts_are_left_out() -> None:
    judge = Sure(WORDS)
    ranks, _ = places(judge, WORDS, ["", *WORDS[1:]])
    assert ranks[0] == 11 and ranks[1:] == [0] * 11  # a tie counts against
    assert verdict(judge, [*WORDS[:3], "красное сердце"], [*WORDS[:3], "x"])["r1"].n == 3
    assert verdict(judge, ["звезда", "дом"], ["x", "y"]) == {}
    assert range_of(judge, Tasks("t", (Task("0", "word 1"),))) == {}


def test_real_drawings_are_those_of_the_captions_style() -> None:
    def sample(caption: str, style: str, svg: str, rung: str = "integer") -> Sample:
        return Sample("d", "", Provenance("p"), caption, style=style, optimized=svg, rung=rung)

    class Chosen:
        heldout = (("bell", "outline"), ("cup", "filled"), ("fox", "color"))

    rows = [sample("bell", "filled", "0"), sample("cup", "filled", "1", "decimal"), sample("cup", "filled", "2"),
            sample("bell", "outline", "3"), sample("bell", "outline", "4")]  # fmt: skip
    assert [s.optimized for s in real_drawings(rows, Chosen())] == ["3", "2"]  # type: ignore[arg-type]
    assert [t.svg for t in heldout_tasks(Chosen.heldout, rows).tasks][2] == ""


# What ships


@pytest.fixture(scope="module")
def heldout() -> Tasks:
    pairs = load_prompts(ASSETS / "benchmark.json").heldout
    return heldout_tasks(pairs, read_starter(ASSETS / "benchmark.parquet"))


def test_every_held_out_caption_has_a_real_drawing_with_its_licence(heldout: Tasks) -> None:
    assert heldout.referenced and len(heldout.tasks) > 900
    for sample in read_starter(ASSETS / "benchmark.parquet"):
        assert sample.provenance.licence and sample.provenance.url and sample.provenance.author


def test_the_bundled_judge_knows_real_drawings_from_shuffled_ones(heldout: Tasks) -> None:
    found = range_of(load_judge(ASSETS / "judge"), heldout)
    assert found["real"]["r1"].value >= 0.40
    assert found["shuffled"]["r1"].high <= 0.03
    assert sum(path.stat().st_size for path in (ASSETS / "judge").iterdir()) <= 6_000_000


def test_the_judge_shares_no_weights_with_the_encoder() -> None:
    judge, encoder = (load(f"onnx:{ASSETS / name}") for name in ("judge", "encoder"))
    assert judge.digest != encoder.digest and judge.size != encoder.size  # type: ignore[attr-defined]
    words = ["left arrow", "red heart", "house"]
    mine, theirs = judge.encode_text(words), encoder.encode_text(words)
    assert mine.shape != theirs.shape or np.abs((mine * theirs).sum(1)).max() < 0.5
    assert not np.allclose(judge.encode_text(["arrow left"]), judge.encode_text(["left arrow"]), atol=1e-3)


def test_nothing_that_chooses_may_import_the_judge() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    judge = next(c for c in contracts if c.get("protected_modules") == ["text2svg.evaluate.judge"])
    assert judge["allowed_importers"] == ["text2svg.evaluate.measure", "admin.judge", "admin.protocol", "admin.evaluate"]
    for package in ("text2svg", "webapp"):
        for path in (ROOT / package).rglob("*.py"):
            assert 'ASSETS / "judge"' not in path.read_text(), path  # nor load its folder by another way


def test_a_folder_without_a_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_judge(tmp_path)


def test_the_command_says_what_the_judge_is_worth() -> None:
    from admin.cli import app

    done = CliRunner().invoke(app, ["evaluate", "judge", "-n", "200", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["n"] == 200 and answer["real"]["r1"]["value"] > 5 * answer["shuffled"]["r1"]["value"]
