"""What the page ships: no way to parse HTML, both languages complete, nothing from another host."""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path

import pytest

from webapp.strings import LANGUAGES

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
SCRIPTS = sorted((WEBAPP / "static").glob("*.js"))
PYTHON = sorted(WEBAPP.rglob("*.py"))
LANGUAGE_FILES = ("english", "russian")
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    r"|\beval\b|new Function|setTimeout\(\s*[\"'`]|javascript:"
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_parse_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert SINKS.findall(text) == []
    assert text.count("data:image/svg+xml") == (1 if path.name == "base.js" else 0), "one door for drawings"


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_no_template_is_evaluated(path: Path) -> None:
    # Gradio runs `${...}` found in data that a double brace inserted.
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if "{{" in text or "}}" in text] == []


def test_nothing_comes_from_another_host() -> None:
    for path in [*SCRIPTS, *(WEBAPP / "static").glob("*.css")]:
        found = set(re.findall(r"https?://[^\s'\"`)]+", path.read_text(encoding="utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, path.name


def test_both_languages_have_the_same_words_and_places() -> None:
    english, russian = LANGUAGES["en"], LANGUAGES["ru"]
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert text
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", russian[key])), key


def test_every_key_that_is_used_exists_and_the_other_way_round() -> None:
    paths = [path for path in [*SCRIPTS, *PYTHON] if path.stem not in LANGUAGE_FILES]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    named = set(re.findall(r"[\"'`]([a-z]+(?:\.[a-z_]+)+)[\"'`]", sources))
    families = tuple(re.findall(r"[\"'`](?:f\")?([a-z]+\.)[\"'`{]", sources))
    known = LANGUAGES["en"].keys()
    areas = {key.split(".")[0] for key in known}
    asked = {key for key in named if key.split(".")[0] in areas and not key.endswith((".js", ".css"))}
    assert {key for key in asked if key not in known} == set()
    unused = {key for key in known if key not in named and not key.startswith(families)}
    sliders = ("temperature", "top_p", "max_tokens")
    unused -= {f"explore.{name}" for name in ("style", "licence", "collection")}
    unused -= {f"create.{name}{part}" for name in sliders for part in ("", ".info")}
    assert unused == set()


def test_words_cannot_close_the_script_element() -> None:
    pytest.importorskip("gradio")
    from webapp import theme

    head = theme.head()
    assert head.count("<script>") == head.count("</script>") == 1
    words = head.split("window.Text2SVGWords = ", 1)[1].split(";\n", 1)[0]
    assert json.loads(words) == LANGUAGES


def test_every_reason_of_the_sanitizer_has_words() -> None:
    reasons = re.findall(
        r"`([a-z-]+)`",
        (importlib.import_module("text2svg.svg.sanitize").__doc__ or "")
        .partition("Reasons in")[2]
        .partition("says more:")[2],
    )
    assert len(reasons) >= 20
    assert {f"gone.{one.replace('-', '_')}" for one in reasons} == {
        key for key in LANGUAGES["en"] if key.startswith("gone.")
    }
