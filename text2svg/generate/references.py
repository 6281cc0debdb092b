"""References in context: drawings of the same words that stand in the prompt before the wish.

    choose_references(samples, most)             one corpus drawing a candidate, by turns
    read_references(files, bring, tokenizer)     the user's own drawings, together before every candidate
    prefix(references, tokenizer)                the ids they become

A reference is an ordinary document, its own prompt and drawing and end token, as training shows them. Refuses more than
MOST before one candidate, and drawings that leave no room for the answer. The trade-off: a name of a file is taken for the
words of what it shows, since a drawing does not say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from text2svg.errors import ConfigError
from text2svg.generate.bring import Bring, brought
from text2svg.generate.manner import manner_of
from text2svg.sample import Sample
from text2svg.svg.reader import parse_canonical
from text2svg.svg.vocabulary import detail_level

MOST = 2
"""Drawings before one candidate, as in training."""
LONGEST = 170
"""Tokens of all drawings before one candidate: with their prompts and 300 tokens of answer they fill a context of 512."""
WORDS = 8
"""Words of a reference that are read."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A drawing and what it is a drawing of."""

    words: str
    """Lower-case words; empty when nobody says what it shows."""
    svg: str
    """Canonical text."""
    tokens: int
    """Length of `svg` in tokens."""
    style: str = ""
    collection: str = ""
    sample: Sample | None = None
    """The corpus row it comes from; None for a drawing of the user's."""


class ReferenceEncoder(Protocol):
    """What references need of a tokenizer."""

    collections: tuple[str, ...]

    def encode_prompt(
        self, words: str, *, style: str = "", detail: int | None = None, collection: str = ""
    ) -> list[int]:
        """Ids of a prompt, begin token included."""
        ...

    def encode_drawing(self, svg: str) -> list[int]:
        """Ids of a canonical drawing in the order that is learned, end token included."""
        ...


def choose_references(samples: Iterable[Sample], most: int) -> tuple[tuple[Reference, ...], ...]:
    """Up to `most` different corpus drawings that are short enough, best first, each to stand alone before a candidate."""
    chosen: dict[str, Reference] = {}
    for sample in samples:
        if len(chosen) == most:
            break
        if sample.canonical and 0 < sample.tokens < LONGEST:
            one = Reference(
                sample.caption, sample.optimized, sample.tokens, sample.style, sample.provenance.collection, sample
            )
            chosen.setdefault(sample.optimized, one)
    return tuple((one,) for one in chosen.values())


def read_references(
    drawings: Sequence[tuple[str, str]], bring: Bring, tokenizer: ReferenceEncoder
) -> tuple[Reference, ...]:
    """References of (name, SVG text) pairs. Raises ConfigError, NotCanonical, SvgError."""
    if len(drawings) > MOST:
        raise ConfigError(f"{len(drawings)} references, {MOST} at most", hint="the first ones say the most")
    read = []
    for name, svg in drawings:
        text, _ = brought(svg, bring)
        tokens = len(tokenizer.encode_drawing(text)) - 1
        read.append(Reference(words_of_name(name), text, tokens, manner_of(parse_canonical(text), 0).style))
    total = sum(one.tokens for one in read)
    if total >= LONGEST:
        raise ConfigError(
            f"the references have {total} tokens, fewer than {LONGEST} leave room for a drawing",
            hint="give a plainer drawing, or --reference to take over its manner alone",
        )
    return tuple(read)


def words_of_name(name: str) -> str:
    """`Arrow-left_24.svg` to `arrow left`."""
    return " ".join(re.findall(r"[^\W\d_]+", re.sub(r"\.svg$", "", name, flags=re.IGNORECASE).lower())[:WORDS])


def prefix(references: Sequence[Reference], tokenizer: ReferenceEncoder) -> tuple[int, ...]:
    """The ids that stand before a prompt."""
    ids: list[int] = []
    for one in references:
        control = {
            "style": one.style,
            "detail": detail_level(one.tokens + 1),
            "collection": one.collection if one.collection in tokenizer.collections else "",
        }
        words = " ".join(one.words.split()[:WORDS])
        ids += [*tokenizer.encode_prompt(words, **control), *tokenizer.encode_drawing(one.svg)]
    return tuple(ids)
