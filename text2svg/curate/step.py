"""The curate stage of the pipeline: a Sample in, the same Sample out, or a refusal whose reason is counted.

Looks at the text, at the drawing's own licence statement and at a 32 px picture, cheapest first. Refuses to change a
row: what passes, passes as it came. The trade-off: the picture is of the optimized text when there is one, which costs
a tenth of rendering raw text safely and shows the same within the optimizer's own bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from text2svg.curate.looks import Bounds, seen_reason, written_reason
from text2svg.errors import Refused, RenderError
from text2svg.licence.evidence import contradiction
from text2svg.sample import Sample


@dataclass(frozen=True, slots=True)
class CurateStep:
    """Stage `curate`. Every refusal is an SvgError, so its row is dropped with a reason, not failed."""

    name: str = "curate"
    version: int = 1
    bounds: Bounds = Bounds()
    size: int = 32
    """Pixels of the picture; 0 judges by the text alone."""
    rasterizer: str = "resvg?timeout=10"
    """In a killable process: mined drawings include bombs."""

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        """Hold one rasterizer."""
        from text2svg.raster import load
        from text2svg.svg.sanitize import sanitize

        with ExitStack() as stack:
            rasterizer = load(self.rasterizer)
            if hasattr(rasterizer, "close"):
                stack.callback(rasterizer.close)

            def run(sample: Sample) -> Sample:
                if reason := written_reason(sample.raw, self.bounds):
                    raise Refused(reason)
                if statement := contradiction(sample):
                    raise Refused("licence:contradicted", f"{sample.provenance.licence}, but {statement}")
                if self.size:
                    try:
                        pixels = rasterizer.render(sample.optimized or sanitize(sample.raw).text, self.size)
                    except RenderError as error:
                        raise Refused("no-picture", error.message) from error
                    if reason := seen_reason(pixels, self.bounds):
                        raise Refused(reason)
                return sample

            yield run
