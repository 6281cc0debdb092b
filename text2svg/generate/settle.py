"""Decides what became of an answer: a canonical drawing, and what had to be done or said about it.

Text outside `<svg ...>...</svg>` is dropped, an answer cut short is closed at its last whole segment, and the result
must be canonical; then a rasterizer may say that it shows nothing. Refuses to return anything that is not canonical,
which is what makes every result safe to show. The trade-off: 0.3 ms a drawing for reading it once more, even when the
engine's grammar already held it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from text2svg.errors import RenderError, SvgError, Text2SVGError
from text2svg.svg.affine import bounds, shapes_of
from text2svg.svg.partial import close
from text2svg.svg.reader import canonicalize, parse_canonical
from text2svg.svg.schema import FOOTER
from text2svg.svg.snap import GRID

if TYPE_CHECKING:
    from text2svg.raster.base import Rasterizer

LEAVES = "leaves the canvas"
"""Warning of a drawing whose paint reaches more than MAX_OUT beyond the canvas; ranking puts those behind the others."""
MAX_OUT = 2.0
"""Grid units: less is a round line end or a rounded curve."""

BLANK_SIZE = 64
"""Pixels a side at which a drawing must show something; a stroke of one grid unit still leaves a quarter tone."""

MIN_INK = 0.001
"""Least share of the canvas that must be covered: four pixels of 4,096."""


Redraw = Callable[[str], str]
"""Brings foreign SVG onto the canonical grid, as the optimizer's first stage does; raises SvgError when it cannot."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a finished answer is worth."""

    svg: str
    """Canonical text, or empty."""
    valid: bool
    """Canonical and, when a rasterizer was asked, not blank."""
    warnings: tuple[str, ...] = ()


def frame(text: str) -> str:
    """What an unfinished answer has drawn so far, as a canonical drawing; empty when that is nothing."""
    begin = text.find("<svg")
    drawn = close(text[begin:]) if begin >= 0 else None
    if drawn is None:
        return ""
    try:
        return canonicalize(drawn)
    except SvgError:
        return ""


def settle(
    text: str, rasterizer: Rasterizer | None = None, redraw: Redraw | None = None, dress: Callable[[str], str] | None = None
) -> Settled:
    """Judge a finished answer; `redraw` may bring one that is not canonical into form, `dress` change one that is."""
    begin, end = text.find("<svg"), text.rfind(FOOTER)
    if begin < 0:
        return Settled("", False, ("no drawing",))
    warnings: tuple[str, ...] = ()
    if end >= begin:
        drawn = text[begin : end + len(FOOTER)]
    else:
        drawn, warnings = close(text[begin:]) or "", ("cut short",)
    if not drawn:
        return Settled("", False, (*warnings, "nothing drawn"))
    try:
        drawing = parse_canonical(drawn)
        svg = drawing.to_text()
    except SvgError as error:
        if redraw is None:
            return Settled("", False, (*warnings, error.reason))
        warnings += ("redrawn",)
        try:
            drawing = parse_canonical(redraw(drawn))
            svg = drawing.to_text()
        except Text2SVGError as failure:
            return Settled("", False, (*warnings, getattr(failure, "reason", str(failure))))
    if dress is not None:
        # A wider stroke may leave the canvas, so what is shown is what is measured.
        svg = dress(svg)
        drawing = parse_canonical(svg)
    box = bounds(shapes_of(drawing))
    if max(-box[0], -box[1], box[2] - GRID, box[3] - GRID) > MAX_OUT:
        warnings += (LEAVES,)
    return _look(Settled(svg, True, warnings), rasterizer) if rasterizer else Settled(svg, True, warnings)


def _look(settled: Settled, rasterizer: Rasterizer) -> Settled:
    """The same, no longer valid when the rasterizer finds nothing on it."""
    try:
        blank = is_blank(settled.svg, rasterizer)
    except RenderError as error:
        return replace(settled, valid=False, warnings=(*settled.warnings, f"not drawable: {error}"))
    return replace(settled, valid=False, warnings=(*settled.warnings, "blank")) if blank else settled


def is_blank(svg: str, rasterizer: Rasterizer) -> bool:
    """Whether a drawing covers less than MIN_INK of its canvas. Raises RenderError."""
    alpha = rasterizer.render(svg, BLANK_SIZE)[..., 3]
    return float(alpha.mean()) / 255 < MIN_INK
