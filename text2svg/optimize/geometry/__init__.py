"""Stage 1: any SVG brought onto the 256 grid, as canonical SVG or with decimals.

One walk resolves the drawing into painted paths in grid coordinates; the writer then rounds them. Refuses, with a typed
reason, what the canonical form cannot say. Trade-off: arcs, circles and rects are kept as such (half the tokens of cubics),
so a consumer that only knows cubics asks for `cubic_only`.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from xml.etree.ElementTree import Element

from text2svg.errors import NotCanonical
from text2svg.optimize.geometry.emit import emit_canonical
from text2svg.optimize.geometry.flat import FlatGroup, FlatItem, FlatShape
from text2svg.optimize.geometry.gradients import styles
from text2svg.optimize.geometry.keep import Library, surroundings
from text2svg.optimize.geometry.markup import Frame, write_drawing
from text2svg.optimize.geometry.scale import enlarged, same_shape, shortest, single
from text2svg.optimize.geometry.units import IDENTITY, matrix, multiply
from text2svg.optimize.geometry.viewport import fit, own_size, view_box
from text2svg.optimize.geometry.walk import INHERITED, Scene, count, plain, reasons, walk
from text2svg.svg.document import SvgDocument, parse
from text2svg.svg.path import Matrix, Segment, arc_to_cubics, write_number
from text2svg.svg.sanitize import sanitize
from text2svg.svg.snap import GRID

ROOT_ONLY = {"opacity": "root-opacity", "clip-path": "clip", "mask": "mask", "filter": "filter"}
"""What the root may not have, and the reason it is refused by."""


@dataclass(frozen=True, slots=True)
class GeometryOptions:
    """What stage 1 writes."""

    decimals: int = 0
    """Digits after the point on the 256 grid, 0..6; 0 rounds to integers. Ignored when `canonical`."""
    cubic_only: bool = False
    """Lines, quadratics and arcs become cubics. Ignored when `canonical`."""
    normalize_points: bool = True
    """Scale the longer side to `normalize_scale`; False keeps the drawing's own units."""
    normalize_scale: float = 256.0
    """Length of the longer side, in units. Canonical text is always 256."""
    canonical: bool = True
    """Write canonical SVG: a square, and nothing that is only kept."""
    square: bool = False
    """Centre the drawing in a square, as canonical text does; otherwise the viewBox keeps the drawing's proportions."""
    shortest: bool = False
    """Choose between the 256 grid and the drawing's own units, whichever takes fewer digits for the same precision."""
    plain: bool = False
    """Path data in absolute letters without shorthand, no shape elements, paint on each shape; so is `cubic_only`."""
    names: bool = False
    """Keep the root's title, description and role."""


@dataclass(frozen=True, slots=True)
class Normalized:
    """Stage 1's answer."""

    text: str
    shapes: int
    """Painted shapes; a kept element counts as one."""
    decimals: int = 0
    """Digits after the point in path data: more than asked for when the drawing kept smaller units."""
    kept: tuple[str, ...] = ()
    """Why elements were kept under a transform, sorted."""


def normalize(
    source: str | SvgDocument, options: GeometryOptions = GeometryOptions()
) -> Normalized:
    """Brings a drawing onto the grid. Raises ParseError, LimitError, or NotCanonical with the reason."""
    document = source if isinstance(source, SvgDocument) else parse(source)
    if next(document.root.iter("style"), None) is not None:
        document = _styled(document)
    items, size = resolve(document, options)
    if options.canonical:
        return Normalized(emit_canonical(plain(items)), count(items))
    if options.cubic_only:
        items = [_cubic_item(item) for item in items]
    if not items:
        raise NotCanonical("empty", "nothing is drawn")
    decimals = options.decimals
    if options.plain and options.normalize_points:
        items, size = enlarged([single(item) for item in items], size, options.normalize_scale)
    pixels = _pixels(document.root)
    if options.shortest:
        items, size, decimals = shortest(items, size, decimals, pixels)
    head, names = _names(document.root) if options.names else ("", "")
    if not options.square and not options.plain and not same_shape(pixels, size):
        width, height = pixels
        head += f' width="{write_number(width, 3)}" height="{write_number(height, 3)}"'
    frame = Frame(*size, decimals, head, names, options.plain or options.cubic_only)
    return Normalized(write_drawing(items, frame), count(items), decimals, tuple(sorted(reasons(items))))


def _styled(document: SvgDocument) -> SvgDocument:
    """The document with its style sheets resolved. Raises NotCanonical("css") when a rule cannot be."""
    cleaned = sanitize(document.text, keep_images=True)
    lost = [reason for reason in cleaned.removed if reason.startswith("css-")]
    if lost:
        raise NotCanonical("css", f"the style sheet holds what a picture cannot settle: {', '.join(lost)}")
    return parse(cleaned.text)


def resolve(document: SvgDocument, options: GeometryOptions) -> tuple[list[FlatItem], tuple[float, float]]:
    """The painted items in final coordinates, and the size of the viewBox around them."""
    root = document.root
    ids: dict[str, Element] = {}
    for element in root.iter():
        if element.tag in ("animate", "animateTransform", "animateMotion", "set"):
            raise NotCanonical("animation", "an animated drawing has no single picture")
        if "id" in element.attrib:
            ids.setdefault(element.attrib["id"], element)
    ctm, viewport, page = _viewport(document, options)
    attributes = styles(root)
    inherited = {k: attributes[k] for k in attributes if k in INHERITED}
    for name, reason in ROOT_ONLY.items():
        if attributes.get(name, "none") not in ("none", "1", "auto", "normal"):
            raise NotCanonical(reason, f"{name} on the root")
    if "transform" in attributes:
        ctm = multiply(ctm, matrix(attributes["transform"]))
    keep = not options.canonical
    library = Library(ids, viewport)
    if keep and ids:
        surroundings(root, {}, library.around)
    scene = Scene(library, viewport, page, keep)
    items = [item for child in root for item in walk(child, scene, ctm, inherited)]
    side = max(page[2], page[3])
    return items, ((side, side) if options.canonical or options.square else (page[2], page[3]))


def _viewport(
    document: SvgDocument, options: GeometryOptions
) -> tuple[Matrix, tuple[float, float], tuple[float, float, float, float]]:
    """Map to final coordinates, user space size, and the page: the root's viewport in final coordinates."""
    a = document.root.attrib
    size = own_size(a)
    box = view_box(a.get("viewBox", ""))
    if box is None:
        if size[0] <= 0 or size[1] <= 0:
            raise NotCanonical("no-size", "neither viewBox nor width and height")
        box = (0.0, 0.0, *size)
    ratio = a.get("preserveAspectRatio", "xMidYMid meet")
    width, height = box[2], box[3]
    other = min(size) > 0 and abs(size[0] * height - size[1] * width) > 0.005 * size[0] * height
    if other and options.canonical and (ratio.split()[:1] != ["xMidYMid"] or "slice" in ratio):
        raise NotCanonical("aspect-ratio", f"preserveAspectRatio {ratio!r} on a viewport of another shape")
    own = (1.0, 0.0, 0.0, 1.0, -box[0], -box[1])
    if other:
        # The viewport in the drawing's own units, so that "own units" still means something.
        factor = max(width / size[0], height / size[1])
        width, height = size[0] * factor, size[1] * factor
        own = fit(box, width, height, ratio)
    longest = max(width, height)
    late = options.shortest or options.plain  # both look at the drawing in its own units first
    side = float(GRID) if options.canonical else options.normalize_scale
    s = side / longest if options.canonical or not (late or not options.normalize_points) else 1.0
    dx = dy = 0.0
    if options.canonical or options.square:
        dx, dy = (longest - width) / 2 * s, (longest - height) / 2 * s
    ctm = (own[0] * s, 0.0, 0.0, own[3] * s, own[4] * s + dx, own[5] * s + dy)
    page = (dx, dy, width * s, height * s)
    return (IDENTITY if ctm == IDENTITY else ctm), (box[2], box[3]), page


def _pixels(root: Element) -> tuple[float, float]:
    """The root's own width and height in pixels, or its viewBox's."""
    width, height = own_size(root.attrib)
    box = view_box(root.attrib.get("viewBox", ""))
    return (width, height) if box is None or min(width, height) > 0 else (box[2], box[3])


def _names(root: Element) -> tuple[str, str]:
    """What a reader of the page hears: attributes and elements, as markup."""
    head = "".join(
        f' {name}="{escape(root.attrib[name])}"'
        for name in ("role", "aria-label", "aria-hidden")
        if root.attrib.get(name, "").isprintable() and name in root.attrib
    )
    names = [child for child in root if child.tag in ("title", "desc") and (child.text or "").strip()]
    return head, "".join(f"<{each.tag}>{escape(each.text.strip())}</{each.tag}>" for each in names)


def _cubic_item(item: FlatItem) -> FlatItem:
    if isinstance(item, FlatGroup):
        return item._replace(shapes=tuple(_cubic_item(each) for each in item.shapes))
    return item._replace(segments=cubics(item.segments), basic=None) if isinstance(item, FlatShape) else item


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

