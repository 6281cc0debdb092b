"""Counts that say what kind of drawing a text is: for filters, metrics and the page.

Refuses what `document.parse` refuses. The trade-off: it counts what the text says, not what a renderer shows, so a shape
behind another one counts, and a `use` counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from text2svg.svg.document import Limits, parse
from text2svg.svg.path import parse_path
from text2svg.svg.sanitize import sanitize

SHAPES = frozenset(["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"])
_NOT_A_COLOR = frozenset(["", "none", "transparent", "inherit", "initial", "unset", "context-fill", "context-stroke"])


@dataclass(frozen=True, slots=True)
class Stats:
    """What one drawing holds."""

    bytes: int
    """UTF-8 bytes of the text as given."""
    elements: int
    """All elements, the root too."""
    depth: int
    """Levels of elements; 1 is a lone root."""
    shapes: int
    """Paths, rects, circles, ellipses, lines, polylines and polygons."""
    paths: int
    """The paths among them."""
    segments: int
    """Path segments; every other shape counts as one."""
    colors: int
    """Distinct colours that shapes are painted with and gradients go through; unpainted shapes are black."""
    gradients: int
    tokens: int
    """Tokens of the text, 0 when nobody counted."""


def stats(text: str, limits: Limits = Limits(), *, count_tokens: Callable[[str], int] | None = None) -> Stats:
    """Count one drawing; style sheets are resolved first. Raises ParseError or LimitError."""
    root = parse(text, limits).root
    elements = list(root.iter())
    if any(element.tag == "style" or "style" in element.attrib for element in elements):
        root = parse(sanitize(text, limits).text, limits).root
    shapes = [element for element in elements if element.tag in SHAPES]
    paths = [element for element in shapes if element.tag == "path"]
    segments = sum(len(parse_path(path.get("d", ""))) for path in paths)
    return Stats(
        bytes=len(text.encode()),
        elements=len(elements),
        depth=_depth(root),
        shapes=len(shapes),
        paths=len(paths),
        segments=segments + len(shapes) - len(paths),
        colors=len({_plain(color) for color in _colors(root, "black", "none")} - _NOT_A_COLOR),
        gradients=sum(element.tag in ("linearGradient", "radialGradient") for element in elements),
        tokens=count_tokens(text) if count_tokens is not None else 0,
    )


def _depth(element: Element) -> int:
    return 1 + max(map(_depth, element), default=0)


def _colors(element: Element, fill: str, stroke: str) -> Iterator[str]:
    """Every paint as written, inherited ones resolved; a local reference is no colour, its stops are."""
    fill = _inherited(element, "fill", fill)
    stroke = _inherited(element, "stroke", stroke)
    if element.tag in SHAPES or element.tag == "text":
        yield from (paint for paint in (fill, stroke) if not paint.startswith("url("))
    elif element.tag == "stop":
        yield element.get("stop-color", "black")
    for child in element:
        yield from _colors(child, fill, stroke)


def _inherited(element: Element, name: str, above: str) -> str:
    own = element.get(name, "inherit").strip()
    return above if own == "inherit" else own


def _plain(color: str) -> str:
    """One spelling for one colour: `#f00`, `red` and `rgb(255, 0, 0)` are the same."""
    color = color.strip().lower()
    if color in _NOT_A_COLOR or color == "currentcolor":
        return color
    from text2svg.svg.css import hex_color

    return hex_color(color)
