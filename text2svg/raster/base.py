"""The seam of every rasterizer: SVG text in, pixels out.

A rasterizer draws the whole document into a square, aspect kept and centred (`xMidYMid meet`). It refuses to fetch
anything, and to judge whether a text is safe: callers sanitise first. The trade-off: one pixel format (8-bit sRGB,
straight alpha) for everyone, which costs a PNG decode (0.2 ms at 128 px) and buys comparable engines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SIZE = 4096
"""Largest side in pixels. 4096 x 4096 x 4 is 64 MiB; nobody previews an icon larger."""


@runtime_checkable
class Rasterizer(Protocol):
    """SVG to pixels. Implementations are frozen dataclasses, so they pickle into worker processes."""

    @property
    def name(self) -> str:
        """The kind, as written in a spec."""
        ...

    def render(self, svg: str, size: int) -> NDArray[np.uint8]:
        """Draw into (size, size, 4) uint8, sRGB with straight alpha. Raises RenderError."""
        ...

    def png(self, svg: str, size: int) -> bytes:
        """Draw into a PNG of size x size pixels. Raises RenderError."""
        ...
