"""Any safe SVG in canonical form, and what the way there cost.

Refuses drawings that keep their look only outside the grid's subset (masks, filters, text). The trade-off: the optimizer
is a parameter, since it lives beside this floor and brings Node with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from text2svg.errors import NotCanonical
from text2svg.svg.reader import is_canonical

if TYPE_CHECKING:
    from text2svg.optimize.options import Optimized

Bring = Callable[[str], "Optimized"]
"""The optimizer with profile `model`."""


def brought(svg: str, bring: Bring) -> tuple[str, tuple[str, ...]]:
    """Canonical text, and notes of what it changed or dropped; none when it was canonical. Raises NotCanonical, SvgError."""
    svg = svg.strip()
    if is_canonical(svg):
        return svg, ()
    result = bring(svg)
    if result.rung != "integer":
        raise NotCanonical(
            "no-canonical-form",
            f"the drawing keeps its look only as {result.rung!r}: {'; '.join(result.warnings) or 'outside the subset'}",
            hint="give a drawing without masks, filters and text",
        )
    notes = ("rounded to the 256 grid, colours to #rgb", *result.warnings)
    if result.difference is not None:
        notes = (*notes, f"mean difference to the original {result.difference.mean_abs:.2f} of 255")
    return result.text, notes
