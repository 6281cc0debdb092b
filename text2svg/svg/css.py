"""CSS as far as drawings need it: declarations, and style sheets applied to the elements they name.

The one door of tinycss2. Refuses every at-rule, every property outside the allow-list, every value that is not of the
property's type once escapes are decoded, and selectors that `selectors` does not understand. A sheet is resolved
into the elements and never written out again, so a drawing cannot style the page around it. The trade-off: media
queries and hover states are lost; a picture has one state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import tinycss2
from tinycss2 import ast
from tinycss2.color4 import parse_color

from text2svg.errors import LimitError
from text2svg.svg.allowed import ELEMENTS, PRESENTATION, STYLE_ONLY
from text2svg.svg.selectors import Compound, matches, parse_selector

MAX_SELECTORS = 5_000  # the largest honest sheets have hundreds
MAX_SHEET = 200_000  # characters; tinycss2 reads about a million a second
MAX_WORK = 200_000  # compounds tried; 20,000 elements with two classes each need 40,000
_MAX_NESTING = 8
_MAX_VALUE = 1_000  # characters; a dash array is the longest honest value
_COLORED = frozenset(["fill", "stroke", "color", "flood-color", "lighting-color", "stop-color"])
_WIDE = frozenset(["inherit", "initial", "unset", "none", "currentcolor", "context-fill", "context-stroke"])
# Text in which a semicolon can only end a declaration, and declarations that are one token each.
_PLAIN = re.compile(r"(?:[\w\s#.,:;%+-]|(?<=[:\s]url)\(#[\w-]++\))*+")
_SIMPLE = re.compile(
    r"\s*([a-zA-Z][a-zA-Z-]*)\s*:"
    r"\s*(#[0-9a-fA-F]{3,8}|[a-zA-Z][a-zA-Z-]*|-?(?:\d+(?:\.\d+)?|\.\d+)(?:px|pt|em|%)?|url\(#[\w-]+\))\s*"
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One checked property; `value` is in its safe spelling."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    compounds: tuple[Compound, ...]
    specificity: tuple[int, int, int]
    declarations: tuple[Declaration, ...]


def declarations(text: str, removed: set[str]) -> list[Declaration]:
    """The safe declarations of a `style` attribute; what was refused is added to `removed`."""
    if _PLAIN.fullmatch(text):
        # Nine in ten of them hold one word, colour or length each; tinycss2 would take a tenth of the whole optimizer.
        kept: list[Declaration] = []
        for piece in text.split(";"):
            match = _SIMPLE.fullmatch(piece)
            if match is not None:
                kept += _admitted(match[1].lower(), match[2], False, removed)
            elif piece.strip():
                nodes = tinycss2.parse_blocks_contents(piece, skip_comments=True, skip_whitespace=True)
                kept += _declared(nodes, removed)
        return kept
    return _declared(tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True), removed)


def _declared(nodes: Iterable[ast.Node], removed: set[str]) -> list[Declaration]:
    kept: list[Declaration] = []
    for node in nodes:
        if node.type != "declaration":
            removed.add("css-error" if node.type == "error" else "css-rule")
            continue
        kept += _admitted(node.lower_name, node.value, node.important, removed)
    return kept


def _admitted(name: str, value: str | list[ast.Node], important: bool, removed: set[str]) -> Iterator[Declaration]:
    """The declarations of one property that are safe; of the others, the reason."""
    for each in [f"{name}-{end}" for end in ("start", "mid", "end")] if name == "marker" else [name]:
        declaration = _checked(each, value, important)
        if declaration is not None:
            yield declaration
        elif name in PRESENTATION or name in STYLE_ONLY or name == "marker":
            removed.add(f"css-value:{name}")
        else:
            removed.add(f"css-property:{_short(name)}")


def _checked(name: str, given: str | list[ast.Node], important: bool) -> Declaration | None:
    check = PRESENTATION.get(name) or STYLE_ONLY.get(name)
    if check is None:
        return None
    value = given if isinstance(given, str) else _written(given)
    if value is None or len(value) > _MAX_VALUE:
        return None
    if name in _COLORED and not value.startswith("url(") and value.lower() not in _WIDE and parse_color(value) is None:
        return None  # CSS ignores a declaration it cannot read; as an attribute it would win over a good one
    safe = check(value)
    return Declaration(name, safe, important) if safe else None


def _written(tokens: Iterable[ast.Node], depth: int = 0) -> str | None:
    """The tokens with escapes decoded and `var()` replaced by its fallback; None when something has no safe form."""
    pieces: list[str] = []
    for token in tokens:
        piece: str | None
        if token.type == "whitespace":
            piece = " "
        elif token.type == "comment":
            piece = ""
        elif token.type == "url":
            piece = f"url({token.value})"
        elif token.type == "string":
            piece = f'"{token.value}"' if '"' not in token.value and "\\" not in token.value else None
        elif token.type == "function":
            piece = _called(token, depth + 1)
        elif token.type in ("ident", "literal"):
            piece = token.value
        elif token.type == "hash":
            piece = f"#{token.value}"
        elif token.type in ("number", "percentage", "dimension"):
            piece = token.serialize()
        else:
            piece = None
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces).strip()


def _called(token: ast.FunctionBlock, depth: int) -> str | None:
    if depth > _MAX_NESTING:
        return None
    if token.lower_name == "var":
        commas = [index for index, each in enumerate(token.arguments) if each == ","]
        return _written(token.arguments[commas[0] + 1 :], depth) if commas else None
    inner = _written(token.arguments, depth)
    if inner is None:
        return None
    if token.lower_name == "url":
        inner = inner.strip('"')
    return f"{token.name}({inner})"


def hex_color(text: str) -> str:
    """`#rrggbb`, or `#rrggbbaa` when translucent; the text itself, lower case, when it is no sRGB colour."""
    parsed = parse_color(text)
    if parsed is None or isinstance(parsed, str):
        return text.strip().lower()
    try:
        coordinates = parsed.to("srgb").coordinates
    except NotImplementedError:
        return text.strip().lower()
    levels = [round(255 * min(max(float(each or 0), 0.0), 1.0)) for each in (*coordinates, parsed.alpha)]
    return "#" + "".join(f"{level:02x}" for level in levels[: 3 if levels[3] == 255 else 4])


def _short(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum() or letter in "-_@")[:40]


class Sheet:
    """All style sheets of a drawing, in order."""

    def __init__(self, texts: Iterable[str], removed: set[str]) -> None:
        self._rules: dict[str, list[tuple[int, _Rule]]] = {}
        self._names: dict[Element, frozenset[str]] = {}
        self._places: dict[Element, int] = {}
        self._work = 0
        order = 0
        for text in texts:
            if len(text) > MAX_SHEET:
                raise LimitError("css-limit", f"a sheet of {len(text)} characters, at most {MAX_SHEET}")
            for rule in _rules(text, removed):
                order += 1
                if order > MAX_SELECTORS:
                    raise LimitError("css-limit", f"more than {MAX_SELECTORS} selectors")
                self._rules.setdefault(_key(rule.compounds[-1]), []).append((order, rule))

    def matching(self, element: Element, ancestors: list[Element]) -> list[Declaration]:
        """Declarations for the element, weakest first, `important` ones not yet moved up."""
        found: list[tuple[tuple[int, int, int], int, _Rule]] = []
        for name in (*self._borne(element), element.tag, "*"):
            for order, rule in self._rules.get(name, ()):
                if matches(rule.compounds, element, ancestors, self._fits, self._place):
                    found.append((rule.specificity, order, rule))
        found.sort(key=lambda each: each[:2])
        return [declaration for _, _, rule in found for declaration in rule.declarations]

    def _borne(self, element: Element) -> frozenset[str]:
        """The element's classes as `.a` and its id as `#a`."""
        borne = self._names.get(element)
        if borne is None:
            found = {f".{name}" for name in element.get("class", "").split()}
            if "id" in element.attrib:
                found.add(f"#{element.attrib['id']}")
            borne = self._names[element] = frozenset(found)
        return borne

    def _place(self, element: Element, siblings: Sequence[Element]) -> int:
        if element not in self._places:
            self._places.update((each, index) for index, each in enumerate(siblings))
        return self._places[element]

    def _fits(self, compound: Compound, element: Element, siblings: Sequence[Element]) -> bool:
        self._work += 1 + (len(siblings) if compound.positions else 0)
        if self._work > MAX_WORK:
            raise LimitError("css-limit", "the style sheet takes too long to apply")
        return compound.fits(element, self._borne(element), siblings)


def cascade(sheet: list[Declaration], inline: list[Declaration]) -> Mapping[str, str]:
    """The winning value of each property, later declarations last."""
    won: dict[str, str] = {}
    for important in (False, True):
        for declaration in (*sheet, *inline):
            if declaration.important == important:
                won.pop(declaration.name, None)  # order matters between `font` and `font-size`
                won[declaration.name] = declaration.value
    return won


def _rules(text: str, removed: set[str]) -> Iterator[_Rule]:
    for node in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        if node.type == "error":
            removed.add("css-error")
        elif node.type == "at-rule":
            removed.add(f"css-rule:@{_short(node.lower_at_keyword)}")
        elif node.type == "qualified-rule":
            content = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            declared = tuple(_declared(content, removed))
            for selector in _split(node.prelude):
                compounds = parse_selector(selector)
                if compounds is None or any(each.tag and each.tag != "a" and each.tag not in ELEMENTS for each in compounds):
                    removed.add("css-selector")
                elif declared:
                    yield _Rule(compounds, _specificity(compounds), declared)


def _split(prelude: Iterable[ast.Node]) -> list[list[ast.Node]]:
    parts: list[list[ast.Node]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        elif token.type != "comment":
            parts[-1].append(token)
    return parts


def _specificity(compounds: tuple[Compound, ...]) -> tuple[int, int, int]:
    parts = [compound.specificity for compound in compounds]
    return sum(part[0] for part in parts), sum(part[1] for part in parts), sum(part[2] for part in parts)


def _key(compound: Compound) -> str:
    """One name every matching element bears; `min` puts `#` before `.`."""
    return min(compound.names, default=compound.tag or "*")
