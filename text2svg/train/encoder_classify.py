"""Fine-tunes a token encoder to tell classes of drawings apart: the whole model and a new head, the best epoch kept.

Deterministic for a seed on one thread. Refuses to look at the test part before training has ended. The trade-off: one
setting for every task and no search over settings, so that a figure costs minutes of one core.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from text2svg.errors import TrainError
from text2svg.train.encoder_documents import Marks
from text2svg.train.encoder_state import cosine_share

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from text2svg.svg.tokenizer import Tokenizer

POOL = 32
"""Batches whose rows are sorted by length before they are cut, so that little is padding."""
READ = 64
"""Rows of a batch that is only read."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a classifier is trained."""

    rate: float = 5e-4
    epochs: int = 4
    batch: int = 16
    decay: float = 0.01
    warmup: float = 0.1
    """Share of the steps."""
    longest: int = 384
    """Tokens read of an example; the texts of a pair share them."""
    seed: int = 42


class Labelled(NamedTuple):
    """Token ids with bos and eos, and classes."""

    ids: list[list[int]]
    labels: NDArray[np.int64]


class Tuned(NamedTuple):
    """What came of it."""

    right: list[bool]
    """Of each test row."""
    val: list[float]
    """Accuracy after each epoch; the best one's weights were tested."""


def labelled(rows: Sequence[tuple[Sequence[str], int]], tokenizer: Tokenizer, marks: Marks, longest: int) -> Labelled:
    """Texts of a row one behind the other, each with an eos; the longest are cut until all fit into `longest`."""
    ids = []
    for texts, _ in rows:
        cut = _cut([tokenizer.encode(text) for text in texts], longest - 1 - len(texts))
        ids.append([marks.bos, *(at for one in cut for at in (*one, marks.eos))])
    return Labelled(ids, np.array([label for _, label in rows], np.int64))


def _cut(texts: list[list[int]], room: int) -> list[list[int]]:
    """What a short text leaves of its share goes to the longer ones."""
    made = list(texts)
    for done, at in enumerate(sorted(range(len(texts)), key=lambda at: len(texts[at]))):
        made[at] = texts[at][: room // (len(texts) - done)]
        room -= len(made[at])
    return made


def classifier(folder: Path, classes: int, *, trained: bool = True, seed: int = 42) -> Any:
    """A ModernBertForSequenceClassification on a pretrained stage, or of that shape and random. Raises TrainError."""
    from transformers import ModernBertConfig, ModernBertForSequenceClassification
    from transformers.utils import logging

    if not (folder / "config.json").is_file():
        hint = "text2svg train encoder --work W --stage 1 writes W/stage-1/model"
        raise TrainError(f"{folder} holds no token encoder", hint=hint)
    torch.manual_seed(seed)
    config = ModernBertConfig.from_pretrained(folder, num_labels=classes)
    if not trained:
        return ModernBertForSequenceClassification(config)
    before = logging.get_verbosity()
    logging.set_verbosity_error()  # that the head is new is what is wanted
    try:
        return ModernBertForSequenceClassification.from_pretrained(folder, config=config)
    finally:
        logging.set_verbosity(before)


def fine_tune(
    model: Any,
    parts: Mapping[str, Labelled],
    how: Tuning = Tuning(),
    report: Callable[[str], None] = lambda _line: None,
) -> Tuned:
    """Train on `train`, choose the epoch by `val`, then read `test`."""
    torch.manual_seed(how.seed)
    train, pad = parts["train"], model.config.pad_token_id
    optimizer = torch.optim.AdamW(model.parameters(), lr=how.rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=how.decay)
    steps = how.epochs * -(-len(train.ids) // how.batch)
    step, val, best = 0, [], (-1.0, {})
    for epoch in range(how.epochs):
        model.train()
        losses = []
        for rows in _batches(train.ids, how.batch, np.random.default_rng((how.seed, epoch))):
            for group in optimizer.param_groups:
                group["lr"] = how.rate * cosine_share(step, max(1, int(how.warmup * steps)), steps)
            logits = _logits(model, [train.ids[row] for row in rows], pad)
            loss = functional.cross_entropy(logits, torch.from_numpy(train.labels[rows]))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            losses.append(loss.item())
        val.append(round(float(np.mean(_right(model, parts["val"], pad))), 4))
        report(f"epoch {epoch + 1} of {how.epochs}: loss {np.mean(losses):.3f}, {val[-1]:.3f} of validation right")
        if val[-1] > best[0]:
            best = (val[-1], copy.deepcopy(model.state_dict()))
    model.load_state_dict(best[1])
    return Tuned(_right(model, parts["test"], pad).tolist(), val)


def _right(model: Any, part: Labelled, pad: int) -> NDArray[np.bool_]:
    model.eval()
    order = np.argsort([len(ids) for ids in part.ids], kind="stable")
    right = np.zeros(len(order), bool)
    with torch.inference_mode():
        for first in range(0, len(order), READ):
            rows = order[first : first + READ]
            said = _logits(model, [part.ids[row] for row in rows], pad).argmax(1).numpy()
            right[rows] = said == part.labels[rows]
    return right


def _logits(model: Any, ids: Sequence[Sequence[int]], pad: int) -> Tensor:
    width = max(map(len, ids))
    padded = torch.tensor([[*one, *[pad] * (width - len(one))] for one in ids])
    real = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in ids])
    return model(input_ids=padded, attention_mask=real).logits.float()


def _batches(ids: Sequence[Sequence[int]], size: int, rng: Generator) -> Iterator[NDArray[np.int64]]:
    """Every row once, rows of like length together."""
    order = rng.permutation(len(ids))
    for first in range(0, len(order), size * POOL):
        pool = order[first : first + size * POOL]
        pool = pool[np.argsort([len(ids[row]) for row in pool], kind="stable")]
        cuts = [pool[at : at + size] for at in range(0, len(pool), size)]
        yield from (cuts[at] for at in rng.permutation(len(cuts)))
