"""The commands as a person types them, on the starter corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from admin.cli import app
from text2svg.svg.reader import is_canonical


def run(*args: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, args)
    assert done.exit_code == code, done.output
    return done


def test_a_composition_is_labelled_and_names_its_sources(tmp_path: Path) -> None:
    wish = ("compose", "a blue circular button with a house symbol", "-n", "2", "--seed", "1", "--json")
    answer = json.loads(run(*wish, "--out", str(tmp_path)).stdout)
    assert answer["kind"] == "composed"
    for one in answer["compositions"]:
        assert one["kind"] == "composed" and one["attribution"].startswith("composed from")
        assert {"licence", "author", "url", "collection"} <= set(one["sources"][0])
        assert is_canonical(Path(one["file"]).read_text().strip())
    again = json.loads(run(*wish).stdout)
    assert [one["svg"] for one in again["compositions"]] == [one["svg"] for one in answer["compositions"]]


def test_what_was_not_understood_is_said() -> None:
    assert "note: not understood: bird" in run("compose", "a cat and a dog and a bird").stderr
    refused = run("compose", "a zzorb", code=1)
    assert "no drawing of 'zzorb'" in refused.stderr and "hint:" in refused.stderr


def test_pairs_go_on_after_a_torn_line(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    run("compose-pairs", str(whole), "-n", "12", "--seed", "3")
    torn.write_bytes(whole.read_bytes()[:-40])
    run("compose-pairs", str(torn), "-n", "12", "--seed", "3")
    assert torn.read_bytes() == whole.read_bytes()
    assert all(json.loads(line)["sources"][0]["licence"] for line in whole.read_text().splitlines())
    (tmp_path / "other").write_text("{}\n")
    assert "holds no composed pairs" in run("compose-pairs", str(tmp_path / "other"), code=1).stderr


@pytest.mark.parametrize(("wish", "code", "says"), [("make it red", 0, "recoloured red"), ("sing", 1, "understood:")])
def test_edit_and_relatives_take_a_file(tmp_path: Path, wish: str, code: int, says: str) -> None:
    file = tmp_path / "heart.svg"
    file.write_text(run("compose", "a blue heart", "-n", "1").stdout)
    assert says in run("edit", str(file), wish, code=code).stderr
    found = json.loads(run("relatives", str(file), "-k", "3", "--json").stdout)
    assert len(found) == 3
    assert {"near_copy", "similarity", "likeness", "licence"} <= set(found[0])


def test_the_composer_is_an_engine_whose_drawings_say_what_they_are(tmp_path: Path) -> None:
    wish = "a blue circular button with a house symbol"
    done = run("generate", wish, "--engine", "compose", "-n", "2", "--seed", "1", "--json", "--out", str(tmp_path))
    answer = json.loads(done.stdout)
    assert answer["substitutions"] == []
    for one in answer["candidates"]:
        assert one["kind"] == "composed" and one["valid"] and is_canonical(one["svg"])
        assert one["attribution"].startswith("composed from") and one["attribution"] in done.stderr
        assert {"licence", "author", "url", "collection"} <= set(one["sources"][0])
        assert Path(one["file"]).read_text().strip() == one["svg"]
    made = json.loads(run("compose", wish, "-n", "1", "--seed", "1", "--json").stdout)
    assert made["compositions"][0]["svg"] in [one["svg"] for one in answer["candidates"]]
    refused = run("generate", "a zzorb", "--engine", "compose", "-n", "1", code=1)
    assert "no candidate is a drawing" in refused.stderr
    assert "has no option" in run("generate", "house", "--engine", "compose?x=1", code=1).stderr


def test_each_result_names_its_nearest_relatives(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    house = run("compose", "a house", "-n", "1").stdout.strip()
    answers.write_text(json.dumps([house, "no drawing"]))
    wish = ("generate", "house", "--engine", f"scripted:{answers}", "-n", "2")
    done = run(*wish, "--json")
    drawn = {c["index"]: c for c in json.loads(done.stdout)["candidates"]}
    assert len(drawn[0]["relatives"]) == 3 and "relatives" not in drawn[1]
    assert {"licence", "similarity", "likeness", "near_copy", "author", "url"} <= set(drawn[0]["relatives"][0])
    assert drawn[0]["kind"] == "generated" and drawn[0]["sources"] == []
    near = drawn[0]["relatives"][0]
    assert near["near_copy"] and f"candidate 0 nearly copies {near['collection']}:" in done.stderr
    assert len(json.loads(run(*wish, "--json", "--relatives", "1").stdout)["candidates"][0]["relatives"]) == 1
    none = json.loads(run(*wish, "--json", "--relatives", "0").stdout)["candidates"]
    assert not any("relatives" in candidate for candidate in none)
