"""References in context: corpus drawings of the words, put before the prompt so that the model redraws what it sees.

One choice serves all candidates of a request, so that they are read once. Whole captions come first, then whatever the
lookup finds, then drawings of single words; of two references the one in the style asked for stands last, nearest to
the drawing. Refuses drawings that would leave no room for an answer. The trade-off: two are plenty, because every token
read delays the first shape by a quarter of a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from text2svg.sample import Sample
from text2svg.svg.order import order
from text2svg.svg.tokenizer import detail_level

Find = Callable[[str, str], Sequence[Sample]]
"""`(words, style)` to drawings, best first; an empty style allows all."""

MOST = 2
LONGEST = 160
"""Tokens of a reference."""
CHOICE = 6
"""The best so many are chosen from."""


class Reader(Protocol):
    """What references need of a tokenizer."""

    collections: tuple[str, ...]
    eos_id: int

    def encode(self, text: str) -> list[int]:
        """Ids of canonical SVG."""
        ...

    def encode_prompt(
        self, words: str, *, style: str = "", detail: int | None = None, collection: str = ""
    ) -> list[int]:
        """Ids of a prompt, begin token included."""
        ...


def choose(find: Find, words: Sequence[str], style: str, turn: int = 0) -> list[Sample]:
    """Up to MOST drawings for the words; `turn` takes others where there are more."""
    text = " ".join(words)
    found = _usable(find(text, ""))
    whole = [sample for sample in found if set(sample.caption.split()) == set(words)]
    found = whole or found[:CHOICE] or [s for word in words for s in _usable(find(word, ""))[:1]]
    same = [sample for sample in found if sample.style == style]
    other = [sample for sample in found if sample.style != style]
    chosen = [pool[turn % len(pool)] for pool in (other, same) if pool]
    if len(chosen) < MOST and len(found) > 1:
        chosen.insert(0, found[(found.index(chosen[0]) + 1 + turn) % len(found)])
    return list(dict.fromkeys(chosen))


def _usable(found: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in found if sample.canonical and 0 < sample.tokens <= LONGEST]


def read_aloud(references: Sequence[Sample], tokenizer: Reader) -> tuple[int, ...]:
    """The ids of references as the model learned them: prompt, drawing, end token of each."""
    ids: list[int] = []
    for sample in references:
        collection = sample.provenance.collection
        ids += tokenizer.encode_prompt(
            sample.caption,
            style=sample.style,
            detail=detail_level(sample.tokens + 1),
            collection=collection if collection in tokenizer.collections else "",
        )
        ids += [*tokenizer.encode(order(sample.optimized)), tokenizer.eos_id]
    return tuple(ids)
