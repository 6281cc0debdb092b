"""The recipe of a token encoder: its shape, three stages of masked-token pretraining and a contrastive one.

Read from TOML like the generator's recipes. Refuses unknown keys and impossible values by name. The trade-off: stages are
written out one by one, so that a file says all that happens, also where two stages differ in a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from text2svg.errors import ConfigError
from text2svg.train.recipe import FOLDER as RECIPES
from text2svg.train.recipe import read_toml, shipped

FOLDER = RECIPES / "encoder"
SCHEDULES = ("warmup-stable", "constant", "one-minus-sqrt")
FLOOR = 0.001
"""Share of the rate that `one-minus-sqrt` ends at."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of pretraining. Tokens are real ones, padding not counted."""

    context: int
    """Tokens a row."""
    theta: float
    """Base of the rotary positions in layers that see everything; 10,000 in the others."""
    rate: float
    tokens: int
    schedule: str
    batch: int
    """Rows a step."""
    micro: int
    """Rows a forward pass; gradients are summed over a step."""
    warmup_tokens: int = 0
    batch_warmup_tokens: int = 0
    """Tokens over which the step grows from `micro` to `batch` rows."""
    weight_decay: float = 1e-5
    masked: float = 0.3
    seed: int = 17

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ConfigError(f"unknown schedule {self.schedule!r}", hint=f"one of: {', '.join(SCHEDULES)}")
        if min(self.context, self.tokens, self.batch, self.micro) < 1 or self.batch % self.micro:
            raise ConfigError(f"batch {self.batch} is no multiple of micro {self.micro}", hint="use batch = n * micro")
        if not 0 < self.masked < 1 or self.rate <= 0:
            raise ConfigError("masked lies between 0 and 1, rate above 0", hint="masked = 0.3, rate = 8e-4")

    def rate_at(self, seen: int) -> float:
        """The learning rate after `seen` tokens of this stage."""
        if self.schedule == "warmup-stable" and seen < self.warmup_tokens:
            return self.rate * (seen + 1) / self.warmup_tokens
        if self.schedule == "one-minus-sqrt":
            return self.rate * max(FLOOR, 1 - math.sqrt(min(1.0, seen / self.tokens)))
        return self.rate

    def rows_at(self, seen: int) -> int:
        """Rows of the step that begins after `seen` tokens, a multiple of `micro`."""
        if seen >= self.batch_warmup_tokens:
            return self.batch
        rows = self.micro + (self.batch - self.micro) * seen / self.batch_warmup_tokens
        return max(self.micro, int(rows / self.micro) * self.micro)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The contrastive stage."""

    dims: tuple[int, ...] = ()
    """Nested widths, the whole one first."""
    steps: int = 600
    batch: int = 64
    rate: float = 1e-3
    warmup: int = 30
    longest: int = 256
    """Tokens read of a drawing."""
    scale: float = 20.0
    sister_share: float = 0.5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TokenRecipe:
    """Everything that decides a token encoder, apart from its data."""

    name: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    local: int = 128
    """Window of the layers that see their neighbours only; every third layer sees all."""
    words: float = 0.0
    """Chance that a drawing's caption stands before it, so that words are learned with what they mean."""
    stages: tuple[Stage, ...] = ()
    contrast: Contrast = field(default_factory=Contrast)

    def __post_init__(self) -> None:
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ConfigError(
                f"hidden {self.hidden} does not split into {self.heads} even heads", hint="hidden = heads x 64"
            )


def recipe_names() -> list[str]:
    """Recipes that ship with the package."""
    return shipped(FOLDER)


def load_token_recipe(text: str) -> TokenRecipe:
    """A shipped recipe by name or a TOML file by path. Raises ConfigError."""
    return parse(read_toml(text, FOLDER, "encoder recipe"))


def parse(values: Mapping[str, Any]) -> TokenRecipe:
    """A recipe from plain values, as `asdict` gives them too."""
    rest = dict(values)
    stages = tuple(_made(Stage, one) for one in rest.pop("stage", rest.pop("stages", ())))
    contrast = dict(rest.pop("contrast", {}))
    contrast["dims"] = tuple(contrast.get("dims", ()))
    return _made(TokenRecipe, rest | {"stages": stages, "contrast": _made(Contrast, contrast)})


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    known = [one.name for one in fields(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"unknown recipe key {', '.join(unknown)}", hint=f"valid keys: {', '.join(known)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"incomplete encoder recipe: {error}", hint=f"valid keys: {', '.join(known)}") from error
