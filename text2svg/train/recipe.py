"""A recipe: everything a training run decides in advance, frozen, read from TOML and checked.

Refuses unknown keys, wrong types and impossible values with a ConfigError that names the valid ones. The trade-off: no
inheritance between recipes; each file says all it changes from the defaults below. Needs the standard library alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The decisions of one generator run."""

    name: str
    """What the run is called; no unit."""
    width: int = 256
    """Width of the residual stream, in floats."""
    layers: int = 8
    """Transformer layers."""
    heads: int = 4
    """Attention heads; width / heads floats each."""
    ffn: int = 704
    """Inner width of the gated feed-forward layer, in floats."""
    context: int = 512
    """Longest document with its prompt, in tokens; longer ones are skipped."""
    step_tokens: int = 8192
    """Real tokens per optimizer step."""
    micro_tokens: int = 4096
    """Tokens per forward and backward pass; gradients are summed over a step."""
    pool_steps: int = 16
    """Steps drawn and sorted by length at once."""
    embed_std: float = 0.5
    """Standard deviation of fresh embeddings, in residual units."""
    muon_lr: float = 0.02
    """Muon's learning rate for block matrices, in spectral norm per step; 0 leaves them to AdamW."""
    muon_momentum: float = 0.95
    """Muon's Nesterov momentum, per step."""
    adam_lr: float = 3e-3
    """AdamW's learning rate for embeddings, head and norms, per step."""
    adam_beta1: float = 0.8
    """AdamW's first-moment decay, per step."""
    adam_beta2: float = 0.95
    """AdamW's second-moment decay, per step."""
    weight_decay: float = 0.0
    """Decoupled decay of block matrices, times the learning rate, per step."""
    warmup_tokens: int = 200_000
    """Tokens of linear warm-up."""
    ema: float = 0.0
    """Decay of the averaged weights per step; 0 keeps none."""
    drop_control: float = 0.15
    """Chance that a control token of a prompt is dropped."""
    shuffle_words: float = 0.3
    """Chance that the words of a prompt are shuffled."""
    drop_word: float = 0.1
    """Chance that a word of several is dropped."""
    other_prompt: float = 0.3
    """Chance that an alternative prompt replaces the main one."""
    blank_words: float = 0.1
    """Chance that all words of a prompt become padding, for classifier-free guidance."""
    references: float = 0.0
    """Chance that one or two drawings of the same words stand before a document."""
    heldout_documents: int = 192
    """Held-out documents per group in the fixed subset."""
    heldout_every: int = 500_000
    """Tokens between held-out measurements."""
    checkpoint_minutes: float = 10.0
    """Minutes between checkpoints."""
    log_every: int = 20
    """Steps per log line."""
    seed: int = 1
    """Seed of the weights and of the order of documents."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "name":
                continue
            kind = int if field.type == "int" else float
            if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else int):
                raise ConfigError(f"recipe {self.name!r}: {field.name} = {value!r} is not of type {field.type}")
            if value < 0 or (kind is int and value == 0 and field.name not in {"seed", "warmup_tokens"}):
                raise ConfigError(f"recipe {self.name!r}: {field.name} = {value!r} must be positive")
        for key in (
            "drop_control",
            "shuffle_words",
            "drop_word",
            "other_prompt",
            "references",
            "ema",
            "muon_momentum",
            "adam_beta1",
            "adam_beta2",
        ):
            if getattr(self, key) > 1:
                raise ConfigError(f"recipe {self.name!r}: {key} = {getattr(self, key)!r} must lie in 0..1")
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ConfigError(
                f"recipe {self.name!r}: width {self.width} does not split into {self.heads} even heads",
                hint="width = heads x 64 is usual",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and cards."""
        return asdict(self)


def shipped(folder: Path) -> list[str]:
    """Names of the TOML files of a folder of the package."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_toml(text: str, folder: Path, what: str) -> dict[str, Any]:
    """The values of a file that ships in `folder`, by name, or of a TOML file by path; `what` names it in errors.

    Raises ConfigError.
    """
    path = Path(text) if text.endswith(".toml") else folder / f"{text}.toml"
    if not path.is_file():
        raise ConfigError(
            f"unknown {what} {text!r}", hint=f"write one of {', '.join(shipped(folder))}, or a path to a .toml file"
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not TOML: {error}", hint=f"see those that ship: {folder.name}/") from error


def recipe_names() -> list[str]:
    """Recipes that ship with the package."""
    return shipped(FOLDER)


def parse_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe from plain values; unknown keys are refused."""
    known = [field.name for field in fields(Recipe)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"unknown recipe key {', '.join(unknown)}", hint=f"valid keys: {', '.join(known)}")
    if not isinstance(values.get("name"), str) or not values["name"]:
        raise ConfigError("a recipe needs a name", hint='write name = "icons-small"')
    return Recipe(**values)


def load_recipe(text: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """A shipped recipe by name, or a TOML file by path, with some values replaced."""
    recipe = parse_recipe(read_toml(text, FOLDER, "recipe"))
    return replace(recipe, **changes) if changes else recipe
