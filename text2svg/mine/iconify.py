"""Reads Iconify icon sets from an unpacked npm package: all of `@iconify/json`, or one `@iconify-json/<set>`.

Refuses to download or to choose by licence; it hands out what a set says about itself and counts what it skips
(hidden icons, and aliases, which are flips and renames). The trade-off: one set is parsed whole, 90 MB of JSON and
0.5 s at most, and icons then stream one at a time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text2svg.errors import SourceError

LOGO_CATEGORIES = frozenset({"Logos"})
LOGO_SETS = frozenset({
    "fa-brands", "fa6-brands", "fa7-brands", "bxl", "cib", "entypo-social", "brandico", "nonicons", "skill-icons",
    "logos", "simple-icons", "devicon", "devicon-plain", "devicon-original", "devicon-line", "file-icons",
    "vscode-icons", "material-icon-theme", "unjs", "gcp", "streamline-logos", "token", "token-branded",
    "cryptocurrency", "cryptocurrency-color", "thesvg", "thesvg-color", "selfhst", "cbi", "arcticons", "catppuccin",
    "academicons",
})  # fmt: skip
"""Sets that are mostly trademarks; some of them carry no category that says so."""


@dataclass(frozen=True, slots=True)
class Icon:
    """One visible icon of a set; numbers are the viewBox."""

    name: str
    body: str
    left: float
    top: float
    width: float
    height: float
    categories: tuple[str, ...] = ()
    chars: tuple[str, ...] = ()
    """Unicode code points the set assigns to the icon, lower-case hex with dashes."""

    def svg(self) -> str:
        """The icon as a document of its own."""
        box = " ".join(_number(value) for value in (self.left, self.top, self.width, self.height))
        xlink = ' xmlns:xlink="http://www.w3.org/1999/xlink"' if "xlink:" in self.body else ""
        return f'<svg xmlns="http://www.w3.org/2000/svg"{xlink} viewBox="{box}">{self.body}</svg>'


@dataclass(frozen=True, slots=True)
class IconSet:
    """A set: what it says about itself, and its parsed JSON."""

    prefix: str
    title: str
    author: str
    licence: str
    category: str
    palette: bool
    evidence: str
    suffixes: Mapping[str, str]
    prefixes: Mapping[str, str]
    hidden: int
    aliases: int
    names: tuple[str, ...]
    data: Mapping[str, Any]

    @property
    def logo(self) -> bool:
        """Whether the set consists of trademarks."""
        return self.category in LOGO_CATEGORIES or self.prefix in LOGO_SETS

    def icons(self) -> Iterator[Icon]:
        """The visible icons in the order of the file."""
        categories, chars = _by_icon(self.data.get("categories", {})), defaultdict(list)
        for char, name in self.data.get("chars", {}).items():
            chars[name].append(char)
        width, height = self.data.get("width", 16), self.data.get("height", 16)
        left, top = self.data.get("left", 0), self.data.get("top", 0)
        for name in self.names:
            entry = self.data["icons"][name]
            yield Icon(
                name, entry["body"],
                entry.get("left", left), entry.get("top", top),
                entry.get("width", width), entry.get("height", height),
                tuple(categories.get(name, ())), tuple(chars.get(name, ())),
            )  # fmt: skip


def list_sets(root: Path) -> dict[str, Path]:
    """The sets under an unpacked package folder: prefix to the JSON file. Raises SourceError when it holds none."""
    if (root / "icons.json").is_file():
        return {str(_load(root / "icons.json")["prefix"]): root / "icons.json"}
    files = sorted((root / "json").glob("*.json"))
    if not files:
        raise SourceError(
            f"no icon sets in {root}", hint="point at an unpacked @iconify/json or @iconify-json/<set> package"
        )
    return {file.stem: file for file in files}


def choose_sets(root: Path, sets: Sequence[str] | None) -> dict[str, Path]:
    """The wanted sets, or all when `sets` is None. Raises SourceError naming the unknown ones."""
    known = list_sets(root)
    if sets is None:
        return known
    unknown = [name for name in sets if name not in known]
    if unknown:
        raise SourceError(f"unknown icon sets: {', '.join(unknown)}", hint=f"known sets: {', '.join(sorted(known))}")
    return {name: known[name] for name in sets}


def read_set(path: Path) -> IconSet:
    """Parses one set with the metadata that lies beside it. Raises SourceError when the file is not an icon set."""
    data = _load(path)
    if "icons" not in data or "prefix" not in data:
        raise SourceError(f"{path.name} is not an Iconify icon set", hint="expected the keys prefix and icons")
    root = path.parent if path.name == "icons.json" else path.parent.parent
    prefix = str(data["prefix"])
    info, evidence = _info(root, prefix, data)
    extra = _load(root / "metadata.json") if (root / "metadata.json").is_file() else {}
    data = {**extra, **data}
    visible = tuple(name for name, entry in data["icons"].items() if not entry.get("hidden"))
    author, licence = info.get("author") or {}, info.get("license") or {}
    return IconSet(
        prefix=prefix,
        title=str(info.get("name", prefix)),
        author=str(author.get("name", "")),
        licence=str(licence.get("spdx", "")) or "NOASSERTION",
        category=str(info.get("category", "") or ""),
        palette=bool(info.get("palette", False)),
        evidence=evidence,
        suffixes=data.get("suffixes") or {},
        prefixes=data.get("prefixes") or {},
        hidden=len(data["icons"]) - len(visible),
        aliases=len(data.get("aliases", {})),
        names=visible,
        data=data,
    )


def package_version(root: Path) -> tuple[str, str]:
    """Name and version of an unpacked npm package; empty strings when it has no package.json."""
    path = root / "package.json"
    package = _load(path) if path.is_file() else {}
    return str(package.get("name", "")), str(package.get("version", ""))


def _info(root: Path, prefix: str, data: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    package = " ".join(part for part in package_version(root) if part) or root.name
    if (root / "collections.json").is_file():
        collections = _load(root / "collections.json")
        if prefix in collections:
            return collections[prefix], f"{package} collections.json"
    if (root / "info.json").is_file():
        return _load(root / "info.json"), f"{package} info.json"
    return data.get("info") or {}, f"{package} {prefix}.json"


def _by_icon(categories: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for category, names in categories.items():
        for name in names:
            found[name].append(category)
    return found


def _number(value: float) -> str:
    return f"{value:g}" if value == round(value, 4) else repr(round(value, 4))


def _load(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read {path}: {error}", hint="unpack the package again") from error
