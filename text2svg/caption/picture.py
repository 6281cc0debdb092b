"""What a vision model sees of a drawing: a square PNG on white, or on dark when the drawing itself is light.

Refuses a drawing without ink. The trade-off: one background for the whole picture, so a drawing that is half white and
half black stays on white and loses its white parts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from text2svg.caption.colors import color_name
from text2svg.errors import Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from text2svg.raster.base import Rasterizer

WHITE, DARK = 255.0, 40.0
"""Grey levels of the two backgrounds."""
LEAST_CONTRAST = 0.15
"""Mean distance of the ink from white, 0..1, below which it goes on dark: white glyphs are at 0, a red dot on a white
flag at 0.1, a black outline filled with white at 0.4."""
LEAST_INK = 1e-4
"""Share of the square that must be covered."""


NAMED_SHARE = 0.05
"""A colour is seen when this share of the ink has it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the model is shown, and what can be counted on it."""

    png: bytes
    colors: tuple[str, ...]
    """Names of the colours on at least NAMED_SHARE of the ink, largest first, neutral ones too."""


def picture(svg: str, size: int, rasterizer: Rasterizer) -> Picture:
    """An opaque PNG of size x size pixels. Raises SvgError (reason `blank` without ink) and RenderError."""
    from text2svg.svg.sanitize import sanitize

    pixels = rasterizer.render(sanitize(svg).text, size)
    return Picture(flatten(pixels), colors_seen(pixels))


def flatten(pixels: NDArray[np.uint8]) -> bytes:
    """(N, N, 4) straight alpha to an opaque PNG on the background that shows it. Raises Refused, reason `blank`."""
    import numpy as np

    from text2svg.raster.pixels import to_png

    alpha = pixels[..., 3:].astype(np.float32) / 255
    if float(alpha.mean()) < LEAST_INK:
        raise Refused("blank", "the drawing leaves no ink")
    ground = DARK if contrast_with_white(pixels) < LEAST_CONTRAST else WHITE
    flat = pixels[..., :3] * alpha + ground * (1 - alpha)
    opaque = np.full_like(pixels[..., :1], 255)
    return to_png(np.concatenate([np.rint(flat).astype(np.uint8), opaque], axis=2))


def contrast_with_white(pixels: NDArray[np.uint8]) -> float:
    """Mean distance of the ink's luma from white, 0..1, weighed by alpha."""
    import numpy as np

    alpha = pixels[..., 3].astype(np.float32)
    luma = pixels[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return float((alpha * (255 - luma)).sum() / (255 * max(float(alpha.sum()), 1.0)))


def colors_seen(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """Colour names of the ink, largest first; pixels are told apart by four bits a channel."""
    import numpy as np

    inked = pixels[pixels[..., 3] > 127][:, :3] >> 4
    codes = inked.astype(np.uint16) @ np.array([256, 16, 1], np.uint16)
    found, counts = np.unique(codes, return_counts=True)
    shares: Counter[str] = Counter()
    for code, count in zip(found.tolist(), counts.tolist(), strict=True):
        shares[color_name(f"{code:03x}")] += count
    return tuple(name for name, count in shares.most_common() if count >= NAMED_SHARE * len(inked))
