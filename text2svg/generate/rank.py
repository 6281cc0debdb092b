"""Puts candidates in order, best first.

Valid drawings come before the others and repeats after their first appearance; among the rest a scorer decides: how near
a drawing is to the words (`closeness`, the product's choice), or the model's own mean log-probability, which needs nothing
else and prefers the ordinary drawing. Refuses to know the judge of an evaluation: what chooses must not score. The
trade-off: closeness reads every drawing once more, some 0.9 ms each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from text2svg.generate.events import Finished

if TYPE_CHECKING:
    from text2svg.encode.base import Encoder

Scorer = Callable[[str, Sequence[Finished]], Sequence[float]]
"""Prompt words and valid candidates to one number each, larger is better."""


def likelihood(words: str, candidates: Sequence[Finished]) -> list[float]:  # noqa: ARG001 - a Scorer
    """Mean log-probability of a token; zero for engines that do not tell, which keeps their order."""
    return [candidate.logprob or 0.0 for candidate in candidates]


def closeness(encoder: Encoder) -> Scorer:
    """Cosine of the words and each drawing: which candidate looks most like what was asked for."""

    def score(words: str, candidates: Sequence[Finished]) -> list[float]:
        if not candidates:
            return []
        asked = encoder.encode_text([words])[0]
        return [float(value) for value in encoder.encode_svg([c.svg for c in candidates]) @ asked]

    return score


def rank(words: str, candidates: Sequence[Finished], scorer: Scorer = likelihood) -> tuple[int, ...]:
    """Indices of candidates, best first.

    Equal scores go by likelihood, as all are equal where an encoder cannot read the words; then they keep their order.
    """
    valid = [c for c in sorted(candidates, key=lambda c: c.index) if c.valid]
    scores = dict(zip((c.index for c in valid), scorer(words, valid), strict=True))
    ordered = sorted(valid, key=lambda c: (-scores[c.index], -(c.logprob or 0.0)))
    seen: set[str] = set()
    first = [c for c in ordered if not (c.svg in seen or seen.add(c.svg))]
    repeats = [c for c in ordered if c not in first]
    rest = [c for c in sorted(candidates, key=lambda c: c.index) if not c.valid]
    return tuple(c.index for c in (*first, *repeats, *rest))
