"""Make any SVG safe to show: rebuild it from the allow-list, with style sheets resolved into attributes.

Refuses nothing that `document.parse` lets through; it removes, and says what and why. The result holds no script,
event handler, animation, link, foreign content, style sheet, and no reference that leaves the drawing. Meant for
`<img>`; shown inline it still cannot run or fetch anything. The trade-off: ids nobody refers to, classes and comments
go too, so a page's own scripts lose their handles.

Reasons in `Sanitized.removed`, each followed by `:name` where a name says more:
`script` `event` `animation` `foreign-object` `link` `image` `external-reference` `element` `attribute` `value`
`css-error` `css-rule` `css-selector` `css-property` `css-value` `text`, and what the parse dropped: `foreign-element`
`foreign-attribute` `processing-instruction` `doctype`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from text2svg.errors import LimitError
from text2svg.svg.allowed import ELEMENTS, INERT, PRESENTATION
from text2svg.svg.document import Limits, SvgDocument, parse, serialize
from text2svg.svg.references import check_expansion

if TYPE_CHECKING:
    from text2svg.svg.css import Declaration, Sheet

_TEXTUAL = frozenset(["text", "tspan", "textPath", "title", "desc"])
_PROSE = frozenset(["title", "desc"])
_ANIMATION = frozenset(["animate", "animateColor", "animateMotion", "animateTransform", "set", "mpath", "discard"])
_QUIET = frozenset(["style", "metadata"])
_USED = re.compile(r"""url\(#([^)]+)\)""")
_MAX_REASONS = 100  # a hostile file can invent as many names as it has bytes
_NAMED = ("aria-labelledby", "aria-describedby")


@dataclass(frozen=True, slots=True)
class Sanitized:
    """A safe drawing and the sorted reasons for everything that had to go."""

    text: str
    removed: tuple[str, ...]
    document: SvgDocument = field(repr=False, compare=False)
    """The same drawing as a tree, for those who would parse the text next."""


def sanitize(text: str | bytes, limits: Limits = Limits(), *, keep_images: bool = False) -> Sanitized:
    """The safe form of an SVG. Raises ParseError or LimitError.

    `keep_images` lets raster images through when they are embedded as base64 PNG, JPEG, WebP or GIF.
    """
    document = parse(text, limits)
    cleaner = _Cleaner(document.root, limits, keep_images)
    root = cleaner.run()
    # Again, on what is left: a style sheet's references are attributes now, and a removed element may have hidden
    # another one of the same id.
    safe = serialize(root)
    check_expansion(safe, root, limits.max_use_expansion, limits.max_paint_expansion)
    removed = tuple(sorted(cleaner.removed.union(document.dropped))[:_MAX_REASONS])
    return Sanitized(safe, removed, SvgDocument(root))


class _Cleaner:
    """One drawing's rebuild. One use."""

    def __init__(self, root: Element, limits: Limits, keep_images: bool) -> None:
        self.root = root
        self.keep_images = keep_images
        self.removed: set[str] = set()
        self.budget = limits.max_bytes  # characters that style declarations may add
        self.sheet: Sheet | None = None
        self.inline: dict[str, list[Declaration]] = {}  # editors repeat one style on every shape

    def run(self) -> Element:
        texts = ["".join(style.itertext()) for style in self.root.iter("style")]
        if any(texts):
            from text2svg.svg.css import Sheet

            self.sheet = Sheet(texts, self.removed)
        root = Element("svg")
        self.fill(self.root, root, [])
        _forget_unused_ids(root)
        return root

    def fill(self, source: Element, target: Element, ancestors: list[Element]) -> None:
        """Give the empty `target` what is allowed of `source`: attributes, text and children."""
        tag = target.tag
        self.attributes(source, target, ancestors)
        textual = tag in _TEXTUAL
        if source.text:
            self.text(source.text, target, textual)
        if tag in _PROSE:
            if len(source):
                self.removed.add(f"element:{tag} content")
            return
        ancestors.append(source)
        for child in source:
            self.child(child, target, ancestors)
            if child.tail:
                self.text(child.tail, target, textual)
        ancestors.pop()

    def child(self, source: Element, parent: Element, ancestors: list[Element]) -> None:
        tag = self.admitted(source, parent)
        if not tag:
            return
        target = Element(tag)
        self.fill(source, target, ancestors)
        if tag in ("use", "image") and "href" not in target.attrib:
            return  # the reason stands already
        parent.append(target)

    def admitted(self, source: Element, parent: Element) -> str:
        """The tag to rebuild the element under, or nothing."""
        tag = source.tag
        if source.get("requiredExtensions"):
            return ""  # nobody has the extension, so nobody would have drawn it
        if tag in ELEMENTS:
            if tag != "image" or self.keep_images:
                return tag
            self.removed.add("image")
        elif tag == "a":
            self.removed.add("link")
            return "tspan" if parent.tag in _TEXTUAL else "g"
        elif tag == "script":
            self.removed.add("script")
        elif tag == "foreignObject":
            self.removed.add("foreign-object")
        elif tag in _ANIMATION:
            self.removed.add(f"animation:{tag}")
        elif tag == "feImage":
            self.removed.add("image:feImage")
        elif tag not in _QUIET:
            self.removed.add(f"element:{_short(tag)}")
        return ""

    def text(self, text: str, target: Element, textual: bool) -> None:
        if not textual:
            if text.strip():
                self.removed.add("text")
        elif len(target):
            target[-1].tail = (target[-1].tail or "") + text
        else:
            target.text = (target.text or "") + text

    def attributes(self, source: Element, target: Element, ancestors: list[Element]) -> None:
        allowed = ELEMENTS[target.tag]
        kept = target.attrib
        for name, value in source.attrib.items():
            check = allowed.get(name)
            if check is not None:
                safe = check(value)
                if safe is not None:
                    kept[name] = safe
                else:
                    self.removed.add(_why_not(name, value))
            elif name not in INERT and not name.startswith("data-"):
                self.removed.add(_unknown(source.tag, name))
        if (self.sheet is not None or "style" in source.attrib) and target.tag not in _PROSE:
            self.style(source, kept, ancestors)

    def style(self, source: Element, kept: dict[str, str], ancestors: list[Element]) -> None:
        """Resolve what styles the element: attributes where they mean the same, `style` for the rest."""
        from text2svg.svg.css import cascade, declarations

        matched = self.sheet.matching(source, ancestors) if self.sheet is not None else []
        text = source.get("style", "")
        inline = self.inline.get(text)
        if inline is None:
            inline = self.inline[text] = declarations(text, self.removed)
        rest: list[str] = []
        for name, value in cascade(matched, inline).items():
            self.budget -= len(name) + len(value)
            if name in PRESENTATION:
                kept[name] = value
            else:
                rest.append(f"{name}:{value}")
        if self.budget < 0:
            raise LimitError("css-expansion", "the style sheet would multiply the drawing's size")
        if rest:
            kept["style"] = ";".join(rest)


def _forget_unused_ids(root: Element) -> None:
    """A stray id is a handle for the page around an inlined drawing (`window.prompt`), and bytes."""
    used: set[str] = set()
    borne = False
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                borne = True
            elif name == "href":
                used.add(value[1:])
            elif "url(" in value:
                used.update(_USED.findall(value))
            elif name in _NAMED:
                used.update(value.split())
    if borne:
        for element in root.iter():
            if "id" in element.attrib and element.attrib["id"] not in used:
                del element.attrib["id"]


def _why_not(name: str, value: str) -> str:
    lower = value.lower()
    if name == "href" or "url" in lower or "//" in lower:
        return f"external-reference:{name}"
    return f"value:{name}"


def _unknown(tag: str, name: str) -> str:
    if name.lower().startswith("on"):
        return f"event:{_short(name)}"
    if name == "href":
        return "external-reference:href" if tag != "a" else "link"
    return f"attribute:{_short(name)}"


def _short(name: str) -> str:
    """A name fit for a log: what an author invents must not become markup there."""
    return "".join(letter for letter in name if letter.isalnum() or letter in "-_:.")[:40]
