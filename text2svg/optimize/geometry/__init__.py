"""Stage 1: any SVG brought onto the 256 grid, as canonical SVG or with decimals.

One walk resolves the drawing into painted paths in grid coordinates; the writer then rounds them. Refuses, with a typed
reason, what the canonical form cannot say. Trade-off: arcs, circles and rects are kept as such (half the tokens of cubics),
so a consumer that only knows cubics asks for `cubic_only`.
"""

from __future__ import annotations

from dataclasses import dataclass

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.emit import emit_canonical, emit_decimal
from text2svg.optimize.geometry.flat import FlatGroup, FlatItem
from text2svg.optimize.geometry.gradients import styles
from text2svg.optimize.geometry.units import IDENTITY, length, matrix, multiply
from text2svg.optimize.geometry.walk import INHERITED, Scene, walk
from text2svg.svg.document import SvgDocument, parse
from text2svg.svg.path import Matrix, Segment, arc_to_cubics
from text2svg.svg.snap import GRID

_ABSOLUTE_UNITS = ("%", "em", "ex", "rem", "vw", "vh")


@dataclass(frozen=True, slots=True)
class GeometryOptions:
    """What stage 1 writes."""

    decimals: int = 0
    """Digits after the point, 0..6; 0 rounds to integers. Ignored when `canonical`."""
    cubic_only: bool = False
    """Lines, quadratics and arcs become cubics. Ignored when `canonical`."""
    normalize_points: bool = True
    """Scale the longer side to `normalize_scale`; False keeps the drawing's own units."""
    normalize_scale: float = 256.0
    """Side of the square target viewBox, in units. Canonical text is always 256."""
    canonical: bool = True
    """Write canonical SVG."""


@dataclass(frozen=True, slots=True)
class Normalized:
    """Stage 1's answer."""

    text: str
    shapes: int
    """Painted shapes."""


def normalize(
    source: str | SvgDocument, options: GeometryOptions = GeometryOptions()
) -> Normalized:
    """Brings a drawing onto the grid. Raises ParseError, LimitError, or NotCanonical with the reason."""
    document = source if isinstance(source, SvgDocument) else parse(source)
    items, side = resolve(document, options)
    shapes = sum(len(i.shapes) if isinstance(i, FlatGroup) else 1 for i in items)
    if options.canonical:
        return Normalized(emit_canonical(items), shapes)
    if options.cubic_only:
        items = [_cubic_item(item) for item in items]
    return Normalized(emit_decimal(items, options.decimals, side), shapes)


def resolve(document: SvgDocument, options: GeometryOptions) -> tuple[list[FlatItem], float]:
    """The painted items on a square grid, and the side of that square."""
    root = document.root
    ids = {}
    for element in root.iter():
        if element.tag == "style" and (element.text or "").strip():
            raise NotCanonical("css", "style sheets are not resolved")
        if element.tag in ("animate", "animateTransform", "animateMotion", "set"):
            raise NotCanonical("animation", "an animated drawing has no single picture")
        if "id" in element.attrib:
            ids.setdefault(element.attrib["id"], element)
    ctm, viewport, side = _viewport(document, options)
    attributes = styles(root)
    inherited = {k: attributes[k] for k in INHERITED if k in attributes}
    if "transform" in attributes:
        ctm = multiply(ctm, matrix(attributes["transform"]))
    scene = Scene(ids, viewport)
    items: list[FlatItem] = []
    for child in root:
        if child.tag == "svg":
            raise NotCanonical("nested-svg", "an inner viewport has no canonical form")
        items += walk(child, scene, ctm, inherited)
    if float(attributes.get("opacity", "1") or 1) != 1:
        raise NotCanonical("root-opacity", "opacity on the root")
    return items, side


def _viewport(
    document: SvgDocument, options: GeometryOptions
) -> tuple[Matrix, tuple[float, float], float]:
    """Map to the grid, user space size, and grid side (SVG 2 section 8.2, preserveAspectRatio of the root)."""
    a = document.root.attrib
    size = [
        length(a[k]) if k in a and not a[k].strip().endswith(_ABSOLUTE_UNITS) else 0.0
        for k in ("width", "height")
    ]
    box = [float(v) for v in a.get("viewBox", "").replace(",", " ").split()]
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        if size[0] <= 0 or size[1] <= 0:
            raise NotCanonical("no-size", "neither viewBox nor width and height")
        box = [0.0, 0.0, *size]
    ratio = a.get("preserveAspectRatio", "xMidYMid meet")
    wide = min(size) > 0 and abs(size[0] * box[3] - size[1] * box[2]) > 0.005 * size[0] * box[3]
    if wide and ratio.split()[0] != "xMidYMid":
        raise NotCanonical(
            "aspect-ratio", f"preserveAspectRatio {ratio!r} on a viewport of another shape"
        )
    if wide and "slice" in ratio:
        raise NotCanonical("aspect-ratio", "a sliced viewport")
    width, height = box[2], box[3]
    if wide:
        # meet, centred: the viewport is the larger box around the viewBox
        factor = max(width / size[0], height / size[1])
        width, height = size[0] * factor, size[1] * factor
    longest = max(width, height)
    side = options.normalize_scale if options.normalize_points else longest
    s = (GRID if options.canonical else side) / longest
    dx, dy = (longest - box[2]) / 2 * s - box[0] * s, (longest - box[3]) / 2 * s - box[1] * s
    ctm = (s, 0.0, 0.0, s, dx, dy)
    return (IDENTITY if ctm == IDENTITY else ctm), (box[2], box[3]), side


def _cubic_item(item: FlatItem) -> FlatItem:
    if isinstance(item, FlatGroup):
        return item._replace(shapes=tuple(s._replace(segments=cubics(s.segments)) for s in item.shapes))
    return item._replace(segments=cubics(item.segments))


def cubics(segments: list[Segment]) -> list[Segment]:
    """Every drawing segment as a cubic, exactly but for arcs (radial error below 0.03 %)."""
    out: list[Segment] = []
    x = y = 0.0
    for s in segments:
        if s[0] == "L":
            ex, ey = s[1], s[2]
            out.append(
                (
                    "C",
                    x + (ex - x) / 3,
                    y + (ey - y) / 3,
                    x + (ex - x) * 2 / 3,
                    y + (ey - y) * 2 / 3,
                    ex,
                    ey,
                )
            )
        elif s[0] == "Q":
            qx, qy, ex, ey = s[1:]
            c = (
                x + (qx - x) * 2 / 3,
                y + (qy - y) * 2 / 3,
                ex + (qx - ex) * 2 / 3,
                ey + (qy - ey) * 2 / 3,
            )
            out.append(("C", *c, ex, ey))
        elif s[0] == "A":
            out += arc_to_cubics(x, y, s)
        else:
            out.append(s)
        if s[0] != "Z":
            x, y = s[-2], s[-1]
    return out

