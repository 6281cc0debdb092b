"""The training loop as an object: weights, optimizer, sampler and log of one run in one folder.

Refuses to continue on shards of another vocabulary or weights of another shape. The trade-off: one process, one device;
what a larger machine would shard is not sharded here. On a CPU memory grows with the lengths met, from 1.6 to about
3.7 GB for icons-small, because oneDNN keeps a product for each shape; ONEDNN_PRIMITIVE_CACHE_CAPACITY=128 in the
environment holds it at 1.8 GB for some 4 % of the speed. Needs torch and numpy alone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from text2svg.errors import TrainError
from text2svg.train import plot
from text2svg.train.batches import Augment, Batch, Data, Sampler, heldout_batches
from text2svg.train.checkpoint import load_checkpoint, save_checkpoint
from text2svg.train.journal import Journal
from text2svg.train.model import Model, Shape, Weights, init_weights
from text2svg.train.optim import Optimizer, OptimizerConfig
from text2svg.train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run computes. `reason` says why, and is printed."""

    device: str
    dtype: torch.dtype
    compiled: bool
    threads: int
    reason: str


@dataclass(frozen=True, slots=True)
class Start:
    """Where a run begins: afresh, from its own newest checkpoint, from another run, or from exported weights."""

    resume: bool = False
    branch: Path | None = None
    weights: Path | None = None
    decay_tokens: int | None = None
    """Begin a linear decay to 0 over this many tokens now, and stop at its end."""


@dataclass(slots=True)
class Progress:
    """How far a run is."""

    step: int = 0
    tokens: int = 0
    decay: dict[str, int] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    """Every start: tokens then, mix, data digest, recipe."""
    heldout: dict[str, float] = field(default_factory=dict)

    def factor(self, warmup: int) -> float:
        """Share of the constant learning rates at this point."""
        warm = min(1.0, (self.tokens + 1) / warmup) if warmup else 1.0
        if self.decay is None:
            return warm
        return warm * max(0.0, 1 - (self.tokens - self.decay["start"]) / self.decay["tokens"])


def choose_place(device: str = "auto", compiled: bool = True, threads: int = 1) -> Place:
    """Pick the device and precision."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda"):
        torch.backends.cuda.matmul.allow_tf32 = True
        name = torch.cuda.get_device_name()
        return Place(device, torch.bfloat16, compiled, threads, f"{device}: {name}, bfloat16 products")
    torch.set_num_threads(threads)
    has = torch.ops.mkldnn._is_mkldnn_bf16_supported() if torch.backends.mkldnn.is_available() else False
    fast = has and torch.cpu._is_avx512_bf16_supported()
    why = "the CPU multiplies bfloat16" if fast else "the CPU has no fast bfloat16 product"
    dtype = torch.bfloat16 if fast else torch.float32
    return Place("cpu", dtype, compiled, threads, f"cpu, {threads} thread(s), {dtype}: {why}")


class Trainer:
    """One run in one folder."""

    def __init__(self, recipe: Recipe, data: tuple[Path, Mapping[str, float]], out: Path, place: Place) -> None:
        self.recipe, self.out, self.place = recipe, out, place
        self.shards, self.mix = data
        names = list(self.mix)
        self.data = Data(self.shards, names, "train")
        meta = self.data.meta
        self.shape = Shape(meta.vocab_size, meta.svg_vocab, recipe.width, recipe.layers, recipe.heads, recipe.ffn)
        self.progress = Progress()
        self.journal = Journal(out / "log.jsonl")
        self.sampler = Sampler(
            self.data,
            self.mix,
            seed=recipe.seed,
            context=recipe.context,
            step_tokens=recipe.step_tokens,
            micro_tokens=recipe.micro_tokens,
            pool_steps=recipe.pool_steps,
            augment=Augment(
                recipe.drop_control,
                recipe.shuffle_words,
                recipe.drop_word,
                recipe.other_prompt,
                recipe.blank_words,
                recipe.references,
            ),
        )
        heldout = Data(self.shards, names, "heldout")
        sizes = recipe.context, recipe.heldout_documents, recipe.micro_tokens
        self.heldout = {"": heldout_batches(heldout, *sizes)}
        if recipe.references:
            self.heldout["+references"] = heldout_batches(heldout, *sizes, references=True)
        self.stopped = False
        self._load(init_weights(self.shape, recipe.seed, recipe.embed_std))

    def _load(self, weights: Weights) -> None:
        device = self.place.device
        own = {name: value.to(device).requires_grad_() for name, value in weights.items()}
        self.model = Model(self.shape, own, self.place.dtype, self.place.compiled)
        r = self.recipe
        config = OptimizerConfig(r.muon_lr, r.muon_momentum, r.adam_lr, r.adam_beta1, r.adam_beta2, r.weight_decay)
        self.optimizer = Optimizer(own, config)
        self.ema = {n: v.detach().clone() for n, v in own.items()} if r.ema else {}

    def begin(self, start: Start, *, warm: bool = True) -> None:
        """Bring the run to its starting point and record it; `warm` takes the first embeddings that lie in the shards."""
        init = self.shards / "init.npy"
        if start.resume or start.branch:
            self._restore(load_checkpoint(start.branch or self.out))
        elif start.weights:
            from text2svg.train.export import read_weights

            self._load(read_weights(start.weights, self.shape))
        elif warm and init.is_file():
            self._warm_embeddings(np.load(init))
        # A decay that was cut short goes on from where it was, also when the same command is given again.
        if start.decay_tokens and not (start.resume and self.progress.decay):
            self.progress.decay = {"start": self.progress.tokens, "tokens": start.decay_tokens}
        self.progress.history.append(
            {
                "tokens": self.progress.tokens,
                "mix": dict(self.mix),
                "data": self.data.meta.digest,
                "recipe": self.recipe.to_dict(),
                "decay": self.progress.decay,
                "from": str(start.weights.name) if start.weights else "",
            }
        )
        self.journal.trim(self.progress.step)
        self.journal.write({"event": "start", "step": self.progress.step, **self.progress.history[-1]})

    def _warm_embeddings(self, init: np.ndarray) -> None:
        embed = self.model.weights["embed"]
        if init.shape != tuple(embed.shape):
            raise TrainError(
                f"init.npy is {init.shape}, the embedding {tuple(embed.shape)}",
                hint="build the shards for this width, or delete init.npy",
            )
        with torch.no_grad():
            embed.copy_(torch.from_numpy(init))

    def _restore(self, state: dict[str, Any]) -> None:
        meta = self.data.meta
        own = {
            "vocab_size": meta.vocab_size,
            "svg_vocab": meta.svg_vocab,
            "tokenizer": meta.tokenizer_digest,
        }
        if state["vocabulary"] != own:
            raise TrainError(
                "the shards have another vocabulary than the checkpoint",
                hint="build them with the tokenizer the run began with",
            )
        for name, tensor in self.model.weights.items():
            if name not in state["weights"] or state["weights"][name].shape != tensor.shape:
                raise TrainError(
                    f"the checkpoint does not fit the recipe at {name}",
                    hint="use the recipe the run began with",
                )
            tensor.data.copy_(state["weights"][name])
        for name, tensor in self.ema.items():
            tensor.copy_(state["ema"].get(name, state["weights"][name]))
        self.optimizer.restore(state["optimizer"])
        self.sampler.restore(state["sampler"])
        self.progress = Progress(**state["progress"])

    def state(self) -> dict[str, Any]:
        """Everything a checkpoint holds."""
        meta, p = self.data.meta, self.progress
        return {
            "step": p.step,
            "vocabulary": {
                "vocab_size": meta.vocab_size,
                "svg_vocab": meta.svg_vocab,
                "tokenizer": meta.tokenizer_digest,
            },
            "weights": {n: v.detach().cpu() for n, v in self.model.weights.items()},
            "ema": {n: v.cpu() for n, v in self.ema.items()},
            "optimizer": self.optimizer.state(),
            "sampler": self.sampler.state(),
            "progress": {
                "step": p.step,
                "tokens": p.tokens,
                "decay": p.decay,
                "history": p.history,
                "heldout": p.heldout,
            },
            "recipe": self.recipe.to_dict(),
            "meta": {"bos_id": meta.bos_id, "eos_id": meta.eos_id, "pad_id": meta.pad_id},
        }

    def save(self) -> Path:
        """Write a checkpoint now, and draw the losses so far into `loss.svg`."""
        lines = self.journal.read()
        if any(len(curve) > 1 for curve in plot.curves(lines)[0].values()):
            plot.write(lines, self.out / "loss.svg")
        return save_checkpoint(self.out, self.state())

    def step(self) -> tuple[float, np.ndarray, np.ndarray]:
        """One optimizer step; returns mean nats per target, and summed nats and targets of each group."""
        batches = self.sampler.next_step()
        count = sum(len(batch.targets) for batch in batches)
        sums, counts = np.zeros(len(self.mix)), np.zeros(len(self.mix), np.int64)
        for batch in batches:
            losses = self._losses(batch)
            (losses.sum() / count).backward()
            values = losses.detach().float().cpu().numpy()
            sums += np.bincount(batch.groups, values, len(self.mix))
            counts += np.bincount(batch.groups, minlength=len(self.mix))
        self.optimizer.step(self.progress.factor(self.recipe.warmup_tokens))
        if self.ema:
            torch._foreach_lerp_(
                list(self.ema.values()),
                [self.model.weights[n].detach() for n in self.ema],
                1 - self.recipe.ema,
            )
        self.progress.step += 1
        self.progress.tokens += sum(batch.tokens for batch in batches)
        return float(sums.sum() / count), sums, counts

    def _losses(self, batch: Batch) -> Tensor:
        move = [torch.from_numpy(array).to(self.place.device) for array in (batch.ids, batch.rows, batch.targets)]
        return self.model.losses(*move)

    def measure(self) -> dict[str, float]:
        """Mean nats per drawing token on the fixed held-out subset, by group; `G+references` after references."""
        found = {}
        for suffix, batches in self.heldout.items():
            found |= {name + suffix: value for name, value in self.nats(batches, list(self.mix)).items()}
        self.progress.heldout = found
        return found

    @torch.no_grad()
    def nats(self, batches: Iterable[Batch], names: Sequence[str]) -> dict[str, float]:
        """Mean nats per drawing token of some batches, by the names of their groups; a group without targets has none."""
        sums, counts = np.zeros(len(names)), np.zeros(len(names))
        for batch in batches:
            values = self._losses(batch).float().cpu().numpy()
            sums += np.bincount(batch.groups, values, len(names))
            counts += np.bincount(batch.groups, minlength=len(names))
        return {n: round(float(total / count), 4) for n, total, count in zip(names, sums, counts, strict=True) if count}

    def run(self, tokens: int, clock: Callable[[], float] = time.monotonic) -> Progress:
        """Steps until `tokens` have been seen in all, the decay has ended, or a signal came; then a checkpoint."""
        p, r = self.progress, self.recipe
        if p.decay:
            tokens = p.decay["start"] + p.decay["tokens"]
        saved, window = clock(), _Window(self.mix, p.tokens, clock())
        while p.tokens < tokens and not self.stopped:
            before = p.tokens
            window.add(*self.step()[1:])
            if p.step % r.log_every == 0:
                self.journal.write(window.line(p, p.factor(r.warmup_tokens), clock()))
                window = _Window(self.mix, p.tokens, clock())
            if before // r.heldout_every != p.tokens // r.heldout_every:
                self._log_heldout()
            if clock() - saved > r.checkpoint_minutes * 60:
                self.save()
                saved = clock()
        if not self.stopped:
            self._log_heldout()
        self.save()
        return p

    def run_interruptibly(self, tokens: int) -> Progress:
        """`run`, where SIGTERM and SIGINT end the run after the step at hand, with a checkpoint."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stopped = True

        handlers = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            return self.run(tokens)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _log_heldout(self) -> None:
        self.journal.write(
            {
                "event": "heldout",
                "step": self.progress.step,
                "tokens": self.progress.tokens,
                "heldout": self.measure(),
            }
        )


class _Window:
    """Losses and speed between two log lines."""

    def __init__(self, mix: Mapping[str, float], tokens: int, now: float) -> None:
        self.names, self.tokens, self.began = list(mix), tokens, now
        self.sums, self.counts = np.zeros(len(mix)), np.zeros(len(mix), np.int64)

    def add(self, sums: np.ndarray, counts: np.ndarray) -> None:
        self.sums += sums
        self.counts += counts

    def line(self, progress: Progress, factor: float, now: float) -> dict[str, Any]:
        groups = {
            name: round(float(s / n), 4) for name, s, n in zip(self.names, self.sums, self.counts, strict=True) if n
        }
        speed = (progress.tokens - self.tokens) / max(now - self.began, 1e-9)
        return {
            "event": "train",
            "step": progress.step,
            "tokens": progress.tokens,
            "loss": round(float(self.sums.sum() / max(self.counts.sum(), 1)), 4),
            "lr": round(factor, 5),
            "tokens_per_s": round(speed),
            "groups": groups,
        }
