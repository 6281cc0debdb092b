"""The manner of a drawing, and another drawing put into it: style, detail, stroke width, ends and corners, colours.

    manner = manner_of(parse_canonical(text))     what to ask the model for, and what to do to its answer
    dress(svg, manner, manner.inks)               the answer with the strokes and the colours of the reference

The model is asked for the reference's style and detail; stroke and colours, which it cannot be asked for, are set by rule
on every frame. Shapes stay as the model drew them. Refuses nothing that is canonical. The trade-off: a manner is five
plain facts, so a hand that shows in the shapes themselves (wobbly, pixelled, isometric) is not taken over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Protocol

from text2svg.generate.bring import Bring, brought
from text2svg.svg.affine import each_shape, shapes_of
from text2svg.svg.canonical import Drawing, Group, Shape
from text2svg.svg.inks import inks_of, recolored
from text2svg.svg.palette import luminance
from text2svg.svg.reader import canonicalize, parse_canonical
from text2svg.svg.schema import MAX_STROKE, OPAQUE
from text2svg.svg.vocabulary import detail_level

MOST_INKS = 6
"""Colours taken over, those with the most paint first; further ones are details of the drawing they come from."""
SAME_LIGHT = 0.02
"""Two inks this near in luminance are equally good, and the one with more paint is taken."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a drawing is drawn."""

    style: str
    """outline, filled, duotone or color."""
    detail: int
    """0 (plainest) to 5, as prompts say it."""
    stroke_width: int = 0
    """The usual width in grid units; 0 without strokes."""
    linecap: str = "butt"
    linejoin: str = "miter"
    inks: tuple[str, ...] = ()
    """Colours as `#rgb`, the one with the most paint first."""


class Counts(Protocol):
    """What the detail level needs of a tokenizer."""

    def encode_batch(self, texts: Sequence[str]) -> Sequence[Sequence[int]]:
        """Ids of canonical drawings."""
        ...


def read_manner(svg: str, bring: Bring, tokenizer: Counts) -> Manner:
    """The manner of any safe SVG. Raises NotCanonical, SvgError."""
    text, _ = brought(svg, bring)
    return manner_of(parse_canonical(text), detail_level(len(tokenizer.encode_batch([text])[0])))


def manner_of(drawing: Drawing, detail: int) -> Manner:
    """The manner of a canonical drawing whose detail level is known."""
    shapes = list(shapes_of(drawing))
    inks = inks_of(drawing)
    stroked = [shape.paint for shape in shapes if shape.paint.stroke != "none"]
    widths = [paint.stroke_width for paint in stroked]
    caps, joins = (Counter(getattr(paint, name) for paint in stroked) for name in ("linecap", "linejoin"))
    return Manner(
        _style(drawing, shapes, inks),
        detail,
        median_low(widths) if widths else 0,
        caps.most_common(1)[0][0] if caps else "butt",
        joins.most_common(1)[0][0] if joins else "miter",
        tuple(ink for ink, _ in inks.most_common(MOST_INKS)),
    )


def dress(svg: str, manner: Manner | None, palette: tuple[str, ...]) -> str:
    """A canonical drawing with the manner's strokes and the palette's colours (`#rgb`); what is not given stays as it is.

    Raises NotCanonical.
    """
    drawing = parse_canonical(svg)
    widths = [shape.paint.stroke_width for shape in shapes_of(drawing) if shape.paint.stroke != "none"]
    if manner and manner.stroke_width and widths:
        scale = manner.stroke_width / median_low(widths)
        drawing = each_shape(drawing, lambda shape: _stroked(shape, manner, scale))
    if palette:
        drawing = recolored(drawing, matched(inks_of(drawing), palette))
    return canonicalize(drawing.to_text())


def matched(own: Counter[str], palette: tuple[str, ...]) -> dict[str, str]:
    """For each ink, most painted first, the unused palette colour nearest in lightness; all are free again when none is."""
    chosen: dict[str, str] = {}
    for ink, _ in own.most_common():
        free = [color for color in palette if color not in chosen.values()] or list(palette)
        # A drawing of one ink is painted as most of the reference is, however light that may be.
        light = luminance(palette[0]) if len(own) == 1 else luminance(ink)
        chosen[ink] = min(free, key=lambda color: (abs(luminance(color) - light) // SAME_LIGHT, palette.index(color)))
    return chosen


def _stroked(shape: Shape, manner: Manner, scale: float) -> Shape:
    paint = shape.paint
    if paint.stroke == "none":
        return shape
    width = max(1, min(MAX_STROKE, round(paint.stroke_width * scale)))
    return shape._replace(
        paint=paint._replace(stroke_width=width, linecap=manner.linecap, linejoin=manner.linejoin)
    )


def _style(drawing: Drawing, shapes: list[Shape], inks: Counter[str]) -> str:
    if drawing.gradients or len(inks) > 1:
        return "color"
    faded = any(isinstance(item, Group) for item in drawing.items)
    paints = [shape.paint for shape in shapes]
    if faded or any(min(p.opacity, p.fill_opacity, p.stroke_opacity) < OPAQUE for p in paints):
        return "duotone"
    lines = sum(paint.stroke != "none" and paint.fill == "none" for paint in paints)
    return "outline" if 2 * lines >= len(paints) else "filled"
