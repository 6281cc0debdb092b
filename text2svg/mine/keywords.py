"""Further words for icons: a set's own keywords, keywords borrowed from a namesake in another set, emoji labels.

Refuses to invent: every tag was written by an icon project for an icon of that name. The trade-off: a namesake may be
drawn otherwise (`mouse` the animal, `mouse` the device), so own keywords come first and borrowed ones follow.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from text2svg.errors import SourceError
from text2svg.mine.emoji import EMOJI_SETS, FLAG_SETS, Emoji, read_emoji
from text2svg.mine.iconify import Icon, IconSet, package_version
from text2svg.mine.keyword_sources import SOURCES, tags_by_words
from text2svg.mine.names import Name

MAX_TAGS = 24
"""Tags kept for one icon; emoji and Font Awesome give up to 60, and the last ones say little."""

GLUED_SETS = frozenset({"fxemoji", "whh", "formkit", "picon", "ls", "raphael", "fad", "sidekickicons"})
"""Sets whose names run words together: `businesscard`."""

_WORDS = re.compile(r"[a-z0-9][a-z0-9'+&.]*")
_TAG = re.compile(r"^[a-z0-9][a-z0-9 '+&./-]{1,29}$")


@dataclass(frozen=True, slots=True)
class Table:
    """One project's keywords: the Iconify sets it describes (maybe none), and tags by caption."""

    sets: tuple[str, ...]
    tags: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Keywords:
    """The merged keyword table. Load it from installed packages, or read back what `save` wrote."""

    own: tuple[Table, ...]
    emoji: Emoji
    sources: tuple[str, ...] = ()
    """`package version, licence` of each list."""
    _own: Mapping[str, Table] = field(default_factory=dict)
    _borrowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _counts: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def load(folder: Path) -> Keywords:
        """Reads the packages under `folder`/node_modules; missing ones are left out. SourceError when none is there."""
        modules = folder / "node_modules"
        own: list[Table] = []
        sources: list[str] = []
        for source in SOURCES:
            path = modules / source.package
            if path.is_dir():
                tags = {words: clean_tags(tags, words) for words, tags in tags_by_words(source, path).items()}
                own.append(Table(source.sets, {words: kept for words, kept in tags.items() if kept}))
                sources.append(f"{source.package} {package_version(path)[1]}, {source.licence}")
        emoji, emoji_sources = read_emoji(modules)
        if not own and not emoji_sources:
            raise SourceError(f"no keyword packages under {folder}", hint="install them, or import without keywords")
        return Keywords.of(tuple(own), emoji, (*sources, *emoji_sources))

    @staticmethod
    def of(own: tuple[Table, ...], emoji: Emoji, sources: tuple[str, ...]) -> Keywords:
        """A table with its index for borrowing built."""
        votes: dict[str, Counter[str]] = {}
        counts: Counter[str] = Counter()
        for words, tags in chain(*(sorted(table.tags.items()) for table in own), emoji.labels()):
            counts.update(words.split())
            counts.update(word for tag in tags for word in tag.split())
            votes.setdefault(_bag(words), Counter()).update(tags)
        # A tag that several projects wrote for the same name is the most telling; ties keep the order of SOURCES.
        borrowed = {key: tuple(sorted(tags, key=lambda tag: -tags[tag])) for key, tags in votes.items()}
        by_set = {name: table for table in own for name in table.sets}
        return Keywords(own, emoji, sources, by_set, borrowed, counts)

    def words(self, icon_set: IconSet, icon: Icon, name: Name) -> tuple[str, tuple[str, ...]]:
        """A better caption for an icon, or an empty one, and its tags, most telling first, at most MAX_TAGS."""
        caption, tags = "", ()
        if icon_set.prefix in FLAG_SETS:
            caption, tags = self.emoji.flag(name.words)
        elif icon_set.prefix in EMOJI_SETS:
            caption, tags = self.emoji.find(icon.chars, name.words)
        if not caption and icon_set.prefix in GLUED_SETS:
            caption = " ".join(part for word in name.words for part in self.split(word))
        best = caption or name.caption
        table = self._own.get(icon_set.prefix)
        merged = (*(table.tags.get(best, ()) if table else ()), *tags, *name.extra, *self._borrowed.get(_bag(best), ()))
        return caption, clean_tags(merged, best)[:MAX_TAGS]

    def split(self, word: str) -> list[str]:
        """Cuts words that were run together, by the frequency of words in the table; unknown text stays whole."""
        if word in self._counts or len(word) < 6:
            return [word]
        best: list[tuple[float, list[str]]] = [(0.0, [])]
        for end in range(1, len(word) + 1):
            choices = [
                (best[start][0] + self._cost(word[start:end]), [*best[start][1], word[start:end]])
                for start in range(max(0, end - 16), end)
            ]
            best.append(min(choices, key=lambda choice: choice[0]))
        parts = best[-1][1]
        return parts if all(self._counts.get(part, 0) >= 2 for part in parts) else [word]

    def _cost(self, word: str) -> float:
        count = self._counts.get(word, 0)
        # One and two letters are words only when they are common, else every unknown word falls to letters.
        if count < 3 or (len(word) == 1) or (len(word) == 2 and count < 40):
            return 12.0 + 8.0 * len(word)
        return 10.0 - min(6.0, count.bit_length() * 0.5)

    def save(self, path: Path) -> None:
        """Writes the table as gzipped JSON, the same bytes for the same table."""
        text = json.dumps(
            {
                "sources": self.sources,
                "own": [{"sets": table.sets, "tags": table.tags} for table in self.own],
                "emoji": self.emoji.rows(),
            },
            ensure_ascii=False,
            sort_keys=True,
        )
        path.write_bytes(gzip.compress(text.encode(), mtime=0))

    @staticmethod
    def read(path: Path) -> Keywords:
        """Reads back what `save` wrote. Raises SourceError when the file is not one."""
        try:
            data = json.loads(gzip.decompress(path.read_bytes()))
            own = tuple(Table(tuple(table["sets"]), table["tags"]) for table in data["own"])
            return Keywords.of(own, Emoji.of(data["emoji"]), tuple(data["sources"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise SourceError(f"cannot read keywords from {path}: {error}", hint="write it again") from error


def clean_tags(tags: Iterable[str], caption: str) -> tuple[str, ...]:
    """Lower-case plain tags in order, without repeats and without those that only say the caption again."""
    known = set(caption.split())
    kept: dict[str, None] = {}
    for tag in tags:
        plain = " ".join(_WORDS.findall(tag.lower().replace("_", " ").replace("-", " ")))
        plain = plain.removesuffix(" icon").removesuffix(" outline").removesuffix(" filled")
        if _TAG.match(plain) and plain.count(" ") < 4 and not known.issuperset(plain.split()):
            kept.setdefault(plain)
    return tuple(kept)


def _bag(words: str) -> str:
    return " ".join(sorted(words.split()))
