"""Clips as plain paths in final coordinates, and viewports that cut.

Refuses, with NotCanonical("clip"), clips made of text, `use`, other clips, or of the bounding box of a group. The
trade-off: a clip that is a rectangle around everything is dropped, which design tools write by the thousand, by comparing
corners and not by rendering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.flat import FlatClip, FlatGroup, FlatItem, FlatShape
from text2svg.optimize.geometry.gradients import styles
from text2svg.optimize.geometry.outline import bounds, outline
from text2svg.optimize.geometry.shape import SHAPES
from text2svg.optimize.geometry.units import matrix, multiply
from text2svg.svg.path import Matrix, transform

Box = tuple[float, float, float, float]


def clip_of(
    element: Element, place: tuple[str, Mapping[str, str], Matrix], viewport: tuple[float, float]
) -> FlatClip:
    """What a clipPath lets through for an element: its tag, attributes and map. Raises NotCanonical("clip")."""
    tag, attributes, ctm = place
    own = styles(element)
    if element.tag != "clipPath" or own.get("clip-path", "none") != "none":
        raise NotCanonical("clip", "a clip of a clip")
    if own.get("clipPathUnits") == "objectBoundingBox":
        if tag not in SHAPES:
            raise NotCanonical("clip", "a clip by the bounding box of a group")
        x, y, w, h = bounds(outline(tag, attributes, viewport))
        ctm, viewport = multiply(ctm, (w, 0.0, 0.0, h, x, y)), (1.0, 1.0)
    if "transform" in own:
        ctm = multiply(ctm, matrix(own["transform"]))
    paths = []
    for child in element:
        if child.tag in ("title", "desc"):
            continue
        a = styles(child)
        hidden = a.get("display") == "none" or a.get("visibility", own.get("visibility")) in ("hidden", "collapse")
        if child.tag not in SHAPES or a.get("clip-path", "none") != "none" or "transform-origin" in a:
            raise NotCanonical("clip", f"<{child.tag}> in a clip")
        segments = [] if hidden else outline(child.tag, a, viewport)
        if segments:
            m = multiply(ctm, matrix(a["transform"])) if "transform" in a else ctm
            paths.append((tuple(transform(segments, m)), a.get("clip-rule", own.get("clip-rule", "nonzero"))))
    return FlatClip(tuple(paths))


def covers(clip: FlatClip, page: Box) -> bool:
    """Whether one of the clip's paths is an upright rectangle around the page."""
    return any(_upright(path) and _around(bounds(list(path)), page) for path, _ in clip.paths)


def _upright(path: Sequence[tuple]) -> bool:
    """Whether a path is one rectangle along the axes, drawn by lines."""
    if len(path) > 6 or any(s[0] not in "MLZ" for s in path):
        return False
    x, y, w, h = bounds(list(path))
    e = 1e-6 * max(w, h)
    corners = {(x, y), (x + w, y), (x, y + h), (x + w, y + h)}
    points = [s[1:] for s in path if s[0] != "Z"]
    found = {c for c in corners for p in points if abs(p[0] - c[0]) <= e and abs(p[1] - c[1]) <= e}
    return len(found) == 4 and sum(s[0] == "M" for s in path) == 1


def _around(outer: Box, inside: Box) -> bool:
    e = 0.0005 * max(inside[2], inside[3])
    return (
        outer[0] <= inside[0] + e
        and outer[1] <= inside[1] + e
        and outer[0] + outer[2] >= inside[0] + inside[2] - e
        and outer[1] + outer[3] >= inside[1] + inside[3] - e
    )


def cut(items: list[FlatItem], box: Box, ctm: Matrix, page: Box, reason: str, keep: bool) -> list[FlatItem]:
    """The items inside a viewport's rectangle: as they are where nothing reaches beyond it, else under a clip.

    Raises NotCanonical(reason) when a clip is needed and not allowed.
    """
    x, y, w, h = box
    corners = [("M", x, y), ("L", x + w, y), ("L", x + w, y + h), ("L", x, y + h), ("Z",)]
    rectangle = tuple(transform(corners, ctm))
    clip = FlatClip(((rectangle, "nonzero"),))
    if covers(clip, page):
        return items
    if _upright(rectangle) and all(_inside(item, bounds(list(rectangle))) for item in items):
        return items
    if not keep:
        raise NotCanonical(reason, "an inner viewport that cuts")
    return [FlatGroup(1.0, tuple(items), clip)]


def _inside(item: FlatItem, box: Box) -> bool:
    if isinstance(item, FlatGroup):
        return all(_inside(each, box) for each in item.shapes)
    if not isinstance(item, FlatShape):
        return False
    # A miter reaches at most its limit, a square cap 1.42 half widths.
    reach = item.stroke_width / 2 * max(1.42, item.miterlimit if item.linejoin == "miter" else 1.0)
    x, y, w, h = bounds(item.segments)
    return _around(box, (x - reach, y - reach, w + 2 * reach, h + 2 * reach))
