"""Composed pairs as documents of the generator: sentences of several things, colours, shapes behind and marks.

Icon names say one thing; a prompt may say more. The pairs of `compose-pairs` are asked for in the words that a prompt of
the same sentence is read as, and under the control tokens that generation would give it. Refuses lines that are no pair,
and counts those too long or not canonical. The trade-off: the usual level of detail is claimed for drawings that have
more, in half of the prompts, because that is what generation claims before it knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from text2svg.errors import NotCanonical
from text2svg.generate.prompt import DETAIL
from text2svg.generate.vocabulary import Vocabulary
from text2svg.svg.tokenizer import Tokenizer
from text2svg.train.dataset import drawing_ids
from text2svg.train.lines import read_lines
from text2svg.train.shards import Document, gather

GROUP = "pairs"
LONGEST = 300
"""Longest composed drawing, in tokens with eos."""


@dataclass(frozen=True, slots=True)
class Composed:
    """What a line says that training needs."""

    index: int
    prompts: tuple[str, ...]
    svg: str
    style: str
    collection: str
    """Of the first drawing the composition is made of."""


def read_composed(path: Path) -> Iterator[Composed]:
    """The pairs of a JSON Lines file in their order. Raises TrainError with the number of the line at fault."""
    return read_lines(path, _composed, "text2svg compose-pairs")


def _composed(row: dict[str, Any]) -> Composed:
    prompts = tuple(map(str, row["prompts"]))
    if not prompts:
        raise ValueError("no prompts")
    return Composed(
        int(row["index"]), prompts, str(row["svg"]), str(row["style"]), str(row["sources"][0]["collection"])
    )


def pair_documents(
    pairs: Iterable[Composed], tokenizer: Tokenizer, longest: int = LONGEST
) -> tuple[dict[tuple[str, str], list[Document]], Counter[str]]:
    """Documents by group and split, and counts by outcome; of those held out the things are known."""
    return gather(GROUP, ((pair.index, _document(pair, tokenizer, longest)) for pair in pairs))


def _document(pair: Composed, tokenizer: Tokenizer, longest: int) -> Document | str:
    try:
        ids = drawing_ids(pair.svg, tokenizer)
    except NotCanonical:
        return "not canonical"
    return Document(np.array(ids, np.uint16), _prompts(pair, tokenizer)) if len(ids) <= longest else "too long"


def _prompts(pair: Composed, tokenizer: Tokenizer) -> list[list[int]]:
    """Every sentence with the usual level of detail, then without."""
    collection = pair.collection if pair.collection in tokenizer.collections else ""
    return [
        tokenizer.encode_prompt(words, style=pair.style, detail=detail, collection=collection)
        for words in (" ".join(Vocabulary().read(sentence).words) for sentence in pair.prompts)
        for detail in (DETAIL[pair.style], None)
    ]
