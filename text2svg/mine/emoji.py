"""Emoji labels and flags: Unicode's own words for the drawings of emoji and flag sets.

Refuses to name what CLDR does not name; such icons keep the words of their file. The trade-off: English labels only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from text2svg.mine.iconify import package_version
from text2svg.mine.keyword_sources import emoji_extra, emoji_words

EMOJI_SETS = frozenset({
    "noto", "noto-v1", "twemoji", "openmoji", "emojione", "emojione-v1", "emojione-monotone", "fluent-emoji",
    "fluent-emoji-flat", "fluent-emoji-high-contrast", "fxemoji", "streamline-emojis",
})  # fmt: skip
FLAG_SETS = frozenset({"circle-flags", "flag", "flagpack", "cif"})

_WORDS = re.compile(r"[a-z0-9#*&+']+")
_TONES = ("medium-light", "medium-dark", "light", "medium", "dark")


@dataclass(frozen=True, slots=True)
class Emoji:
    """Labels and tags by hex code, with the spellings under which icon sets file them."""

    by_code: Mapping[str, tuple[str, tuple[str, ...]]]
    by_spelling: Mapping[str, str]

    @staticmethod
    def of(rows: Iterable[Sequence[object]]) -> Emoji:
        """A table from rows of code, label and tags; see `rows`."""
        by_code: dict[str, tuple[str, tuple[str, ...]]] = {}
        by_spelling: dict[str, str] = {}
        for key, label, tags in sorted((normal_code(str(row[0])), row[1], row[2]) for row in rows):
            words = plain_label(str(label))
            by_code[key] = (words, tuple(str(tag) for tag in tags if tag))  # type: ignore[attr-defined]
            by_spelling.setdefault(_spelling(words), key)
        return Emoji(by_code, by_spelling)

    def rows(self) -> list[list[object]]:
        """The table as plain lists, sorted by code; `of` reads it back."""
        return [[code, label, list(tags)] for code, (label, tags) in sorted(self.by_code.items())]

    def labels(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Labels and tags of emoji without a skin tone."""
        return (entry for entry in self.by_code.values() if "skin tone" not in entry[0])

    def find(self, codes: Sequence[str], words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Label and tags for an icon, by its code points, else by its spelling; empty when Unicode has none."""
        for code in codes:
            if normal_code(code) in self.by_code:
                return self.by_code[normal_code(code)]
        name = "-".join(words)
        tone = next((tone for tone in _TONES if name.endswith("-" + tone)), "")
        for spelling in (name, f"{name}-skin-tone" if tone else "", name.replace("flag-for-", "flag-")):
            code = self.by_spelling.get(_spelling(spelling), "") if spelling else ""
            if code:
                return self.by_code[code]
        return "", ()

    def flag(self, words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """`flag france` for the region `fr`, `flag england` for `gb eng`; else `flag` and the words."""
        region = "".join(words)
        if len(region) == 2 and region.isalpha():
            code = "-".join(f"{0x1F1E6 + ord(letter) - ord('a'):X}" for letter in region)
        else:
            code = "-".join(["1F3F4", *(f"{0xE0000 + ord(char):X}" for char in region), "E007F"])
        label, tags = self.by_code.get(code, ("", ()))
        return (label, tags) if label else (" ".join(("flag", *words)), ())


def read_emoji(modules: Path) -> tuple[Emoji, tuple[str, ...]]:
    """The emoji table from the packages emojibase-data and emojilib, where installed, and what to credit."""
    rows: list[tuple[str, str, list[str]]] = []
    sources: list[str] = []
    base, extra = modules / "emojibase-data", modules / "emojilib"
    if base.is_dir():
        rows = list(emoji_words(base))
        sources.append(f"emojibase-data {package_version(base)[1]}, MIT")
    if extra.is_dir() and rows:
        more = {normal_code("-".join(f"{ord(c):X}" for c in char)): tags for char, tags in emoji_extra(extra).items()}
        # Both lists are long and one is alphabetical; what both say comes first.
        rows = [(code, label, _agreed(tags, more.get(normal_code(code), ()))) for code, label, tags in rows]
        sources.append(f"emojilib {package_version(extra)[1]}, MIT")
    return Emoji.of(rows), tuple(sources)


def _agreed(one: Sequence[str], two: Sequence[str]) -> list[str]:
    common = {tag.lower() for tag in one} & {tag.lower() for tag in two}
    return sorted((*one, *two), key=lambda tag: tag.lower() not in common)


def normal_code(code: str) -> str:
    """Upper-case hex with dashes, without the variation selector that sets write or leave out at will."""
    return "-".join(part for part in code.upper().split("-") if part != "FE0F")


def plain_label(label: str) -> str:
    """`flag: France` gives `flag france`; `man: light skin tone` gives `man light skin tone`."""
    return " ".join(_WORDS.findall(label.lower().replace("’", "'").replace("-", " ").replace("!", " ")))


def _spelling(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
