"""CSS selectors as drawings use them: names, attributes, ancestry, siblings, and position among siblings.

Refuses (returns None for) what a picture has no answer to: namespaces, pseudo-elements, `:has()`, `:nth-child(… of …)`.
States of interaction (`:hover`) are understood and match nothing, since a picture is nobody's mouse target. The
trade-off: matching walks from the subject outwards and remembers every step, so a hostile selector costs at most its
length times the ancestors and siblings, and the caller's budget ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

MAX_COMPOUNDS = 8
_STATES = frozenset("hover active focus focus-within focus-visible visited target checked enabled disabled".split())
_POSITIONS: dict[str, tuple[int, int, bool, bool]] = {
    "first-child": (0, 1, False, False),
    "last-child": (0, 1, True, False),
    "first-of-type": (0, 1, False, True),
    "last-of-type": (0, 1, True, True),
}
_NTH = {
    "nth-child": (False, False),
    "nth-last-child": (True, False),
    "nth-of-type": (False, True),
    "nth-last-of-type": (True, True),
}
_STEP = re.compile(r"([+-]?\d*)n(?:([+-]\d+))?|([+-]?\d+)")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`[name]`, `[name=value]` and its five relatives; `operator` is empty, `=`, `~=`, `|=`, `^=`, `$=` or `*=`."""

    name: str
    operator: str
    value: str

    def fits(self, element: Element) -> bool:
        """Whether the element bears the attribute so."""
        own = element.get(self.name)
        if own is None or not self.operator:
            return own is not None
        value = self.value
        if self.operator == "=":
            return own == value
        if self.operator == "~=":
            return value in own.split()
        if self.operator == "|=":
            return own == value or own.startswith(value + "-")
        if not value:
            return False
        return {"^=": own.startswith, "$=": own.endswith, "*=": own.__contains__}[self.operator](value)


@dataclass(frozen=True, slots=True)
class Position:
    """`:nth-child(an+b)` and its relatives."""

    step: int
    offset: int
    from_end: bool
    of_type: bool

    def fits(self, element: Element, siblings: Sequence[Element]) -> bool:
        """Whether the element stands at such a place among `siblings`, itself included."""
        if self.of_type:
            siblings = [each for each in siblings if each.tag == element.tag]
        place = next(index for index, each in enumerate(siblings) if each is element)
        beyond = (len(siblings) - place if self.from_end else place + 1) - self.offset
        if self.step == 0:
            return beyond == 0
        return beyond % self.step == 0 and beyond // self.step >= 0


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element must be: all of it."""

    combinator: str = ""
    """What relates it to the compound before it: ` `, `>`, `+` or `~`; empty for the first."""
    tag: str = ""
    names: frozenset[str] = frozenset()
    """Classes as `.a`, ids as `#a`, all of which the element must bear."""
    attributes: tuple[Attribute, ...] = ()
    positions: tuple[Position, ...] = ()
    root: bool = False
    empty: bool = False
    never: bool = False
    """A state of interaction: no element of a picture is in it."""
    denied: tuple[Compound, ...] = ()
    """`:not(…)`: none of these may fit."""

    @property
    def specificity(self) -> tuple[int, int, int]:
        """Ids; classes, attributes and pseudo-classes; tags."""
        ids = sum(name.startswith("#") for name in self.names)
        middle = len(self.names) - ids + len(self.attributes) + len(self.positions)
        total = (ids, middle + self.root + self.empty + self.never, int(bool(self.tag)))
        if self.denied:
            most = max(each.specificity for each in self.denied)
            total = (total[0] + most[0], total[1] + most[1], total[2] + most[2])
        return total

    def fits(self, element: Element, borne: frozenset[str], siblings: Sequence[Element]) -> bool:
        """Whether the element, which bears these names among these siblings, is so."""
        if self.never or (self.tag and self.tag != element.tag) or not self.names <= borne:
            return False
        if (self.root and siblings) or (self.empty and (len(element) or element.text)):
            return False
        if not all(each.fits(element) for each in self.attributes):
            return False
        line = siblings or (element,)
        if not all(each.fits(element, line) for each in self.positions):
            return False
        return not any(each.fits(element, borne, siblings) for each in self.denied)


def matches(
    compounds: Sequence[Compound],
    element: Element,
    ancestors: Sequence[Element],
    fits: Callable[[Compound, Element, Sequence[Element]], bool],
    place: Callable[[Element, Sequence[Element]], int],
) -> bool:
    """Whether the selector's last compound is `element`, seen from the rest.

    `fits` gets the children of the parent; `place` is an element's index among them, and may remember.
    """
    if len(compounds) == 1:
        return fits(compounds[0], element, ancestors[-1] if ancestors else ())
    known: dict[tuple[int, Element], bool] = {}

    def match(index: int, node: Element, depth: int) -> bool:
        """Compounds up to `index` match with the last at `node`, whose ancestors are the first `depth`."""
        key = (index, node)
        if key not in known:
            siblings = ancestors[depth - 1] if depth else ()
            known[key] = fits(compounds[index], node, siblings) and leads(index, node, depth)
        return known[key]

    def leads(index: int, node: Element, depth: int) -> bool:
        combinator = compounds[index].combinator
        if index == 0:
            return True
        if combinator == ">":
            return depth > 0 and match(index - 1, ancestors[depth - 1], depth - 1)
        if combinator == " ":
            return any(match(index - 1, ancestors[above], above) for above in reversed(range(depth)))
        if depth == 0:
            return False
        siblings = ancestors[depth - 1]
        last = place(node, siblings)
        first = max(0, last - 1) if combinator == "+" else 0
        return any(match(index - 1, siblings[at], depth) for at in reversed(range(first, last)))

    return match(len(compounds) - 1, element, len(ancestors))


def parse_selector(tokens: Iterable[Any]) -> tuple[Compound, ...] | None:
    """The selector as compounds from the outermost in, or None. Tokens are tinycss2 nodes."""
    found: list[Compound] = []
    combinator = ""
    part: list[Any] = []
    for token in [*tokens, None]:
        spaced = token is None or token.type in ("whitespace", "comment")
        if not spaced and token not in (">", "+", "~"):
            part.append(token)
            continue
        if part:
            compound = _compound(part, combinator if found else "")
            if compound is None or (found and not combinator):
                return None
            found.append(compound)
            part, combinator = [], ""
        if token is None:
            break
        if not spaced:
            if combinator.strip() or not found:
                return None
            combinator = token.value
        elif not combinator and found:
            combinator = " "
    return tuple(found) if 0 < len(found) <= MAX_COMPOUNDS and not combinator.strip() else None


def _compound(tokens: list[Any], combinator: str) -> Compound | None:
    """One compound selector, or None when it says more than is understood."""
    parts: dict[str, Any] = {"names": set(), "attributes": [], "positions": [], "denied": []}
    index = 0
    while index < len(tokens):
        token = tokens[index]
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        index += 1
        if index == 1 and (token.type == "ident" or token == "*"):
            parts["tag"] = "" if token == "*" else token.value
        elif token.type == "hash":
            parts["names"].add(f"#{token.value}")
        elif token.type == "[] block":
            attribute = _attribute(token.content)
            if attribute is None:
                return None
            parts["attributes"].append(attribute)
        elif token == "." and after is not None and after.type == "ident":
            parts["names"].add(f".{after.value}")
            index += 1
        elif token == ":" and after is not None and _pseudo(after, parts):
            index += 1
        else:
            return None
    frozen = {key: tuple(value) if isinstance(value, list) else value for key, value in parts.items()}
    return Compound(combinator=combinator, **{**frozen, "names": frozenset(parts["names"])})


def _attribute(content: Iterable[Any]) -> Attribute | None:
    tokens = [token for token in content if token.type not in ("whitespace", "comment")]
    if not tokens or tokens[0].type != "ident":
        return None
    if len(tokens) == 1:
        return Attribute(tokens[0].value, "", "")
    operator = "".join(token.value if token.type == "literal" else "?" for token in tokens[1:-1])
    if tokens[-1].type not in ("ident", "string") or operator not in ("=", "~=", "|=", "^=", "$=", "*="):
        return None
    return Attribute(tokens[0].value, operator, tokens[-1].value)


def _pseudo(token: Any, parts: dict[str, Any]) -> bool:
    """Add a pseudo-class to the parts of its compound; False when it is not understood."""
    if token.type == "ident":
        name = token.lower_value
        if name in _POSITIONS:
            parts["positions"].append(Position(*_POSITIONS[name]))
        elif name in ("only-child", "only-of-type"):
            kind = name == "only-of-type"
            parts["positions"] += [Position(0, 1, False, kind), Position(0, 1, True, kind)]
        elif name in ("root", "empty"):
            parts[name] = True
        elif name in _STATES:
            parts["never"] = True
        else:
            return False
        return True
    if token.type != "function":
        return False
    if token.lower_name in _NTH:
        step = _nth("".join(each.serialize() for each in token.arguments))
        if step is None:
            return False
        parts["positions"].append(Position(*step, *_NTH[token.lower_name]))
        return True
    if token.lower_name == "not":
        inner = [each for each in token.arguments if each.type not in ("whitespace", "comment")]
        if any(each in (",", ">", "+", "~") for each in inner):
            return False
        compound = _compound(inner, "")
        if compound is None or len(inner) < len([each for each in token.arguments if each.type != "comment"]) - 2:
            return False
        parts["denied"].append(compound)
        return True
    return False


def _nth(text: str) -> tuple[int, int] | None:
    text = "".join(text.lower().split())
    if text in ("odd", "even"):
        return 2, int(text == "odd")
    match = _STEP.fullmatch(text)
    if match is None:
        return None
    if match[3]:
        return 0, int(match[3])
    step = {"": 1, "+": 1, "-": -1}.get(match[1])
    return (int(match[1]) if step is None else step), int(match[2] or 0)
