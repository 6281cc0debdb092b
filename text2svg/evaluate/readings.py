"""What can be read off one answer: whether it parses, is safe, renders, stays inside, and how large it is.

Refuses to repair: an answer is judged as it came. The trade-off: ink outside the viewBox is looked for at 192 pixels, so
an overhang of less than two of 256 units passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.errors import RenderError, SvgError
from text2svg.svg.document import parse
from text2svg.svg.reader import is_canonical
from text2svg.svg.sanitize import sanitize
from text2svg.svg.stats import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.evaluate.tasks import Task

BLANK_MSE = 1e-4
"""Mean squared difference from white, values 0..1, below which nothing was drawn."""
MARGIN = 0.25
"""Share of the viewBox looked at beyond each of its sides."""
MARGIN_SIZE = 192
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEWBOX = re.compile(r"""\bviewBox\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a generator gave for one prompt."""

    task: Task
    svg: str
    tokens: int
    error: str = ""
    """Why there is no drawing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts about one answer."""

    answer: Answer
    parsed: bool
    safe: bool
    canonical: bool
    inside: bool
    bytes: int
    shapes: int
    segments: int
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """(S, S, 3) on white; None when it did not render."""

    @property
    def rendered(self) -> bool:
        """Whether there is a picture."""
        return self.pixels is not None

    @property
    def blank(self) -> bool:
        """Whether the picture, if any, is white all over."""
        return self.pixels is None or float(np.mean((self.pixels / 255.0 - 1) ** 2)) < BLANK_MSE


def read(answer: Answer, renderer: Any, size: int) -> Reading:
    """Parses, cleans, renders and measures one answer."""
    svg = answer.svg
    try:
        parse(svg)
        safe = sanitize(svg).removed == ()
        facts = stats(svg)
    except SvgError:
        return Reading(answer, False, False, False, False, len(svg.encode()), 0, 0)
    pixels = on_white(svg, renderer, size)
    inside = pixels is not None and stays_inside(svg, renderer)
    return Reading(answer, True, safe, is_canonical(svg), inside, facts.bytes, facts.shapes, facts.segments, pixels)


def on_white(svg: str, renderer: Any, size: int) -> NDArray[np.uint8] | None:
    """(size, size, 3) uint8 on white, None when the renderer gives up."""
    try:
        pixels = renderer.render(svg, size)
    except RenderError:
        return None
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def stays_inside(svg: str, renderer: Any) -> bool:
    """Whether a wider view shows no ink beyond the viewBox; True when there is no viewBox to widen."""
    root = _ROOT.search(svg)
    box = _VIEWBOX.search(root[0]) if root else None
    try:
        x, y, width, height = (float(part) for part in re.split(r"[\s,]+", box[1].strip())) if box else (0.0,) * 4
    except ValueError:
        return True
    if root is None or box is None or width <= 0 or height <= 0:
        return True
    side = max(width, height)
    pad = MARGIN * side
    # A square view of which the old one is the middle, whatever its shape.
    left, top = x + width / 2 - side / 2 - pad, y + height / 2 - side / 2 - pad
    wide = f'viewBox="{left:g} {top:g} {side + 2 * pad:g} {side + 2 * pad:g}"'
    head = re.sub(r"""\s(?:width|height)\s*=\s*["'][^"']*["']""", "", root[0].replace(box[0], wide))
    try:
        alpha = renderer.render(svg[: root.start()] + head + svg[root.end() :], MARGIN_SIZE)[..., 3]
    except RenderError:
        return True
    scale = MARGIN_SIZE / (side + 2 * pad)
    half_x, half_y = width / 2 * scale + 0.5, height / 2 * scale + 0.5
    middle = MARGIN_SIZE / 2
    outside = np.ones_like(alpha, bool)
    rows = slice(max(0, int(np.floor(middle - half_y))), int(np.ceil(middle + half_y)))
    outside[rows, max(0, int(np.floor(middle - half_x))) : int(np.ceil(middle + half_x))] = False
    return not bool((alpha[outside] > 8).any())
