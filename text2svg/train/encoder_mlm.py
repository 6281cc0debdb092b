"""Masked-token pretraining of a ModernBERT-shaped encoder on canonical SVG: stages, packing, exact resume, token counts.

A run folder holds `stage-N/` with `log.jsonl`, `state.pt` (replaced whole) and at the end `model/`, a Hugging Face folder;
stage N + 1 begins with stage N's weights. A step is a pure function of the state, so a run that was cut off ends with the
same weights as one that was not. Refuses to continue with another recipe. The trade-off: attention masks are dense, which
needs no special kernel; at 8,192 tokens a GPU wants flash attention, which transformers then uses for one document a row.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from text2svg.errors import TrainError
from text2svg.train.encoder_documents import Cursor, Documents, Marks, Material, Packed, Packer, masked
from text2svg.train.encoder_optim import StableAdamW
from text2svg.train.encoder_recipe import Stage, TokenRecipe
from text2svg.train.encoder_shape import grown, make_model, move_to_theta
from text2svg.train.encoder_state import read_state, save_state

HELDOUT_ROWS = 16
HELDOUT_MASKED = 0.15
CLIP = 1.0


@dataclass(slots=True)
class _State:
    """What a step changes, apart from weights and moments."""

    step: int = 0
    tokens: int = 0
    """Real tokens of this stage."""
    cursor: Cursor = Cursor()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run computes, how often it reports and saves (in steps), and what it grows from."""

    device: str = "cpu"
    threads: int = 1
    report_every: int = 10
    save_every: int = 50
    tile: Path | None = None
    """A smaller model whose weights are tiled into stage 1's."""
    clock: Callable[[], float] = time.monotonic


def pretrain(recipe: TokenRecipe, number: int, material: Material, run: Path, place: Place = Place()) -> Path:
    """Stage `number` (1, 2 or 3) of `recipe` in `run`; returns the model folder. A stage that is done stays as it is."""
    if not 1 <= number <= len(recipe.stages):
        raise TrainError(f"recipe {recipe.name!r} has no stage {number}", hint=f"1 to {len(recipe.stages)}")
    torch.set_num_threads(place.threads)
    stage, folder = recipe.stages[number - 1], run / f"stage-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    keep_recipe(recipe, folder / "recipe.json")
    documents, marks = material
    model = _begin(recipe, number, run, (marks, place.tile)).to(place.device)
    optimizer = StableAdamW(_groups(model, stage))
    state = _saved(read_state(folder / "state.pt", model=model, optimizer=optimizer))
    packer = Packer(documents, documents.split(False), marks, stage.seed)
    model.train()
    clock = place.clock
    began, before, sums = clock(), state.tokens, np.zeros(4)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        while state.tokens < stage.tokens:
            sums += _step(model, optimizer, (recipe, stage), (packer, marks), state)
            done = state.tokens >= stage.tokens
            if state.step % place.report_every == 0 or done:
                speed = (state.tokens - before) / max(clock() - began, 1e-9)
                line = {"step": state.step, "tokens": state.tokens, **_means(sums), "tokens_per_s": round(speed, 1)}
                log.write(json.dumps(line) + "\n")
                log.flush()
                sums[:] = 0
            if state.step % place.save_every == 0 or done:
                facts = {"step": state.step, "tokens": state.tokens, "cursor": list(state.cursor)}
                save_state(folder / "state.pt", facts, model=model, optimizer=optimizer)
    return _finish(model, folder, documents, (stage, marks, state))


def latest(run: Path) -> Path:
    """The model folder of the furthest stage that is done. Raises TrainError."""
    done = sorted(run.glob("stage-*/model/config.json"))
    if not done:
        raise TrainError(f"{run} holds no pretrained stage", hint="text2svg train encoder --stage 1")
    return done[-1].parent


def hidden_states(model: torch.nn.Module, packed: Packed, ids: Tensor) -> Tensor:
    """(R, L, hidden) of packed rows: a token sees its own document alone."""
    owners = torch.from_numpy(packed.owners)
    positions = torch.from_numpy(packed.positions).to(ids.device)
    own = owners[:, None, :, None] == owners[:, None, None, :]
    reach = model.config.local_attention // 2
    away = (positions[:, None, :, None] - positions[:, None, None, :]).abs() <= reach
    own = own.to(ids.device)
    masks = {"full_attention": own, "sliding_attention": own & away}
    return model.model(input_ids=ids, attention_mask=masks, position_ids=positions).last_hidden_state


def masked_loss(
    model: torch.nn.Module, packed: Packed, marks: Marks, how: tuple[float, np.random.Generator]
) -> tuple[Tensor, int, int]:
    """Sum of nats over the hidden tokens, how many were right, and how many there are; `how` is (share, chance)."""
    ids, chosen = masked(packed, marks, *how)
    device = next(model.parameters()).device
    states = hidden_states(model, packed, torch.from_numpy(ids).to(device))
    where = torch.from_numpy(chosen).to(device)
    logits = model.decoder(model.head(states[where]))
    wanted = torch.from_numpy(packed.ids[chosen]).to(device)
    loss = functional.cross_entropy(logits.float(), wanted, reduction="sum")
    return loss, int((logits.argmax(1) == wanted).sum()), len(wanted)


def _step(
    model: torch.nn.Module,
    optimizer: StableAdamW,
    how: tuple[TokenRecipe, Stage],
    source: tuple[Packer, Marks],
    state: _State,
) -> np.ndarray:
    """One update; returns (nats, right, hidden, padding) summed over its rows."""
    (recipe, stage), (packer, marks) = how, source
    rng = np.random.default_rng((stage.seed, state.step, 7))
    rows, sums, parts = stage.rows_at(state.tokens), np.zeros(4), []
    for _ in range(rows // stage.micro):
        packed, state.cursor = packer.take(state.cursor, (stage.micro, stage.context), recipe.words)
        parts.append(packed)
    for group in optimizer.param_groups:
        group["lr"] = stage.rate_at(state.tokens)
    optimizer.zero_grad(set_to_none=True)
    # By what is expected to be hidden: what is hidden is known only after the last row's forward pass.
    share = max(1.0, stage.masked * sum(packed.real for packed in parts))
    for packed in parts:
        loss, right, hidden = masked_loss(model, packed, marks, (stage.masked, rng))
        (loss / share).backward()
        sums += loss.item(), right, hidden, packed.ids.size - packed.real
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    state.step, state.tokens = state.step + 1, state.tokens + sum(packed.real for packed in parts)
    return sums


def _means(sums: np.ndarray) -> dict[str, float]:
    nats, right, hidden, padding = sums
    per = max(hidden, 1)
    return {"loss": round(nats / per, 4), "right": round(right / per, 4), "padding": int(padding)}


def _begin(recipe: TokenRecipe, number: int, run: Path, first: tuple[Marks, Path | None]) -> Any:
    marks, tile = first
    stage = recipe.stages[number - 1]
    torch.manual_seed(stage.seed)
    if number == 1:
        model = make_model(recipe, stage, marks)
        return grown(model, tile) if tile else model
    before = run / f"stage-{number - 1}" / "model"
    if not (before / "config.json").is_file():
        raise TrainError(
            f"stage {number - 1} is not done in {run}", hint=f"text2svg train encoder --stage {number - 1}"
        )
    return move_to_theta(before, stage)


def _groups(model: torch.nn.Module, stage: Stage) -> list[dict[str, Any]]:
    matrices = [one for one in model.parameters() if one.ndim > 1]
    plain = [one for one in model.parameters() if one.ndim < 2]
    decay = stage.weight_decay
    return [
        {"params": matrices, "weight_decay": decay, "peak": stage.rate},
        {"params": plain, "weight_decay": 0.0, "peak": stage.rate},
    ]


def keep_recipe(recipe: TokenRecipe, path: Path) -> None:
    """Note a run's recipe, or see that it is the same. Raises TrainError."""
    text = json.dumps(asdict(recipe), indent=1)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise TrainError(f"{path.parent} was started with another recipe", hint="use another work folder")
    path.write_text(text, encoding="utf-8")


def _saved(saved: dict[str, Any] | None) -> _State:
    return _State(saved["step"], saved["tokens"], Cursor(*saved["cursor"])) if saved else _State()


def _finish(model: Any, folder: Path, documents: Documents, facts: tuple[Stage, Marks, _State]) -> Path:
    """Save the model with what it reaches on held-out captions, 15 % hidden."""
    stage, marks, state = facts
    out = folder / "model"
    card: dict[str, Any] = {"tokens": state.tokens, "steps": state.step, "passes": state.cursor.passed}
    heldout = documents.split(True)
    if len(heldout):
        model.eval()
        packed, _ = Packer(documents, heldout, marks, 0).take(Cursor(), (HELDOUT_ROWS, stage.context), 0.0)
        with torch.no_grad():
            loss, right, hidden = masked_loss(model, packed, marks, (HELDOUT_MASKED, np.random.default_rng(0)))
        card |= {"heldout_loss": round(loss.item() / hidden, 4), "heldout_right": round(right / hidden, 4)}
    model.save_pretrained(out)
    (out / "card.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
    return out
