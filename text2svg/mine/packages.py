"""Icon packages as corpus rows: one `Sample` an icon, with words, style, tags, author, licence and evidence.

Refuses to touch the network (see `npm`) and to repair drawings: `raw` is the icon as published. The trade-off: names
are read with rules made by looking at the 243 sets of `@iconify/json` 2.2.535; a new set gets the general rules only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from text2svg.mine.iconify import Icon, IconSet, choose_sets, read_set
from text2svg.mine.names import Name, NameReader
from text2svg.mine.styles import set_lean, set_marks, style_of
from text2svg.sample import Provenance, Sample, digest_of


class Policy(Protocol):
    """What decides whether a licence may enter; `curate.licences.LicencePolicy` is one."""

    def reason(self, licence: str, *, logo: bool = False) -> str:
        """Empty when rows under this licence enter, else a stable code."""
        ...


class KeywordSource(Protocol):
    """What knows further words for an icon; `keywords.Keywords` is one."""

    def words(self, icon_set: IconSet, icon: Icon, name: Name) -> tuple[str, tuple[str, ...]]:
        """A better caption (or an empty one) and the tags, most telling first."""
        ...


def iter_iconify(
    root: Path,
    sets: Sequence[str] | None,
    policy: Policy,
    *,
    keywords: KeywordSource | None = None,
    skipped: Counter[str] | None = None,
) -> Iterator[tuple[str, Iterator[Sample]]]:
    """Streams the sets under `root` that `policy` lets in: the set's name and its rows, in file order.

    `skipped` counts what stayed out by reason: `hidden`, `alias`, `licence:share-alike`, ... Each row iterator must be
    used before the next set is asked for. Raises SourceError for unknown sets and unreadable packages.
    """
    skipped = Counter() if skipped is None else skipped
    for prefix, path in choose_sets(root, sets).items():
        icon_set = read_set(path)
        reason = policy.reason(icon_set.licence, logo=icon_set.logo)
        if reason:
            skipped[reason] += len(icon_set.names)
            continue
        skipped["hidden"] += icon_set.hidden
        skipped["alias"] += icon_set.aliases
        if icon_set.names:
            yield prefix, samples_of(icon_set, keywords)


def samples_of(icon_set: IconSet, keywords: KeywordSource | None = None) -> Iterator[Sample]:
    """The rows of one set."""
    reader = NameReader.of(icon_set.prefix, icon_set.names, icon_set.suffixes, icon_set.prefixes)
    whole = set_marks(icon_set.title)
    lean = set_lean(icon_set.prefix, icon_set.title, reader.endings(icon_set.names))
    for icon in icon_set.icons():
        name = reader.read(icon.name, icon.categories)
        caption, tags = keywords.words(icon_set, icon, name) if keywords else ("", name.extra)
        raw = icon.svg()
        yield Sample(
            digest=digest_of(raw),
            raw=raw,
            provenance=Provenance(
                source="package",
                collection=icon_set.prefix,
                name=icon.name,
                url=f"https://icon-sets.iconify.design/{icon_set.prefix}/{icon.name}/",
                author=icon_set.author,
                licence=icon_set.licence,
                licence_evidence=icon_set.evidence,
            ),
            caption=caption or name.caption,
            tags=tags,
            categories=icon.categories,
            style=style_of(icon.body, name.marks or whole, palette=icon_set.palette, lean=lean),
            palette=icon_set.palette,
        )
