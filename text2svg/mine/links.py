"""What a page points at: addresses of drawings in attributes and CSS, and drawings inside data URIs.

Refuses more than a page's share: what is beyond is counted and not looked at, because a page may hold a million. The
trade-off: an address is taken for a drawing when it says svg somewhere or its element gives that type; a server that
sends SVG under another name is not noticed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin

from text2svg.licence.evidence import Claim
from text2svg.mine.words import Near, around, choose, of_file

MAX_DRAWINGS = 500
MAX_LINKS = 64
MAX_NEAR_TEXT = 500_000  # characters of a page that are read for hints
_HOLDERS = ("src", "href", "data", "srcset", "style", "poster")
_LINKS = ",".join(
    [f'[{name}*="{mark}" i]' for name in _HOLDERS for mark in (".svg", "image/svg")]
    + ['[type="image/svg+xml" i]', "style"]
)
_URLS = ("src", "href", "xlink:href", "data", "poster")
Hints = Callable[[], tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Found:
    """A drawing on the page: its text, or the reason it is none."""

    svg: str | bytes
    caption: str = ""
    tags: tuple[str, ...] = ()
    how: str = "inline"
    """`inline` or `data`."""
    used: frozenset[str] = frozenset()
    """Symbols of a sheet that other drawings of the page show."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A drawing elsewhere."""

    url: str
    caption: str = ""
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Page:
    """What a page gave."""

    drawings: list[Found] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    drawings_left: int = 0
    """Inline drawings beyond the limit."""
    links_left: int = 0
    metas: list[tuple[str, str]] = field(default_factory=list)
    """Name and content of meta elements that have both, names in lower case."""
    claims: list[Claim] = field(default_factory=list)
    """What its `rel=license` links say."""


def join(base: str, href: str) -> str:
    """An address made absolute; empty when it is none."""
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return ""


class Links:
    """Collects linked drawings and data URIs, each once."""

    def __init__(self, base: str, page: Page) -> None:
        self.base = base
        self.page = page
        self.seen: set[str] = set()
        self.taken: set[str] = set()
        self.near = Near(MAX_NEAR_TEXT)

    def collect(self, tree: Any) -> None:
        for node in tree.css(_LINKS):
            if node.tag == "use":
                continue
            if node.tag == "style":
                self._css(node.text() or "", _no_hints)
                continue
            attributes = node.attributes
            typed = "svg" in (attributes.get("type") or "").lower()

            def hints(node: Any = node) -> tuple[str, tuple[str, ...]]:
                return choose(around(node, self.near))

            for name in _URLS:
                value = attributes.get(name) or ""
                if value and (typed or _is_drawing(value)):
                    self.add(value, hints)
            if "srcset" in attributes:
                for value in candidates(attributes["srcset"] or ""):
                    if typed or _is_drawing(value):
                        self.add(value, hints)
            if "style" in attributes:
                self._css(attributes["style"] or "", hints)

    def _css(self, text: str, hints: Hints) -> None:
        for value in css_urls(text):
            if _is_drawing(value):
                self.add(value, hints)

    def add(self, href: str, hints: Hints) -> None:
        """Notes one address, or unpacks it when it is a data URI."""
        if href in self.seen:
            return
        if len(self.seen) >= MAX_DRAWINGS:
            self.page.links_left += 1
            return
        self.seen.add(href)
        if href[:5].lower() == "data:":
            self.page.drawings.append(_unpack(href, *hints()))
            return
        if not (url := join(self.base, href.partition("#")[0])) or url in self.taken:
            return
        self.taken.add(url)
        if len(self.page.links) >= MAX_LINKS:
            self.page.links_left += 1
            return
        caption, tags = hints()
        self.page.links.append(Link(url, *choose([caption, *tags, of_file(url)])))


def _no_hints() -> tuple[str, tuple[str, ...]]:
    return "", ()


def candidates(srcset: str) -> Iterator[str]:
    """The addresses in a srcset attribute: words that follow a comma or nothing, without their commas."""
    fresh = True
    for word in srcset.split():
        first, comma, rest = ("", "", word) if fresh else word.partition(",")
        if fresh or comma:
            address = rest if comma or fresh else first
            if address.strip(","):
                yield address.strip(",")
                fresh = address.endswith(",")
                continue
            fresh = True
    return


def css_urls(text: str) -> Iterator[str]:
    """The addresses in CSS `url(...)`; one pass, and the first that never closes ends it."""
    at = text.find("url(")
    while at >= 0:
        start = at + 4
        while text[start : start + 1].isspace():
            start += 1
        quote = text[start : start + 1]
        quoted = quote in ("'", '"')
        end = text.find(quote if quoted else ")", start + quoted)
        if end < 0:
            return
        yield text[start + quoted : end].strip()
        at = text.find("url(", end)


def _is_drawing(href: str) -> bool:
    lower = href[:2000].lower()
    return lower.startswith("data:image/svg") or (".svg" in lower and not lower.startswith("data:"))


def _unpack(href: str, caption: str, tags: tuple[str, ...]) -> Found:
    """The drawing in a data URI, in percent or base64 form."""
    head, comma, body = href.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        data = unquote_to_bytes(body)
        if head.lower().replace(" ", "").endswith(";base64"):
            data = base64.b64decode(b"".join(data.split()) + b"==", validate=False)
    except (ValueError, binascii.Error):
        return Found("", caption, tags, "data", reason="data-uri")
    return Found(data, caption, tags, "data")
