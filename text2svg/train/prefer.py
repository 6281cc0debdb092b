"""Preference tuning: the generator learns to draw what it would have been chosen for, in minutes.

Direct preference optimization (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290) by mean log-probabilities, so that
long drawings weigh no more than short ones (Meng et al. 2024, https://arxiv.org/abs/2405.14734, have the same mean), with
a share of plain likelihood of the chosen drawing, which keeps it from growing unlikely beside a still unlikelier one.
Refuses a run that already holds something, and less than a batch of pairs. The trade-off: a run is minutes long, so a
stopped one starts again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from text2svg.errors import NotCanonical, TrainError
from text2svg.svg.tokenizer import Tokenizer
from text2svg.train.batches import Batch, Item, pack
from text2svg.train.checkpoint import list_checkpoints, load_checkpoint, save_checkpoint
from text2svg.train.dataset import drawing_ids
from text2svg.train.journal import Journal
from text2svg.train.model import Model, Shape
from text2svg.train.optim import Optimizer, OptimizerConfig
from text2svg.train.preferences import Preference
from text2svg.train.trainer import Place

HELDOUT = 128
"""Pairs that are measured and not learned, at most a tenth of all."""


@dataclass(frozen=True, slots=True)
class PreferOptions:
    """How far to go."""

    beta: float = 5.0
    """Odds of a pair for a difference of one nat per token."""
    likelihood: float = 0.2
    """Weight of the chosen drawing's own nats per token."""
    muon_lr: float = 0.001
    adam_lr: float = 1e-4
    """Learning rates at the start; they fall to 0."""
    pairs: int = 32
    """Pairs of a step."""
    epochs: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Documents, the chosen and the rejected one by turns, with nats per token before training."""

    documents: list[Item]
    before: Tensor

    def __len__(self) -> int:
        return len(self.documents) // 2


class Tuner:
    """One run: a checkpoint's weights, its pairs, and an optimizer."""

    def __init__(self, run: Path, out: Path, options: PreferOptions, place: Place) -> None:
        if list_checkpoints(out):
            raise TrainError(f"{out} already holds a run", hint="name another folder")
        self.state = load_checkpoint(run)
        self.out, self.options, self.place = out, options, place
        vocabulary, recipe = self.state["vocabulary"], self.state["recipe"]
        sizes = (recipe[name] for name in ("width", "layers", "heads", "ffn"))
        weights = self.state["ema"] or self.state["weights"]
        own = {name: value.to(place.device).requires_grad_() for name, value in weights.items()}
        self.model = Model(
            Shape(vocabulary["vocab_size"], vocabulary["svg_vocab"], *sizes), own, place.dtype, place.compiled
        )
        self.optimizer = Optimizer(own, OptimizerConfig(muon_lr=options.muon_lr, adam_lr=options.adam_lr))
        self.journal = Journal(out / "log.jsonl")

    def run(
        self, preferences: Sequence[Preference], tokenizer: Tokenizer, report: Callable[[str], None]
    ) -> dict[str, Any]:
        """Learn and save; returns shares of held-out pairs in the right order before and after, and more."""
        o = self.options
        held = min(HELDOUT, len(preferences) // 10)
        if len(preferences) - held < o.pairs:
            raise TrainError(
                f"{len(preferences):,} pairs are too few", hint=f"give {2 * o.pairs} or more, or smaller batches"
            )
        context = self.state["recipe"]["context"]
        apart, pairs = (self._measured(part, tokenizer, context) for part in (preferences[:held], preferences[held:]))
        steps = o.epochs * (len(pairs) // o.pairs)
        first = self._quality(apart)
        report(f"{len(pairs):,} pairs, {len(apart):,} held out, {steps:,} steps; {first}")
        tokens = 0
        for step, chosen in enumerate(self._orders(len(pairs))):
            loss, seen = self._step(pairs, chosen, 1 - step / steps)
            tokens += seen
            if (step + 1) % 10 == 0 or step + 1 == steps:
                line = {"event": "prefer", "step": step + 1, "tokens": tokens, "loss": round(loss, 4)}
                if (step + 1) % 50 == 0 or step + 1 == steps:
                    line["heldout"] = self._quality(apart)
                self.journal.write(line)
                report(str(line))
        found = {"pairs": len(pairs), "tokens": tokens, "before": first, "after": self._quality(apart)}
        self._save(tokens, found)
        return found

    def _orders(self, count: int) -> Iterator[list[int]]:
        size = self.options.pairs
        for epoch in range(self.options.epochs):
            shuffled = np.random.default_rng([self.options.seed, epoch]).permutation(count)
            yield from (shuffled[at : at + size].tolist() for at in range(0, count - size + 1, size))

    def _measured(self, preferences: Sequence[Preference], tokenizer: Tokenizer, context: int) -> _Pairs:
        """Documents of the pairs that fit, with their nats per token under the weights as they are now."""
        documents: list[Item] = []
        for preference in preferences:
            try:
                pair = [_document(preference, svg, tokenizer) for svg in (preference.chosen, preference.rejected)]
            except NotCanonical as error:
                raise TrainError(f"a drawing of {preference.asked.words!r} is not canonical: {error}") from error
            if max(len(item.ids) for item in pair) <= context:
                documents += pair
        return _Pairs(documents, self._all(documents))

    @torch.no_grad()
    def _all(self, documents: Sequence[Item]) -> Tensor:
        """Mean nats per token of each document, (len,), those of equal length read together."""
        found = torch.zeros(len(documents), device=self.place.device)
        by_length = sorted(range(len(documents)), key=lambda at: len(documents[at].ids))
        for part in (by_length[at : at + 64] for at in range(0, len(by_length), 64)):
            found[part] = self._nats([documents[at] for at in part])[0]
        return found

    def _nats(self, documents: Sequence[Item]) -> tuple[Tensor, int]:
        """Mean nats per token of each document, (len,), and the tokens read."""
        numbered = [Item(item.ids, item.drawings, at) for at, item in enumerate(documents)]
        batch: Batch = pack(numbered, self.state["meta"]["pad_id"])
        ids, rows, targets, of = (
            torch.from_numpy(a).to(self.place.device) for a in (batch.ids, batch.rows, batch.targets, batch.groups)
        )
        losses = self.model.losses(ids, rows, targets)
        total = torch.zeros(len(documents), device=losses.device).index_add(0, of, losses)
        return total / torch.bincount(of, minlength=len(documents)), batch.tokens

    def _odds(self, now: Tensor, before: Tensor) -> Tensor:
        """How much likelier than before the chosen one of each pair is than the rejected one, in nats per token."""
        gain = before - now
        return gain[0::2] - gain[1::2]

    def _step(self, pairs: _Pairs, chosen: Sequence[int], factor: float) -> tuple[float, int]:
        places = [place for pair in chosen for place in (2 * pair, 2 * pair + 1)]
        total, seen = 0.0, 0
        for at in range(0, len(places), 32):
            part = places[at : at + 32]
            now, tokens = self._nats([pairs.documents[place] for place in part])
            odds = self._odds(now, pairs.before[part])
            loss = (-F.logsigmoid(self.options.beta * odds) + self.options.likelihood * now[0::2]).sum() / len(chosen)
            loss.backward()
            total, seen = total + float(loss.detach()), seen + tokens
        self.optimizer.step(factor)
        return total, seen

    def _quality(self, pairs: _Pairs) -> dict[str, float]:
        """Share of pairs in the right order, by plain likelihood, and nats per token of the chosen drawings."""
        if not len(pairs):
            return {}
        now = self._all(pairs.documents)
        right = (now[0::2] < now[1::2]).float().mean()
        odds = self._odds(now, pairs.before).mean()
        return {"right": round(float(right), 4), "odds": round(float(odds), 4), "nats": round(float(now[0::2].mean()), 4)}

    def _save(self, tokens: int, found: dict[str, Any]) -> None:
        state, progress = dict(self.state), dict(self.state["progress"])
        progress["tokens"] += tokens
        progress["history"] = [*progress["history"], {"tokens": progress["tokens"], "preferences": found}]
        weights = {name: value.detach().cpu() for name, value in self.model.weights.items()}
        save_checkpoint(self.out, state | {"weights": weights, "ema": {}, "progress": progress})


def _document(preference: Preference, svg: str, tokenizer: Tokenizer) -> Item:
    prompt = tokenizer.encode_prompt(preference.asked.words, **preference.asked.control())
    ids = [*prompt, *drawing_ids(svg, tokenizer)]
    return Item(np.array(ids, np.int64), ((len(prompt), len(ids)),), 0)
