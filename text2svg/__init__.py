"""Words become small, safe, editable SVG drawings: the library behind the `text2svg` command and the browser app.

Names the public API and the version. Refuses to load anything by itself: a name is imported when it is first asked for
(PEP 562), so `import text2svg` takes milliseconds. The trade-off: editors see the names through the list below only.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Limits": "text2svg.svg.document",
    "Runtime": "text2svg.runtime",
    "Settings": "text2svg.settings",
    "Text2SVGError": "text2svg.errors",
    "canonicalize": "text2svg.svg.reader",
    "optimize_svg_string": "text2svg.optimize",
    "parse": "text2svg.svg.document",
    "sanitize": "text2svg.svg.sanitize",
    "stats": "text2svg.svg.stats",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'text2svg' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
