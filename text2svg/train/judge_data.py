"""What the judge trains on: renders of 64 px and every text that a row's source supports, none of them held out.

A row's texts are its caption, its lists of words with tags and other orders, and the sentences of the caption stage.
Refuses held-out captions in any row's texts, also where they are another row's tag. The trade-off: drawings are taken as
they were found, so the judge needs no optimized corpus.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from text2svg.caption.keywords import is_heldout, training_prompts
from text2svg.caption.phrases import phrases
from text2svg.sample import Sample
from text2svg.train.encoder_data import Look, row_of

SIZE = 64


def describe(sample: Sample) -> dict[str, Any]:
    """`row_of` with `texts`, the caption first."""
    shown = replace(sample, tags=tuple(tag for tag in sample.tags if not is_heldout(tag)))
    lists = [" ".join(words) for words in training_prompts(shown)[1:]]
    sentences = [phrase.text for phrase in phrases(shown)]
    others = [text for text in (*lists, *sentences) if not is_heldout(text)]
    return row_of(shown) | {"texts": list(dict.fromkeys((sample.caption, *others)))}


LOOK = Look(SIZE, describe)
