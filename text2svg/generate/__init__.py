"""Words to drawings: `generate(request, engine, tokenizer)` yields events while the drawing grows.

Names resolve on first use, so importing this package loads neither numpy nor a model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from text2svg.generate.events import Done, Event, Finished, Partial, Ranked, Started
    from text2svg.generate.loop import Setup, best, generate
    from text2svg.generate.rank import Scorer
    from text2svg.generate.request import Request
    from text2svg.generate.vocabulary import Reading, Substitution, Vocabulary, load_vocabulary

_HOMES = {
    "events": ("Done", "Event", "Finished", "Partial", "Ranked", "Started"),
    "loop": ("Setup", "best", "generate"),
    "rank": ("Scorer",),
    "request": ("Request",),
    "vocabulary": ("Reading", "Substitution", "Vocabulary", "load_vocabulary"),
}
__all__ = [
    "Done",
    "Event",
    "Finished",
    "Partial",
    "Ranked",
    "Reading",
    "Request",
    "Scorer",
    "Setup",
    "Started",
    "Substitution",
    "Vocabulary",
    "best",
    "generate",
    "load_vocabulary",
]


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"text2svg.generate.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
