"""Walks a parsed SVG and resolves what a canonical drawing cannot say: inheritance, `use`, units, transforms, viewports.

Refuses, by name, whatever would change the picture if it were dropped: masks, filters, patterns, text, images, clips that
cut, CSS rules, dashes, animation. The trade-off: a refused drawing keeps its original form on a lower rung of the fidelity
ladder instead of becoming a slightly different drawing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.flat import FlatGradient, FlatGroup, FlatItem, FlatShape
from text2svg.optimize.geometry.gradients import gradient, styles
from text2svg.optimize.geometry.outline import bounds, outline
from text2svg.optimize.geometry.units import (
    IDENTITY,
    RGBA,
    color,
    length,
    matrix,
    multiply,
    similarity,
)
from text2svg.svg.path import Matrix, transform

INHERITED = (
    "fill",
    "fill-rule",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-dasharray",
    "color",
    "visibility",
    "paint-order",
    "marker-start",
    "marker-mid",
    "marker-end",
    "marker",
)
SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
CONTAINERS = frozenset({"svg", "g", "a", "symbol"})
UNPAINTED = frozenset(
    {
        "defs",
        "title",
        "desc",
        "metadata",
        "linearGradient",
        "radialGradient",
        "clipPath",
        "mask",
        "filter",
        "pattern",
    }
    | {"symbol", "marker", "stop", "view", "cursor"}
)
CUTTING = {
    "mask": "mask",
    "filter": "filter",
    "clip-path": "clip",
    "mix-blend-mode": "blend",
    "vector-effect": "vector-effect",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What every element needs to know: ids, and the size of the user space percentages refer to."""

    ids: Mapping[str, Element]
    viewport: tuple[float, float]


def walk(
    element: Element, scene: Scene, ctm: Matrix, inherited: Mapping[str, str]
) -> list[FlatItem]:
    """The painted items of one element and its descendants, in paint order. Raises NotCanonical."""
    tag = element.tag
    if tag in UNPAINTED:
        return []
    attributes = styles(element)
    if attributes.get("display") == "none":
        return []
    _check(tag, attributes, scene, ctm)
    if "transform" in attributes:
        ctm = multiply(ctm, _placed(attributes, scene))
    style = {
        **inherited,
        **{k: attributes[k] for k in INHERITED if k in attributes and attributes[k] != "inherit"},
    }
    if tag in SHAPES:
        shape = _shape(tag, attributes, style, (scene, ctm))
        return [shape] if shape else []
    items: list[FlatItem] = []
    if tag == "use":
        items = _use(attributes, scene, ctm, style)
    else:
        for child in element:
            items += walk(child, scene, ctm, style)
    return _faded(items, _number(attributes.get("opacity", "1")))


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


def _check(tag: str, attributes: Mapping[str, str], scene: Scene, ctm: Matrix) -> None:
    if tag not in SHAPES and tag not in CONTAINERS and tag != "use":
        raise NotCanonical("element", f"<{tag}> has no canonical form")
    for name, reason in CUTTING.items():
        value = attributes.get(name, "none")
        if value in ("none", "normal") or (reason == "clip" and _clips_nothing(value, scene, ctm)):
            continue
        raise NotCanonical(reason, f"{name} changes the picture")
    if "var(" in "".join(attributes.values()):
        raise NotCanonical("css", "CSS variables are not resolved")


def _clips_nothing(value: str, scene: Scene, ctm: Matrix) -> bool:
    """A clip to one plain rect that covers the whole viewport, as design tools write by the thousand."""
    if not value.startswith("url(#"):
        return False
    clip = scene.ids.get(value[5:-1].strip("'\""))
    if clip is None:
        return True
    shapes = list(clip)
    if len(shapes) != 1 or shapes[0].tag not in ("path", "rect") or "rx" in shapes[0].attrib:
        return False
    moved = "transform" in clip.attrib or "transform" in shapes[0].attrib or ctm != scene_matrix(scene)
    if moved or clip.get("clipPathUnits") == "objectBoundingBox":
        return False
    segments = outline(shapes[0].tag, shapes[0].attrib, scene.viewport)
    x, y, w, h = bounds(segments)
    corners = {(x, y), (x + w, y), (x, y + h), (x + w, y + h)}
    plain = all(s[0] in "MLZ" for s in segments) and {s[1:] for s in segments if s[0] != "Z"} == corners
    covers = x <= 0.01 and y <= 0.01 and x + w >= scene.viewport[0] - 0.01 and y + h >= scene.viewport[1] - 0.01
    return plain and covers and len(segments) <= 6


def scene_matrix(scene: Scene) -> Matrix:
    """The map from an unshifted viewport to the 256 grid, centred; clips are compared in this frame."""
    w, h = scene.viewport
    s = 256 / max(w, h)
    return (s, 0.0, 0.0, s, (256 - w * s) / 2, (256 - h * s) / 2)


def _use(
    a: Mapping[str, str], scene: Scene, ctm: Matrix, style: Mapping[str, str]
) -> list[FlatItem]:
    href = a.get("href", "")
    target = scene.ids.get(href[1:]) if href.startswith("#") else None
    if target is None:
        return []
    if target.tag in ("symbol", "svg"):
        if "viewBox" in target.attrib or "width" in a or "height" in a:
            raise NotCanonical("symbol", "a symbol with its own viewport")
    x, y = length(a.get("x", "0"), scene.viewport[0]), length(a.get("y", "0"), scene.viewport[1])
    moved = multiply(ctm, (1.0, 0.0, 0.0, 1.0, x, y))
    if target.tag == "symbol":
        return [item for child in target for item in walk(child, scene, moved, style)]
    return walk(target, scene, moved, style)


def _faded(items: list[FlatItem], opacity: float) -> list[FlatItem]:
    if opacity >= 0.999 or not items:
        return items
    if opacity <= 0:
        return []
    if len(items) == 1:
        return [items[0]._replace(opacity=items[0].opacity * opacity)]
    if any(isinstance(item, FlatGroup) for item in items):
        raise NotCanonical("nested-opacity", "group opacity inside group opacity")
    return [FlatGroup(opacity, tuple(i for i in items if isinstance(i, FlatShape)))]


def _number(text: str) -> float:
    return min(1.0, max(0.0, length(text, 1.0)))


def _shape(
    tag: str, a: Mapping[str, str], style: Mapping[str, str], place: tuple[Scene, Matrix]
) -> FlatShape | None:
    scene, ctm = place
    if style.get("visibility", "visible") in ("hidden", "collapse"):
        return None
    segments = outline(tag, a, scene.viewport)
    if not segments:
        return None
    if any(
        style.get(m, "none") != "none"
        for m in ("marker-start", "marker-mid", "marker-end", "marker")
    ):
        raise NotCanonical("marker", "markers have no canonical form")
    fill = None if tag == "line" else _paint(style.get("fill", "#000"), style, place, segments)
    stroke = _paint(style.get("stroke", "none"), style, place, segments)
    width = (
        length(style.get("stroke-width", "1"), (scene.viewport[0] + scene.viewport[1]) / 2)
        if stroke
        else 0.0
    )
    if width <= 0:
        stroke = None
    if fill is None and stroke is None:
        return None
    if stroke is not None:
        width *= _stroke_scale(style, ctm, fill is not None)
    return FlatShape(
        segments=transform(segments, ctm) if ctm != IDENTITY else segments,
        fill=fill,
        fill_rule=style.get("fill-rule", "nonzero"),
        stroke=stroke,
        stroke_width=width,
        linecap=style.get("stroke-linecap", "butt"),
        linejoin=style.get("stroke-linejoin", "miter"),
        miterlimit=length(style.get("stroke-miterlimit", "4")),
        fill_opacity=_number(style.get("fill-opacity", "1")),
        stroke_opacity=_number(style.get("stroke-opacity", "1")),
        opacity=_number(a.get("opacity", "1")),
    )


def _stroke_scale(style: Mapping[str, str], ctm: Matrix, filled: bool) -> float:
    dashes = style.get("stroke-dasharray", "none")
    if dashes not in ("none", "0", ""):
        raise NotCanonical("dash", "dashes have no canonical form")
    if filled and style.get("paint-order", "normal").split()[0] == "stroke":
        raise NotCanonical("paint-order", "stroke under fill has no canonical form")
    scale = similarity(ctm)
    if scale is None:
        raise NotCanonical("stroke-transform", "a stroke under a non-uniform transform")
    return scale


def _paint(
    text: str, style: Mapping[str, str], place: tuple[Scene, Matrix], segments: list
) -> RGBA | FlatGradient | None:
    scene, ctm = place
    text = text.strip()
    if text == "none":
        return None
    if text.startswith("url("):
        inside, _, fallback = text[4:].partition(")")
        target = scene.ids.get(inside.strip(" '\"")[1:])
        if target is None:
            return _paint(fallback.strip() or "none", style, place, segments)
        if target.tag not in ("linearGradient", "radialGradient"):
            raise NotCanonical(target.tag.lower(), f"<{target.tag}> paint has no canonical form")
        return gradient(target, scene.ids, ctm, bounds(segments), scene.viewport)
    if text.lower() in ("currentcolor", "context-fill", "context-stroke"):
        text = style.get("color", "#000")
        text = "#000" if text.lower() in ("currentcolor", "inherit") else text
    rgba = color(text)
    if rgba is None:
        raise NotCanonical("color", f"cannot read {text[:40]!r}")
    return rgba if rgba[3] > 0 else None
