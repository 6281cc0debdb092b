"""Which of the generator's own drawings says its words best, as pairs to learn from: the data of preference tuning.

The model draws each prompt of a token shard several times; the search encoder says how near every drawing is to the
words, and the nearest and the farthest become a pair (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290, with a
machine in place of the people). Refuses held-out prompts, pairs whose two drawings are hardly apart, and drawings that
show nothing. The trade-off: the encoder's taste becomes the generator's, so another judge must say whether it helped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from text2svg.encode.base import Encoder
from text2svg.engine.base import Engine, Sampling
from text2svg.generate.prompt import GUIDANCE, ROTATION, prompt_of
from text2svg.generate.request import Request
from text2svg.generate.settle import settle
from text2svg.raster.base import Rasterizer
from text2svg.svg.tokenizer import Tokenizer
from text2svg.train.batches import Data
from text2svg.train.dataset import drawing_ids
from text2svg.train.lines import read_lines
from text2svg.train.shards import Document, gather

PICKS = "picks"
LEAST_PICK = 0.35
"""Least cosine of a pick to its words: below it stands a fifth of the best of eight, mostly drawings of something else."""
LEAST = 0.04
"""Cosines that the two drawings of a pair must be apart: below it the encoder tells styles of drawing, not things."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt to draw several times. Control names are empty and `detail` is None where the prompt does not say."""

    words: str
    style: str
    collection: str = ""
    detail: int | None = None

    def control(self) -> dict[str, Any]:
        """What stands before the words, as tokenizers take it."""
        return {"style": self.style, "detail": self.detail, "collection": self.collection}


@dataclass(frozen=True, slots=True)
class Preference:
    """Two drawings of one prompt, the better one first, with their cosines to the words."""

    asked: Asked
    chosen: str
    rejected: str
    scores: tuple[float, float]


def asks(data: Data, mix: Mapping[str, float], tokenizer: Tokenizer, seed: int) -> Iterator[Asked]:
    """Prompts of training documents, each once, groups by the weights of the mix; those of collections that generation
    asks for. Endless only as the shards are."""
    rng = np.random.default_rng(seed)
    known = {style: set(names) for style, names in ROTATION.items()}
    weights = np.array([mix[group.name] for group in data.groups])
    orders = [iter(rng.permutation(len(group))) for group in data.groups]
    seen: set[Asked] = set()
    while weights.any():
        index = int(rng.choice(len(weights), p=weights / weights.sum()))
        row = next(orders[index], None)
        if row is None:
            weights[index] = 0
            continue
        prompts = data.groups[index].prompts(int(row))
        asked = read_prompt(prompts[int(rng.integers(len(prompts)))], tokenizer)
        if asked.words and asked.collection in known.get(asked.style, ()) and asked not in seen:
            seen.add(asked)
            yield asked


def read_prompt(ids: Iterable[int], tokenizer: Tokenizer) -> Asked:
    """What the ids of a prompt ask for."""
    text = tokenizer.inner.decode([int(i) for i in ids], skip_special_tokens=False)
    control, _, words = text.rpartition("|>")
    found = dict(part.split(":", 1) for part in control.replace("|>", "").split("<|") if ":" in part)
    detail = found.get("detail")
    return Asked(words.strip(), found.get("style", ""), found.get("set", ""), None if detail is None else int(detail))


@dataclass(frozen=True, slots=True)
class Drawer:
    """What draws and what compares."""

    engine: Engine
    encoder: Encoder
    tokenizer: Tokenizer
    rasterizer: Rasterizer
    n: int = 8
    """Drawings of a prompt."""
    together: int = 4
    """Prompts drawn in one batch."""


def prefer(asked: Iterable[Asked], drawer: Drawer, seed: int) -> Iterator[Preference | None]:
    """One answer for each prompt, in the order they are drawn in (styles are batched apart); None where there is none."""
    waiting: dict[str, list[Asked]] = {}
    for at, each in enumerate(asked):
        batch = waiting.setdefault(each.style, [])
        batch.append(each)
        if len(batch) == drawer.together:
            yield from _batch(waiting.pop(each.style), drawer, seed + at * drawer.n)
    for batch in waiting.values():
        yield from _batch(batch, drawer, seed)


def _batch(asked: Sequence[Asked], drawer: Drawer, seed: int) -> Iterator[Preference | None]:
    request = Request(asked[0].words)
    sampling = Sampling(request.max_tokens, request.temperature, request.top_p, seed, guidance=GUIDANCE[asked[0].style])
    prompts = [
        prompt for each in asked for prompt in [prompt_of(each.words, each.control(), drawer.tokenizer)] * drawer.n
    ]
    answers = drawer.engine.complete(prompts, sampling)
    for at, each in enumerate(asked):
        settled = [settle(answer.text, drawer.rasterizer) for answer in answers[at * drawer.n : (at + 1) * drawer.n]]
        drawings = sorted({one.svg for one in settled if one.valid and not one.warnings})
        yield _pair(each, drawings, drawer.encoder) if len(drawings) > 1 else None


def _pair(asked: Asked, drawings: Sequence[str], encoder: Encoder) -> Preference | None:
    near = encoder.encode_svg(drawings) @ encoder.encode_text([asked.words])[0]
    best, worst = int(near.argmax()), int(near.argmin())
    if near[best] - near[worst] < LEAST:
        return None
    return Preference(
        asked, drawings[best], drawings[worst], (round(float(near[best]), 4), round(float(near[worst]), 4))
    )


def pick_documents(
    preferences: Iterable[Preference], tokenizer: Tokenizer
) -> tuple[dict[tuple[str, str], list[Document]], Counter[str]]:
    """The chosen drawings as documents by group and split, and counts by outcome.

    This is rejection sampling (Touvron et al. 2023, https://arxiv.org/abs/2307.09288, section 3.2.3): what the best of n
    draw under guidance is learned by the model that draws once, without.
    """
    return gather(PICKS, enumerate(_picked(one, tokenizer) for one in preferences))


def _picked(one: Preference, tokenizer: Tokenizer) -> Document | str:
    if one.scores[0] < LEAST_PICK:
        return "far from the words"
    prompt = tokenizer.encode_prompt(one.asked.words, **one.asked.control())
    return Document(np.array(drawing_ids(one.chosen, tokenizer), np.uint16), [prompt])


def write_line(preference: Preference) -> str:
    """One line of JSON."""
    return json.dumps(asdict(preference), ensure_ascii=False, separators=(",", ":")) + "\n"


def read_preferences(path: Path) -> list[Preference]:
    """Every pair of a JSON Lines file. Raises TrainError with the number of the line at fault."""
    return list(read_lines(path, _preference, "text2svg train preferences"))


def _preference(row: Any) -> Preference:
    scores = (float(row["scores"][0]), float(row["scores"][1]))
    return Preference(Asked(**row["asked"]), str(row["chosen"]), str(row["rejected"]), scores)
