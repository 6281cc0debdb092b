"""Every drawing an HTML page holds or points at, with what the page says about it.

Inline `svg` (in `template` too), what its `use` elements borrow elsewhere on the page, data URIs, and links: img,
srcset, source, object, embed, iframe, link, a, input, poster, external `use`, CSS `url(...)`. Refuses scripts: an SVG
in a JavaScript string stays there. Lexbor does the parsing, as browsers do, which also gives `viewBox` its case back; a
page without a trace of SVG is never parsed. The trade-off: what only a browser would build is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from text2svg.licence.evidence import from_page
from text2svg.mine.admit import declare
from text2svg.mine.links import MAX_DRAWINGS, MAX_NEAR_TEXT, Found, Links, Page, join
from text2svg.mine.words import Near, around, choose, of_name, plain

MAX_TAGS = 20_000
"""Of one page: Lexbor takes half a second for so many nested ones, and overflows its stack at 100,000."""
VERSION = 1
"""Raise it when the same page would now give other drawings."""
MAX_TEMPLATES = 50
_MARKS = (b"<svg", b".svg", b"image/svg", b"<SVG", b".SVG", b"<Svg")
_USE = re.compile(r"""<use\b[^>]*?\shref="([^"]*)"|<use\b[^>]*?xlink:href="([^"]*)\"""")
_LOCAL = re.compile(r"""url\(\s*(?:&quot;|["'])?#([^)"'&\s]+)|href="#([^"]+)\"""")
_ID = re.compile(r'\sid="([^"]+)"')
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})")
_ROOT = re.compile(r'<svg(?:[^>"]|"[^"]*")*>')
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_-]+)""", re.IGNORECASE)
MAX_BORROWED = 100_000  # characters that `use` may bring into one drawing
MAX_BORROWED_PAGE = 2_000_000  # into all drawings of a page


def has_trace(body: bytes) -> bool:
    """Whether parsing can find anything: 2 GB a second against 100 MB for parsing."""
    return any(mark in body for mark in _MARKS)


def too_many_tags(body: bytes) -> bool:
    """Whether a page might be too much for the parser."""
    return body.count(b"<") > MAX_TAGS


def decode(body: bytes, charset: str = "") -> str:
    """A page as text: UTF-8 when it is, else as the header or a meta element says, else Windows-1252."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _META.search(body[:2048])
    for name in (charset, declared[1].decode() if declared else ""):
        try:
            if name:
                return body.decode(name, "replace")
        except (LookupError, ValueError):
            continue
    return body.decode("utf-8" if charset == "utf-8" else "cp1252", "replace")


def extract(text: str, url: str) -> Page:
    """The drawings of a page; `url` is where it was in the end. Reads nothing else."""
    tree = LexborHTMLParser(text)
    page = Page()
    base = _base(tree, url) if "<base" in text or "<BASE" in text else url
    for node in tree.css("meta[name][content]"):
        page.metas.append(((node.attributes["name"] or "").strip().lower(), node.attributes["content"] or ""))
    trees = [tree, *_templates(tree, text)]
    finder = _Finder(trees)
    for each in trees:
        finder.inline(each, page)
    finder.sheets(page)
    links = Links(base, page)
    for href in finder.external:
        links.add(href.partition("#")[0], lambda name=href.partition("#")[2]: (of_name(name), ()))
    if ".svg" in text or "image/svg" in text or ".SVG" in text:
        for each in trees:
            links.collect(each)
    if "license" in text or "License" in text or "LICENSE" in text:
        marked = tree.css('[rel~="license" i][href]')
        page.claims += from_page(join(base, node.attributes["href"] or "") for node in marked)
    return page


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base")
    return join(url, (node.attributes.get("href") or "") if node else "") or url


def _templates(tree: LexborHTMLParser, text: str) -> Iterator[LexborHTMLParser]:
    """The contents of `template` elements, which no selector enters."""
    if "<template" not in text and "<TEMPLATE" not in text:
        return
    waiting, left = [tree], 2 * len(text)  # characters to parse again; templates nest
    for _ in range(MAX_TEMPLATES):
        if not waiting:
            return
        for node in waiting.pop().css("template"):
            markup = node.html or ""
            left -= len(markup)
            if left < 0:
                return
            inner = LexborHTMLParser(markup[markup.find(">") + 1 : markup.rfind("</template")])
            waiting.append(inner)
            yield inner


class _Finder:
    """Collects inline drawings and completes those that borrow."""

    def __init__(self, trees: list[LexborHTMLParser]) -> None:
        self.trees = trees
        self.external: list[str] = []
        self.used: set[str] = set()
        self._sheets: list[Found] = []
        self._ids: dict[str, Any] | None = None
        self._borrowed = 0
        self._near = Near(MAX_NEAR_TEXT)
        self._count = 0

    def inline(self, tree: LexborHTMLParser, page: Page) -> None:
        nodes = tree.css("svg")
        nested = {node.mem_id for node in tree.css("svg svg")} if len(nodes) > 1 else ()
        for node in nodes:
            if node.mem_id in nested:
                continue
            self._count += 1
            if self._count > MAX_DRAWINGS:
                page.drawings_left += 1
                continue
            markup = (node.html or "").replace("&nbsp;", "&#160;")
            if "<script" in markup:
                markup = _SCRIPT.sub("", markup)
            title = _TITLE.search(markup)
            hints = [plain(unescape(title[1])) if title else "", *around(node, self._near)]
            found = self._complete(markup, *choose(hints))
            (self._sheets if "<symbol" in markup and "<use" not in markup else page.drawings).append(found)

    def sheets(self, page: Page) -> None:
        """Sheets come last, when it is known which of their symbols are shown elsewhere."""
        used = frozenset(self.used)
        page.drawings += [Found(sheet.svg, sheet.caption, sheet.tags, used=used) for sheet in self._sheets]

    def _complete(self, markup: str, caption: str, tags: tuple[str, ...]) -> Found:
        if "<use" not in markup and "url(" not in markup:
            return Found(declare(markup), caption, tags)
        uses = [a or b for a, b in _USE.findall(markup)]
        outside = [href for href in uses if href and not href.startswith("#")]
        if outside:
            self.external += [href for href in outside if not href.startswith("data:")]
            return Found("", caption, tags, reason="external-use")
        borrowed, missing = self._borrow(markup)
        if any(href[1:] in missing for href in uses if href):
            return Found("", caption, tags, reason="no-target")
        named = next((of_name(href[1:]) for href in uses if href), "")
        caption, tags = choose([caption, *tags, named])
        root = _ROOT.match(markup)
        if borrowed and root:
            markup = f"{root[0]}<defs>{borrowed}</defs>{markup[root.end() :]}"
        return Found(declare(markup), caption, tags)

    def _borrow(self, markup: str) -> tuple[str, set[str]]:
        """Elements of the page that the drawing refers to and does not hold, and the names nobody has."""
        own = set(_ID.findall(markup))
        pieces: list[str] = []
        missing: set[str] = set()
        size = 0
        waiting = [a or b for a, b in _LOCAL.findall(markup)]
        while waiting:
            name = waiting.pop()
            if name in own or name in missing:
                continue
            node = self._by_id(name)
            if node is None:
                missing.add(name)
                continue
            piece = (node.html or "").replace("&nbsp;", "&#160;")
            size += len(piece)
            self._borrowed += len(piece)
            if size > MAX_BORROWED or self._borrowed > MAX_BORROWED_PAGE:
                missing.add(name)
                continue
            pieces.append(piece)
            own |= {name, *_ID.findall(piece)}
            self.used.add(name)
            waiting += [a or b for a, b in _LOCAL.findall(piece)]
        return "".join(pieces), missing

    def _by_id(self, name: str) -> Any | None:
        if self._ids is None:
            self._ids = {}
            for tree in self.trees:
                for node in tree.css("svg [id], svg[id]"):
                    self._ids.setdefault(node.id or "", node)
        return self._ids.get(name)
