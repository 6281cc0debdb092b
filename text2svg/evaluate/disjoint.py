"""Whether benchmark prompts are free of what training reads: captions of rows that are not held out, as sets of words.

Articles, prepositions and the like are left out on both sides. Refuses to call a held-out caption shared: no shard holds
its rows. The trade-off: word sets catch every order and repetition of a caption, and no paraphrase of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from text2svg.caption.keywords import is_heldout, training_prompts, words_of
from text2svg.sample import Sample

_FUNCTION = frozenset("a an the of with in on and to at for from by as is its it that".split())


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a check found."""

    prompts: int
    """Different sets of words among the prompts; those in another script have none."""
    rows: int
    """Rows that may be trained on."""
    shared: tuple[str, ...]
    """Prompts whose set of words is a training caption's or training prompt's."""


def overlap(prompts: Iterable[str], samples: Iterable[Sample], seed: int = 0) -> Overlap:
    """Compares prompts with the caption of every row and with all its alternative prompts of one seed."""
    sets: dict[frozenset[str], str] = {_content(words_of(text)): text for text in prompts}
    sets.pop(frozenset(), None)  # a prompt in another script has no words that training could hold
    shared: dict[str, None] = {}
    rows = 0
    for sample in samples:
        if not sample.caption or is_heldout(sample.caption):
            continue
        rows += 1
        for words in (words_of(sample.caption), *training_prompts(sample, seed)):
            if (text := sets.get(_content(words))) is not None:
                shared[text] = None
    return Overlap(len(sets), rows, tuple(sorted(shared)))


def _content(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words) - _FUNCTION
