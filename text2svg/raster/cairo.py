"""The second opinion and the PDF writer: CairoSVG, which needs the system's libcairo2.

Refuses every external address. The trade-off: it knows less of SVG than resvg (few filters, no `mix-blend-mode`), but
published evaluations use it, and a fault shared by optimizer and resvg shows here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import MissingDependency, RenderError
from text2svg.raster.pixels import check_size, from_png


def _cairosvg() -> ModuleType:
    """Import the package on first use: `import cairosvg` loads libcairo2, which many machines lack."""
    try:
        import cairosvg
    except ImportError as error:
        raise MissingDependency("cairosvg", hint="pip install cairosvg") from error
    except OSError as error:
        raise MissingDependency(
            "libcairo2", hint="install it with `apt-get install libcairo2` or `brew install cairo`"
        ) from error
    return cairosvg


def _embedded_only(url: str, resource_type: str) -> bytes:
    if url.startswith("data:"):
        return _cairosvg().url.fetch(url, resource_type)
    raise RenderError(f"the drawing asks for {url[:60]!r}", hint="sanitise the drawing first")


@dataclass(frozen=True, slots=True)
class Cairo:
    """CairoSVG. Raises MissingDependency on first use when libcairo2 is absent."""

    @property
    def name(self) -> str:
        """The kind, as written in a spec."""
        return "cairo"

    def render(self, svg: str, size: int) -> NDArray[np.uint8]:
        """Draw into (size, size, 4) uint8, straight alpha. Raises RenderError."""
        return from_png(self.png(svg, size), size)

    def png(self, svg: str, size: int) -> bytes:
        """Draw into a PNG of size x size pixels. Raises RenderError."""
        check_size(size)
        return self._convert("PNGSurface", svg, size)

    def pdf(self, svg: str, size: int) -> bytes:
        """Draw into a one-page PDF of size x size points. Raises RenderError."""
        check_size(size)
        return self._convert("PDFSurface", svg, size)

    def _convert(self, surface: str, svg: str, size: int) -> bytes:
        # `svg2png` does not pass `url_fetcher` on; the surface classes do.
        convert = getattr(_cairosvg().surface, surface).convert
        if not svg.strip():
            raise RenderError("the text is empty")
        try:
            return convert(
                bytestring=svg.encode(),
                output_width=size,
                output_height=size,
                url_fetcher=_embedded_only,
            )
        except RenderError:
            raise
        except Exception as error:
            # CairoSVG lets TypeError, KeyError, RecursionError and cairo errors escape on odd input.
            raise RenderError(f"cairo: {type(error).__name__}: {error}") from error
