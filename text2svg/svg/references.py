"""How much drawing the references of a small file stand for.

`use`, patterns, masks, clips and markers copy what they point at; ten copies of ten copies, seven deep, hang Chromium
even inside `<img>`. This module adds the copies up instead of making them. Refuses drawings whose sum exceeds a budget
and those whose references run in a circle. The trade-off: a style sheet rule counts for every element that matches one
name of its selector's last part, so with a sheet the sum is an estimate. `sanitize` resolves sheets, then counts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from text2svg.errors import LimitError

_URL = re.compile(r"""url\(\s*+["']?\s*+#([^\s"'()]{1,400})""", re.IGNORECASE)
_FUNCTIONAL = re.compile(r"\[[^][]*\]|\([^()]*\)|:[\w-]+")
_COMBINATOR = re.compile(r"[\s>+~]+")
_NAME = re.compile(r"[.#]?[\w-]+")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
# Containers whose content is drawn again wherever they are named. A gradient draws nothing of its own.
_COPIED = frozenset(["pattern", "mask", "clipPath", "marker", "filter"])
_MAX_CHAIN = 300  # a reference to a reference to a reference; keeps the recursion below Python's limit


def _may_refer(text: str) -> bool:
    """False where a text holds nothing, spelled out or behind an escape, that draws something twice."""
    lower = text.lower()
    return "url" in lower or "use" in lower or "&" in lower or "\\" in lower


def check_expansion(text: str, root: Element, max_use: int, max_paint: int) -> None:
    """Raise LimitError when references would multiply the drawing, given as text and tree, beyond its budget."""
    if not _may_refer(text):
        return
    elements = list(root.iter())
    if not any(_refers(element) for element in elements):
        return
    targets: dict[str, Element] = {}
    for element in elements:
        if identity := element.get("id"):
            targets.setdefault(identity, element)
    sheet = _sheet(elements)
    _Sum(targets, {}, max_use, "use").check(root)
    _Sum(targets, sheet, max_paint, "paint").check(root)


def _refers(element: Element) -> bool:
    if element.tag in ("use", "style"):
        return True
    return any("url" in value.lower() or "\\" in value for value in element.attrib.values())


def _sheet(elements: list[Element]) -> dict[str, list[str]]:
    """Names in selectors (`.a`, `#b`, `rect`, `*`) to the fragments their rules point at."""
    found: dict[str, list[str]] = {}
    for element in elements:
        if element.tag != "style" or not element.text:
            continue
        for block in _unescape(element.text).split("}"):
            before, _, body = block.rpartition("{")
            fragments = _URL.findall(body)
            if fragments:
                selectors = before.rpartition("{")[2]  # what stands before it opened a media query
                for selector in _FUNCTIONAL.sub("", selectors).split(","):
                    found.setdefault(_subject(selector), []).extend(fragments)
    return found


def _subject(selector: str) -> str:
    """One name the styled element must bear: its id, else a class, else its tag, else anything."""
    names = _NAME.findall(_COMBINATOR.split(selector.strip())[-1])
    for mark in "#.":
        for name in names:
            if name.startswith(mark):
                return name
    return names[0] if names else "*"


def _unescape(css: str) -> str:
    if "\\" not in css:
        return css
    return _ESCAPE.sub(lambda match: match[2] or chr(min(int(match[1], 16), 0x10FFFF)), css)


class _Sum:
    """Copies made by one family of references, each target counted once and remembered."""

    def __init__(self, targets: dict[str, Element], sheet: dict[str, list[str]], limit: int, family: str) -> None:
        self.targets = targets
        self.sheet = sheet
        self.limit = limit
        self.family = family
        self.sizes: dict[Element, int] = {}
        self.open: set[Element] = set()

    def check(self, root: Element) -> None:
        # Each element counts itself; what exceeds their number was added by references.
        own = sum(1 for _ in root.iter())
        added = self.size(root) - own
        if added > self.limit:
            raise LimitError(f"{self.family}-expansion", f"{added} copied elements, at most {self.limit}")

    def size(self, element: Element) -> int:
        known = self.sizes.get(element)
        if known is not None:
            return known
        if len(self.open) > _MAX_CHAIN:
            raise LimitError("reference-depth", f"more than {_MAX_CHAIN} references in a chain")
        self.open.add(element)
        total = 1
        for child in element:
            total += self.size(child)
        for target in self.copied(element):
            if target in self.open:
                if self.sheet:
                    continue  # perhaps no circle at all: the selector asks for more than the one name
                raise LimitError(f"{self.family}-cycle", f"#{target.get('id', '')[:40]} contains itself")
            total += self.size(target)
        self.open.discard(element)
        # Past the limit the exact number is of no use, and ten to the hundredth is slow to add.
        self.sizes[element] = total = min(total, 1_000_000_000)
        return total

    def copied(self, element: Element) -> Iterator[Element]:
        if element.tag in ("use", "feImage"):
            target = self.targets.get(element.get("href", "").strip()[1:])
            if target is not None:
                yield target
        if self.family == "use":
            return
        for fragment in self.fragments(element):
            target = self.targets.get(fragment)
            if target is not None and target.tag in _COPIED:
                yield target

    def fragments(self, element: Element) -> Iterator[str]:
        if element.tag == "pattern":
            yield element.get("href", "").strip()[1:]
        for value in element.attrib.values():
            if ("(" in value and "url(" in value.lower()) or "\\" in value:
                yield from _URL.findall(_unescape(value))
        if self.sheet:
            names = ["*", element.tag, *(f".{name}" for name in element.get("class", "").split())]
            names.append(f"#{element.get('id', '')}")
            for name in names:
                yield from self.sheet.get(name, ())
