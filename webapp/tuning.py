"""What a visitor may switch in the optimizer: profile, precision, and groups of SVGO's plugins.

The groups are cut from the project's own svgo.config.mjs by a config written beside the worker, so a plugin added there
belongs to no group and simply always runs. Refuses unknown groups by name. The trade-off: the second SVGO process starts
with the first visitor who switches something off (0.4 s), and lives as long as the app.
"""

from __future__ import annotations

import json
import re
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from text2svg.errors import ConfigError, OptimizeError
from text2svg.optimize.options import Optimized, OptimizeOptions, Rung

if TYPE_CHECKING:
    from text2svg.optimize.svgo import Svgo

PLUGINS: dict[str, tuple[str, ...]] = {
    "paths": ("convertPathData", "mergePaths"),
    "shapes": ("convertShapeToPath", "convertEllipseToCircle"),
    "structure": (
        "moveElemsAttrsToGroup",
        "moveGroupAttrsToElems",
        "collapseGroups",
        "convertTransform",
        "removeEmptyContainers",
    ),
    "paint": (
        "convertColors",
        "removeUselessStrokeAndFill",
        "removeUnknownsAndDefaults",
        "removeNonInheritableGroupAttrs",
    ),
    "names": ("removeDesc", "cleanupIds"),
}
"""Groups of SVGO's plugins, by what a person sees change in the code."""

GROUPS = ("grid", *PLUGINS)
"""`grid` is our own first stage: absolute numbers on a 256 grid."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How to optimize; `off` names groups and counts for the profile `web` only."""

    profile: str = "web"
    decimals: int | None = None
    off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = sorted(set(self.off) - set(GROUPS))
        if unknown:
            raise ConfigError(f"unknown group {unknown[0]!r}", hint=f"one of: {', '.join(GROUPS)}")

    @property
    def narrowed(self) -> frozenset[str]:
        """The groups that are off and matter."""
        return frozenset(self.off) if self.profile == "web" else frozenset()


class _OwnUnits(OptimizeOptions):
    """Options without our first stage: the drawing keeps its own units."""

    def rungs(self) -> tuple[Rung, ...]:
        return ("svgo", "original")


class _Masked:
    """An SVGO that answers with some groups switched off."""

    def __init__(self, svgo: Svgo, suffix: str) -> None:
        self._svgo = svgo
        self._suffix = suffix

    @property
    def notice(self) -> str:
        """Why another SVGO answers, when one does."""
        return self._svgo.notice

    def optimize(self, texts: Sequence[str], variant: str = "default") -> list[str | OptimizeError]:
        """As Svgo.optimize, with the groups off."""
        return self._svgo.optimize(texts, variant + self._suffix)


class Tuner:
    """Optimizes under a Choice. Thread-safe; `close` ends the second worker."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._svgo: Svgo | None = None

    def optimize(self, svg: str, choice: Choice) -> Optimized:
        """Raises SvgError, ConfigError."""
        if not choice.narrowed:
            return self._runtime.optimize(svg, profile=choice.profile, decimals=choice.decimals)
        from text2svg.optimize import optimize
        from text2svg.optimize.ladder import Tools

        kind = _OwnUnits if "grid" in choice.narrowed else OptimizeOptions
        options = kind(profile=choice.profile, decimals=choice.decimals)  # type: ignore[arg-type]
        masked = _Masked(self._worker(), _suffix(choice.narrowed))
        return optimize(svg, options, Tools(masked, self._runtime.rasterizer))  # type: ignore[arg-type]

    def close(self) -> None:
        """Ends the worker, when there is one."""
        with self._lock:
            if self._svgo is not None and self._folder is not None:
                self._svgo.close()
                self._folder.cleanup()
            self._svgo = self._folder = None

    def _worker(self) -> Svgo:
        from text2svg.optimize.svgo import Svgo, project_config

        with self._lock:
            if self._svgo is None:
                self._folder = tempfile.TemporaryDirectory(prefix="text2svg-svgo-")
                config = Path(self._folder.name) / "groups.config.mjs"
                config.write_text(config_of(project_config()), encoding="utf-8")
                self._svgo = Svgo(replace(self._runtime.svgo, config=config))
            return self._svgo


def _suffix(off: frozenset[str]) -> str:
    names = [name for name in PLUGINS if name in off]
    return "_" + "_".join(names) if names else ""


def variants(base: Path) -> tuple[str, ...]:
    """The exports of a config, by which the optimizer asks for one."""
    return ("default", *re.findall(r"^export const (\w+)", base.read_text(encoding="utf-8"), re.MULTILINE))


def config_of(base: Path) -> str:
    """An SVGO config with one export for every variant and every set of groups that is off."""
    names = list(PLUGINS)
    subsets = [[n for at, n in enumerate(names) if mask >> at & 1] for mask in range(1 << len(names))]
    lines = [
        f"import * as base from {json.dumps(base.resolve().as_uri())};",
        f"const groups = {json.dumps(PLUGINS)};",
        "const cut = (config, off) => ({ ...config, plugins: (config.plugins ?? []).filter("
        "(one) => !off.some((name) => groups[name].includes(one.name ?? one))) });",
        "export default base.default;",
    ]
    for variant in variants(base):
        for off in subsets:
            suffix = _suffix(frozenset(off))
            if suffix or variant != "default":
                lines.append(f"export const {variant}{suffix} = cut(base.{variant}, {json.dumps(off)});")
    return "\n".join(lines) + "\n"
