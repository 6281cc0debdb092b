"""What a generation says while it runs, in order: Started, many Partial and Finished, Ranked, Done.

Refuses to carry anything unsafe: every `svg` is canonical, or empty. The trade-off: Partial repeats the whole
drawing, so that a viewer needs no state; at 20 frames a second of at most 4 kB that is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from text2svg.generate.vocabulary import Substitution
from text2svg.sample import Sample


@dataclass(frozen=True, slots=True)
class Started:
    """The request was understood; candidates 0..n-1 will follow."""

    n: int
    seed: int
    words: tuple[str, ...] = ()
    """What the model is asked for."""
    substitutions: tuple[Substitution, ...] = ()
    """Words of the prompt that were read as others, and how."""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """A candidate as far as it is drawn: a valid drawing of its own."""

    index: int
    svg: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A candidate is done. When it is not `valid`, `warnings` say why and `svg` may be empty."""

    index: int
    svg: str
    tokens: int
    valid: bool
    warnings: tuple[str, ...] = ()
    logprob: float | None = None
    """Mean log-probability of a token, when the engine tells it."""
    kind: Literal["generated", "composed"] = "generated"
    """Composed drawings are made of corpus drawings, and must be shown with their `attribution`."""
    sources: tuple[Sample, ...] = ()
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidate indices, best first."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Everything is said."""

    seconds: float
    tokens: int = 0


Event = Started | Partial | Finished | Ranked | Done
