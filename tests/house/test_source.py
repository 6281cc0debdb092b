"""The house rules that a program can check."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from source import ROOT, modules, name

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 45
FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager"})
VISIBLE = frozenset(
    "webapp text2svg admin tests Dockerfile pyproject.toml README.md svgo.config.mjs LICENSE".split()
)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_something_to_check() -> None:
    assert len(modules()) > 50


def test_files_are_short() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in modules()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {}
    for path in modules():
        for function in functions(path):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                long[f"{name(path)}:{function.name}"] = lines
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    assert [name(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_drawer_for_odds_and_ends() -> None:
    assert [name(path) for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_no_error_is_swallowed() -> None:
    """Neither `except:` nor `except Exception: pass` (or `...`)."""
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            idle = all(
                isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
                for each in node.body
            )
            if node.type is None or (broad and idle):
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def test_no_template_evaluates_data() -> None:
    """`gr.HTML` runs `${...}` inside what `{{value}}` inserts as JavaScript, so no template of ours may hold `{{`."""
    found = []
    for path in modules():
        if path.parts[len(ROOT.parts)] != "webapp":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{{" in node.value:
                found.append(f"{name(path)}:{node.lineno}")
    found += [name(path) for path in (ROOT / "webapp").rglob("*.html") if "{{" in path.read_text()]
    assert found == []


def test_the_top_level_is_small() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    top = {line.partition("/")[0] for line in listed.splitlines()}
    assert {each for each in top if not each.startswith(".")} <= VISIBLE


def test_ruff_is_content() -> None:
    pytest.importorskip("ruff", reason="ruff is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
