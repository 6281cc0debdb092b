"""The independent judge: which words does a drawing look like? An encoder of its own that nothing else in the house reads.

It is trained like the search encoder (`text2svg train judge`) and shares no weights with it; an import contract keeps it
from search, ranking and the app, so that nothing can be chosen by what scores it. Refuses to score words without a Latin
letter, which it never learned: such prompts are left out, and `n` says so. The trade-off: a drawing of a synonym among
the hundred counts as wrong, so figures are lower bounds; real and shuffled drawings beside them show the range.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from text2svg.encode import load
from text2svg.encode.base import Encoder
from text2svg.errors import RenderError, SvgError
from text2svg.evaluate.metrics import Figure, mean, retrieval_ranks, share
from text2svg.evaluate.tasks import Tasks

POOL = 100
_LATIN = re.compile(r"[A-Za-z]")


def load_judge(folder: Path) -> Encoder:
    """The judge of a folder that `text2svg train judge` wrote. Raises ConfigError."""
    return load(f"onnx:{folder}")


def places(judge: Encoder, words: Sequence[str], svgs: Sequence[str]) -> tuple[list[int], list[float]]:
    """For each prompt that can be read: how many of the pool's other words suit its drawing at least as well (0 is best),
    and the share that suits it less. A drawing that is empty or does not render suits nothing.
    """
    read = [at for at, text in enumerate(words) if _LATIN.search(text)]
    if len(read) < 2:
        return [], []
    texts = np.asarray(judge.encode_text([words[at] for at in read]))
    drawings = np.zeros_like(texts)
    for place, at in enumerate(read):
        try:
            if svgs[at]:
                drawings[place] = judge.encode_svg([svgs[at]])[0]
        except (RenderError, SvgError):
            continue  # judged as nothing, like a drawing that is not there
    ranks, wins, _ = retrieval_ranks(drawings, texts, POOL)
    return ranks.tolist(), wins.tolist()


def verdict(judge: Encoder, words: Sequence[str], svgs: Sequence[str], seed: int = 0) -> dict[str, Figure]:
    """`r1`, `r5`, `r10` of 100 and `own`, 0..1, higher is better; empty when fewer than two prompts can be read."""
    ranks, wins = places(judge, words, svgs)
    if not ranks:
        return {}
    return {f"r{k}": share([rank < k for rank in ranks], seed) for k in (1, 5, 10)} | {"own": mean(wins, seed)}


def range_of(judge: Encoder, tasks: Tasks, seed: int = 0) -> dict[str, dict[str, Figure]]:
    """What the judge says of the prompts' `real` drawings and of the same ones `shuffled`; empty without real drawings."""
    if not tasks.referenced:
        return {}
    words, svgs = [task.words for task in tasks.tasks], [task.svg for task in tasks.tasks]
    order = np.random.default_rng(seed).permutation(len(svgs))
    # One cycle through all of them: no drawing keeps its own words.
    other = dict(zip(order.tolist(), np.roll(order, 1).tolist(), strict=True))
    shuffled = [svgs[other[at]] for at in range(len(svgs))]
    return {"real": verdict(judge, words, svgs, seed), "shuffled": verdict(judge, words, shuffled, seed)}
