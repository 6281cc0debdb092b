"""SVG in, a smaller SVG that draws the same out: geometry, SVGO, and a gate that renders both.

    optimize(svg, OptimizeOptions("web"), tools)      one drawing, everything about it
    optimize_many(svgs, options, tools)               a batch, errors as values
    optimize_svg_string(svg)                          text to text, as the first Text2SVG offered it

Refuses unsafe or unreadable input with a typed reason and never returns a wrong picture in silence. Importing this
package loads neither numpy nor a rasterizer nor Node; `open_tools` does. The trade-off: `verify="all"` renders twice,
which about halves the throughput.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from text2svg.errors import ConfigError, SvgError
from text2svg.optimize.options import (
    PROFILES,
    RUNGS,
    Optimized,
    OptimizeOptions,
    Profile,
    Rung,
    StageOne,
    Verify,
)

if TYPE_CHECKING:
    from text2svg.optimize.ladder import Tools
    from text2svg.optimize.svgo import SvgoOptions

__all__ = [
    "PROFILES",
    "RUNGS",
    "OptimizeOptions",
    "Optimized",
    "Profile",
    "Rung",
    "StageOne",
    "Verify",
    "open_tools",
    "optimize",
    "optimize_many",
    "optimize_svg_string",
]


@contextmanager
def open_tools(svgo: SvgoOptions | None = None, rasterizer: str = "resvg") -> Iterator[Tools]:
    """Hold one SVGO worker (started on first use) and one rasterizer, named by its spec."""
    from text2svg.optimize.ladder import Tools
    from text2svg.optimize.svgo import Svgo
    from text2svg.raster import load

    drawer = load(rasterizer)
    try:
        with Svgo(svgo) as worker:
            yield Tools(worker, drawer)
    finally:
        close = getattr(drawer, "close", None)
        if close is not None:
            close()


def optimize(svg: str | bytes, options: OptimizeOptions, tools: Tools) -> Optimized:
    """Optimize one drawing. Raises ParseError, LimitError or Refused."""
    result = optimize_many([svg], options, tools)[0]
    if isinstance(result, SvgError):
        raise result
    return result


def optimize_many(
    svgs: Sequence[str | bytes], options: OptimizeOptions, tools: Tools
) -> list[Optimized | SvgError]:
    """Optimize a batch in input order; a refused drawing comes back as its error."""
    from text2svg.optimize.ladder import climb

    return climb(svgs, options, tools)


def optimize_svg_string(
    svg: str,
    stage1_opts: StageOne | Mapping[str, object] | None = None,
    stage2_config_path: str | Path | None = None,
    quiet: bool = False,
) -> str:
    """Optimize one text with the `seed` profile: 256 units, absolute path data, no arcs.

    `stage1_opts` takes the keys of StageOne. What the optimizer has to say is warned unless `quiet`. Starts a worker for
    this one call; hold `open_tools` for many. Raises ParseError, LimitError, Refused, ConfigError.
    """
    from text2svg.optimize.svgo import SvgoOptions

    stage1 = stage1_opts if isinstance(stage1_opts, StageOne) else _stage_one(stage1_opts or {})
    options = OptimizeOptions(
        profile="seed",
        cubic_only=stage1.cubic_only,
        normalize_points=stage1.normalize_points,
        normalize_scale=stage1.normalize_scale,
        decimals=0 if stage1.normalize_to_int else None,
    )
    config = Path(stage2_config_path) if stage2_config_path is not None else None
    with open_tools(SvgoOptions(config=config)) as tools:
        result = optimize(svg, options, tools)
    if not quiet:
        for message in result.warnings:
            warnings.warn(message, stacklevel=2)
    return result.text


def _stage_one(given: Mapping[str, object]) -> StageOne:
    known = {"cubic_only", "normalize_points", "normalize_scale", "normalize_to_int"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ConfigError(
            f"unknown stage-1 option {unknown[0]!r}", hint=f"known: {', '.join(sorted(known))}"
        )
    return StageOne(**given)
