"""Marks drawings that were seen before, by their text and by their canonical form, and keeps every sighting.

Refuses to delete: a duplicate is a further provenance of its original, and how often a drawing is found says how much
it is liked. Near-duplicates (another weight of the same glyph) are not duplicates. The trade-off: 32 bytes of memory a
distinct drawing, instead of a second pass over the shards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from text2svg.sample import Provenance, Sample

_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEWBOX = re.compile(r"""\bviewBox\s*=\s*["']([^"']*)["']""")
_SPACE = re.compile(r"\s+")
_ID = re.compile(r"""\bid\s*=\s*["']([^"']+)["']""")
_MENTION = re.compile(r"""(\bid\s*=\s*["']|#)([^"')\s;]+)""")


@dataclass(frozen=True, slots=True)
class Mark:
    """What deduplication says about one row."""

    sample: Sample
    kind: Literal["", "exact", "canonical"]
    """Empty for the first sighting of a drawing."""
    original: str
    """Digest of the first row with this drawing; the row's own digest when it is the first."""


def drawing_key(svg: str) -> bytes:
    """A key that is equal for two texts with the same viewBox and body; ids are numbered, outer attributes ignored."""
    root = _ROOT.search(svg)
    head, body = (root[0], svg[root.end() :]) if root else ("", svg)
    viewbox = _VIEWBOX.search(head)
    # Icon packages write random ids: 1,243 of 338,793 icons differ in nothing else.
    names = {name: f"id-{number}" for number, name in enumerate(dict.fromkeys(_ID.findall(body)))}
    if names:
        body = _MENTION.sub(lambda match: match[1] + names.get(match[2], match[2]), body)
    text = f"{_SPACE.sub(' ', viewbox[1].strip()) if viewbox else ''}|{_SPACE.sub(' ', body).strip()}"
    return sha256(text.encode()).digest()


class Deduplicator:
    """Remembers what it has seen. One object a corpus; rows come in any order, the first one is the original."""

    def __init__(self) -> None:
        self._exact: dict[bytes, str] = {}
        self._canonical: dict[bytes, str] = {}
        self.sightings: dict[str, list[Provenance]] = {}
        """Every provenance of each original with more than one, the original's own first."""
        self._first: dict[str, Provenance] = {}

    def mark(self, samples: Iterable[Sample]) -> Iterator[Mark]:
        """One mark a row, in order."""
        for sample in samples:
            yield self.see(sample)

    def see(self, sample: Sample) -> Mark:
        """Marks one row and remembers it."""
        text = drawing_key(sample.raw)
        exact = self._exact.setdefault(text, sample.digest)
        repeated = exact in self._first
        kind: Literal["", "exact", "canonical"] = "exact" if repeated else ""
        original = exact
        if sample.canonical:
            key = sha256(sample.optimized.encode()).digest()
            canonical = self._canonical.setdefault(key, original)
            if not repeated and canonical != original:
                kind, original = "canonical", canonical
                self._exact[text] = original
        if kind:
            self.sightings.setdefault(original, [self._first[original]]).append(sample.provenance)
        else:
            self._first[original] = sample.provenance
        return Mark(sample, kind, original)
