"""A Space as files: what every kind shares, and what differs.

Copies the three packages as they are installed, with models, tokenizer, starter corpus and SVGO's config, so nothing of the
project is downloaded when the Space starts. Refuses a folder that holds something. The trade-off: about 50 MB go into the
Space's repository instead of a package index, where this project is not.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from text2svg.errors import ConfigError

PACKAGES = ("text2svg", "admin", "webapp")
KINDS = ("docker", "zerogpu")
HOST = "https://huggingface.co"
"""Shows a Space in a frame of its own page."""
GPU = ("spaces", "torch>=2.8,<2.12", "transformers>=5.0,<5.40", "safetensors>=0.5")
"""What ZeroGPU needs beside the base install: the torch of its machines, and a transformers before the cache was renamed."""


@dataclass(frozen=True, slots=True)
class Space:
    """One Space. Raises ConfigError for an unknown kind."""

    kind: str
    title: str = "Text2SVG"
    data: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"unknown kind {self.kind!r}", hint=f"one of: {', '.join(KINDS)}")
        if not self.title.strip() or set(self.title) & set("\n\"'\\"):
            raise ConfigError(f"{self.title!r} is no title", hint="one line without quotes")


def write(space: Space, out: Path) -> list[Path]:
    """Writes the Space into `out` and returns its files. Raises ConfigError when `out` holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not empty", hint="name a new folder")
    out.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        shutil.copytree(Path(str(files(name))), out / name, ignore=_ignored)
    _config(out)
    for name, text in _texts(space).items():
        (out / name).write_text(text, encoding="utf-8")
    return sorted(path for path in out.rglob("*") if path.is_file())


def _ignored(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name in ("__pycache__", "node_modules") or name.startswith(".")}


def _config(out: Path) -> None:
    """In a checkout SVGO's config lies beside the package; a wheel has it inside."""
    from text2svg.optimize.svgo import project_config

    target = out / "text2svg" / "assets" / "svgo.config.mjs"
    if not target.is_file():
        shutil.copyfile(project_config(), target)


def _texts(space: Space) -> dict[str, str]:
    makers: dict[str, Callable[[Space], dict[str, str]]] = {"docker": _docker, "zerogpu": _zerogpu}
    attributes = "*.onnx filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
    attributes += "*.parquet filter=lfs diff=lfs merge=lfs -text\n*.npy filter=lfs diff=lfs merge=lfs -text\n"
    attributes += "*.data filter=lfs diff=lfs merge=lfs -text\n"
    return {".gitattributes": attributes, "README.md": _readme(space), **makers[space.kind](space)}


def _readme(space: Space) -> str:
    matter = {
        "title": f'"{space.title}"',
        "emoji": "✏️",
        "colorFrom": "red",
        "colorTo": "gray",
        "short_description": "Words become small, editable SVG drawings",
        "license": "apache-2.0",
        "pinned": "false",
    }
    if space.kind == "docker":
        matter |= {"sdk": "docker", "app_port": "7860"}
    else:
        version = importlib.metadata.version("gradio")
        matter |= {"sdk": "gradio", "sdk_version": version, "app_file": "app.py", "python_version": '"3.12"'}
    lines = "\n".join(f"{key}: {value}" for key, value in matter.items())
    return (
        f"---\n{lines}\n---\n\n# {space.title}\n\nWords become clean, small, safe, editable SVG drawings, stroke by stroke. "
        "Made by `text2svg deploy space`.\nCredits of the corpus: `text2svg/assets/starter/ATTRIBUTION.md`.\n"
    )


def requirements(*, without: frozenset[str] = frozenset()) -> list[str]:
    """The base install's requirements. Raises ConfigError when the package is not installed."""
    try:
        named = importlib.metadata.requires("text2svg") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise ConfigError("text2svg is not installed here", hint="pip install .") from error
    base = [line for line in named if "extra ==" not in line]
    return [line for line in base if line.split(">")[0].split("<")[0].strip().lower() not in without]


def _docker(space: Space) -> dict[str, str]:
    data = f"ENV TEXT2SVG_DATA={space.data}\n" if space.data else ""
    template = (files("admin") / "deploy" / "Dockerfile.space").read_text(encoding="utf-8")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    text = template.replace("@PYTHON@", python).replace("@DATA@", data).replace("@HOST@", HOST)
    return {"Dockerfile": text, "requirements.txt": "\n".join(requirements()) + "\n"}


def _zerogpu(space: Space) -> dict[str, str]:
    data = f'os.environ["TEXT2SVG_DATA"] = {space.data!r}\n' if space.data else ""
    template = (files("admin") / "deploy" / "zerogpu.py.in").read_text(encoding="utf-8")
    # The host installs Gradio itself, in the version of the front matter.
    lines = [*requirements(without=frozenset(["gradio"])), *GPU]
    return {
        "app.py": template.replace("@DATA@\n", data).replace("@HOST@", HOST),
        "requirements.txt": "\n".join(lines) + "\n",
        "packages.txt": "libcairo2\n",
    }
