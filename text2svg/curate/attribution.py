"""Writes the attribution that must travel with drawings: set, author, licence, link, and the drawings under each.

Refuses rows without an author or a link where their licence asks for them; a file that omits them would break the
licence in silence. The trade-off: one entry a set instead of one a drawing, with the names listed below it on request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.curate.licences import asks_attribution
from text2svg.errors import SourceError
from text2svg.sample import Provenance, Sample

LICENCE_URLS = {
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


@dataclass(frozen=True, slots=True)
class Credit:
    """What one set asks for, and its drawings that are used."""

    collection: str
    author: str
    licence: str
    url: str
    evidence: str
    count: int
    names: tuple[str, ...] = ()
    """Sorted; empty when names were not kept."""


def creditable(where: Provenance) -> bool:
    """Whether the credit that a row's licence asks for can be given."""
    return not asks_attribution(where.licence) or bool(where.author and where.url)


class Credits:
    """Collects credits row by row, in memory that grows with the sets (and with the names, when they are kept)."""

    def __init__(self, *, names: bool = False) -> None:
        self._keep_names = names
        self._found: dict[tuple[str, str], Credit] = {}
        self._names: dict[tuple[str, str], list[str]] = {}

    def add(self, where: Provenance) -> None:
        """One more drawing."""
        url = where.url.removesuffix(f"{where.name}/") if where.name else where.url
        self.merge([Credit(where.collection, where.author, where.licence, url, where.licence_evidence, 1)])
        if self._keep_names and where.name:
            self._names.setdefault((where.collection, where.licence), []).append(where.name)

    def merge(self, credits: Iterable[Credit]) -> None:
        """Adds what another collection of rows found; the first author, link and evidence of a set stay."""
        for one in credits:
            key = (one.collection, one.licence)
            seen = self._found.get(key)
            if seen is None:
                self._found[key] = one
                continue
            self._found[key] = Credit(
                one.collection, seen.author or one.author, one.licence, seen.url or one.url, seen.evidence or one.evidence,
                seen.count + one.count,
            )  # fmt: skip

    def all(self) -> list[Credit]:
        """One credit a collection and licence, sorted. Raises SourceError when a licence's demands cannot be met."""
        credits = []
        for key, one in sorted(self._found.items()):
            if asks_attribution(one.licence) and not (one.author and one.url):
                raise SourceError(
                    f"{one.licence} rows of {one.collection or 'an unnamed source'} name no author or link",
                    hint="leave this collection out",
                )
            names = tuple(sorted(self._names.get(key, ())))
            credits.append(Credit(one.collection, one.author, one.licence, one.url, one.evidence, one.count, names))
        return credits


def credits_of(samples: Iterable[Sample], *, names: bool = True) -> list[Credit]:
    """One credit a collection and licence, sorted. Raises SourceError when a licence's demands cannot be met."""
    found = Credits(names=names)
    for sample in samples:
        found.add(sample.provenance)
    return found.all()


def attribution_text(samples: Iterable[Sample], *, names: bool = False, changes: str = "") -> str:
    """Markdown that credits every drawing; `changes` says what was done to them, which CC-BY asks to state."""
    return credits_text(credits_of(samples, names=names), changes=changes)


def credits_text(credits: Iterable[Credit], *, changes: str = "") -> str:
    """The same from collected credits."""
    lines = ["# Attribution", ""]
    if changes:
        lines += [changes, ""]
    for credit in credits:
        by = f" by {credit.author}" if credit.author else ""
        source = f", from <{credit.url}>" if credit.url else ""
        lines += [f"## {credit.collection or 'Drawings without a collection'}", ""]
        lines += [f"{credit.count} drawings{by}, licence {licence_link(credit.licence)}{source}"]
        if credit.evidence:
            lines += [f"(licence as stated in {credit.evidence})"]
        if credit.names:
            lines += ["", ", ".join(credit.names)]
        lines.append("")
    return "\n".join(lines)


def licence_link(licence: str) -> str:
    """A Markdown link to the licence's text; an expression or NOASSERTION stays plain."""
    if " " in licence or licence == "NOASSERTION":
        return licence
    return f"[{licence}]({LICENCE_URLS.get(licence, f'https://spdx.org/licenses/{licence}.html')})"
