"""The gate between the web and the corpus: SVG text of any origin becomes strict, self-contained XML, or a reason.

What parses strictly stays as it was found; what only a forgiving parser reads (missing namespaces, HTML entities, a
DTD) is written anew. A sheet of `symbol`s becomes its symbols. Refuses what `svg.document` refuses. The trade-off:
drawings written anew lose comments and foreign metadata, so a licence inside is read before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.parsers import expat

from text2svg.errors import LimitError
from text2svg.svg.document import SVG_NS, XLINK_NS, Limits, parse, serialize

MAX_SYMBOLS = 500
MAX_BORROWED = 50  # elements of a sheet that one symbol may need
MAX_SHEET = 4_000_000  # characters of all symbols of a sheet, each with what it borrows
_SHEET = frozenset({"symbol", "defs", "title", "desc", "metadata", "style"})
_REFERENCE = re.compile(r"""url\(\s*["']?#|href=["']#""")
_FOREIGN = re.compile(r"<foreignObject\b.*?</foreignObject\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_RAW_TEXT = re.compile(r"(<style\b[^>]*>)(.*?)(</style\s*>)", re.DOTALL)
_TAG = re.compile(r'<([A-Za-z][^\s/>"]*)((?:\s+[^\s=">/]+(?:="[^"]*")?)*)\s*(/?)>')
_ATTRIBUTE = re.compile(r'\s+[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?="[^"<]*"(?=\s|$)')
_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_LOCAL = re.compile(r"""url\(\s*["']?#([^)"'\s]+)|href=["']#([^"']+)""")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A drawing that may enter; `name` is the id of the symbol it was, else empty."""

    raw: str
    name: str = ""


def admit(svg: str | bytes, limits: Limits = Limits(), used: frozenset[str] = frozenset()) -> list[Admitted]:
    """The drawings in one SVG text: itself, or the symbols of a sheet that are not among `used`. Raises SvgError."""
    document = parse(svg, limits)
    if is_sheet(document.root):
        return list(_symbols(document.root, used))
    text = svg if isinstance(svg, str) else _decode(svg)
    text = text.strip("\ufeff \t\r\n")
    return [Admitted(text if is_strict(text) else document.text)]


def is_strict(text: str) -> bool:
    """Whether every XML parser reads the text alike: namespaces declared, no DTD, an SVG root."""
    roots: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def root(name: str, _: Mapping[str, str]) -> None:
        roots.append(name)
        parser.StartElementHandler = None

    parser.StartElementHandler = root
    if not text or "<!DOCTYPE" in text:
        return False
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, UnicodeEncodeError, ValueError):
        return False
    return roots == [f"{SVG_NS} svg"]


def is_sheet(root: Element) -> bool:
    """Whether a drawing shows nothing and only offers symbols."""
    tags = {child.tag for child in root}
    return "symbol" in tags and tags <= _SHEET


def _decode(data: bytes) -> str:
    """UTF-8 text, or nothing strict, so that the parsed drawing is taken instead."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    declaration = text.lstrip()[:200].partition("?>")[0].lower()
    return "" if "encoding" in declaration and "utf-8" not in declaration else text


def _symbols(root: Element, used: frozenset[str]) -> Iterator[Admitted]:
    symbols = [child for child in root if child.tag == "symbol"]
    if len(symbols) > MAX_SYMBOLS:
        raise LimitError("symbol-limit", f"{len(symbols)} symbols, at most {MAX_SYMBOLS}")
    by_id = {element.get("id", ""): element for element in root.iter() if element.get("id")}
    shared = [child for child in root if child.tag == "style"]
    inherited = {k: v for k, v in root.attrib.items() if k.startswith(("fill", "stroke"))}
    size = 0
    for symbol in symbols:
        name = symbol.get("id", "")
        if name in used or not len(symbol):
            continue
        kept = {k: v for k, v in symbol.attrib.items() if k not in ("id", "class", "style", "x", "y")}
        drawing = Element("svg", {**inherited, **kept})
        drawing.extend(shared)
        drawing.extend(symbol)
        if needed := _needed(drawing, by_id, symbol):
            defs = Element("defs")
            defs.extend(needed)
            drawing.insert(0, defs)
        text = serialize(drawing)
        size += len(text)
        if size > MAX_SHEET:
            raise LimitError("symbol-limit", f"the symbols come to more than {MAX_SHEET} characters")
        yield Admitted(text, name)


def _needed(drawing: Element, by_id: Mapping[str, Element], own: Element) -> list[Element]:
    """What the drawing refers to elsewhere in the sheet, and what that refers to."""
    text = serialize(drawing)
    if not _REFERENCE.search(text):
        return []
    inside = {element.get("id") for element in own.iter()}
    found: dict[str, Element] = {}
    waiting = [a or b for a, b in _LOCAL.findall(text)]
    while waiting and len(found) < MAX_BORROWED:
        name = waiting.pop()
        if name in found or name in inside or name not in by_id:
            continue
        found[name] = by_id[name]
        waiting += [a or b for a, b in _LOCAL.findall(serialize(by_id[name]))]
    return list(found.values())


def declare(svg: str) -> str:
    """A drawing cut from HTML with the namespaces that HTML leaves out."""
    end = svg.find(">")
    head = svg[: end + 1]
    missing = "" if "xmlns=" in head else f' xmlns="{SVG_NS}"'
    if "xlink:" in svg and "xmlns:xlink" not in head:
        missing += f' xmlns:xlink="{XLINK_NS}"'
    return svg[:4] + missing + svg[4:] if missing else svg


def tidy(svg: str) -> str:
    """A drawing as an HTML serializer wrote it, without what HTML allows and XML does not.

    Attributes of page frameworks (`@click`, `:class`) and embedded HTML go, `<` and `&` in texts are escaped.
    """
    svg = _RAW_TEXT.sub(lambda m: m[1] + _escape(m[2]) + m[3], _FOREIGN.sub("", svg))
    return _TAG.sub(lambda m: f"<{m[1]}{''.join(_ATTRIBUTE.findall(m[2]))}{m[3]}>", svg)


def _escape(text: str) -> str:
    return _AMPERSAND.sub("&amp;", text).replace("<", "&lt;")
