"""Finds out a drawing's licence from what is written about it, and keeps the words that say so.

Four places speak: the drawing itself (RDF `cc:license`, an SPDX tag in a comment), its page (`rel=license`), its package
and its data set card. The nearest to the drawing wins. Refuses to guess: two statements of one place that disagree, an
address without a version, and prose give NOASSERTION, with the evidence all the same. The trade-off: RDF is read by
pattern, not by a triple store, so a licence declared in another file is not followed. Strangers write what is read here:
every pattern is bounded, so that a megabyte costs milliseconds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from text2svg.licence.spdx import NOASSERTION, spdx, spdx_of
from text2svg.sample import Sample

Place = Literal["drawing", "page", "package", "card"]
PLACES: tuple[Place, ...] = ("drawing", "page", "package", "card")
"""Nearest first."""

MAX_EVIDENCE = 300  # characters kept; a licence link is shorter, prose is not evidence

_RDF = re.compile(
    r"""<(?:[\w-]{1,20}:)?licen[sc]e\b[^<>]{0,300}?\bresource\s?=\s?["']([^"']{1,300})["']""", re.IGNORECASE
)
_ABOUT = re.compile(r"""<(?:[\w-]{1,20}:)?Licen[sc]e\b[^<>]{0,300}?\babout\s?=\s?["']([^"']{1,300})["']""")
_TAG = re.compile(r"SPDX-License-Identifier:\s{0,9}((?:(?!--)[A-Za-z0-9.+() -]){2,120})")
_COMMENT = 2000  # characters before a tag in which its comment must begin
MAX_CLAIMS = 16  # statements of one kind in one drawing
_CC = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)(?:/([a-z]{2,4}))?(?=[/?#]|$)")
_BY_ID = re.compile(
    r"(?:spdx\.org/licenses|opensource\.org/licenses?|choosealicense\.com/licenses)/([\w.+-]+?)(?:\.html|\.php)?/?$"
)
_KNOWN = {
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "gnu.org/licenses/gpl-3.0": "GPL-3.0-only",
    "gnu.org/licenses/old-licenses/gpl-2.0": "GPL-2.0-only",
    "mozilla.org/mpl/2.0": "MPL-2.0",
    "scripts.sil.org/ofl": "OFL-1.1",
    "openfontlicense.org": "OFL-1.1",
    "unlicense.org": "Unlicense",
    "wtfpl.net": "WTFPL",
}
_CARD_LICENCE = re.compile(r"^licen[sc]e:[ \t]*(?:\n((?:[ \t]*-[^\n]*\n?)+)|([^\n]*))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about a licence."""

    place: Place
    licence: str
    """SPDX identifier or expression, or NOASSERTION when the statement names none."""
    evidence: str
    """What was read where, e.g. `rel=license https://creativecommons.org/licenses/by/4.0/`."""


def licence_of_url(url: str) -> str:
    """The SPDX identifier of a licence's address, or NOASSERTION."""
    plain = re.sub(r"^(?:https?:)?//(?:www\.)?", "", html.unescape(url).strip().lower())
    if match := _CC.match(plain):
        family, name, version, region = match.groups()
        stem = {"zero": "CC0", "mark": "CC-PDM"}.get(name, "") if family == "publicdomain" else f"CC-{name}"
        # Ported licences are licences of their own; `deed.en` and the like do not match as a region.
        return spdx().get(f"{stem}-{version}{f'-{region}' if region else ''}".lower(), NOASSERTION)
    if match := _BY_ID.match(plain):
        name = match[1].removesuffix("-license")
        return spdx().get(name, NOASSERTION)
    plain = plain.partition("#")[0].rstrip("/")
    for ending in ("", ".html", ".txt", ".en.html"):
        if (known := _KNOWN.get(plain.removesuffix(ending))) is not None:
            return known
    return NOASSERTION


def from_drawing(svg: str | bytes) -> list[Claim]:
    """What the text of a drawing says: RDF metadata and SPDX tags in comments."""
    if isinstance(svg, bytes):
        if b"icense" not in svg and b"icence" not in svg:
            return []
        svg = svg.decode("utf-8", "replace")
    if "icense" not in svg and "icence" not in svg:
        return []
    # A cc:License element describes the licence that cc:license names; alone it is still a statement.
    urls = _first(_RDF, svg) or _first(_ABOUT, svg)
    claims = [Claim("drawing", licence_of_url(url), _short(f"RDF cc:license {url}")) for url in urls]
    if "SPDX-License-Identifier" in svg:
        tags = dict.fromkeys(tag for tag, at in _first(_TAG, svg).items() if _in_comment(svg, at))
        claims += [Claim("drawing", spdx_of(tag), _short(f"SPDX-License-Identifier: {tag}")) for tag in tags]
    return claims


def _first(pattern: re.Pattern[str], text: str) -> dict[str, int]:
    """What a pattern's group matches first, each once, and where."""
    found: dict[str, int] = {}
    for match in islice(pattern.finditer(text), MAX_CLAIMS):
        found.setdefault(match[1].strip(), match.start())
    return found


def _in_comment(text: str, at: int) -> bool:
    before = text[max(0, at - _COMMENT) : at]
    return before.rfind("<!--") > before.rfind("-->")


def from_page(links: Iterable[str]) -> list[Claim]:
    """What `rel=license` links of a page say; addresses as found in href."""
    return [Claim("page", licence_of_url(url), _short(f"rel=license {url}")) for url in dict.fromkeys(links)]


def from_package(licence: str, where: str) -> list[Claim]:
    """What a package file's licence field says; `where` names package, version and file."""
    return [Claim("package", spdx_of(licence), _short(f"{where}: {licence}"))] if licence.strip() else []


def from_card(card: str, where: str) -> list[Claim]:
    """What the `license:` of a data set card's front matter says; several of them mean that rows differ: NOASSERTION."""
    head = re.match(r"\s*---\n(.*?)\n---", card, re.DOTALL)
    match = _CARD_LICENCE.search(head[1] + "\n") if head else None
    if match is None:
        return []
    names = [line.strip(" \t-'\"") for line in (match[1] or match[2]).splitlines() if line.strip(" \t-'\"")]
    licence = spdx_of(names[0]) if len(names) == 1 else NOASSERTION
    return [Claim("card", licence, _short(f"{where} license: {', '.join(names)}"))] if names else []


def settle(claims: Iterable[Claim]) -> Claim:
    """The one statement that counts: the nearest place that speaks, NOASSERTION when it contradicts itself."""
    given = list(claims)
    for place in PLACES:
        near = [claim for claim in given if claim.place == place]
        named = {claim.licence for claim in near}
        if len(named) == 1:
            return near[0]
        if near:
            return Claim(place, NOASSERTION, _short("; ".join(claim.evidence for claim in near)))
    return Claim("card", NOASSERTION, "")


def with_licence(sample: Sample, claims: Iterable[Claim] = ()) -> Sample:
    """The sample under the licence of its evidence: its own text first, then `claims`, then what it came with."""
    where = sample.provenance
    came: list[Claim] = []
    if where.licence != NOASSERTION:
        came = [Claim("card", spdx_of(where.licence), where.licence_evidence)]
    found = settle([*from_drawing(sample.raw), *claims, *came])
    if (found.licence, found.evidence) == (where.licence, where.licence_evidence) or not found.evidence:
        return sample
    return replace(sample, provenance=replace(where, licence=found.licence, licence_evidence=found.evidence))


def contradiction(sample: Sample) -> str:
    """The drawing's own statement when it names another licence than its provenance; else an empty text."""
    own = settle(from_drawing(sample.raw))
    stated = sample.provenance.licence
    if NOASSERTION in (own.licence, stated) or own.licence == stated:
        return ""
    return own.evidence


def _short(text: str) -> str:
    return " ".join(text.split())[:MAX_EVIDENCE]
