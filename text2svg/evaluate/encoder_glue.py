"""The three tasks of svg-super-glue, the first Text2SVG's own test of an encoder, made again from what can be had here.

    letters     is a glyph an a or a b; the faces of a font family lie in one part
    pairs       is the second drawing the optimized form of the first, or that of another one
    tags        which one of five tags an icon has; rows are split at random, as they were
    tags-apart  the same with all drawings of a caption in one part, so that none is recognised

`DIFFERS` says where each is not the published one. Refuses a part that comes out empty. The trade-off: the published rows
are not open, so figures stand beside the published ones and never on them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from text2svg.encode.words import key_of
from text2svg.errors import ConfigError

if TYPE_CHECKING:
    from text2svg.sample import Sample

PARTS = ("train", "val", "test")
TAGS = ("food", "love", "phone", "photography", "sun")
MOST = 1150
"""Drawings of one tag: the published classes are of about one size."""
PUBLISHED = {
    "letters": {"ModernBERT-base": 0.903, "SVG-BERT-base": 0.967},
    "pairs": {"ModernBERT-base": 0.880, "SVG-BERT-base": 0.960},
    "tags": {"ModernBERT-base": 0.332, "SVG-BERT-base": 0.508},
    "tags-apart": {},
}
"""Accuracy as the README of CTLab-ITMO/Text2SVG states it; both models have 150 M parameters."""
DIFFERS = {
    "letters": "open fonts of Debian instead of svg-fonts-simple; families apart, not faces at random",
    "pairs": "optimized icons of the corpus instead of svg-stack; how the others were paired is not published",
    "tags": "icons of the corpus instead of svgfind, canonical instead of as found",
    "tags-apart": "not published; harder than tags",
}
TASKS = tuple(DIFFERS)


class Example(NamedTuple):
    """One or two SVG texts and the number of their class; what shares a group is not split."""

    texts: tuple[str, ...]
    label: int
    group: str = ""


class Letter(NamedTuple):
    """A glyph in canonical form, and the family that it is of."""

    letter: str
    svg: str
    family: str


@dataclass(frozen=True, slots=True)
class GlueTask:
    """Parts by name."""

    name: str
    classes: int
    parts: dict[str, list[Example]]

    @property
    def majority(self) -> float:
        """Accuracy on the test part of who always says the commonest class of the training part."""
        common = Counter(example.label for example in self.parts["train"]).most_common(1)[0][0]
        return sum(example.label == common for example in self.parts["test"]) / len(self.parts["test"])

    def save(self, path: Path) -> None:
        """Write, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> GlueTask:
        """What `save` wrote. Raises ConfigError."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            parts = {
                part: [Example(tuple(texts), label, group) for texts, label, group in rows]
                for part, rows in values["parts"].items()
            }
            return cls(values["name"], values["classes"], parts)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"{path} is no task: {error}", hint="remove it, and it is made again") from error


def letters(glyphs: Iterable[Letter], seed: int = 0) -> GlueTask:
    """Parts in the published proportion, 3,000 to 946 to 2,000; a form that both letters or two families have is dropped."""
    found: dict[str, Letter] = {}
    twice = set()
    for glyph in glyphs:
        first = found.setdefault(glyph.svg, glyph)
        if (first.letter, first.family) != (glyph.letter, glyph.family):
            twice.add(glyph.svg)
    names = sorted({glyph.letter for glyph in found.values()})
    examples = [
        Example((one.svg,), names.index(one.letter), one.family) for one in found.values() if one.svg not in twice
    ]
    share = len(examples) / 5946
    sizes = (int(3000 * share), int(946 * share), int(2000 * share))
    return _split("letters", len(names), examples, sizes, seed)


def pairs(
    samples: Iterable[Sample], sizes: tuple[int, int, int] = (2000, 500, 1000), longest: int = 700, seed: int = 0
) -> GlueTask:
    """Half of the pairs belong together. Drawings whose two texts have more than `longest` characters are left out."""
    short = [one for one in samples if one.canonical and len(one.raw) + len(one.optimized) <= longest]
    rng = np.random.default_rng(seed)
    chosen = [short[at] for at in rng.permutation(len(short))[: sum(sizes)]]
    examples = [
        Example((one.raw, (one if own else other).optimized), int(own), one.digest)
        for one, other, own in zip(chosen, chosen[1:] + chosen[:1], rng.random(len(chosen)) < 0.5, strict=True)
    ]
    return _split("pairs", 2, examples, sizes, seed)


def tagged(
    samples: Iterable[Sample], apart: bool, sizes: tuple[int, int, int] = (4000, 500, 500), seed: int = 0
) -> GlueTask:
    """Canonical drawings with exactly one of five tags, at most `MOST` of each; `apart` keeps a caption's together."""
    found: dict[str, Example] = {}
    for one in samples:
        hits = {tag.lower() for tag in one.tags} & set(TAGS)
        if one.canonical and len(hits) == 1:
            label = TAGS.index(next(iter(hits)))
            group = key_of(one.caption) if apart else one.digest
            found.setdefault(one.optimized, Example((one.optimized,), label, group))
    rows, kept, counts = list(found.values()), [], Counter[int]()
    for at in np.random.default_rng(seed).permutation(len(rows)):
        counts[rows[at].label] += 1
        if counts[rows[at].label] <= MOST:
            kept.append(rows[at])
    return _split("tags-apart" if apart else "tags", len(TAGS), kept, sizes, seed)


def _split(name: str, classes: int, examples: Sequence[Example], sizes: tuple[int, int, int], seed: int) -> GlueTask:
    """Groups in a random order fill the test part, then the validation part, then the training part."""
    rng = np.random.default_rng((seed, 1))
    groups: dict[str, list[Example]] = {}
    for at in rng.permutation(len(examples)):
        groups.setdefault(examples[at].group, []).append(examples[at])
    wanted = dict(zip(PARTS, sizes, strict=True))
    parts: dict[str, list[Example]] = {part: [] for part in PARTS}
    for rows in groups.values():
        part = next((part for part in reversed(PARTS) if len(parts[part]) < wanted[part]), None)
        if part is None:
            break
        parts[part] += rows[: wanted[part] - len(parts[part])]
    if not all(parts.values()):
        counts = ", ".join(f"{len(rows)} {part}" for part, rows in parts.items())
        raise ConfigError(f"too few examples for {name}: {counts}", hint="give a larger corpus, or more fonts")
    return GlueTask(name, classes, parts)
