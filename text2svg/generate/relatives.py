"""The corpus drawings nearest to a drawing, with their licences, and whether one is so near that it is a copy.

    relatives(svg, searcher, rasterizer)     Relative(sample, similarity, likeness, near_copy), most alike first

The encoder proposes, pixels decide: both drawings' ink is cut out, set to one size, and `likeness` is the smaller share of
either ink that lies within one pixel of the other's. A near copy has at least NEAR_COPY of it and is no plain figure, since
all plus signs are one. Refuses to look at colour: a recoloured copy is a copy. The trade-off: turned and mirrored copies
pass unseen, and what the encoder does not propose is never compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from text2svg.errors import RenderError
from text2svg.sample import Sample
from text2svg.svg.sanitize import sanitize
from text2svg.svg.stats import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.raster.base import Rasterizer

NEAR_COPY = 0.95
"""Likeness from which a drawing counts as a copy; see the README for its precision and recall."""
PLAIN = 8
"""Path segments and shapes up to which a drawing is too plain to be anybody's: an arrow, a plus, a ring."""
SHORTLIST = 32
"""Drawings the encoder proposes at least: it ranks by meaning too, so a copy may stand behind others of its kind."""
SIDE = 128
"""Pixels of the compared pictures; the ink fills INNER of them, so a pixel is a hundredth of the drawing."""
INNER = 96


class Found(Protocol):
    """A search hit."""

    sample: Sample
    score: float

    @property
    def svg(self) -> str:
        """The drawing."""
        ...


class DrawingSearch(Protocol):
    """What proposes relatives: `text2svg.search.Searcher`."""

    def drawing(self, svg: str, k: int) -> Sequence[Found]:
        """The k nearest drawings of the corpus."""
        ...


@dataclass(frozen=True, slots=True)
class Relative:
    """One corpus drawing near to another."""

    sample: Sample
    similarity: float
    """Cosine of the encoder's vectors, -1..1."""
    likeness: float
    """Share of ink in common, 0..1."""
    near_copy: bool

    @property
    def licence(self) -> str:
        """SPDX identifier."""
        return self.sample.provenance.licence


def relatives(svg: str, searcher: DrawingSearch, rasterizer: Rasterizer, k: int = 8) -> list[Relative]:
    """The k nearest corpus drawings, near copies first, then by similarity.

    Raises SvgError or RenderError for a drawing that cannot be read or drawn.
    """
    safe = sanitize(svg).text
    own = silhouette(safe, rasterizer)
    plain = is_plain(safe)
    found = []
    for hit in searcher.drawing(safe, max(k, SHORTLIST)):
        try:
            near = likeness(own, silhouette(hit.svg, rasterizer))
        except RenderError:
            # A corpus row that only the encoder's reader can take still is a relative.
            near = 0.0
        found.append(Relative(hit.sample, hit.score, near, near >= NEAR_COPY and not plain))
    return sorted(found, key=lambda relative: (not relative.near_copy, -relative.similarity))[:k]


def is_plain(svg: str) -> bool:
    """Whether a drawing has too few parts to be a copy of anything."""
    return stats(svg).segments <= PLAIN


def silhouette(svg: str, rasterizer: Rasterizer) -> NDArray[np.bool_]:
    """(SIDE, SIDE) ink of a drawing, cut to its bounds and centred at one size. Raises RenderError.

    Ink is what stands out of the page: where a drawing covers nearly all of its canvas, its darker half.
    """
    pixels = rasterizer.render(svg, 2 * SIDE).astype(np.float32)
    alpha = pixels[..., 3:] / 255
    gray = (pixels[..., :3] * alpha + 255 * (1 - alpha)).mean(-1)
    ink = gray < 236
    dark = gray < (gray.min() + 236) / 2
    if ink.mean() > 0.5 and dark.mean() < 0.5:
        ink = dark
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    out = np.zeros((SIDE, SIDE), bool)
    if not len(rows):
        return out
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    most = max(height, width)
    at = (np.arange(INNER) + 0.5) * most / INNER
    ys = (rows[0] + rows[-1] + 1) / 2 - most / 2 + at
    xs = (columns[0] + columns[-1] + 1) / 2 - most / 2 + at
    inside_y, inside_x = (ys >= 0) & (ys < 2 * SIDE), (xs >= 0) & (xs < 2 * SIDE)
    margin = (SIDE - INNER) // 2
    piece = np.zeros((INNER, INNER), bool)
    piece[np.ix_(inside_y, inside_x)] = ink[np.ix_(ys[inside_y].astype(int), xs[inside_x].astype(int))]
    out[margin : margin + INNER, margin : margin + INNER] = piece
    return out


def likeness(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """The smaller share of either ink that lies within one pixel of the other's; 0 for empty pictures."""
    if not one.any() or not other.any():
        return 0.0
    shares: Iterable[float] = (float(_grown(b)[a].mean()) for a, b in ((one, other), (other, one)))
    return min(shares)


def _grown(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = ink.copy()
    for axis in (0, 1):
        out = out | np.roll(out, 1, axis) | np.roll(out, -1, axis)
    return out
