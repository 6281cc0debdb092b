"""Pairs of words and drawings as rows of token ids: the drawing alone is learned, and nothing is ever cut.

A pair that does not fit the context is left out and counted. Rows hold one pair, or several whose positions begin anew,
which is how transformers tells packed documents apart. Refuses files without pairs. The trade-off: packing is best-fit
over a window of open rows, so a row wastes a few tokens and order is kept roughly.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from text2svg.engine.wire import INSTRUCTION
from text2svg.errors import SourceError, TrainError

IGNORED = -100
"""The label of tokens that are read and not learned."""
OPEN = 64
"""Rows that are filled at once."""


class Pair(NamedTuple):
    """Words and the drawing they ask for."""

    words: str
    svg: str


class Row(NamedTuple):
    """Ids, labels and positions of one row, of equal length."""

    ids: list[int]
    labels: list[int]
    positions: list[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows ready to train on, and what became of the pairs."""

    rows: list[Row]
    pairs: int
    too_long: int
    learned: int
    """Tokens with a label."""


def read_pairs(path: Path) -> Iterator[Pair]:
    """Pairs of a JSON Lines file: `svg` with `prompts` (one pair each), `caption` or `words`. Raises SourceError."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield from _pairs(json.loads(line), number, path)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"cannot read pairs from {path}: {error}", hint="text2svg compose-pairs writes such"
        ) from error


def _pairs(row: Any, number: int, path: Path) -> Iterator[Pair]:
    words = row.get("prompts") or [row.get("caption") or row.get("words")] if isinstance(row, dict) else []
    if not words or not all(isinstance(text, str) and text for text in [*words, row.get("svg")]):
        raise SourceError(
            f"line {number} of {path} is no pair", hint='write {"caption": "red heart", "svg": "<svg ...>"}'
        )
    yield from (Pair(text, row["svg"]) for text in words)


def make_rows(pairs: Iterable[Pair], tokenizer: Any, context: int, *, packing: bool, seed: int) -> Rows:
    """Encode, shuffle by the seed, leave out what is too long, and pack. Raises TrainError when nothing is left."""
    encoded = [encode(pair, tokenizer) for pair in pairs]
    fitting = [row for row in encoded if len(row.ids) <= context]
    if not fitting:
        raise TrainError(f"none of {len(encoded):,} pairs fits {context} tokens", hint="raise context, or give pairs")
    random.Random(seed).shuffle(fitting)
    rows = list(_packed(fitting, context)) if packing else fitting
    learned = sum(label != IGNORED for row in rows for label in row.labels)
    return Rows(rows, len(encoded), len(encoded) - len(fitting), learned)


def encode(pair: Pair, tokenizer: Any) -> Row:
    """One pair as the model will be asked at serving time, with the end token behind the drawing."""
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": INSTRUCTION.format(words=pair.words)}], add_generation_prompt=True, tokenize=False
    )
    head: list[int] = tokenizer.encode(asked, add_special_tokens=False)
    # Joined after encoding: a token that spans the seam would exist in training alone.
    drawn: list[int] = [*tokenizer.encode(pair.svg, add_special_tokens=False), tokenizer.eos_token_id]
    return Row(head + drawn, [IGNORED] * len(head) + drawn, list(range(len(head) + len(drawn))))


def _packed(rows: Sequence[Row], context: int) -> Iterator[Row]:
    """Each row goes into the fullest open one that has room."""
    open_: list[Row] = []
    for row in rows:
        room = [each for each in open_ if len(each.ids) + len(row.ids) <= context]
        if room:
            fullest = max(room, key=lambda each: len(each.ids))
            for ours, theirs in zip(fullest, row, strict=True):
                ours.extend(theirs)
            continue
        open_.append(Row(*(list(part) for part in row)))
        if len(open_) > OPEN:
            fullest = max(open_, key=lambda each: len(each.ids))
            open_.remove(fullest)
            yield fullest
    yield from open_


def batch(rows: Sequence[Row], pad: int) -> dict[str, Any]:
    """Tensors of rows padded on the right. No attention mask: positions say where documents begin, and what is padded
    lies behind everything that is learned."""
    import torch

    longest = max(len(row.ids) for row in rows)
    fills = {"input_ids": pad, "labels": IGNORED, "position_ids": 0}
    return {
        name: torch.tensor([part + [fill] * (longest - len(part)) for part in parts])
        for (name, fill), parts in zip(fills.items(), zip(*rows, strict=True), strict=True)
    }
