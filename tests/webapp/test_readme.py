"""What the READMEs tell people to type: commands and options exist, Python examples run, pictures and links are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from admin.cli import app

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", ROOT / ".github" / "README.ru.md")
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M3.000 4.000L 20 4L20 20z"/></svg>'


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def _lines(name: str) -> list[str]:
    shell = "\n".join(_blocks(TEXTS[name], "sh")).replace("\\\n", " ")
    inline = re.findall(r"`(text2svg [a-z][^`\n]*)`", TEXTS[name])
    parts = [part for line in shell.splitlines() for part in re.split(r"&&|\|\||\||>", line.split(" # ")[0])]
    return [
        line[line.index("text2svg ") :] for line in (*parts, *inline) if re.search(r"(?:^|[ =])text2svg [a-z-]+", line)
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_and_option_exists(name: str) -> None:
    lines = [line for line in _lines(name) if "docker" not in line]
    assert len(lines) > 15
    for line in lines:
        command, words = get_command(app), shlex.split(line)[1:]
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {spelling for one in command.params for spelling in (*one.opts, *one.secondary_opts)}
        for word in words:
            option = word.split("=")[0]
            assert not re.fullmatch(r"--?[a-z][\w-]*", option) or option in known, f"{line}: {option}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_python_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXT2SVG_DATA", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    examples = _blocks(TEXTS[name], "python")
    assert examples
    for example in examples:
        exec(compile(example, name, "exec"), {"svg": SVG})  # noqa: S102 - our own text


@pytest.mark.parametrize("name", TEXTS)
def test_every_picture_and_link_is_there(name: str) -> None:
    home = ROOT if name == "README.md" else ROOT / ".github"
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXTS[name]):
        assert target.startswith("http") or (home / target).exists(), target
