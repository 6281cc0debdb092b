"""92 drawings that optimizers are known to spoil: each is drawn within 1 % of its pixels, or refused with a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from text2svg.errors import SvgError
from text2svg.optimize import Optimized, OptimizeOptions, optimize_many
from text2svg.optimize.fidelity import Difference, difference
from text2svg.optimize.ladder import Tools
from text2svg.raster import load

TRAPS = json.loads(Path(__file__).with_name("traps.json").read_text(encoding="utf-8"))
NAMES = [trap["name"] for trap in TRAPS]
ALLOWED_REFUSALS = {"css-var"}
"""A custom property, which a browser resolves and the judging renderer does not."""


@pytest.fixture(scope="module")
def results(tools: Tools) -> dict[str, Optimized | SvgError]:
    answers = optimize_many([trap["svg"] for trap in TRAPS], OptimizeOptions("web", verify="all"), tools)
    return dict(zip(NAMES, answers, strict=True))


def test_there_are_92_traps() -> None:
    assert len(set(NAMES)) == 92


@pytest.mark.parametrize("trap", TRAPS, ids=NAMES)
def test_trap_is_drawn_or_refused(
    trap: dict[str, str], results: dict[str, Optimized | SvgError], same_picture: Callable[..., Difference]
) -> None:
    result = results[trap["name"]]
    if isinstance(result, SvgError):
        assert trap["name"] in ALLOWED_REFUSALS
        assert result.reason
        return
    # Against the untouched input, not the sanitised one: a loss in the sanitizer must show here.
    same_picture(trap["svg"], result.text)
    assert result.text.startswith("<svg") and 'xmlns="http://www.w3.org/2000/svg"' in result.text
    assert result.bytes == len(result.text.encode())


def test_a_wrong_picture_leaves_three_panels(same_picture: Callable[..., Difference], tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="before-after-difference.png"):
        same_picture(TRAPS[0]["svg"], TRAPS[0]["svg"].replace("red", "lime"))
    with Image.open(tmp_path / "before-after-difference.png") as picture:
        assert picture.size == (768, 256)


@pytest.mark.parametrize("profile", ["model", "seed"])
def test_grid_profiles_never_draw_something_else(profile: str, tools: Tools) -> None:
    rasterizer = load("resvg")
    options = OptimizeOptions(profile, verify="all")
    answers = optimize_many([trap["svg"] for trap in TRAPS], options, tools)
    rungs: Counter[str] = Counter()
    for trap, result in zip(TRAPS, answers, strict=True):
        if isinstance(result, SvgError):
            assert trap["name"] in ALLOWED_REFUSALS, (trap["name"], result)
            continue
        rungs[result.rung] += 1
        measured = difference(rasterizer.render(trap["svg"], 256), rasterizer.render(result.text, 256))
        assert measured.worst_cell <= 48, (trap["name"], result.rung)
        if result.rung != "integer":
            assert measured.bad_fraction <= 0.011, (trap["name"], result.rung)
    assert rungs["integer"] >= 50, rungs
