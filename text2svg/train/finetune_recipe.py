"""A recipe of a fine-tuning: what a LoRA run over a pretrained language model decides in advance, read from TOML, checked.

Refuses unknown keys, wrong types and impossible values with a ConfigError that names the valid ones. The trade-off: the
modules that carry adapters are those of every decoder-only transformer, not a key. Needs the standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from text2svg.errors import ConfigError
from text2svg.train.recipe import FOLDER as RECIPES
from text2svg.train.recipe import read_toml, shipped

FOLDER = RECIPES / "finetune"
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Matrices that carry adapters."""
SCHEDULES = ("cosine", "linear", "constant_with_warmup")
OPTIMIZERS = ("adamw_8bit", "adamw_torch")
_SHARES = frozenset({"warmup", "dropout", "weight_decay"})


@dataclass(frozen=True, slots=True)
class FinetuneRecipe:
    """The decisions of one run."""

    name: str
    """What the run is called."""
    base: str
    """Folder of the pretrained model, or its name on the Hugging Face hub."""
    four_bit: bool = False
    """Hold the base in 4 bits (NF4); needs a GPU."""
    rank: int = 64
    alpha: int = 32
    """Adapters are scaled by alpha / sqrt(rank) with `rslora`, else by alpha / rank."""
    rslora: bool = True
    dropout: float = 0.0
    embeddings: bool = True
    """Train the embeddings and the output matrix too; new tokens need it."""
    drawing_tokens: bool = True
    """Give the tokenizer whole tokens for numbers and markup, each begun as the mean of its sub-words."""
    context: int = 1024
    """Longest prompt and drawing together, in tokens; longer pairs are left out, never cut."""
    packing: bool = True
    """Put several pairs into one row of `context` tokens; they do not see each other."""
    batch: int = 20
    """Rows of one forward and backward pass."""
    accumulate: int = 8
    """Passes of one step."""
    epochs: float = 1.0
    lr: float = 5e-5
    embedding_lr: float = 1e-5
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises."""
    schedule: str = "cosine"
    optimizer: str = "adamw_8bit"
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    checkpoint_every: int = 100
    """Steps between checkpoints and held-out measurements; the last two checkpoints are kept."""
    seed: int = 3407

    def __post_init__(self) -> None:
        for field in fields(self):
            self._check(field.name, str(field.type), getattr(self, field.name))
        for key, known in (("schedule", SCHEDULES), ("optimizer", OPTIMIZERS)):
            if getattr(self, key) not in known:
                raise ConfigError(self._said(key), hint=f"one of: {', '.join(known)}")
        if self.drawing_tokens and not self.embeddings:
            raise ConfigError(self._said("embeddings"), hint="new tokens are learned only with embeddings = true")

    def _check(self, key: str, kind: str, value: object) -> None:
        wanted = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
            raise ConfigError(self._said(key), hint=f"{key} is of type {kind}")
        if kind in ("int", "float"):
            may_be_zero = key in _SHARES or key == "seed"
            if value < 0 or (value == 0 and not may_be_zero) or (key in _SHARES and value > 1):  # type: ignore[operator]
                raise ConfigError(self._said(key), hint="a share lies in 0..1, every other number is positive")
        elif kind == "str" and not value:
            raise ConfigError(self._said(key), hint=f"say {key}")

    def _said(self, key: str) -> str:
        return f"recipe {self.name!r}: {key} = {getattr(self, key)!r} cannot be"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for cards and records."""
        return asdict(self)


def finetune_recipes() -> list[str]:
    """Recipes that ship with the package."""
    return shipped(FOLDER)


def load_finetune_recipe(text: str, changes: Mapping[str, Any] | None = None) -> FinetuneRecipe:
    """A shipped recipe by name, or a TOML file by path, with some values replaced. Raises ConfigError."""
    values = read_toml(text, FOLDER, "recipe")
    known = [field.name for field in fields(FinetuneRecipe)]
    unknown = sorted(set(values) - set(known))
    if unknown or not {"name", "base"} <= set(values):
        what = f"unknown key {', '.join(unknown)}" if unknown else "it needs a name and a base"
        raise ConfigError(f"{text}: {what}", hint=f"valid keys: {', '.join(known)}")
    return replace(FinetuneRecipe(**values), **changes or {})
