from __future__ import annotations

import numpy as np
import pytest

from tests.svg.drawings import LUCIDE
from text2svg.errors import ConfigError
from text2svg.evaluate.metrics import mean, retrieval_ranks, share
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
    ranks, wins, size = retrieval_ranks(vectors, vectors, 10)
    assert ranks.tolist() == [0] * 12 and wins.tolist() == [1] * 12 and size == 10
    wrong, _, _ = retrieval_ranks(np.roll(vectors, 1, 0), vectors, 12)
    assert min(wrong) > 0
    nothing, wins, _ = retrieval_ranks(np.zeros_like(vectors), vectors, 12)
    assert nothing.tolist() == [11] * 12 and wins.tolist() == [0] * 12


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
    credited = contact_sheet([("minus", [LUCIDE, ""])], load_raster("resvg"), credits=["from A (MIT)", "from B (ISC)"])
    assert int.from_bytes(credited[20:24], "big") > int.from_bytes(picture[20:24], "big"), "credits stand at the foot"
