"""Walks a parsed SVG and resolves what a flat drawing cannot say: inheritance, `use`, units, transforms, viewports.

What has no flat form (masks, filters, patterns, text, images, markers) is refused by name, or kept under a transform when
the scene allows that. The trade-off: a refused drawing keeps its original form on a lower rung of the fidelity ladder
instead of becoming a slightly different drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.clip import clip_of, covers, cut
from text2svg.optimize.geometry.flat import FlatGroup, FlatItem, FlatKept, FlatShape
from text2svg.optimize.geometry.gradients import styles
from text2svg.optimize.geometry.keep import Library
from text2svg.optimize.geometry.shape import SHAPES, flat_shape
from text2svg.optimize.geometry.units import length, matrix, multiply
from text2svg.optimize.geometry.viewport import inner
from text2svg.svg.path import Matrix

PAINTED = (
    "fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity "
    "stroke-dasharray stroke-dashoffset color visibility paint-order marker-start marker-mid marker-end marker"
).split()
SPOKEN = (
    "clip-rule color-interpolation color-interpolation-filters color-rendering image-rendering shape-rendering "
    "text-rendering font font-family font-size font-stretch font-style font-variant font-weight letter-spacing "
    "word-spacing text-anchor text-decoration direction writing-mode dominant-baseline white-space xml:space"
).split()
"""Inherited too, but no flat shape asks."""
INHERITED = frozenset([*PAINTED, *SPOKEN])
CONTAINERS = frozenset(["g", "a"])
UNPAINTED = frozenset(
    "defs title desc metadata linearGradient radialGradient clipPath mask filter pattern symbol marker stop view".split()
    + ["cursor"]
)
KEPT = SHAPES | CONTAINERS | {"use", "svg", "switch", "text", "image"}
CUTTING = {
    "mask": "mask",
    "filter": "filter",
    "mix-blend-mode": "blend",
    "vector-effect": "vector-effect",
}
UNFORCED = ("none", "normal", "auto")


@dataclass(frozen=True, slots=True)
class Scene:
    """What every element needs to know."""

    library: Library
    viewport: tuple[float, float]
    """The size of the user space that percentages refer to."""
    page: tuple[float, float, float, float]
    """The root's viewport in final coordinates: x, y, width, height."""
    keep: bool
    """Whether what has no flat form may stay as it is."""


def walk(element: Element, scene: Scene, ctm: Matrix, inherited: Mapping[str, str]) -> list[FlatItem]:
    """The painted items of one element and its descendants, in paint order. Raises NotCanonical."""
    tag = element.tag
    if tag in UNPAINTED:
        return []
    attributes = styles(element) if "style" in element.attrib else element.attrib
    if attributes.get("display") == "none":
        return []
    try:
        return _items(element, attributes, scene, (ctm, inherited))
    except NotCanonical as error:
        # What a child is refused for, the child has kept already: this is the element's own reason.
        if not scene.keep or error.reason == "percent" or tag not in KEPT:
            raise
        return [scene.library.keep(element, ctm, inherited, error.reason, scene.viewport)]


def _items(
    element: Element, attributes: Mapping[str, str], scene: Scene, context: tuple[Matrix, Mapping[str, str]]
) -> list[FlatItem]:
    ctm, inherited = context
    tag = element.tag
    for name, reason in CUTTING.items():
        if name in attributes and attributes[name] not in UNFORCED:
            raise NotCanonical(reason, f"{name} changes the picture")
    if "transform" in attributes:
        ctm = multiply(ctm, _placed(attributes, scene))
    style = _style(attributes, inherited)
    if tag in SHAPES:
        shape = flat_shape(tag, attributes, style, (scene.library.ids, scene.viewport, ctm), scene.keep)
        items: list[FlatItem] = [shape] if shape else []
        opacity = 1.0
    else:
        items = _children(element, attributes, scene, (ctm, style))
        opacity = _number(attributes.get("opacity", "1"))
        if attributes.get("isolation") == "isolate" and any(_blends(item) for item in items):
            raise NotCanonical("blend", "an isolated group")
    clip = attributes.get("clip-path", "none")
    if items and clip != "none":
        items = _clipped(items, clip, scene, (tag, attributes, ctm))
    return _faded(items, opacity, scene.keep)


def _style(attributes: Mapping[str, str], inherited: Mapping[str, str]) -> Mapping[str, str]:
    own = {k: v for k, v in attributes.items() if k in INHERITED and v != "inherit"}
    return {**inherited, **own} if own else inherited


def _children(
    element: Element, attributes: Mapping[str, str], scene: Scene, context: tuple[Matrix, Mapping[str, str]]
) -> list[FlatItem]:
    tag = element.tag
    if tag == "use":
        return _use(attributes, scene, context)
    if tag == "svg":
        return _nested(element, attributes, scene, context, (0.0, 0.0))
    if tag == "switch":
        chosen = next((child for child in element if _spoken(child)), None)
        return [] if chosen is None else walk(chosen, scene, *context)
    if tag not in CONTAINERS:
        raise NotCanonical("element", f"<{tag}> has no canonical form")
    return [item for child in element for item in walk(child, scene, *context)]


def _spoken(child: Element) -> bool:
    """Whether a `switch` would take the child: our reader speaks English, as renderers assume."""
    languages = child.get("systemLanguage")
    if languages is None:
        return child.tag not in UNPAINTED
    return any(each.strip().lower().split("-")[0] == "en" for each in languages.split(","))


def _placed(attributes: Mapping[str, str], scene: Scene) -> Matrix:
    own = matrix(attributes["transform"].replace("deg", "").replace("px", ""))
    origin = attributes.get("transform-origin")
    if not origin:
        return own
    words = origin.split()
    if len(words) != 2:
        raise NotCanonical("transform", f"cannot read transform-origin {origin[:40]!r}")
    x, y = length(words[0], scene.viewport[0]), length(words[1], scene.viewport[1])
    return multiply((1, 0, 0, 1, x, y), multiply(own, (1, 0, 0, 1, -x, -y)))


def _use(a: Mapping[str, str], scene: Scene, context: tuple[Matrix, Mapping[str, str]]) -> list[FlatItem]:
    ctm, style = context
    href = a.get("href", "")
    target = scene.library.ids.get(href[1:]) if href.startswith("#") else None
    if target is None:
        return []
    x, y = length(a.get("x", "0"), scene.viewport[0]), length(a.get("y", "0"), scene.viewport[1])
    ctm = multiply(ctm, (1.0, 0.0, 0.0, 1.0, x, y)) if x or y else ctm
    if target.tag not in ("symbol", "svg"):
        return walk(target, scene, ctm, style)
    attributes = styles(target)
    if attributes.get("display") == "none" and target.tag == "svg":
        return []
    if "transform" in attributes or attributes.get("clip-path", "none") != "none" or "opacity" in attributes:
        raise NotCanonical("symbol", "a symbol with a transform of its own")
    size = tuple(length(a.get(k, "0"), w) for k, w in zip(("width", "height"), scene.viewport, strict=True))
    if target.tag == "symbol" and "viewBox" not in attributes and not any(size) and "width" not in attributes:
        # Without a size of its own it spans the viewport it is used in, whatever that cuts lies off the page.
        inside = _style(attributes, style)
        return [item for child in target for item in walk(child, scene, ctm, inside)]
    return _nested(target, attributes, scene, (ctm, _style(attributes, style)), size)


def _nested(
    element: Element,
    a: Mapping[str, str],
    scene: Scene,
    context: tuple[Matrix, Mapping[str, str]],
    size: tuple[float, float],
) -> list[FlatItem]:
    """The children of a nested viewport, cut at its edges where they reach beyond."""
    ctm, style = context
    box, inside, space = inner(a, size, scene.viewport)
    if box[2] <= 0 or box[3] <= 0:
        return []
    nested = replace(scene, viewport=(space[2], space[3]))
    below = multiply(ctm, inside)
    items = [item for child in element for item in walk(child, nested, below, style)]
    if a.get("overflow", "hidden") in ("visible", "auto") or not items:
        return items
    return cut(items, box, ctm, scene.page, "symbol" if element.tag == "symbol" else "nested-svg", scene.keep)


def _clipped(
    items: list[FlatItem], value: str, scene: Scene, place: tuple[str, Mapping[str, str], Matrix]
) -> list[FlatItem]:
    if not value.startswith("url(#"):
        raise NotCanonical("clip", "a clip by a basic shape")
    element = scene.library.ids.get(value[5:-1].strip("'\""))
    if element is None:
        return items
    clip = clip_of(element, place, scene.viewport)
    if not clip.paths:
        return []
    if covers(clip, scene.page):
        return items
    if not scene.keep:
        raise NotCanonical("clip", "clip-path changes the picture")
    return [FlatGroup(1.0, tuple(items), clip)]


def _faded(items: list[FlatItem], opacity: float, keep: bool) -> list[FlatItem]:
    if opacity >= 0.999 or not items:
        return items
    if opacity <= 0:
        return []
    if len(items) == 1 and not isinstance(items[0], FlatKept):
        return [items[0]._replace(opacity=items[0].opacity * opacity)]
    if not keep and any(isinstance(item, FlatGroup) for item in items):
        raise NotCanonical("nested-opacity", "group opacity inside group opacity")
    return [FlatGroup(opacity, tuple(items))]


def _blends(item: FlatItem) -> bool:
    if isinstance(item, FlatGroup):
        return any(_blends(each) for each in item.shapes)
    return isinstance(item, FlatKept) and item.reason == "blend"


def _number(text: str) -> float:
    return min(1.0, max(0.0, length(text, 1.0)))


def count(items: list[FlatItem]) -> int:
    """Painted shapes among the items and in their groups; a kept element counts as one."""
    return sum(count(list(item.shapes)) if isinstance(item, FlatGroup) else 1 for item in items)


def plain(items: list[FlatItem]) -> list[FlatShape | FlatGroup]:
    """The items, none of which is kept. Raises NotCanonical with the reason of the first that is."""
    for item in items:
        if isinstance(item, FlatKept):
            raise NotCanonical(item.reason, "kept as it is")
    return items


def reasons(items: Iterable[FlatItem]) -> set[str]:
    """Why elements were kept."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, FlatGroup):
            found |= reasons(item.shapes)
        elif isinstance(item, FlatKept):
            found.add(item.reason)
    return found
