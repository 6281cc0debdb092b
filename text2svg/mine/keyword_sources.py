"""Reads the keyword lists that icon projects publish in their npm packages: the set, the icon's words, the tags.

Refuses to run the packages' code: catalogues that exist only as JavaScript are read with a pattern. The trade-off: one
small parser for each of eleven layouts, pinned in `npm.KEYWORD_PACKAGES`, because they share nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text2svg.errors import SourceError
from text2svg.mine.names import NameReader

Pair = tuple[str, Iterable[str]]

_PHOSPHOR = re.compile(r'name: "([^"]+)",.*?tags: \[([^\]]*)\]', re.S)
_QUOTED = re.compile(r'"([^"]*)"')
_FEATHER = re.compile(r'^module\.exports = (\{"activity":\[.*\});?$', re.M)


@dataclass(frozen=True, slots=True)
class Source:
    """One keyword list: the package, its licence, the Iconify sets it describes, and how to read it."""

    package: str
    licence: str
    sets: tuple[str, ...]
    read: Callable[[Path], Iterator[Pair]]


def tags_by_words(source: Source, folder: Path) -> dict[str, list[str]]:
    """Caption words of each icon to its raw tags, from the unpacked package in `folder`."""
    reader = NameReader(source.sets[0] if source.sets else "")
    found: dict[str, list[str]] = {}
    for name, tags in source.read(folder):
        slug = re.sub(r"[-_ ]+", "-", name).strip("-")
        kept = found.setdefault(reader.read(slug).caption, [])
        kept.extend(tag for tag in tags if tag not in kept)
    return found


def _tabler(folder: Path) -> Iterator[Pair]:
    for name, entry in _json(folder / "icons.json").items():
        yield name, map(str, entry["tags"])


def _fontawesome(folder: Path) -> Iterator[Pair]:
    for name, entry in _json(folder / "metadata" / "icon-families.json").items():
        terms = entry["search"]["terms"]
        yield name, terms
        for alias in (entry.get("aliases") or {}).get("names", ()):
            yield alias, terms


def _lucide(folder: Path) -> Iterator[Pair]:
    yield from _json(folder / "tags.json").items()


def _carbon(folder: Path) -> Iterator[Pair]:
    for entry in _json(folder / "metadata.json")["icons"]:
        yield entry["name"].lower(), entry.get("aliases", ())


def _phosphor(folder: Path) -> Iterator[Pair]:
    for name, tags in _PHOSPHOR.findall(_text(folder / "dist" / "index.mjs")):
        yield name, [tag for tag in _QUOTED.findall(tags) if not tag.startswith("*")]


def _mdi(folder: Path) -> Iterator[Pair]:
    for entry in _json(folder / "meta.json"):
        yield entry["name"], entry["aliases"]


def _healthicons(folder: Path) -> Iterator[Pair]:
    for entry in _json(folder / "public" / "icons" / "meta-data.json"):
        yield entry["id"], [entry["title"], *(tag for tag in entry["tags"] if ":" not in tag)]


def _octicons(folder: Path) -> Iterator[Pair]:
    for name, entry in _json(folder / "build" / "data.json").items():
        yield name, entry["keywords"]


def _feather(folder: Path) -> Iterator[Pair]:
    match = _FEATHER.search(_text(folder / "dist" / "feather.js"))
    if not match:
        raise SourceError("no tags in feather-icons", hint="use the pinned version")
    yield from json.loads(match[1]).items()


def _blueprint(folder: Path) -> Iterator[Pair]:
    for entry in _json(folder / "icons.json"):
        yield entry["iconName"], [tag.strip() for tag in entry["tags"].split(",")]


SOURCES: tuple[Source, ...] = (
    Source("@tabler/icons", "MIT", ("tabler",), _tabler),
    Source("@fortawesome/fontawesome-free", "CC-BY-4.0",
           ("fa7-solid", "fa7-regular", "fa6-solid", "fa6-regular", "fa-solid", "fa-regular", "la"), _fontawesome),
    Source("lucide-static", "ISC", ("lucide",), _lucide),
    Source("@phosphor-icons/core", "MIT", ("ph",), _phosphor),
    Source("@carbon/icons", "Apache-2.0", ("carbon",), _carbon),
    Source("healthicons", "MIT", ("healthicons",), _healthicons),
    Source("@mdi/svg", "Apache-2.0", ("mdi", "mdi-light"), _mdi),
    Source("feather-icons", "MIT", ("feather",), _feather),
    Source("@primer/octicons", "MIT", ("octicon",), _octicons),
    Source("@blueprintjs/icons", "Apache-2.0", (), _blueprint),
)  # fmt: skip
"""Richest first: borrowed keywords keep this order."""


def emoji_words(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Hex code, CLDR label and tags of each emoji, skin tones included, from the package emojibase-data."""
    for entry in _json(folder / "en" / "data.json"):
        yield entry["hexcode"], entry["label"], list(entry.get("tags", ()))
        for skin in entry.get("skins", ()):
            yield skin["hexcode"], skin["label"], list(entry.get("tags", ()))


def emoji_extra(folder: Path) -> Mapping[str, list[str]]:
    """Emoji character to further keywords, from the package emojilib; the first one is the name."""
    return _json(folder / "dist" / "emoji-en-US.json")


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError as error:
        raise SourceError(f"cannot read {path}: {error}", hint="install the pinned version again") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error}", hint="install the pinned version again") from error
