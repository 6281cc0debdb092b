"""Ablations: the same budget spent once for each change of a recipe, judged by the same held-out drawings.

A plan is a TOML file: a recipe, a budget in tokens, a mix, the groups to measure, and arms that each change something
(recipe values, mix, shards). Arms that change only the seed say how far two equal runs differ. Every arm keeps its own
run folder, so a study that was stopped goes on where it was, and an arm whose settings and data did not change is not
trained again. Refuses unknown keys, two arms of one name and plans that leave nothing to compare with. The trade-off: a
small model and a short budget stand for the large one, so an arm that needs long training to pay looks worse here than it
is.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError
from text2svg.train.batches import Data, heldout_batches, parse_mix
from text2svg.train.checkpoint import list_checkpoints
from text2svg.train.recipe import FOLDER, Recipe, parse_recipe, read_toml, shipped
from text2svg.train.shards import read_meta
from text2svg.train.trainer import Place, Start, Trainer

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Arm:
    """One run of a study."""

    name: str
    recipe: Recipe
    mix: Mapping[str, float]
    shards: str
    """Folder of token shards below the study's; empty for that folder itself."""
    warm: bool
    """Whether the embeddings of the shards are the start."""
    decay: float
    """Last share of the budget over which the learning rates fall to 0."""
    changes: str
    """What differs from the first arm, in words a reader of the table needs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study trains and measures."""

    name: str
    tokens: int
    """Budget of each arm, prompts and references included."""
    measure: tuple[str, ...]
    """Groups whose held-out documents judge every arm."""
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What an arm reached."""

    arm: str
    changes: str
    heldout: Mapping[str, float]
    """Mean nats per drawing token, by measured group; `G+references` after references, where the arm learns from them."""
    tokens: int
    weights: int
    started: str
    """UTC time as ISO 8601 with a Z."""
    seconds: float
    """Wall time of the part that was trained last; the whole when the arm was not stopped."""
    key: str
    """Digest of the settings and of the data, by which a finished arm is known again."""


def plan_names() -> list[str]:
    """Plans that ship with the package."""
    return shipped(FOLDER / "study")


def load_plan(text: str) -> Plan:
    """A shipped plan by name, or a TOML file by path. Raises ConfigError."""
    return parse_plan(read_toml(text, FOLDER / "study", "plan"))


def parse_plan(values: Mapping[str, Any]) -> Plan:
    """A plan from plain values. Raises ConfigError."""
    _known(values, ("name", "tokens", "decay", "mix", "measure", "recipe", "arm"), "plan")
    missing = [key for key in ("name", "tokens", "mix", "measure", "recipe", "arm") if not values.get(key)]
    if missing:
        raise ConfigError(f"the plan lacks {', '.join(missing)}", hint="see text2svg/assets/recipes/study")
    tokens, decay = values["tokens"], values.get("decay", 0.4)
    if not isinstance(tokens, int | float) or tokens < 1:
        raise ConfigError(f"tokens = {tokens!r} must be a number, 1 or more", hint="write tokens = 2e6")
    base = parse_recipe(values["recipe"])
    usual = {"mix": values["mix"], "decay": decay}
    arms = tuple(_arm(usual | arm, base) for arm in values["arm"])
    names = [arm.name for arm in arms]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigError("a study needs two arms or more, each of another name", hint="the first is what the others change")
    return Plan(values["name"], int(tokens), tuple(values["measure"]), arms)


def _arm(values: Mapping[str, Any], base: Recipe) -> Arm:
    _known(values, ("name", "set", "mix", "shards", "warm", "decay", "changes"), "arm")
    name = values.get("name", "")
    if not isinstance(name, str) or not name.replace("-", "").isalnum():
        raise ConfigError(f"an arm needs a name of letters, digits and hyphens, not {name!r}")
    recipe = replace(parse_recipe(base.to_dict() | values.get("set", {})), name=name)
    decay = values["decay"]
    if not isinstance(decay, int | float) or not 0 <= decay <= 1:
        raise ConfigError(f"arm {name}: decay = {decay!r} must lie in 0..1", hint="write decay = 0.4")
    shards, warm = values.get("shards", ""), values.get("warm", True)
    return Arm(name, recipe, parse_mix(values["mix"]), shards, warm, float(decay), values.get("changes", name))


def _known(values: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"unknown {what} key {', '.join(unknown)}", hint=f"valid keys: {', '.join(known)}")


def run_study(plan: Plan, shards: Path, work: Path, place: Place, say: Say = print) -> Iterable[Result]:
    """Trains what is not there yet, and gives each arm's result as it comes; ends early when a signal stops an arm."""
    for arm in plan.arms:
        folder = work / arm.name
        data = shards / arm.shards if arm.shards else shards
        key = _key(plan, arm, data)
        result = _finished(folder, key)
        if result is None:
            say(f"{arm.name}: {arm.changes}")
            result = _train(plan, arm, data, folder, place, key)
        if result is None:
            say(f"{arm.name} was stopped; the same command goes on from there")
            return
        yield result


def _key(plan: Plan, arm: Arm, data: Path) -> str:
    start = [arm.recipe.to_dict(), dict(arm.mix), arm.shards, arm.warm, arm.decay]
    told = [start, read_meta(data).digest, plan.tokens, plan.measure]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _finished(folder: Path, key: str) -> Result | None:
    path = folder / "result.json"
    if path.is_file():
        result = Result(**json.loads(path.read_text(encoding="utf-8")))
        if result.key == key:
            return result
    if list_checkpoints(folder) and _begun(folder) != key:
        hint = "name another --work, or delete that folder"
        raise ConfigError(f"{folder} holds an arm of other settings or data", hint=hint)
    return None


def _begun(folder: Path) -> str:
    path = folder / "key"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _train(plan: Plan, arm: Arm, data: Path, folder: Path, place: Place, key: str) -> Result | None:
    began, started = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_text(key, encoding="utf-8")
    trainer = Trainer(arm.recipe, (data, arm.mix), folder, place)
    trainer.begin(Start(resume=bool(list_checkpoints(folder))), warm=arm.warm)
    progress = trainer.run_interruptibly(int(plan.tokens * (1 - arm.decay)))
    if not trainer.stopped and progress.decay is None and progress.tokens < plan.tokens:
        progress.decay = {"start": progress.tokens, "tokens": plan.tokens - progress.tokens}
    if not trainer.stopped:
        progress = trainer.run_interruptibly(plan.tokens)
    if trainer.stopped:
        return None
    weights = sum(value.numel() for value in trainer.model.weights.values())
    found = measured(trainer, data, plan.measure)
    seconds = round(time.monotonic() - began, 1)
    result = Result(arm.name, arm.changes, found, progress.tokens, weights, started, seconds, key)
    temporary = folder / "result.tmp"
    temporary.write_text(json.dumps({name: getattr(result, name) for name in Result.__slots__}), encoding="utf-8")
    os.replace(temporary, folder / "result.json")
    return result


def measured(trainer: Trainer, data: Path, groups: Sequence[str]) -> dict[str, float]:
    """Held-out nats of a run on groups that need not be in its mix, by its averaged weights where it keeps such."""
    recipe = trainer.recipe
    heldout, sizes = Data(data, groups, "heldout"), (recipe.context, recipe.heldout_documents, recipe.micro_tokens)
    for name, value in trainer.ema.items():
        trainer.model.weights[name].data.copy_(value)
    found = trainer.nats(heldout_batches(heldout, *sizes), groups)
    if recipe.references:
        behind = trainer.nats(heldout_batches(heldout, *sizes, references=True), groups)
        found |= {f"{name}+references": value for name, value in behind.items()}
    return found


def compared(results: Sequence[Result], groups: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows of arm, what it changes, nats by group and their distance from the first arm's, weights and seconds."""
    rows = []
    for result in results:
        cells = []
        for group in groups:
            value, first = result.heldout[group], results[0].heldout[group]
            cells += [f"{value:.3f}", f"{value - first:+.3f}" if result is not results[0] else ""]
        rows.append((result.arm, result.changes, *cells, f"{result.weights / 1e6:.2f}", f"{result.seconds:.0f}"))
    return rows
