"""Writes a resolved drawing with a few decimals and exact colours, as short as it can be before SVGO sees it.

Paint that all shapes share goes to the root, paint that neighbours share to a group. Refuses nothing: what the flat form
cannot say is written as it was kept. The trade-off: ids are new, so links into the drawing from outside break.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from xml.etree.ElementTree import Element

from text2svg.optimize.geometry.arcs import rounded
from text2svg.optimize.geometry.flat import (
    FlatClip,
    FlatGradient,
    FlatGroup,
    FlatItem,
    FlatKept,
    FlatPaint,
    FlatShape,
)
from text2svg.optimize.geometry.join import joined
from text2svg.optimize.geometry.pathdata import fixed, write
from text2svg.optimize.geometry.units import IDENTITY, RGBA
from text2svg.svg.allowed import PRESENTATION, TYPOGRAPHY
from text2svg.svg.document import serialize
from text2svg.svg.path import Matrix, Segment, write_path
from text2svg.svg.schema import FOOTER, GRADIENT

XMLNS = ' xmlns="http://www.w3.org/2000/svg"'
STRAY = 2.5
"""Quanta that a curve may be off the circle it is written as, as SVGO has it."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORT = {
    "#000080": "navy", "#008000": "green", "#008080": "teal", "#4b0082": "indigo", "#800000": "maroon",
    "#800080": "purple", "#808000": "olive", "#808080": "gray", "#a0522d": "sienna", "#a52a2a": "brown",
    "#c0c0c0": "silver", "#cd853f": "peru", "#d2b48c": "tan", "#da70d6": "orchid", "#dda0dd": "plum",
    "#ee82ee": "violet", "#f0e68c": "khaki", "#f0ffff": "azure", "#f5deb3": "wheat", "#f5f5dc": "beige",
    "#fa8072": "salmon", "#faf0e6": "linen", "#ff6347": "tomato", "#ff7f50": "coral", "#ffa500": "orange",
    "#ffc0cb": "pink", "#ffd700": "gold", "#ffe4c4": "bisque", "#fffafa": "snow", "#fffff0": "ivory",
    "#ff0000": "red",
}  # fmt: skip
"""Names that are shorter than the hex they stand for."""
Attributes = tuple[tuple[str, str], ...]


class Frame(NamedTuple):
    """What stands around the drawing."""

    width: float
    height: float
    decimals: int
    head: str = ""
    """Attributes of the root that say what the drawing is, each with its leading space."""
    names: str = ""
    """Title and description, as markup."""
    plain: bool = False
    """Absolute path data without shorthand, no shape elements, nothing shared."""


class _Element(NamedTuple):
    """One written element: what it could share with its neighbours, and what is its own."""

    shared: Attributes
    markup: str
    """Everything after the shared attributes, tag name first."""

    @property
    def text(self) -> str:
        tag, _, rest = self.markup.partition("|")
        return f"<{tag}{_written(self.shared)}{rest}"


@lru_cache(maxsize=65536)
def hex_text(color: RGBA) -> str:
    """The shortest spelling of an opaque colour."""
    text = "#" + "".join(f"{round(v):02x}" for v in color[:3])
    if text[1::2] == text[2::2]:
        text = "#" + text[1::2]
        return "red" if text == "#f00" else text
    return _SHORT.get(text, text)


def write_drawing(items: Sequence[FlatItem], frame: Frame) -> str:
    """The whole drawing."""
    writer = _Writer(frame, items)
    elements = [writer.item(item) for item in (items if frame.plain else joined(items))]
    shared = () if frame.plain or any(_holds_kept(item) for item in items) else _common(elements)
    if shared:
        elements = [_without(each, shared) for each in elements]
    body = "".join([each.text for each in elements] if frame.plain else _runs(elements))
    defs = "".join(writer.defs)
    # Finer than the points: a page 227.6 high where it was 227.556 moves every edge when it is fitted into a square.
    size = f"{fixed(frame.width, 3)} {fixed(frame.height, 3)}"
    root = f'<svg{XMLNS}{frame.head} viewBox="0 0 {size}"{_written(shared)}>'
    if defs:
        defs = f"<defs>{defs}</defs>"
    return f"{root}{frame.names}{defs}{body}{FOOTER}"


def _holds_kept(item: FlatItem) -> bool:
    if isinstance(item, FlatGroup):
        return any(_holds_kept(each) for each in item.shapes)
    return isinstance(item, FlatKept)


def _written(attributes: Iterable[tuple[str, str]]) -> str:
    return "".join([f' {name}="{value}"' for name, value in attributes])


def _common(elements: Sequence[_Element]) -> Attributes:
    """Attributes that every element has alike; worth moving from two elements on."""
    if len(elements) < 2:
        return ()
    first, *rest = elements
    return tuple(pair for pair in first.shared if all(pair in each.shared for each in rest))


def _without(element: _Element, shared: Attributes) -> _Element:
    return element._replace(shared=tuple(pair for pair in element.shared if pair not in shared))


def _runs(elements: Sequence[_Element]) -> list[str]:
    """Neighbours of one paint share a group, where that is shorter."""
    out: list[str] = []
    for shared, run in groupby(elements, key=lambda each: each.shared):
        members = list(run)
        cost = len(_written(shared))
        if cost * (len(members) - 1) > 7:
            inner = "".join(member._replace(shared=()).text for member in members)
            out.append(f"<g{_written(shared)}>{inner}</g>")
        else:
            out += [member.text for member in members]
    return out


class _Writer:
    """Markup of items, collecting what they refer to."""

    def __init__(self, frame: Frame, items: Sequence[FlatItem]) -> None:
        self.decimals = frame.decimals
        self.plain = frame.plain
        self.defs: list[str] = []
        self.keys: dict[object, str] = {}
        self.servants: dict[int, Element] = {}
        self.taken: set[str] = set()
        for item in items:
            self._reserve(item)

    def _reserve(self, item: FlatItem) -> None:
        if isinstance(item, FlatGroup):
            for each in item.shapes:
                self._reserve(each)
        elif isinstance(item, FlatKept):
            for servant in item.needs:
                if id(servant) not in self.servants:
                    self.servants[id(servant)] = servant
                    self.defs.append(serialize(servant).replace(XMLNS, "", 1))
                    self.taken.update(e.attrib["id"] for e in servant.iter() if "id" in e.attrib)

    def key(self, value: FlatGradient | FlatClip) -> str:
        """The id of a gradient or a clip, written into the definitions on first use."""
        known = self.keys.get(value)
        if known is None:
            index = len(self.keys)
            known = _name(index)
            while known in self.taken:
                known += "_"
            self.keys[value] = known
            self.defs.append(self.gradient(value, known) if isinstance(value, FlatGradient) else self.clip(value, known))
        return known

    def item(self, item: FlatItem) -> _Element:
        if isinstance(item, FlatShape):
            return self.shape(item)
        if isinstance(item, FlatKept):
            return self.kept(item)
        own = f' clip-path="url(#{self.key(item.clip)})"' if item.clip is not None else ""
        if item.opacity < 0.999:
            own += f' opacity="{fixed(item.opacity, 3)}"'
        elements = [self.item(each) for each in (item.shapes if self.plain else joined(item.shapes))]
        shared = () if _holds_kept(item) else _common(elements)
        inner = "".join(_runs([_without(each, shared) for each in elements]))
        return _Element(shared, f"g|{own}>{inner}</g>")

    def kept(self, item: FlatKept) -> _Element:
        text = serialize(item.element).replace(XMLNS, "", 1)
        attributes = [(n, v) for n, v in item.style if n in PRESENTATION or n in TYPOGRAPHY or n == "xml:space"]
        written = {name for name, _ in attributes}
        styled = ";".join(f"{n}:{v}" for n, v in item.style if n not in written and ":" not in n)
        own = _written((n, _quoted(v)) for n, v in attributes)
        if styled:
            own += f' style="{_quoted(styled)}"'
        own += transform_text(item.matrix)
        tag = item.element.tag
        return _Element((), f"g|{own}>{text}</g>" if own else f"{tag}|{text[1 + len(tag):]}")

    def shape(self, s: FlatShape) -> _Element:
        d = self.decimals
        own = f' opacity="{fixed(s.opacity, 3)}"' if s.opacity < 0.999 else ""
        if s.basic is not None and not self.plain:
            kind, v = s.basic
            names = {"circle": ("cx", "cy", "r"), "ellipse": ("cx", "cy", "rx", "ry")}.get(kind, _BOX)
            if kind == "rect" and abs(v[4] - v[5]) < 1e-6:
                v = v[:5]
            own += _written(
                (name, fixed(value, d)) for name, value in zip(names, v, strict=False) if name[0] == "r" or value
            )
            return _Element(self.paint(s), f"{kind}|{own}/>")
        return _Element(self.paint(s), f'path|{own} d="{self.path(s.segments)}"/>')

    def path(self, segments: list[Segment]) -> str:
        if self.plain:
            return write_path(segments, self.decimals)
        return write(rounded(segments, STRAY / 10**self.decimals), self.decimals)

    def paint(self, s: FlatShape) -> Attributes:
        """What differs from the defaults, in a fixed order."""
        out: list[tuple[str, str]] = []
        fill, alpha = self.color(s.fill)
        if fill != "#000":
            out.append(("fill", fill))
        if s.fill is not None:
            if s.fill_rule == "evenodd":
                out.append(("fill-rule", "evenodd"))
            if alpha * s.fill_opacity < 0.999:
                out.append(("fill-opacity", fixed(alpha * s.fill_opacity, 3)))
        if s.stroke is not None:
            out += self.stroke(s)
        return tuple(out)

    def stroke(self, s: FlatShape) -> list[tuple[str, str]]:
        fine = max(self.decimals, 2)
        stroke, alpha = self.color(s.stroke)
        out = [("stroke", stroke)]
        pairs = (
            ("stroke-width", fixed(s.stroke_width, fine), "1"),
            ("stroke-linecap", s.linecap, "butt"),
            ("stroke-linejoin", s.linejoin, "miter"),
            ("stroke-miterlimit", fixed(s.miterlimit, 2), "4"),
            ("stroke-opacity", fixed(alpha * s.stroke_opacity, 3), "1"),
            ("stroke-dasharray", " ".join(fixed(v, fine) for v in s.dashes), ""),
            ("stroke-dashoffset", fixed(s.dash_offset, fine), "0"),
            ("paint-order", "stroke" if s.stroke_first else "", ""),
        )
        return out + [(name, value) for name, value, default in pairs if value != default]

    def color(self, paint: FlatPaint) -> tuple[str, float]:
        if paint is None:
            return "none", 1.0
        if isinstance(paint, FlatGradient):
            return f"url(#{self.key(paint)})", 1.0
        if isinstance(paint, str):
            return paint, 1.0
        return hex_text(paint), paint[3]

    def gradient(self, g: FlatGradient, key: str) -> str:
        # Before its own transform a gradient may span one unit, and after it a hundred.
        fine = max(self.decimals, 2) if g.matrix is None else 6
        coords = [(name, fixed(v, fine)) for name, v in zip(GRADIENT[g.kind], g.coords, strict=True)]
        if g.kind == "radialGradient" and coords[3][1] == coords[0][1] and coords[4][1] == coords[1][1]:
            coords = coords[:3]
        own = _written(coords)
        own += f' spreadMethod="{g.spread}"' if g.spread != "pad" else ""
        own += transform_text(g.matrix or IDENTITY, "gradientTransform")
        stops = ""
        for s in g.stops:
            text = hex_text(s.color)
            offset = f' offset="{fixed(s.offset, 3)}"' if s.offset else ""
            color = f' stop-color="{text}"' if text != "#000" else ""
            faded = f' stop-opacity="{fixed(s.color[3], 3)}"' if s.color[3] < 0.999 else ""
            stops += f"<stop{offset}{color}{faded}/>"
        return f'<{g.kind} id="{key}" gradientUnits="userSpaceOnUse"{own}>{stops}</{g.kind}>'

    def clip(self, clip: FlatClip, key: str) -> str:
        paths = ""
        for path, rule in clip.paths:
            how = ' clip-rule="evenodd"' if rule == "evenodd" else ""
            paths += f'<path{how} d="{self.path(list(path))}"/>'
        return f'<clipPath id="{key}">{paths}</clipPath>'


_BOX = ("x", "y", "width", "height", "rx", "ry")


def _name(index: int) -> str:
    name = _LETTERS[index % 26]
    while index >= 26:
        index = index // 26 - 1
        name = _LETTERS[index % 26] + name
    return name


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def transform_text(m: Matrix, name: str = "transform") -> str:
    """A transform attribute with its leading space; empty for the identity."""
    if m == IDENTITY:
        return ""
    linear = [f"{v:.7g}" for v in m[:4]]
    shift = [fixed(v, 4) for v in m[4:]]
    if linear[1:3] == ["0", "0"] and linear[0] == linear[3]:
        move = f"translate({' '.join(shift)})" if shift != ["0", "0"] else ""
        grow = f"scale({linear[0]})" if linear[0] != "1" else ""
        return f' {name}="{move}{grow}"'
    numbers = " ".join([*linear, *shift])
    return f' {name}="matrix({numbers})"'
