"""Why a found drawing is no icon: by its text first, then by a small picture of it; each reason is a stable code.

Refuses to judge taste, captions or licences. The trade-off: markers and thresholds instead of a model, chosen so that
they cost fewer than one in a thousand drawings of hand-made icon sets; a web page's ornament that looks like an icon
stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHAPE = re.compile(r"<(?:path|circle|ellipse|rect|line|polyline|polygon|use)\b")
_ROOT = re.compile(r"<svg\b[^>]*>")
_TEXT = re.compile(r"<(?:text|tspan|textPath)\b[^>]*>([^<]*)")
_SIDE = re.compile(r"""\s(width|height)\s*=\s*["']\s*([\d.]+)(?:px)?\s*["']""")
_VIEWBOX = re.compile(r"""\sviewBox\s*=\s*["']\s*([-\d.eE+]+)[\s,]+([-\d.eE+]+)[\s,]+([\d.eE+]+)[\s,]+([\d.eE+]+)""")
_FORMULA = re.compile(r"""data-mml-node|\bMJX-|class=["'][^"']*\b(?:MathJax|mjx)""")
_CHART = re.compile(
    r"""(?:class|id)=["'][^"']*\b(?:highcharts|recharts|apexcharts|amcharts|echarts|plotly|nvd3|c3-axis|mermaid|vega|"""
    r"""jqplot|chartist|ct-chart|leaflet|jvectormap|fusioncharts|googlechart)"""
)
_MODULE = re.compile(r"[Mm][\d.]+[ ,][\d.]+h[\d.]+v[\d.]+h-[\d.]+z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a drawing stops being an icon."""

    max_bytes: int = 32_768
    """UTF-8 bytes of the text as found; the original miner's limit."""
    tracking_side: float = 3.0
    """Pixels: a declared width and height that are both at most this show nothing to anybody."""
    max_aspect: float = 8.0
    """Longer side by shorter side of the viewBox; beyond are rules, waves and banners."""
    max_letters: int = 120
    """Characters inside text elements; diagrams and posters have more."""
    qr_modules: int = 150
    """Equal squares that make a matrix code."""
    min_ink: float = 0.003
    """Part of the square that must be painted: three pixels of 32 x 32."""


def written_reason(svg: str, bounds: Bounds = Bounds()) -> str:
    """Why the text alone disqualifies a drawing, or an empty text.

    `too-large`, `raster`, `tracking-pixel`, `text-only`, `blank`, `formula`, `chart`, `document`, `strip`, `qr-code`.
    """
    if len(svg.encode()) > bounds.max_bytes:
        return "too-large"
    if "<image" in svg or "<foreignObject" in svg or "<feImage" in svg:
        return "raster"
    root = _ROOT.search(svg)
    head = root[0] if root else ""
    sides = {name: float(value) for name, value in _SIDE.findall(head) if value.count(".") < 2 and value != "."}
    if len(sides) == 2 and max(sides.values()) <= bounds.tracking_side:
        return "tracking-pixel"
    letters = sum(len(text.strip()) for text in _TEXT.findall(svg)) if "<t" in svg else 0
    if not _SHAPE.search(svg):
        return "text-only" if letters else "blank"
    if letters > bounds.max_letters:
        return "document"
    if ("class=" in svg or "id=" in svg or "data-" in svg) and (_FORMULA.search(svg) or _CHART.search(svg)):
        return "formula" if _FORMULA.search(svg) else "chart"
    if _aspect(head, sides) > bounds.max_aspect:
        return "strip"
    return "qr-code" if _modules(svg) >= bounds.qr_modules else ""


def seen_reason(pixels: NDArray[np.uint8], bounds: Bounds = Bounds()) -> str:
    """Why a picture (H, W, 4, straight alpha) disqualifies a drawing, or an empty text.

    `blank` (nothing painted), `speck`, `white` (white alone), `solid` (one colour from edge to edge).
    """
    alpha = pixels[..., 3]
    painted = alpha > 16
    share = float(painted.mean())
    if share == 0.0:
        return "blank"
    if share < bounds.min_ink:
        return "speck"
    colors = pixels[..., :3][painted]
    if int(colors.min()) >= 250:
        return "white"
    even = int((colors.max(axis=0).astype(int) - colors.min(axis=0)).max()) <= 2
    return "solid" if even and int(alpha.min()) >= 250 else ""


def _aspect(head: str, sides: dict[str, float]) -> float:
    box = _VIEWBOX.search(head)
    try:
        width, height = (float(box[3]), float(box[4])) if box else (sides.get("width", 1.0), sides.get("height", 1.0))
    except ValueError:
        return 1.0
    return max(width, height) / min(width, height) if width > 0 and height > 0 else 1.0


def _modules(svg: str) -> int:
    """Squares of what may be a matrix code: rects, or closed boxes of one path."""
    return max(svg.count("<rect"), len(_MODULE.findall(svg)) if svg.count("h") > 100 else 0)
