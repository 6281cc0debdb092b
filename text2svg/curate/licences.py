"""Which licences a corpus may hold: SPDX identifiers in, a reason for every exclusion out.

Refuses to guess: a licence that is not in the bundled SPDX list is excluded with that reason, and nothing is relicensed
or rounded to its nearest neighbour. The trade-off: a short bundled list (the licences that icon sets and drawings
really carry) instead of all 700 SPDX entries; an exotic licence must be named in `allow` to enter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.errors import ConfigError

PERMISSIVE: frozenset[str] = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "ISC",
    "MIT", "MIT-0", "OFL-1.1", "Unlicense", "Zlib",
})  # fmt: skip
"""In by default: attribution at most. CC-BY rows carry their attribution, see `attribution`."""

ATTRIBUTION: frozenset[str] = frozenset({
    "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
})  # fmt: skip
"""Licences whose terms ask for author, licence and link beside each use."""

_RESTRICTED: dict[str, str] = {
    **dict.fromkeys(("CC-BY-SA-2.0", "CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "GFDL-1.3-only",
                     "GFDL-1.3-or-later", "ODbL-1.0"), "share-alike"),
    **dict.fromkeys(("GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later",
                     "LGPL-2.1", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only",
                     "LGPL-3.0-or-later", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "MPL-1.1", "MPL-2.0",
                     "EPL-2.0", "EUPL-1.2", "CDDL-1.0"), "copyleft"),
    **dict.fromkeys(("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0",
                     "CC-BY-NC-ND-4.0", "PolyForm-Noncommercial-1.0.0"), "non-commercial"),
    **dict.fromkeys(("CC-BY-ND-3.0", "CC-BY-ND-4.0"), "no-derivatives"),
}  # fmt: skip

_OTHER: frozenset[str] = frozenset({"CC-BY-2.0", "CC-BY-2.5", "CC-PDDC", "Artistic-2.0", "WTFPL", "AFL-3.0", "ECL-2.0"})

SPDX: frozenset[str] = PERMISSIVE | ATTRIBUTION | _OTHER | frozenset(_RESTRICTED)
"""Every identifier this module knows."""

LOGOS = "logos"
"""The name under which brand and logo sets are opted in: `LicencePolicy(allow={"logos"})`."""


def require_spdx(identifiers: Iterable[str]) -> tuple[str, ...]:
    """The identifiers unchanged and in order; raises ConfigError when one is not in the bundled SPDX list."""
    given = tuple(identifiers)
    unknown = [name for name in given if name not in SPDX]
    if unknown:
        names = ", ".join(sorted(SPDX))
        raise ConfigError(f"not a known SPDX licence: {', '.join(unknown)}", hint=f"write one of: {names}")
    return given


@dataclass(frozen=True, slots=True)
class LicencePolicy:
    """Says which rows may enter. `allow` opts in SPDX identifiers beyond the permissive ones, or `logos`."""

    allow: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    """When not empty, nothing but these identifiers enters, and `allow` adds nothing but `logos`."""

    def __post_init__(self) -> None:
        require_spdx(sorted((self.allow - {LOGOS}) | self.only))

    def reason(self, licence: str, *, logo: bool = False) -> str:
        """Why a row under `licence` stays out, as a stable code such as `licence:share-alike`; empty when it enters."""
        if logo and LOGOS not in self.allow:
            return "licence:logos"
        if self.only:
            return "" if licence in self.only else "licence:not-selected"
        if licence in PERMISSIVE or licence in self.allow:
            return ""
        if licence in ("", "NOASSERTION", "NONE"):
            return "licence:unstated"
        if licence not in SPDX:
            return "licence:unknown"
        return f"licence:{_RESTRICTED.get(licence, 'not-permissive')}"
