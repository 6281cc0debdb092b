from __future__ import annotations

import pytest

from text2svg.errors import ConfigError, TrainError
from text2svg.train.journal import Journal
from text2svg.train.plot import draw
from text2svg.train.recipe import load_recipe, parse_recipe, recipe_names


def test_every_shipped_recipe_loads_under_its_own_name() -> None:
    names = recipe_names()
    assert "icons-small" in names
    assert [load_recipe(name).name for name in names] == names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "x", "widht": 8}, "widht"),
        ({"name": "x", "width": 0}, "must be positive"),
        ({"name": "x", "width": 8.5}, "not of type int"),
        ({"name": "x", "ema": True}, "not of type float"),
        ({"name": "x", "drop_word": 1.5}, "must lie in 0..1"),
        ({"name": "x", "width": 100, "heads": 3}, "does not split"),
        ({"width": 256}, "needs a name"),
    ],
)
def test_bad_recipes_are_refused_by_name(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_recipe(values)


def test_an_unknown_key_and_an_unknown_recipe_list_the_valid_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_recipe({"name": "x", "widht": 8})
    assert "width" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        load_recipe("icons-huge")
    assert "icons-small" in caught.value.hint


def test_the_log_survives_a_cut_line_and_forgets_what_was_not_kept(tmp_path) -> None:
    journal = Journal(tmp_path / "log.jsonl")
    for step in (1, 2, 3):
        journal.write({"event": "train", "step": step, "tokens": step, "groups": {"a": 1 / step}})
    with open(journal.path, "a", encoding="utf-8") as file:
        file.write('{"event": "tr')
    assert [line["step"] for line in journal.read()] == [1, 2, 3]
    journal.trim(2)
    assert [line["step"] for line in journal.read()] == [1, 2]


def test_a_drawn_log_is_one_safe_svg_with_every_group() -> None:
    from text2svg.svg.sanitize import sanitize

    lines = [{"event": "train", "tokens": 1000 * at, "groups": {"stroke": 5 / at, "a<b": 4 / at}} for at in range(1, 9)]
    text = draw(lines)
    assert text.count("<polyline") == 2
    assert "a&lt;b" in text
    assert not sanitize(text).removed
    with pytest.raises(TrainError, match="no curve"):
        draw(lines[:1])
