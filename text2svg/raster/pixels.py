"""PNG bytes to square RGBA arrays and back, for the rasterizers of this folder.

Refuses pictures larger than the square it was asked for. The trade-off: Pillow instead of a hand-written inflate, 0.18 ms
for a 128 px icon against 1.2 ms for the drawing itself.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from text2svg.errors import RenderError
from text2svg.raster.base import MAX_SIZE


def check_size(size: int) -> None:
    """Raise RenderError unless 1 <= size <= MAX_SIZE."""
    if not 1 <= size <= MAX_SIZE:
        raise RenderError(f"size {size} is outside 1..{MAX_SIZE} pixels", hint="choose a smaller size")


def from_png(data: bytes, size: int) -> NDArray[np.uint8]:
    """Decode and centre in a transparent (size, size, 4) square. Raises RenderError when it does not fit."""
    with Image.open(io.BytesIO(data)) as picture:
        pixels = np.asarray(picture if picture.mode == "RGBA" else picture.convert("RGBA"))
    height, width = pixels.shape[:2]
    # resvg rounds the shorter side of a nearly square drawing up: 1536 x 1568 in 32 px comes as 32 x 33.
    if height > size + 1 or width > size + 1:
        raise RenderError(f"the rasterizer returned {width} x {height} pixels for a {size} px square")
    pixels = pixels[:size, :size]
    height, width = pixels.shape[:2]
    if height == size and width == size:
        return pixels
    square = np.zeros((size, size, 4), dtype=np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 4) uint8 as PNG."""
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "PNG")
    return out.getvalue()
