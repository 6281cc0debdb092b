from __future__ import annotations

import numpy as np
import pytest

from tests.svg.drawings import LUCIDE
from text2svg.encode import load as load_encoder
from text2svg.errors import ConfigError
from text2svg.evaluate.core import judge_one, report
from text2svg.evaluate.metrics import mean, retrieval, share
from text2svg.evaluate.prompts import Prompts, choose_prompts, load_prompts
from text2svg.evaluate.sheet import contact_sheet
from text2svg.raster import load as load_raster
from text2svg.sample import Provenance, Sample


def test_shares_carry_their_interval() -> None:
    figure = share([True] * 90 + [False] * 10)
    assert figure.value == 0.9
    assert 0.8 < figure.low < 0.9 < figure.high < 1
    assert mean([2.0, 2.0]).high == 2.0
    with pytest.raises(ConfigError):
        share([])


def test_retrieval_of_the_right_and_of_the_wrong() -> None:
    vectors = np.eye(12, dtype=np.float32)
    assert retrieval(vectors, vectors, 10) == {"r1": 1.0, "r10": 1.0, "own": 1.0, "pool": 10}
    wrong = retrieval(np.roll(vectors, 1, 0), vectors, 12)
    assert wrong["r1"] == 0.0
    nothing = retrieval(np.zeros_like(vectors), vectors, 12)
    assert nothing["r1"] == nothing["own"] == 0.0


def test_failures_count_against_their_figure() -> None:
    renderer = load_raster("resvg")
    good = judge_one(("minus circle", "outline"), LUCIDE, 25, renderer)
    bad = judge_one(("heart", "outline"), "<svg><script/>", 3, renderer)
    assert (good.parsed, good.safe, good.canonical, good.rendered, good.blank) == (True, True, True, True, False)
    assert (bad.parsed, bad.safe, bad.canonical, bad.rendered, bad.blank) == (False, False, False, False, True)
    answer = report([good, bad], load_encoder("hashed"), ("scripted", "resvg"), 0)
    assert {name: figure.value for name, figure in answer.figures.items() if name != "tokens"} == dict.fromkeys(
        ("parse", "safe", "canonical", "render", "not_blank"), 0.5
    )


def test_prompts_come_from_the_corpus_by_count(tmp_path) -> None:
    captions = ["heart"] * 3 + ["arrow left"] * 2 + ["secret door"] * 4 + ["24 hours", "x"]
    samples = [Sample(str(i), "", Provenance("package"), c, style="filled") for i, c in enumerate(captions)]
    chosen = choose_prompts(samples, lambda caption: "secret" in caption)
    assert chosen == Prompts((("secret door", "filled"),), ("heart",))
    chosen.save(tmp_path / "p.json")
    assert load_prompts(tmp_path / "p.json") == chosen
    with pytest.raises(ConfigError):
        load_prompts(tmp_path / "none.json")


def test_a_contact_sheet_is_a_picture_with_empty_cells_for_failures() -> None:
    picture = contact_sheet([("minus", [LUCIDE, ""])], load_raster("resvg"))
    assert picture.startswith(b"\x89PNG")
