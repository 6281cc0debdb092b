"""Puts candidates in order, best first.

Valid drawings come before the others and repeats after their first appearance; among the rest a scorer decides, by
default the model's own mean log-probability. Refuses to know the judge of an evaluation: what chooses must not score.
The trade-off: likelihood prefers the ordinary drawing, which for icons is usually right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from text2svg.generate.events import Finished

Scorer = Callable[[str, Sequence[Finished]], Sequence[float]]
"""Prompt words and valid candidates to one number each, larger is better."""


def likelihood(words: str, candidates: Sequence[Finished]) -> list[float]:  # noqa: ARG001 - a Scorer
    """Mean log-probability of a token; zero for engines that do not tell, which keeps their order."""
    return [candidate.logprob or 0.0 for candidate in candidates]


def rank(words: str, candidates: Sequence[Finished], scorer: Scorer = likelihood) -> tuple[int, ...]:
    """Indices of candidates, best first; equal scores keep their order."""
    valid = [c for c in sorted(candidates, key=lambda c: c.index) if c.valid]
    scores = dict(zip((c.index for c in valid), scorer(words, valid), strict=True))
    ordered = sorted(valid, key=lambda c: -scores[c.index])
    seen: set[str] = set()
    first = [c for c in ordered if not (c.svg in seen or seen.add(c.svg))]
    repeats = [c for c in ordered if c not in first]
    rest = [c for c in sorted(candidates, key=lambda c: c.index) if not c.valid]
    return tuple(c.index for c in (*first, *repeats, *rest))
