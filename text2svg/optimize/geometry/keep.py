"""What has no flat form is drawn as it is, under a transform: text, images, masks, filters, patterns, markers.

An element is kept together with what it inherits and what it refers to. Percentages are resolved first, because the
viewport they refer to changes. Refuses, with NotCanonical("percent"), lengths it cannot resolve. The trade-off: a kept
element stays on its own grid, so its numbers are as long as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Final
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.flat import FlatKept
from text2svg.optimize.geometry.units import length
from text2svg.svg.allowed import PRESENTATION, TYPOGRAPHY
from text2svg.svg.path import Matrix

_USED = re.compile(r"url\(#([^)]+)\)")
_PERCENT = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?%")
_WIDE = frozenset(["x", "width", "cx", "rx", "x1", "x2", "dx", "fx", "refX", "markerWidth", "startOffset"])
_HIGH = frozenset(["y", "height", "cy", "ry", "y1", "y2", "dy", "fy", "refY", "markerHeight"])
_DIAGONAL = frozenset(["r", "fr", "stroke-width", "stroke-dasharray", "stroke-dashoffset"])
_LOCAL = frozenset(["offset", "font-size", "baseline-shift", "opacity", "transform-origin", "font-stretch"])
"""Percentages of something that does not change."""
_UNITS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "linearGradient": ("gradientUnits", "objectBoundingBox", {"x2": "100%"}),
    "radialGradient": ("gradientUnits", "objectBoundingBox", {"cx": "50%", "cy": "50%", "r": "50%"}),
    "pattern": ("patternUnits", "objectBoundingBox", {}),
    "mask": ("maskUnits", "objectBoundingBox", {"x": "-10%", "y": "-10%", "width": "120%", "height": "120%"}),
    "filter": ("filterUnits", "objectBoundingBox", {"x": "-10%", "y": "-10%", "width": "120%", "height": "120%"}),
}
"""Attribute that names the units, its default, and lengths that hold where nothing is said."""
_SERVANTS = frozenset(["defs", "clipPath", "mask", "pattern", "marker", "filter", "linearGradient", "radialGradient"])
_SINGLE = frozenset(["opacity", "clip-path", "mask", "filter", "display", "overflow", "vector-effect"])
"""Presentation attributes that children do not inherit."""
_INHERITING = frozenset(["clipPath", "mask", "pattern", "marker"])


class Library:
    """The elements of a drawing by id, and what surrounds them."""

    def __init__(self, ids: Mapping[str, Element], viewport: tuple[float, float]) -> None:
        self.ids = ids
        self.viewport = viewport
        self.around: dict[Element, Mapping[str, str]] = {}
        """What servants inherit from where they stand, if anything."""
        self._ready: dict[Element, Element] = {}

    def keep(
        self, element: Element, matrix: Matrix, style: Mapping[str, str], reason: str, viewport: tuple[float, float]
    ) -> FlatKept:
        """The element with all it needs. Raises NotCanonical("percent")."""
        own = _copied(element, viewport, strip=True)
        needs: dict[str, Element] = {}
        pending = list(_references(own, style))
        while pending:
            name = pending.pop()
            target = self.ids.get(name)
            if target is None or name in needs:
                continue
            needs[name] = self._servant(target, viewport)
            pending += _references(needs[name], {})
        order = {name: index for index, name in enumerate(self.ids)}
        servants = tuple(needs[name] for name in sorted(needs, key=order.__getitem__))
        inherited = tuple((name, value) for name, value in style.items())
        return FlatKept(own, matrix, inherited, reason, servants)

    def _servant(self, target: Element, viewport: tuple[float, float]) -> Element:
        ready = self._ready.get(target)
        if ready is None:
            ready = _copied(target, viewport, strip=False)
            if target.tag in _INHERITING:
                for name, value in self.around.get(target, {}).items():
                    ready.attrib.setdefault(name, value)
            self._ready[target] = ready
        return ready


def _references(element: Element, style: Mapping[str, str]) -> Iterator[str]:
    for value in style.values():
        if "url(" in value:
            yield from _USED.findall(value)
    for each in element.iter():
        for name, value in each.attrib.items():
            if name == "href" and value.startswith("#"):
                yield value[1:]
            elif "url(" in value:
                yield from (part.strip("'\"") for part in _USED.findall(value))


def _copied(element: Element, viewport: tuple[float, float], *, strip: bool) -> Element:
    """A copy with percentages resolved; `strip` drops ids and servants, which are kept apart."""
    clone = copy(element)
    clone.attrib = dict(element.attrib)
    if strip:
        clone.attrib.pop("id", None)
    _resolve(clone, viewport)
    clone.tail = element.tail
    inside = element.tag not in ("svg", "symbol") and not (element.tag == "pattern" and "viewBox" in element.attrib)
    children = [child for child in element if not (strip and child.tag in _SERVANTS)]
    clone[:] = [_copied(child, viewport, strip=strip) if inside else child for child in children]
    return clone


def _resolve(element: Element, viewport: tuple[float, float]) -> None:
    """Write lengths that depend on the viewport in user units."""
    a = element.attrib
    units = _UNITS.get(element.tag)
    if units is not None:
        name, default, implied = units
        if a.get(name, default) != "userSpaceOnUse" or "href" in a:
            return  # an href may bring the lengths; the defaults are then not ours to write
        for key, value in implied.items():
            a.setdefault(key, value)
    if "%" in a.get("style", ""):
        raise NotCanonical("percent", "a percentage in a style")
    w, h = viewport
    for name, value in a.items():
        if "%" not in value or name in _LOCAL or not _PERCENT.search(value):
            continue
        whole = w if name in _WIDE else h if name in _HIGH else ((w * w + h * h) / 2) ** 0.5
        if name not in _WIDE | _HIGH | _DIAGONAL:
            if name in ("d", "href", "aria-label", "font-family", "fill", "stroke", "color"):
                continue
            raise NotCanonical("percent", f"{name} is a percentage")
        a[name] = _PERCENT.sub(lambda match, whole=whole: f"{length(match[0], whole):.6g}", value)


def surroundings(element: Element, style: Mapping[str, str], around: dict[Element, Mapping[str, str]]) -> None:
    """Note, for each servant below the element, what it inherits from where it stands."""
    own = {k: v for k, v in element.attrib.items() if k in PRESENTATION or k in TYPOGRAPHY}
    below = {**style, **{k: v for k, v in own.items() if k not in _SINGLE}} if own else style
    for child in element:
        if below and child.tag in _INHERITING:
            around[child] = below
        if len(child):
            surroundings(child, below, around)
