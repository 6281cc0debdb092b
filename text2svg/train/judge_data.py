"""What the judge trains on: renders of 64 px and every text that a row's source supports, none of them held out.

A row's texts are its caption, its lists of words with tags and other orders, and the sentences of the caption stage.
Refuses held-out captions in any row's texts, also where they are another row's tag. The trade-off: mostly one drawing a
caption, so the judge sees a third of the corpus and all of its words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from text2svg.caption.keywords import is_heldout, training_prompts
from text2svg.caption.phrases import phrases
from text2svg.errors import ConfigError
from text2svg.sample import Sample
from text2svg.train.encoder import EncoderRecipe, read_recipe
from text2svg.train.encoder_data import Look, key_of, row_of
from text2svg.train.recipe import FOLDER

SIZE = 64


def describe(sample: Sample) -> dict[str, Any]:
    """`row_of` with `texts`, the caption first."""
    shown = replace(sample, tags=tuple(tag for tag in sample.tags if not is_heldout(tag)))
    lists = [" ".join(words) for words in training_prompts(shown)[1:]]
    sentences = [phrase.text for phrase in phrases(shown)]
    others = [text for text in (*lists, *sentences) if not is_heldout(text)]
    return row_of(shown) | {"texts": list(dict.fromkeys((sample.caption, *others)))}


LOOK = Look(SIZE, describe)


def chosen(samples: Iterable[Sample]) -> Iterator[Sample]:
    """The first drawing of every caption, and of the others one in 16 by their digest: a third of the icon corpus."""
    seen: set[str] = set()
    for sample in samples:
        key = key_of(sample.caption)
        if key not in seen or sample.digest.startswith("0"):
            seen.add(key)
            yield sample


def load_judge_recipe(text: str) -> EncoderRecipe:
    """A shipped recipe by name, or a TOML file by path. Raises ConfigError, TrainError for a bad one."""
    path = Path(text) if text.endswith(".toml") else FOLDER / "judge" / f"{text}.toml"
    try:
        return read_recipe(tomllib.loads(path.read_text(encoding="utf-8")) | {"kind": "judge"})
    except OSError as error:
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.toml")))
        raise ConfigError(f"no recipe {text!r} of a judge", hint=f"one of: {known}; or a path to a .toml file") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}") from error
