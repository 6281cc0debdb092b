"""Caption hints: what the page around a drawing says it shows, as short plain words.

Reads, in this order: the drawing's own title and labels, labels of what encloses it, names in class and id attributes,
nearby text. Refuses sentences longer than a dozen words and hints without a letter. The trade-off: no grammar; the
caption stage makes sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

MAX_CHARS = 120
MAX_WORDS = 12
NEAR = 3
"""Ancestors that are looked at."""
_LETTER = re.compile(r"[^\W\d_]")
_SPLIT = re.compile(r"[\s_\-.+/]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DULL = frozenset(
    "icon icons ico svg img image images logo-img symbol glyph sprite inline asset assets the of and for file "
    "untitled layer group ic fa bi ti mdi ph i".split()
)
_CLASS = re.compile(r"^(?:icons?|svg|bi|fa|ti|ph|mdi|lucide|tabler|feather|glyph|symbol|ic|i)[-_]+(\w[\w-]*)$")
_NAMED = ("data-icon", "data-lucide", "data-feather", "data-name")
_ENCLOSING = frozenset({"a", "button", "label", "li", "figure", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "summary"})


def plain(text: str | None) -> str:
    """One line of lower-case words, or empty when it says nothing or too much."""
    found = " ".join((text or "").split()).lower()
    if not _LETTER.search(found) or len(found) > MAX_CHARS or found.count(" ") >= MAX_WORDS:
        return ""
    return found


def of_name(name: str) -> str:
    """`ic_arrow-left.min` gives `arrow left`."""
    parts = _SPLIT.split(_CAMEL.sub(" ", unquote(name)))
    kept = [part.lower() for part in parts if part and part.lower() not in (*_DULL, "min", "optimized")]
    if any(len(part) > 24 for part in kept):  # a hash, not a word
        return ""
    return plain(" ".join(kept))


def of_file(url: str) -> str:
    """The words in the last part of a URL's path."""
    path = urlsplit(url).path
    return of_name(path.rsplit("/", 1)[-1].rsplit(".", 1)[0])


@dataclass(slots=True)
class Near:
    """How many more characters of nearby text may be read on a page; a page can repeat one text without end."""

    left: int

    def text(self, node: Any) -> str:
        """The text of what encloses a drawing, or nothing when the page's share is used up."""
        if self.left <= 0:
            return ""
        found = node.text(separator=" ", strip=True)
        self.left -= len(found)
        return plain(found[: MAX_CHARS + 1])


def around(node: Any, near: Near) -> Iterator[str]:
    """Hints for a selectolax node, best first; empty ones included."""
    attributes = node.attributes
    yield from (plain(attributes.get(name)) for name in ("aria-label", "title", "alt"))
    yield from (of_name(attributes[name] or "") for name in _NAMED if name in attributes)
    parents = _ancestors(node)
    for parent in parents:
        found = parent.attributes
        yield from (plain(found.get(name)) for name in ("aria-label", "title", "data-tooltip"))
    for name in (attributes.get("class") or "").split():
        if match := _CLASS.match(name):
            yield of_name(match[1])
    for parent in parents:
        if parent.tag in _ENCLOSING:
            yield near.text(parent)
    yield of_name(attributes.get("id") or "")


def _ancestors(node: Any) -> list[Any]:
    found = []
    parent = node.parent
    while parent is not None and len(found) < NEAR and parent.tag not in ("body", "html", "-undef"):
        found.append(parent)
        parent = parent.parent
    return found


def choose(hints: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The best hint as the caption, the others as tags."""
    distinct = list(dict.fromkeys(hint for hint in hints if hint))
    return (distinct[0], tuple(distinct[1:6])) if distinct else ("", ())
