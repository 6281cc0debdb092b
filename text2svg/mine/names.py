"""Turns an icon's file name into the plain words a person would type, and the style words it carried.

`calendar-clock-24-filled` gives `calendar clock` and the marks `24`, `filled`. Refuses to translate or to guess a
meaning: it only cuts what the set's own metadata, or a short table made by reading the sets, calls a style, a size or a
variant number. `off` and `slash` are meaning and stay. The trade-off: a bare trailing number is dropped as a variant
(`calendar-2`) unless its set counts with it (`dice-1` ... `dice-6`), which loses a few real numbers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from text2svg.mine.styles import DUOTONE, FILLED, OUTLINE, WEIGHTS

SAFE_ENDINGS = frozenset({
    "outline", "outlined", "filled", "fill", "solid", "duotone", "twotone", "linear",
})  # fmt: skip
"""Style words that end a name of any set without meaning anything else."""

SET_ENDINGS: Mapping[str, frozenset[str]] = {
    "clarity": frozenset({"line", "outline", "solid"}),
    "majesticons": frozenset({"line"}),
    "lets-icons": frozenset({"light", "duotone", "line", "fill"}),
    "stash": frozenset({"light", "duotone", "solid"}),
    "jam": frozenset({"f"}),
    "fa": frozenset({"o"}),
    "vaadin": frozenset({"o"}),
    "uiw": frozenset({"o"}),
    "ei": frozenset({"o"}),
    "gis": frozenset({"o"}),
    "iwwa": frozenset({"o"}),
    "foundation": frozenset({"o"}),
    "line-md": frozenset({"twotone", "filled", "loop", "transition", "transition-loop"}),
    "garden": frozenset({"stroke", "fill", "26"}),
    "osmic": frozenset({"14"}),
    "maki": frozenset({"11", "15"}),
    "healthicons": frozenset({"24px", "outline"}),
    "nrk": frozenset({"expressive", "solid"}),
    "dinkie-icons": frozenset({"small", "filled"}),
    "icon-park": frozenset({"one", "two", "three", "four", "five"}),
    "icon-park-outline": frozenset({"one", "two", "three", "four", "five"}),
    "icon-park-solid": frozenset({"one", "two", "three", "four", "five"}),
    "icon-park-twotone": frozenset({"one", "two", "three", "four", "five"}),
    "flag": frozenset({"1x1", "4x3"}),
    "pixelarticons": frozenset({"sharp"}),
    "fluent-mdl2": frozenset({"solid"}),
    "bi": frozenset({"lg", "fill"}),
    "proicons": frozenset({"var"}),
    "ooui": frozenset({"ltr", "rtl"}),
    "pajamas": frozenset({"solid", "xs", "sm"}),
    "selfhst": frozenset({"light", "dark"}),
    "skill-icons": frozenset({"light", "dark"}),
}
"""Further endings that are style, size or variant in one set only; made by reading names of every set."""

SET_BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "medical-icon": ("i",),
    "healthicons": ("i",),
    "ion": ("ios", "md"),
    "bx": ("bx", "bxs", "bxl"),
    "geo": ("turf",),
    "fontelico": ("emo",),
    "vscode-icons": ("file-type-light", "file-type", "folder-type-light", "folder-type"),
    "streamline-block": ("other-ui", "basic-ui", "control-buttons", "basic-arrows"),
}
CATEGORY_FIRST = frozenset({"streamline-pixel", "streamline-block", "streamline-guidance", "covid"})
"""Sets whose names begin with their category, which says little about the drawing."""
_INFIX = {"f7": frozenset({"fill"}), "clarity": frozenset({"outline", "solid", "line"})}
VARIANTS = frozenset({"alt", "alternate", "variant", "alt1", "alt2", "alt3"})
_COUNTED = frozenset({
    "number", "numeric", "digit", "num", "dice", "die", "beaufort", "index", "level", "letter", "time", "hour",
    "heading", "battery", "signal", "filter", "looks", "exposure", "replay", "forward", "rank", "bar", "bars",
    "number-circle", "version", "web", "port", "apartments", "priority", "volume", "wifi", "hexagon",
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GLUED = re.compile(r"^([a-z]{3,})([2-9])$")
_GLUED_KEPT = frozenset({"html", "css", "web", "base", "mp", "typo", "line", "log", "vec", "num"})


@dataclass(frozen=True, slots=True)
class Name:
    """What a name says: plain `words` and the style `marks` cut from it."""

    words: tuple[str, ...]
    marks: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    """Trailing keywords of names that are lists of keywords."""

    @property
    def caption(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class NameReader:
    """Reads the names of one set. Build it with `NameReader.of(...)`, which looks at all names once."""

    prefix: str
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    counted: frozenset[str] = frozenset()
    """Bases that the set continues with ten or more different numbers: the number is meaning there."""
    titles: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(prefix: str, names: Iterable[str], suffixes: Mapping[str, str], prefixes: Mapping[str, str]) -> NameReader:
        """A reader for the set `prefix`; the two mappings are the set's own metadata and may be empty."""
        ends = sorted((end for end in suffixes if end), key=len, reverse=True)
        numbers: dict[str, set[str]] = defaultdict(set)
        for name in names:
            base, _, last = _cut_any(name, ends)[0].rpartition("-")
            if last.isdigit() and base:
                numbers[base].add(last)
        many = 99 if prefix.startswith(("streamline", "subway")) else 10
        counted = frozenset(base for base, seen in numbers.items() if len(seen) >= many)
        titles = dict(suffixes) | {f"{p}-": title for p, title in prefixes.items()}
        return NameReader(prefix, tuple(ends), tuple(sorted(prefixes, key=len, reverse=True)), counted, titles)

    def endings(self, names: Iterable[str]) -> Counter[str]:
        """How often names end in each style word, the empty word for unmarked ones; for `styles.set_lean`."""
        count: Counter[str] = Counter()
        for name in names:
            marks = self.read(name).marks
            strong = [mark for mark in marks if mark in OUTLINE or mark in FILLED or mark in DUOTONE]
            count[strong[0] if strong else ""] += 1
        return count

    def read(self, name: str, categories: Iterable[str] = ()) -> Name:
        """The words and marks of one name; never empty words. Categories repeated at the front of a name are cut."""
        rest, marks = self._cut_styles(name)
        firsts = tuple(map(_slug, categories)) if self.prefix in CATEGORY_FIRST else ()
        for start in (*SET_BEGINNINGS.get(self.prefix, ()), *firsts):
            if start and rest.startswith(start + "-") and len(rest) > len(start) + 1:
                rest = rest[len(start) + 1 :]
                break
        infix = _INFIX.get(self.prefix, frozenset())
        words = [word for word in _CAMEL.sub("-", rest).lower().replace("_", "-").split("-") if word]
        marks += [word for word in words if word in infix]
        words = [word for word in words if word not in infix]
        words, extra = self._cut_variants(words), ()
        if self.prefix.startswith("streamline") and len(words) > 4:
            unique = list(dict.fromkeys(words))
            words, extra = unique[:4], tuple(unique[4:])
        if not words:
            words, marks = [word for word in name.lower().split("-") if word] or [name], []
        return Name(_brand(tuple(words)), tuple(marks), extra)

    def _cut_styles(self, name: str) -> tuple[str, list[str]]:
        marks: list[str] = []
        rest = name
        for start in self.prefixes:
            if start and rest.startswith(start + "-"):
                rest = rest[len(start) + 1 :]
                marks += start.split("-")
                break
        rest, cut = _cut_any(rest, self.suffixes)
        marks += cut.split("-") if cut else self.titles.get("", "").lower().replace(" ", "-").split("-")
        if cut and cut in self.titles:
            marks += [word.lower() for word in self.titles[cut].split()]
        own = SET_ENDINGS.get(self.prefix, frozenset())
        while "-" in rest:
            base, _, last = rest.rpartition("-")
            if last not in own and (last not in SAFE_ENDINGS or base in ("paint", "bucket", "color")):
                break
            marks.append(last)
            rest = base
        return rest, [mark for mark in dict.fromkeys(marks) if mark]

    def _cut_variants(self, words: list[str]) -> list[str]:
        while len(words) > 1:
            last, before = words[-1], words[-2]
            base = "-".join(words[:-1])
            variant_number = last.isdigit() and (
                len(last) == 2
                and last[0] == "0"
                or (len(last) <= 2 and base not in self.counted and before not in _COUNTED and not before.isdigit())
            )
            if not variant_number and last not in VARIANTS:
                break
            words = words[:-1]
        return [_unglue(word) for word in words]


def _cut_any(name: str, ends: Iterable[str]) -> tuple[str, str]:
    for end in ends:
        if name.endswith("-" + end) and len(name) > len(end) + 1:
            return name[: -len(end) - 1], end
    return name, ""


def _unglue(word: str) -> str:
    """`sort3` and `clipboard2` are variants; `html5` and `mp3` are words."""
    glued = _GLUED.match(word)
    return glued[1] if glued and glued[1] not in _GLUED_KEPT else word


def _brand(words: tuple[str, ...]) -> tuple[str, ...]:
    """`brand twitter` and `logo twitter` become `twitter logo`."""
    if len(words) > 1 and words[0] in ("brand", "logo"):
        return (*words[1:], "logo")
    return words


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _CAMEL.sub("-", text).lower()).strip("-")


STYLE_WORDS = OUTLINE | FILLED | DUOTONE | WEIGHTS
"""Every word that `styles` understands."""
