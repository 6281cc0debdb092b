"""Writes the attribution that must travel with drawings: set, author, licence, link, and the drawings under each.

Refuses rows without an author or a link where their licence asks for them; a file that omits them would break the
licence in silence. The trade-off: one entry a set instead of one a drawing, with the names listed below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.curate.licences import asks_attribution
from text2svg.errors import SourceError
from text2svg.sample import Sample

LICENCE_URLS = {
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


@dataclass(frozen=True, slots=True)
class Credit:
    """What one set asks for, and the names of its drawings that are used."""

    collection: str
    author: str
    licence: str
    url: str
    evidence: str
    names: tuple[str, ...]


def credits_of(samples: Iterable[Sample]) -> list[Credit]:
    """One credit a collection and licence, sorted. Raises SourceError when a licence's demands cannot be met."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.provenance.collection, sample.provenance.licence), []).append(sample)
    found = []
    for (collection, licence), rows in sorted(groups.items()):
        first = rows[0].provenance
        author = next((row.provenance.author for row in rows if row.provenance.author), "")
        url = first.url.removesuffix(f"{first.name}/") if first.name else first.url
        if asks_attribution(licence) and not (author and url):
            raise SourceError(
                f"{licence} rows of {collection or 'an unnamed source'} name no author or link",
                hint="leave this collection out",
            )
        names = tuple(sorted(row.provenance.name for row in rows if row.provenance.name))
        found.append(Credit(collection, author, licence, url, first.licence_evidence, names))
    return found


def attribution_text(samples: Iterable[Sample], *, names: bool = False, changes: str = "") -> str:
    """Markdown that credits every drawing; `changes` says what was done to them, which CC-BY asks to state."""
    lines = ["# Attribution", ""]
    if changes:
        lines += [changes, ""]
    for credit in credits_of(samples):
        url = LICENCE_URLS.get(credit.licence, f"https://spdx.org/licenses/{credit.licence}.html")
        by = f" by {credit.author}" if credit.author else ""
        lines += [f"## {credit.collection}", ""]
        lines += [f"{len(credit.names)} drawings{by}, licence [{credit.licence}]({url}), from <{credit.url}>"]
        if credit.evidence:
            lines += [f"(licence as stated in {credit.evidence})"]
        if names:
            lines += ["", ", ".join(credit.names)]
        lines.append("")
    return "\n".join(lines)
