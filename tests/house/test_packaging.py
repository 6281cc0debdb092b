"""What a newcomer installs: two commands, a light base, and a wheel with everything in it."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import PurePosixPath

import pytest
from source import ROOT, modules, name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMMANDS = ("pip install . && text2svg serve", "pip install '.[dev]' && pytest")
NOT_IN_THE_BASE = frozenset(
    "torch torchvision transformers sentence-transformers safetensors vllm unsloth ray psycopg datasets pytest".split()
)


def required(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ;]", requirement)[0].lower() for requirement in requirements}


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = [line.strip() for line in (ROOT / "README.md").read_text().splitlines()[:60]]
    assert [line for line in lines if line in COMMANDS] == list(COMMANDS)


def test_the_base_is_light() -> None:
    assert not required(PROJECT["dependencies"]) & NOT_IN_THE_BASE
    assert set(PROJECT["optional-dependencies"]) == {"train", "finetune", "warc", "scale", "cluster", "postgres", "dev"}
    assert "vllm" not in required([each for extra in PROJECT["optional-dependencies"].values() for each in extra])


def test_gradio_cannot_fall_back() -> None:
    assert "gradio>=6.31,<7" in PROJECT["dependencies"]


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_container_runs_as_a_user_on_the_port_of_spaces() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for line in ("USER user", "EXPOSE 7860", "libcairo2"):
        assert line in text


def test_the_wheel_carries_the_data() -> None:
    try:
        files = importlib.metadata.files("text2svg") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("text2svg is not installed here, it runs from its checkout")
    paths = {str(path) for path in files}
    if any("__editable__" in path or path.endswith("_editable_impl_text2svg.pth") for path in paths):
        pytest.skip("an editable install carries nothing")
    assert "text2svg/assets/svgo.config.mjs" in paths
    for package in ("text2svg", "admin", "webapp"):
        for path in (ROOT / package).rglob("*"):
            relative = PurePosixPath(path.relative_to(ROOT).as_posix())
            made = any(part.startswith(".") or part in ("__pycache__", "node_modules") for part in relative.parts)
            if path.is_file() and not made:
                assert str(relative) in paths, "reinstall with: pip install '.[dev]'"


def test_every_folder_with_modules_is_a_package() -> None:
    """Without `__init__.py` a folder installs as a namespace, and its data files lose their path."""
    folders = {path.parent for path in modules()}
    assert [name(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_the_version_is_said_once_and_every_public_name_resolves() -> None:
    import text2svg

    assert text2svg.__version__ == PROJECT["version"]
    for public in text2svg.__all__:
        assert getattr(text2svg, public) is not None
    with pytest.raises(AttributeError):
        _ = text2svg.no_such_name
