"""Contact sheets: many drawings on one PNG with their words, for eyes.

Refuses to hide: an invalid drawing leaves its cell empty, and what is made of others' drawings is credited at the foot. The
trade-off: pillow's built-in font knows Latin letters only.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

LABEL, LETTER = 14, 7
"""Height of a caption line and width of its widest common letter, in pixels."""


def contact_sheet(
    cells: Sequence[tuple[str, Sequence[str]]],
    rasterizer: Any,
    *,
    size: int = 96,
    columns: int = 4,
    credits: Sequence[str] = (),
) -> bytes:
    """PNG bytes of labelled rows of drawings; each cell is `(label, svgs)`, empty texts stay empty."""
    from PIL import Image, ImageDraw

    most = max((len(svgs) for _, svgs in cells), default=1)
    width, height = most * size + 12, size + LABEL + 4
    rows = -(-len(cells) // columns)
    foot = [line for credit in credits for line in wrap(credit, columns * width // LETTER)]
    top = max(1, rows) * height
    sheet = Image.new("RGB", (columns * width, top + len(foot) * LABEL + 4 * bool(foot)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (label, svgs) in enumerate(cells):
        x, y = place % columns * width, place // columns * height
        pen.text((x + 3, y), label, fill="#555")
        for at, svg in enumerate(svgs):
            if svg:
                picture = Image.open(io.BytesIO(rasterizer.png(svg, size - 8))).convert("RGBA")
                sheet.paste(picture, (x + at * size + 4, y + LABEL + 2), picture)
    for at, line in enumerate(foot):
        pen.text((3, top + at * LABEL), line, fill="#555")
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
