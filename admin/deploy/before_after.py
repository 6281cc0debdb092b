"""The README's before and after: one drawing and its whole text, as it came and as the optimizer left it.

Refuses to show less than everything: each text stands there in full, so a drawing of more than MOST characters is turned
away. The trade-off: the drawings are pictures inside the picture, so that the names in one cannot meet those in the other.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from text2svg.errors import ConfigError

if TYPE_CHECKING:
    from text2svg.optimize import Optimized

MOST = 4000
SIDE, PAD, GAP, LINE, HEAD = 150, 16, 28, 14.5, 26
LETTERS, LETTER = 56, 6.65
"""Of a line of text, and the width of one."""
WIDTH = round(LETTERS * LETTER)
STYLE = """text{font:13px system-ui,sans-serif;fill:#77716a}.h{font-weight:600;font-size:14px}
.c{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}.p{fill:#fff;stroke:#d8d3ca}"""


def compared(before: str, result: Optimized) -> str:
    """Both side by side. Raises ConfigError for a drawing whose text would not be read."""
    if len(before) > MOST:
        raise ConfigError(f"the drawing has {len(before):,} characters", hint=f"at most {MOST:,} are shown in full")
    saved = 100 * (1 - result.bytes / result.raw_bytes)
    look = "not compared" if result.difference is None else f"kept as {result.rung}"
    panels = (
        _panel(PAD, before, f"Before: {result.raw_bytes:,} bytes", "as it came"),
        _panel(PAD + WIDTH + GAP, result.text, f"After: {result.bytes:,} bytes", f"{saved:.0f} % smaller, {look}"),
    )
    high = max(height for _, height in panels)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (PAD + WIDTH) + GAP} {high:g}">'
    return f"{head}<style>{STYLE}</style>{''.join(text for text, _ in panels)}</svg>\n"


def _panel(left: int, svg: str, title: str, note: str) -> tuple[str, float]:
    """One side, and where it ends."""
    top, inner = PAD + HEAD, SIDE - 36
    place = f'x="{left + 18}" y="{top + 18}" width="{inner}" height="{inner}"'
    lines = [part for line in svg.strip().splitlines() for part in wrap(line, LETTERS)]
    start = top + SIDE + 24
    code = "".join(
        f'<text class="c" x="{left}" y="{start + LINE * at:g}" xml:space="preserve">{escape(line)}</text>'
        for at, line in enumerate(lines)
    )
    text = (
        f'<text class="h" x="{left}" y="{PAD + 12}">{escape(title)}</text>'
        f'<rect class="p" x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" rx="14"/>'
        f'<image {place} href="data:image/svg+xml,{quote(svg)}"/>'
        f'<text x="{left + SIDE + 18}" y="{top + 20}">{escape(note)}</text>{code}'
    )
    return text, start + LINE * len(lines) + PAD
