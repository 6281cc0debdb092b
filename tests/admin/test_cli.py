from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.main import get_command

from admin.cli import app


def _run(*args: str, data=None, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    clean = {k: v for k, v in os.environ.items() if not k.startswith("TEXT2SVG_")}
    return subprocess.run(
        [sys.executable, "-m", "admin", *args], capture_output=True, text=True, input=data, env=clean | environment,
        timeout=120, check=False,
    )  # fmt: skip


def _leaves(command, path=()):
    for name, child in getattr(command, "commands", {}).items():
        yield from _leaves(child, (*path, name)) if hasattr(child, "commands") else [((*path, name), child)]


LEAVES = list(_leaves(get_command(app)))


@pytest.mark.parametrize(
    ("path", "command"), LEAVES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_help_with_an_example(path, command) -> None:
    assert command.help
    assert "Example" in command.help
    assert f"text2svg {' '.join(path)}" in command.help


RING = '<svg viewBox="0 0 24 24"><circle cx="12" cy="12" r="8" fill="none" stroke="teal" stroke-width="1"/></svg>'


def test_generate_draws_in_the_manner_of_a_reference(tmp_path) -> None:
    done = _run("generate", "star", "-n", "2", "--reference", "-", "--json", data=RING, TEXT2SVG_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["style"], answer["manner"]["stroke_width"], answer["manner"]["inks"]) == ("outline", 11, ["#088"])
    for candidate in answer["candidates"]:
        assert 'stroke="#088" stroke-width="11"' in candidate["svg"]
    missing = _run("generate", "star", "--reference", str(tmp_path / "none.svg"))
    assert missing.returncode == 1
    assert "cannot read" in missing.stderr


def test_generate_reads_references_first_and_names_them(tmp_path) -> None:
    def drawn(*more: str) -> dict:
        done = _run("generate", "house", "-n", "2", "--style", "outline", "--json", *more, TEXT2SVG_DATA=str(tmp_path))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (tmp_path / "ring.svg").write_text(RING)
    plain, found, own = drawn(), drawn("--references", "auto"), drawn("--references", str(tmp_path / "ring.svg"))
    assert "references" not in plain
    assert all(one["licence"] and "house" in one["caption"] for (one,) in found["references"])
    assert own["references"] == [[{"words": "ring", "style": "outline"}]]
    assert len({answer["candidates"][0]["svg"] for answer in (plain, found, own)}) == 3
    for asked, said in (("auto", "reads no references"), (str(tmp_path / "none.svg"), "cannot read"), (",", "no drawing")):
        refused = _run("generate", "house", "--references", asked, "--engine", "compose", TEXT2SVG_DATA=str(tmp_path))
        assert refused.returncode == 1
        assert said in refused.stderr


def test_generate_writes_the_same_bytes_for_the_same_seed(tmp_path) -> None:
    texts = []
    for name in ("a", "b"):
        done = _run("generate", "red heart", "-n", "4", "--seed", "1", "--out", str(tmp_path / name), "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert len(answer["candidates"]) == 4
        texts.append([(tmp_path / name / f"{seed}.svg").read_text() for seed in (1, 2, 3, 4)])
    assert texts[0] == texts[1]


def test_search_by_words_and_by_drawing(tmp_path) -> None:
    found = json.loads(_run("search", "left arrow", "-k", "5", "--json", TEXT2SVG_DATA=str(tmp_path)).stdout)
    assert len(found) == 5
    assert {"caption", "licence", "url", "author", "svg"} <= set(found[0])
    assert sum("arrow" in hit["caption"] for hit in found) >= 4
    again = _run("search", "--svg", "-", "-k", "3", "--json", data=found[0]["svg"], TEXT2SVG_DATA=str(tmp_path))
    assert json.loads(again.stdout)[0]["svg"] == found[0]["svg"]


def test_optimize_reads_stdin_and_says_what_it_did() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M 3 12 L 21 12" stroke="red"/></svg>'
    )
    done = _run("optimize", "-", "--profile", "model", data=drawing)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith('<path stroke="#f00" stroke-width="11" d="M32 128H224"/></svg>')
    assert "rung integer" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("generate", "  "), 1, "the prompt is empty"),
        (("generate", "x", "--style", "baroque"), 1, "unknown style"),
        (("optimize", "/nowhere.svg"), 1, "cannot read"),
        (("search",), 1, "give words, --svg"),
        (("corpus", "import", "iconify"), 1, "name --sets or say --all"),
        (("corpus", "stats"), 1, "no store"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_errors_are_a_sentence_a_hint_and_a_code(args, code, words, tmp_path) -> None:
    done = _run(*args, TEXT2SVG_DATA=str(tmp_path / "none"))
    assert done.returncode == code
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_unknown_settings_are_refused() -> None:
    done = _run("store", "init", TEXT2SVG_DATUM="x")
    assert done.returncode == 1
    assert "unknown setting TEXT2SVG_DATUM" in done.stderr


def test_a_corpus_from_a_package_folder_end_to_end(tmp_path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    body = '<path fill="none" stroke="currentColor" stroke-width="2" d="M3 12h18"/>'
    icons = {"minus": {"body": body}, "plus-line": {"body": body + '<path d="M12 3v18"/>'}}
    (package / "package.json").write_text('{"name": "@iconify-json/tiny", "version": "1.0.0"}')
    (package / "icons.json").write_text(json.dumps({"prefix": "tiny", "icons": icons, "width": 24, "height": 24}))
    info = {"prefix": "tiny", "name": "Tiny", "author": {"name": "A"}, "license": {"title": "MIT", "spdx": "MIT"}}
    (package / "info.json").write_text(json.dumps(info))
    place = {"TEXT2SVG_DATA": str(tmp_path / "store")}
    done = _run("corpus", "import", "iconify", "--sets", "tiny", "--folder", str(package), "--json", **place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] == 2
    assert _run("corpus", "optimize", "--executor", "serial", **place).returncode == 0
    assert json.loads(_run("store", "verify", "--json", **place).stdout)["ok"]
    assert _run("corpus", "index", **place).returncode == 0
    found = _run("search", "minus", "--json", **place)
    assert found.returncode == 0, found.stderr
    hits = json.loads(found.stdout)
    assert hits[0]["caption"] == "minus"
    stats = json.loads(_run("corpus", "stats", "--json", **place).stdout)
    assert stats["licence"] == {"MIT": 2}
    shown = json.loads(_run("corpus", "show", hits[0]["digest"], "--json", **place).stdout)
    assert shown["sample"]["provenance"]["author"] == "A"
    assert _run("corpus", "attribution", "-o", str(tmp_path / "A.md"), **place).returncode == 0
    assert "tiny" in (tmp_path / "A.md").read_text()
