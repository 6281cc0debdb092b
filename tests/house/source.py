"""The project's own files, as the house tests read them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("text2svg", "admin", "webapp")


def modules() -> list[Path]:
    """Every Python file of the three packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    """The path as it is written in a failure."""
    return path.relative_to(ROOT).as_posix()
