"""The optimize stage of the pipeline: a Sample in, the same Sample with its optimized text out.

Raises the sanitizer's and the ladder's typed errors, which the executor turns into outcomes. Refuses nothing else. The
trade-off: every row is rendered twice at 64 px by default (about 1.5 ms of the 2.3 ms a row); that finds the one drawing
in 200 that whole numbers spoil, which sampling one row in twenty would let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from text2svg.optimize import open_tools, optimize
from text2svg.optimize.options import OptimizeOptions, Verify
from text2svg.optimize.style import judge_style
from text2svg.optimize.svgo import SvgoOptions
from text2svg.sample import Sample


@dataclass(frozen=True, slots=True)
class OptimizeStep:
    """Stage `optimize`, profile `model`."""

    name: str = "optimize"
    version: int = 2
    verify: Verify = "all"
    verify_size: int = 64
    rasterizer: str = "resvg?timeout=10"
    """In a killable process: mined drawings include bombs."""
    tokenizer: str = ""
    """Path of a tokenizer.json; empty means the one that ships with the package."""
    svgo: SvgoOptions = field(default_factory=SvgoOptions)

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        """Hold one tokenizer, one rasterizer and (from the first drawing that needs it) one SVGO worker."""
        from text2svg.svg.tokenizer import load_tokenizer

        tokenizer = load_tokenizer(self.tokenizer or None)
        options = OptimizeOptions(profile="model", verify=self.verify, verify_size=self.verify_size)
        with open_tools(self.svgo, self.rasterizer) as tools:

            def run(sample: Sample) -> Sample:
                result = optimize(sample.raw, options, tools)
                canonical = result.rung == "integer"
                style = sample.style
                if not style and canonical:
                    style = judge_style(result.text, palette=sample.palette)
                return replace(
                    sample,
                    optimized=result.text,
                    rung=result.rung,
                    style=style,
                    tokens=len(tokenizer.encode(result.text)) if canonical else 0,
                    difference=result.difference.mean_abs_64 if result.difference else -1.0,
                )

            yield run
