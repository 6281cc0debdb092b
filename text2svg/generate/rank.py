"""Puts candidates in order, best first.

Valid drawings come before the others, those that stay on the canvas before those that leave it, and what looks like a better
one after its first appearance; among the rest a scorer decides: how near a drawing is to the words (`closeness`, the
product's choice), or the model's own mean log-probability, which needs nothing else and prefers the ordinary drawing.
Refuses to know the judge of an evaluation: what chooses must not score. The trade-off: closeness reads every drawing once
more, some 0.9 ms each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from text2svg.generate.events import Finished
from text2svg.generate.settle import LEAVES

if TYPE_CHECKING:
    from text2svg.encode.base import Encoder

ALIKE = 0.95
"""Cosine of two drawings from which they count as one: two in a hundred pairs of candidates are as near, with four fifths
of their ink in common at 32 px."""


class Scores(NamedTuple):
    """What a scorer says of n candidates."""

    values: Sequence[float]
    """One number each, larger is better."""
    alike: Any = None
    """(n, n) cosines of the drawings, for scorers that know them."""


Scorer = Callable[[str, Sequence[Finished]], Scores]
"""Prompt words and valid candidates to scores."""


def likelihood(words: str, candidates: Sequence[Finished]) -> Scores:  # noqa: ARG001 - a Scorer
    """Mean log-probability of a token; zero for engines that do not tell, which keeps their order."""
    return Scores([candidate.logprob or 0.0 for candidate in candidates])


def closeness(encoder: Encoder) -> Scorer:
    """Cosine of the words and each drawing: which candidate looks most like what was asked for."""

    def score(words: str, candidates: Sequence[Finished]) -> Scores:
        if not candidates:
            return Scores([])
        drawn = encoder.encode_svg([c.svg for c in candidates])
        return Scores([float(value) for value in drawn @ encoder.encode_text([words])[0]], drawn @ drawn.T)

    return score


def rank(words: str, candidates: Sequence[Finished], scorer: Scorer = likelihood) -> tuple[int, ...]:
    """Indices of candidates, best first.

    Equal scores go by likelihood, as all are equal where an encoder cannot read the words; then they keep their order.
    """
    valid = [c for c in sorted(candidates, key=lambda c: c.index) if c.valid]
    scores = scorer(words, valid)
    worst_first = sorted(
        range(len(valid)),
        key=lambda i: (LEAVES not in valid[i].warnings, scores.values[i], valid[i].logprob or 0.0, -i),
    )
    first: list[int] = []
    repeats: list[int] = []
    for i in reversed(worst_first):
        seen = any(valid[i].svg == valid[j].svg or (scores.alike is not None and scores.alike[i][j] >= ALIKE) for j in first)
        (repeats if seen else first).append(i)
    rest = [c.index for c in sorted(candidates, key=lambda c: c.index) if not c.valid]
    return tuple([valid[i].index for i in (*first, *repeats)] + rest)
