"""Which licences a corpus may hold: SPDX identifiers in, a reason for every exclusion out.

Refuses to guess: a licence that is not in the bundled SPDX list is excluded with that reason, and nothing is relicensed
or rounded to its nearest neighbour. An expression is judged by its parts: `OR` lets the better one count, `AND` the
worse. The trade-off: a short list of licences that enter unasked; any other must be named in `allow`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from text2svg.errors import ConfigError

NOASSERTION = "NOASSERTION"
"""SPDX's word for a licence nobody stated."""

PERMISSIVE: frozenset[str] = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-PDM-1.0", "CC0-1.0",
    "ISC", "MIT", "MIT-0", "OFL-1.1", "Unlicense", "Zlib",
})  # fmt: skip
"""In by default: attribution at most. CC-BY rows carry their attribution, see `attribution`."""

LOGOS = "logos"
"""The name under which brand and logo sets are opted in: `LicencePolicy(allow={"logos"})`."""

_LIST = Path(__file__).parents[1] / "assets" / "spdx.txt"
_FAMILIES = (
    (re.compile(r"CC-BY-NC\b|.*Noncommercial"), "non-commercial"),
    (re.compile(r"CC-BY-ND\b"), "no-derivatives"),
    (re.compile(r"CC-BY-SA\b|GFDL-|ODbL-"), "share-alike"),
    (re.compile(r"[AL]?GPL-|MPL-|EPL-|EUPL-|CDDL-|CECILL-|OSL-"), "copyleft"),
)
MAX_WORDS = 24  # (A OR B) AND (C OR D) AND ... doubles with each pair
_WORDS = re.compile(r"\(|\)|[^\s()]+")


@cache
def spdx() -> dict[str, str]:
    """Every SPDX identifier by its lower-case spelling, deprecated ones included."""
    lines = _LIST.read_text(encoding="ascii").splitlines()
    return {line.lower(): line for line in lines if line and not line.startswith("#")}


def spdx_of(text: str) -> str:
    """The identifier or expression in SPDX's own spelling; NOASSERTION when any part is not in the list."""
    words = _WORDS.findall(text)
    found = [word if word in "()" else word.upper() if _operator(word) else spdx().get(word.lower(), "") for word in words]
    if not found or "" in found:
        return NOASSERTION
    joined = " ".join(found).replace("( ", "(").replace(" )", ")")
    bare = joined[1:-1] if joined.count("(") == 1 and joined.startswith("(") and joined.endswith(")") else joined
    return bare if _alternatives(bare) else NOASSERTION


def asks_attribution(licence: str) -> bool:
    """Whether its terms ask for author, licence and link beside each use: every Creative Commons licence with BY."""
    return "CC-BY-" in licence


def require_spdx(identifiers: Iterable[str]) -> tuple[str, ...]:
    """The identifiers unchanged and in order; raises ConfigError when one is not in the bundled SPDX list."""
    given, known = tuple(identifiers), spdx()
    unknown = [name for name in given if known.get(name.lower()) != name]
    if unknown:
        near = difflib.get_close_matches(unknown[0].lower(), known, n=5, cutoff=0.4)
        names = ", ".join(known[name] for name in near) or "MIT, Apache-2.0, CC0-1.0, CC-BY-4.0"
        raise ConfigError(f"not a known SPDX licence: {', '.join(unknown)}", hint=f"did you mean: {names}")
    return given


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
            next((why for why in map(self._reason_of, parts) if why), "") for parts in _alternatives(licence) or [[licence]]
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


def _operator(word: str) -> bool:
    return word.upper() in ("AND", "OR")


def _alternatives(expression: str) -> list[list[str]]:
    """`A AND (B OR C)` as [[A, B], [A, C]]; empty when it is no expression. `WITH` is not spoken here."""
    words = _WORDS.findall(expression)
    found, rest = _any_of(words) if len(words) <= MAX_WORDS else ([], [])
    return [] if rest else found


def _any_of(words: list[str]) -> tuple[list[list[str]], list[str]]:
    found, rest = _all_of(words)
    while found and rest and rest[0].upper() == "OR":
        more, rest = _all_of(rest[1:])
        found = found + more if more else []
    return found, rest


def _all_of(words: list[str]) -> tuple[list[list[str]], list[str]]:
    found, rest = _one_of(words)
    while found and rest and rest[0].upper() == "AND":
        more, rest = _one_of(rest[1:])
        found = [left + right for left in found for right in more]
    return found, rest


def _one_of(words: list[str]) -> tuple[list[list[str]], list[str]]:
    if not words or words[0] == ")" or _operator(words[0]):
        return [], words
    if words[0] != "(":
        return [[words[0]]], words[1:]
    found, rest = _any_of(words[1:])
    return (found, rest[1:]) if rest and rest[0] == ")" else ([], rest)
