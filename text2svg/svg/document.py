"""Bounded, entity-safe parse of SVG text into a plain element tree.

Refuses: more bytes, elements, depth or reference expansion than `Limits` allows; external and parameter entities;
entity bombs; anything whose root is not `svg`. Never opens a file or a socket. It repairs only what costs one retry:
HTML entities (`&nbsp;`) and bare ampersands from scraped pages.

The tree holds `xml.etree.ElementTree.Element`s with local SVG names (`rect`, not `{ns}rect`), `xlink:href` spelled
`href`, `xml:space` spelled `xml:space`, and nothing of other namespaces. Namespaces are resolved here rather than by
expat, because icons in the wild use `xlink:` without declaring it; expat would refuse them.

The trade-off: white space between shapes, comments and foreign metadata are lost, so `.text` is an equivalent
drawing, not the author's bytes. Those stay in the corpus row.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.parsers import expat

from text2svg.errors import LimitError, ParseError
from text2svg.svg.references import check_expansion

SVG_NS = "http://www.w3.org/2000/svg"
XLINK_NS = "http://www.w3.org/1999/xlink"
XML_NS = "http://www.w3.org/XML/1998/namespace"

# What a scraped fragment means when it forgot to say so.
_ASSUMED: Mapping[str, str] = {"": SVG_NS, "svg": SVG_NS, "xlink": XLINK_NS, "xml": XML_NS}

_TEXTUAL = frozenset(["text", "tspan", "textPath", "title", "desc", "style", "script"])  # white space matters in these

_MAX_ENTITIES = 256  # Illustrator declares about a dozen
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
# Python also knows rot13, zlib and utf-7; an XML file has no business with those.
_CODECS = re.compile(
    r"(utf-?8|utf-?16(-?[lb]e)?|(us-)?ascii|iso-?8859-\d+|latin-?1|windows-125\d|cp125\d|macintosh|koi8-[ru]"
    r"|shift_?jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&([^#;&\s]+);")
_BARE_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_XML_ENTITIES = frozenset(["amp", "lt", "gt", "quot", "apos"])
_REPAIRABLE = frozenset(
    [
        expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY],
        expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN],
    ]
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets for one drawing; the defaults let 99.9 % of honest files pass."""

    max_bytes: int = 1_000_000
    """UTF-8 bytes of the text, and characters after entity expansion."""
    max_elements: int = 20_000
    max_depth: int = 64
    max_use_expansion: int = 5_000
    """Elements that `use` would add to the drawing."""
    max_paint_expansion: int = 100_000
    """Elements that patterns, masks, clips and markers would add, nested ones multiplied."""


@dataclass(frozen=True, slots=True)
class SvgDocument:
    """A parsed drawing inside its budgets. Not yet safe to show: see `sanitize`."""

    root: Element
    dropped: tuple[str, ...] = ()
    """Sorted: `foreign-element`, `foreign-attribute`, `processing-instruction`, `doctype`."""

    @property
    def text(self) -> str:
        """The drawing as one line of SVG, with its namespace and without a declaration."""
        return serialize(self.root)


def parse(text: str | bytes, limits: Limits = Limits()) -> SvgDocument:
    """Parse one SVG file or fragment. Raises ParseError or LimitError, nothing else."""
    source = _decode(text, limits) if isinstance(text, bytes) else text
    source = source.lstrip("\ufeff \t\r\n")
    _check_bytes(source, limits)
    builder = _Builder(source, limits)
    try:
        builder.run()
    except expat.ExpatError as error:
        repaired = _repair(source) if error.code in _REPAIRABLE else source
        if repaired == source:
            raise _not_well_formed(error) from None
        builder = _Builder(repaired, limits)
        try:
            builder.run()
        except expat.ExpatError as second:
            raise _not_well_formed(second) from None
    except UnicodeEncodeError:
        raise ParseError("encoding", "the text holds lone surrogates") from None
    if builder.root is None:
        raise ParseError("not-svg", "there is no element")
    check_expansion(source, builder.root, limits.max_use_expansion, limits.max_paint_expansion)
    return SvgDocument(builder.root, tuple(sorted(builder.dropped)))


def serialize(root: Element) -> str:
    """The tree as text: attributes in their own order, empty elements self-closed, nothing between tags."""
    pieces: list[str] = []
    _write(root, pieces, f' xmlns="{SVG_NS}"')
    return "".join(pieces)


def _write(element: Element, pieces: list[str], extra: str = "") -> None:
    pieces.append(f"<{element.tag}{extra}")
    for name, value in element.attrib.items():
        if "&" in value or "<" in value or '"' in value or not value.isprintable():
            value = _escape_attribute(value)
        pieces.append(f' {name}="{value}"')
    if not element.text and not len(element):
        pieces.append("/>")
        return
    pieces.append(">")
    if element.text:
        pieces.append(_escape_text(element.text))
    for child in element:
        _write(child, pieces)
        if child.tail:
            pieces.append(_escape_text(child.tail))
    pieces.append(f"</{element.tag}>")


def _escape_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _escape_attribute(text: str) -> str:
    text = _escape_text(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;")


def _decode(data: bytes, limits: Limits) -> str:
    if len(data) > 4 * limits.max_bytes:  # 4: no encoding spends more bytes on a character than UTF-32
        raise LimitError("byte-limit", f"{len(data)} bytes")
    codec = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    if not codec and data[:4] in (b"<\0s\0", b"<\0?\0", b"<\0!\0"):
        codec = "utf-16-le"
    elif not codec and data[:4] in (b"\0<\0s", b"\0<\0?", b"\0<\0!"):
        codec = "utf-16-be"
    elif not codec and (declared := _DECLARED.match(data[:256])):
        codec = declared[1].decode("ascii")
        if not _CODECS.match(codec):
            raise ParseError("encoding", f"unknown encoding {codec!r}")
        if codec.lower().startswith(("utf-16", "utf16")):
            codec = "utf-8"  # the declaration itself was readable as bytes, so it cannot be UTF-16
    try:
        return data.decode(codec or "utf-8")
    except (UnicodeDecodeError, LookupError):
        hint = "decompress the .svgz first" if data.startswith(b"\x1f\x8b") else "save the file as UTF-8"
        raise ParseError("encoding", f"not readable as {codec or 'utf-8'}", hint=hint) from None


def _check_bytes(source: str, limits: Limits) -> None:
    size = len(source) if source.isascii() else len(source.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        raise LimitError("byte-limit", f"{size} bytes, at most {limits.max_bytes}")


def _repair(source: str) -> str:
    """What an HTML parser forgives and XML does not: named entities and bare ampersands."""

    def named(match: re.Match[str]) -> str:
        name = match[1]
        if name in _XML_ENTITIES:
            return match[0]
        return html.entities.html5.get(name + ";", match[0])

    return _BARE_AMPERSAND.sub("&amp;", _REFERENCE.sub(named, source))


def _not_well_formed(error: expat.ExpatError) -> ParseError:
    return ParseError("not-well-formed", str(error))


class _Builder:
    """Expat's callbacks for one text. One use."""

    def __init__(self, source: str, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.root: Element | None = None
        self.dropped: set[str] = set()
        self.stack: list[Element] = []
        self.depth = 0
        self.elements = 0
        self.skipping = 0  # depth of the outermost foreign element we are inside of, or 0
        self.textual = 0  # depth of the outermost textual element we are inside of, or 0
        self.scope: Mapping[str, str] = _ASSUMED
        self.scopes: list[tuple[int, Mapping[str, str]]] = []
        self.entities: dict[str, str] = {}

    def run(self) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        source = self.source
        if "<!DOCTYPE" in source:
            parser.EntityDeclHandler = self.entity
            parser.StartDoctypeDeclHandler = self.doctype
            parser.EndDoctypeDeclHandler = self.check_entities
        if "<?" in source:
            parser.ProcessingInstructionHandler = self.instruction
        parser.Parse(source, True)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.elements > self.limits.max_elements:
            raise LimitError("element-limit", f"more than {self.limits.max_elements} elements")
        if self.depth > self.limits.max_depth:
            raise LimitError("depth-limit", f"more than {self.limits.max_depth} levels")
        if self.skipping:
            return
        if "xmlns" in attributes or any(key.startswith("xmlns:") for key in attributes):
            attributes = self.declare(attributes)
        prefix, _, local = name.rpartition(":")
        if self.scope.get(prefix) != SVG_NS:
            if self.depth == 1:
                raise ParseError("not-svg", f"the root is <{name[:40]}>")
            self.skipping = self.depth
            self.dropped.add("foreign-element")
            return
        for key in attributes:
            if ":" in key:
                attributes = self.own(attributes)
                break
        element = Element(local, attributes)
        if self.stack:
            self.stack[-1].append(element)
        elif local != "svg":
            raise ParseError("not-svg", f"the root is <{name[:40]}>")
        else:
            self.root = element
        self.stack.append(element)
        if not self.textual and local in _TEXTUAL:
            self.textual = self.depth

    def end(self, name: str) -> None:
        depth = self.depth
        if not self.skipping:
            self.stack.pop()
            if self.textual == depth:
                self.textual = 0
        elif self.skipping == depth:
            self.skipping = 0
        if self.scopes and self.scopes[-1][0] == depth:
            self.scope = self.scopes.pop()[1]
        self.depth = depth - 1

    def characters(self, text: str) -> None:
        if self.skipping or not self.stack or not (self.textual or text.strip()):
            return
        parent = self.stack[-1]
        if len(parent):
            last = parent[-1]
            last.tail = (last.tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def declare(self, attributes: dict[str, str]) -> dict[str, str]:
        """Open a namespace scope; returns the attributes without the declarations."""
        scope = dict(self.scope)
        rest: dict[str, str] = {}
        for key, value in attributes.items():
            if key == "xmlns":
                scope[""] = value
            elif key.startswith("xmlns:"):
                scope[key[6:]] = value
            else:
                rest[key] = value
        if self.depth == 1 and not scope[""]:
            scope[""] = SVG_NS  # xmlns="" on the root: the scraper's way of saying nothing
        self.scopes.append((self.depth, self.scope))
        self.scope = scope
        return rest

    def own(self, attributes: dict[str, str]) -> dict[str, str]:
        """Only the attributes SVG knows, under their plain names; `href` wins over `xlink:href`."""
        kept: dict[str, str] = {}
        for key, value in attributes.items():
            prefix, _, local = key.rpartition(":")
            if not prefix:
                kept[key] = value
            elif local == "href" and self.scope.get(prefix) == XLINK_NS:
                if "href" not in attributes:
                    kept["href"] = value
            elif local == "space" and self.scope.get(prefix) == XML_NS:
                kept["xml:space"] = value
            else:
                self.dropped.add("foreign-attribute")
        return kept

    def instruction(self, target: str, data: str) -> None:
        self.dropped.add("processing-instruction")

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        self.dropped.add("doctype")

    def entity(
        self, name: str, parameter: bool, value: str | None, base: str | None, system: str | None, *rest: object
    ) -> None:
        if parameter:
            raise ParseError("parameter-entity", f"%{name[:40]};")
        if value is None or system is not None:
            raise ParseError("external-entity", f"&{name[:40]};")
        self.entities.setdefault(name, value)
        if len(self.entities) > _MAX_ENTITIES:
            raise LimitError("entity-limit", f"more than {_MAX_ENTITIES} entities")

    def check_entities(self) -> None:
        """Compute how long the text gets once every entity is expanded, before expat does it."""
        lengths: dict[str, int] = {}

        def length(name: str, trail: tuple[str, ...]) -> int:
            if name in trail:
                raise ParseError("entity-cycle", f"&{name[:40]};")
            if name not in self.entities:
                return 0
            if name not in lengths:
                value = self.entities[name]
                inner = _REFERENCE.findall(value)
                lengths[name] = len(value) + sum(length(each, (*trail, name)) for each in inner)
            return lengths[name]

        total = len(self.source)
        for name in _REFERENCE.findall(self.source):
            total += length(name, ())
            if total > self.limits.max_bytes:
                raise LimitError("entity-expansion", f"more than {self.limits.max_bytes} characters")
