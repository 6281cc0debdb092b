"""Rows of random drawings: enough for a run of seconds that learns nothing worth looking at."""

from __future__ import annotations

from tests.svg.drawings import walk
from text2svg.svg.tokenizer import Tokenizer
from text2svg.train.dataset import Row


def rows(tokenizer: Tokenizer) -> list[Row]:
    """120 drawings under 14 captions, those that end in 3 to be held out."""
    return [
        Row(tokenizer.decode(walk(seed, 60)[:-1]), f"{name} {seed % 7}", "lucide", "outline", ((name,), ("tag",)))
        for seed in range(60)
        for name in ("arrow", "heart")
    ]
