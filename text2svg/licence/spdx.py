"""SPDX's words for licences: identifiers in its own spelling, and expressions taken apart.

Refuses to guess: what is not in the bundled list of 734 identifiers is NOASSERTION. The trade-off: `WITH` is not spoken
here, so a licence with an exception counts as none.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from text2svg.errors import ConfigError

NOASSERTION = "NOASSERTION"
"""SPDX's word for a licence nobody stated."""

_LIST = Path(__file__).parents[1] / "assets" / "spdx.txt"
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
    found = [
        word if word in "()" else word.upper() if _operator(word) else spdx().get(word.lower(), "") for word in words
    ]
    if not found or "" in found:
        return NOASSERTION
    joined = " ".join(found).replace("( ", "(").replace(" )", ")")
    bare = joined[1:-1] if joined.count("(") == 1 and joined.startswith("(") and joined.endswith(")") else joined
    return bare if alternatives(bare) else NOASSERTION


def require_spdx(identifiers: Iterable[str]) -> tuple[str, ...]:
    """The identifiers unchanged and in order; raises ConfigError when one is not in the bundled SPDX list."""
    given, known = tuple(identifiers), spdx()
    unknown = [name for name in given if known.get(name.lower()) != name]
    if unknown:
        near = difflib.get_close_matches(unknown[0].lower(), known, n=5, cutoff=0.4)
        names = ", ".join(known[name] for name in near) or "MIT, Apache-2.0, CC0-1.0, CC-BY-4.0"
        raise ConfigError(f"not a known SPDX licence: {', '.join(unknown)}", hint=f"did you mean: {names}")
    return given


def _operator(word: str) -> bool:
    return word.upper() in ("AND", "OR")


def alternatives(expression: str) -> list[list[str]]:
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
