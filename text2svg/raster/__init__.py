"""Rasterizers behind one seam: `load("resvg")`, `load("cairo")`, `load("resvg?timeout=5")` for untrusted drawings.

Refuses unknown kinds and options by name. Importing this package loads no numpy and no renderer; `load` does.
"""

from __future__ import annotations

from text2svg.errors import ConfigError, UnknownKind
from text2svg.raster.base import Rasterizer

KINDS = ("resvg", "cairo")

__all__ = ["KINDS", "Rasterizer", "load"]


def load(spec: str = "resvg") -> Rasterizer:
    """Open the rasterizer that `spec` names; `timeout=SECONDS` puts it in a killable process.

    Raises UnknownKind, ConfigError.
    """
    from text2svg.spec import parse_spec

    parsed = parse_spec(spec)
    options = dict(parsed.options)
    timeout = options.pop("timeout", "")
    if options:
        raise ConfigError(
            f"unknown rasterizer option {sorted(options)[0]!r}; known: timeout",
            hint="write for example resvg?timeout=5",
        )
    rasterizer = _open(parsed.kind)
    if not timeout:
        return rasterizer
    from text2svg.raster.guard import Guarded

    return Guarded(rasterizer, _seconds(timeout))


def _open(kind: str) -> Rasterizer:
    if kind == "resvg":
        from text2svg.raster.resvg import Resvg

        return Resvg()
    if kind == "cairo":
        from text2svg.raster.cairo import Cairo

        return Cairo()
    raise UnknownKind("rasterizer", kind, KINDS)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise ConfigError(f"timeout={text!r} is not a number of seconds in 0..600", hint="timeout=5")
    return seconds
