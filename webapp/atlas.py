"""The map of the corpus, as the browser draws it: points packed as numbers, drawings asked for a few at a time.

Refuses to send every row of a large corpus: above MOST every n-th one stands for its neighbours, and the view says so. The
trade-off: points are 16-bit, a quarter of a pixel on a map 16,000 pixels wide.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from text2svg.errors import Text2SVGError
from webapp.gallery import relative
from webapp.notices import notice_of
from webapp.preview import shown
from webapp.views import Notice, Relative, RelativesView

MOST = 30_000
"""Points on the map: 160 kB on the way, and more than a screen can tell apart."""
AT_ONCE = 80
"""Drawings that one request may ask for."""


@dataclass(frozen=True, slots=True)
class AtlasView:
    """The corpus from above: `state` is `done` or `error`. Point i belongs to row `i * stride`."""

    state: str
    rows: int = 0
    stride: int = 1
    points: str = ""
    """Base64 of little-endian uint16 pairs (x, y), 0..65535, y down."""
    styles: str = ""
    """Base64 of a byte a point: its place in `names`."""
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Two telling words a cluster."""
    centers: tuple[tuple[float, float], ...] = ()
    """Where a label goes, 0..1."""
    notice: Notice | None = None


def atlas(runtime: Any) -> AtlasView:
    """The map of the runtime's corpus."""
    import numpy as np

    from text2svg.search.map import CorpusMap

    try:
        found = CorpusMap.open(runtime.corpus.index, runtime.encoder.digest)
    except Text2SVGError as error:
        return AtlasView("error", notice=notice_of(error))
    columns = runtime.searcher.columns
    stride = -(-len(found) // MOST) or 1
    points = np.clip(np.rint(found.points[::stride] * 65535), 0, 65535).astype("<u2")
    return AtlasView(
        "done",
        len(found),
        stride,
        _packed(points.tobytes()),
        _packed(columns.codes[0, ::stride].astype(np.uint8).tobytes()),
        tuple(columns.names["style"]),
        tuple(found.labels),
        tuple((round(float(x), 4), round(float(y), 4)) for x, y in found.centers),
    )


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def drawings(runtime: Any, rows: Sequence[int]) -> RelativesView:
    """The rows' drawings in the order asked, those that cannot be shown left out."""
    try:
        index = runtime.searcher.index
        known = [row for row in rows if 0 <= row < len(index)]
        samples = runtime.corpus.lookup([index.digest(row) for row in known])
        return RelativesView("done", tuple(_shown(known, samples)))
    except Text2SVGError as error:
        return RelativesView("error", notice=notice_of(error))


def _shown(rows: Sequence[int], samples: Sequence[Any]) -> list[Relative]:
    found = []
    for row, sample in zip(rows, samples, strict=True):
        try:
            drawing = shown(sample.optimized or sample.raw).drawing if sample else None
        except Text2SVGError:
            continue
        if sample and drawing:
            found.append(relative(sample, drawing, row=row))
    return found
