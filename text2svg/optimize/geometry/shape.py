"""One shape element as a painted path in final coordinates.

Refuses by name what has no flat form: markers, dashes by `pathLength`, a stroke under a map that bends its pen, paint it
cannot read, patterns. With `loose`, dashes, paint order, `currentColor` and gradients of any kind are said as they are;
without, they are refused or settled, because canonical SVG has no words for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.flat import CURRENT, FlatPaint, FlatShape, basic_under
from text2svg.optimize.geometry.gradients import gradient
from text2svg.optimize.geometry.outline import basic, bounds, outline
from text2svg.optimize.geometry.units import IDENTITY, color, length, similarity
from text2svg.svg.path import Matrix, Segment, transform

SHAPES = frozenset(["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"])
MARKERS = frozenset(["marker-start", "marker-mid", "marker-end", "marker"])
Place = tuple[Mapping[str, Element], tuple[float, float], Matrix]
"""Elements by id, viewport size, map to final coordinates."""

_SEPARATOR = re.compile(r"[\s,]+")


def flat_shape(
    tag: str, a: Mapping[str, str], style: Mapping[str, str], place: Place, loose: bool
) -> FlatShape | None:
    """The shape, or None when it paints nothing. Raises NotCanonical."""
    _, viewport, ctm = place
    if style.get("visibility", "visible") in ("hidden", "collapse"):
        return None
    segments = outline(tag, a, viewport)
    if not segments:
        return None
    if not MARKERS.isdisjoint(style) and any(style.get(name, "none") != "none" for name in MARKERS):
        raise NotCanonical("marker", "markers have no canonical form")
    fill = None if tag == "line" else _paint(style.get("fill", "#000"), style, place, segments, loose)
    stroke = _paint(style.get("stroke", "none"), style, place, segments, loose)
    diagonal = ((viewport[0] ** 2 + viewport[1] ** 2) / 2) ** 0.5
    width = length(style.get("stroke-width", "1"), diagonal) if stroke else 0.0
    if width <= 0:
        stroke = None
    if fill is None and stroke is None:
        return None
    form = basic(tag, a, viewport) if loose else None
    form = basic_under(form, ctm) if form else None
    scale, dashes, offset = 1.0, (), 0.0
    if stroke is not None:
        scale = _stroke_scale(style, ctm, fill is not None, loose)
        dashes, offset = _dashes(style, diagonal)
        if dashes:
            _check_dashes(tag, a, ctm, form is not None, loose)
    return FlatShape(
        segments=transform(segments, ctm) if ctm != IDENTITY else segments,
        fill=fill,
        fill_rule=style.get("fill-rule", "nonzero"),
        stroke=stroke,
        stroke_width=width * scale,
        linecap=style.get("stroke-linecap", "butt"),
        linejoin=style.get("stroke-linejoin", "miter"),
        miterlimit=length(style.get("stroke-miterlimit", "4")),
        fill_opacity=_number(style.get("fill-opacity", "1")),
        stroke_opacity=_number(style.get("stroke-opacity", "1")),
        opacity=_number(a.get("opacity", "1")),
        dashes=tuple(scale * v for v in dashes),
        dash_offset=scale * offset,
        stroke_first=stroke is not None and _stroke_first(style) and fill is not None,
        basic=form,
    )


def _number(text: str) -> float:
    return min(1.0, max(0.0, length(text, 1.0)))


def _stroke_first(style: Mapping[str, str]) -> bool:
    words = style.get("paint-order", "normal").replace(",", " ").split()
    return bool(words) and "stroke" in words and words[0] != "fill" and words.index("stroke") < _index(words, "fill")


def _index(words: list[str], word: str) -> int:
    return words.index(word) if word in words else len(words)


def _stroke_scale(style: Mapping[str, str], ctm: Matrix, filled: bool, loose: bool) -> float:
    if not loose and style.get("stroke-dasharray", "none") not in ("none", "0", ""):
        raise NotCanonical("dash", "dashes have no canonical form")
    if not loose and filled and _stroke_first(style):
        raise NotCanonical("paint-order", "stroke under fill has no canonical form")
    scale = similarity(ctm, 0.001 if loose else 0.02)
    if scale is None:
        raise NotCanonical("stroke-transform", "a stroke under a non-uniform transform")
    return scale


def _dashes(style: Mapping[str, str], diagonal: float) -> tuple[tuple[float, ...], float]:
    """Lengths of dashes and gaps, and where in them a stroke begins; no lengths for a solid one."""
    text = style.get("stroke-dasharray", "none").strip()
    if text in ("none", ""):
        return (), 0.0
    values = tuple(length(part, diagonal) for part in _SEPARATOR.split(text) if part)
    if sum(values) <= 0 or min(values) < 0:
        return (), 0.0
    return values, length(style.get("stroke-dashoffset", "0"), diagonal)


def _check_dashes(tag: str, a: Mapping[str, str], ctm: Matrix, named: bool, loose: bool) -> None:
    """Dashes are counted from where a shape begins and along its length, which the path we write must share."""
    if not loose or "pathLength" in a:
        raise NotCanonical("dash", "dashes by pathLength")
    if tag in ("circle", "ellipse") and (not named or ctm[0] <= 0 or ctm[3] <= 0 or ctm[1] or ctm[2]):
        raise NotCanonical("dash", "a dashed ellipse under a rotation")


def _paint(
    text: str, style: Mapping[str, str], place: Place, segments: list[Segment], loose: bool
) -> FlatPaint:
    text = text.strip()
    if text == "none":
        return None
    if text.startswith("url("):
        inside, _, fallback = text[4:].partition(")")
        target = place[0].get(inside.strip(" '\"")[1:])
        if target is None:
            return _paint(fallback.strip() or "none", style, place, segments, loose)
        if target.tag not in ("linearGradient", "radialGradient"):
            raise NotCanonical(target.tag.lower(), f"<{target.tag}> paint has no canonical form")
        return gradient(target, place, bounds(segments), loose)
    if text.lower() in ("currentcolor", "context-fill", "context-stroke"):
        text = style.get("color", CURRENT if loose else "#000")
        if text.lower() in ("currentcolor", "inherit"):
            return CURRENT if loose else color("#000")
    rgba = color(text)
    if rgba is None:
        raise NotCanonical("color", f"cannot read {text[:40]!r}")
    return rgba if rgba[3] > 0 else None
