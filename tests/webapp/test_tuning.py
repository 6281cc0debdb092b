"""Switching groups of the optimizer off: the code shows it, the picture does not."""

from __future__ import annotations

import pytest

from text2svg.errors import ConfigError
from text2svg.optimize.svgo import project_config
from webapp.tuning import GROUPS, PLUGINS, Choice, Tuner, config_of, variants

SHAPES = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><title>two shapes</title>'
    '<g transform="translate(4 4)"><rect width="24.000" height="20.000" fill="#ff0000"/></g>'
    '<path d="M 40.1234 40.1234 L 60.0 40.1234 L 60.0 60.0 Z" fill="#0000ff"/></svg>'
)


def test_everything_on_is_the_shared_optimizer(tuner: Tuner) -> None:
    assert tuner.optimize(SHAPES, Choice()).bytes < len(SHAPES)


@pytest.mark.parametrize(("off", "stays"), [("shapes", "<rect"), ("structure", "translate(4 4)"), ("paint", "#ff0000")])
def test_what_is_off_stays_as_it_was(tuner: Tuner, off: str, stays: str) -> None:
    result = tuner.optimize(SHAPES, Choice(off=("grid", off)))
    if any("svgo-py" in warning for warning in result.warnings):
        pytest.skip("the Python port of SVGO reads no config")
    assert stays in result.text
    assert stays not in tuner.optimize(SHAPES, Choice(off=("grid",))).text
    assert result.difference is not None
    assert result.difference.mean_abs < 1


def test_without_the_grid_a_drawing_keeps_its_units(tuner: Tuner) -> None:
    result = tuner.optimize(SHAPES, Choice(off=("grid",)))
    assert result.rung in ("svgo", "original")
    assert 'viewBox="0 0 64 64"' in result.text


def test_precision_reaches_the_first_rung(tuner: Tuner) -> None:
    bare = SHAPES.replace("<title>two shapes</title>", "")
    assert tuner.optimize(bare, Choice("seed", 0)).text != tuner.optimize(bare, Choice("seed", 2)).text


def test_unknown_groups_are_refused_and_count_for_web_only() -> None:
    with pytest.raises(ConfigError):
        Choice(off=("everything",))
    assert Choice("model", off=GROUPS).narrowed == frozenset()


def test_the_groups_name_plugins_that_the_project_runs() -> None:
    text = project_config().read_text(encoding="utf-8")
    assert [name for names in PLUGINS.values() for name in names if f"'{name}'" not in text] == []
    assert config_of(project_config()).count("export const") == len(variants(project_config())) * 2 ** len(PLUGINS) - 1
