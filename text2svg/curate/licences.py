"""Which licences a corpus may hold: SPDX identifiers in, a reason for every exclusion out.

Refuses to guess: a licence that is not in the bundled SPDX list is excluded with that reason, and nothing is relicensed
or rounded to its nearest neighbour. An expression is judged by its parts: `OR` lets the better one count, `AND` the
worse. The trade-off: a short list of licences that enter unasked; any other must be named in `allow`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from text2svg.licence.spdx import NOASSERTION, alternatives, require_spdx, spdx

PERMISSIVE: frozenset[str] = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-PDM-1.0", "CC0-1.0",
    "ISC", "MIT", "MIT-0", "OFL-1.1", "Unlicense", "Zlib",
})  # fmt: skip
"""In by default: attribution at most. CC-BY rows carry their attribution, see `attribution`."""

LOGOS = "logos"
"""The name under which brand and logo sets are opted in: `LicencePolicy(allow={"logos"})`."""

_FAMILIES = (
    (re.compile(r"CC-BY-NC\b|.*Noncommercial"), "non-commercial"),
    (re.compile(r"CC-BY-ND\b"), "no-derivatives"),
    (re.compile(r"CC-BY-SA\b|GFDL-|ODbL-"), "share-alike"),
    (re.compile(r"[AL]?GPL-|MPL-|EPL-|EUPL-|CDDL-|CECILL-|OSL-"), "copyleft"),
)


def asks_attribution(licence: str) -> bool:
    """Whether its terms ask for author, licence and link beside each use: every Creative Commons licence with BY."""
    return "CC-BY-" in licence


@dataclass(frozen=True, slots=True)
class LicencePolicy:
    """Says which rows may enter. `allow` opts in SPDX identifiers beyond the permissive ones, or `logos`."""

    allow: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    """When not empty, nothing but these identifiers enters, and `allow` adds nothing but `logos`."""

    def __post_init__(self) -> None:
        require_spdx(sorted((self.allow - {LOGOS, NOASSERTION}) | (self.only - {NOASSERTION})))

    def reason(self, licence: str, *, logo: bool = False) -> str:
        """Why a row under `licence` stays out, as a stable code such as `licence:share-alike`; empty when it enters."""
        if logo and LOGOS not in self.allow:
            return "licence:logos"
        # One alternative that may enter is enough; within it, every part must.
        verdicts = [
            next((why for why in map(self._reason_of, parts) if why), "") for parts in alternatives(licence) or [[licence]]
        ]
        return "" if "" in verdicts else verdicts[0]

    def _reason_of(self, licence: str) -> str:
        if self.only:
            return "" if licence in self.only else "licence:not-selected"
        if licence in PERMISSIVE or licence in self.allow:
            return ""
        if licence in ("", NOASSERTION, "NONE"):
            return "licence:unstated"
        if licence.lower() not in spdx():
            return "licence:unknown"
        return "licence:" + next((name for family, name in _FAMILIES if family.match(licence)), "not-permissive")
