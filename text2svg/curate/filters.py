"""Says why a row should not be learned from: a short list of reasons, each a stable code for statistics.

Refuses to drop anything itself and to render: it looks at the text. The trade-off: a drawing that paints nothing for
geometric reasons (a path off the page) passes here and is found when the optimizer renders it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from text2svg.sample import Sample

_SHAPE = re.compile(r"""<path\b[^>]*\sd\s*=\s*["']\s*[Mm]|<(?:circle|ellipse|rect|line|polyline|polygon|use)\b""")
_SKIN = re.compile(r"\bskin tone\b")


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits for rows to learn from. `reason` gives the first that a row breaks."""

    max_bytes: int = 20_000
    """1 % of icons are larger than 12 kB; no model here can draw them."""
    skin_tones: bool = True
    """False leaves out the five skin tones of each person, nine tenths of some emoji sets' rows."""

    def reason(self, sample: Sample) -> str:
        """A code such as `blank`, or an empty text when the row is fine."""
        raw = sample.raw
        if len(raw.encode()) > self.max_bytes:
            return "too-large"
        if "<animate" in raw or "<set " in raw:
            return "animated"
        if "<image" in raw or "<foreignObject" in raw:
            return "raster"
        if "<text" in raw:
            return "text"
        if not _SHAPE.search(raw):
            return "blank"
        if not sample.caption.strip():
            return "no-caption"
        if not self.skin_tones and _SKIN.search(sample.caption):
            return "skin-tone"
        return ""

    def keep(self, samples: Iterable[Sample], dropped: Counter[str]) -> Iterator[Sample]:
        """The rows that break no limit; `dropped` counts the others by reason."""
        for sample in samples:
            reason = self.reason(sample)
            if reason:
                dropped[reason] += 1
            else:
                yield sample
