"""What a visitor asks for, checked once at the door.

Prompts are normalised (NFKC, lower case, single spaces), so that two spellings of one wish draw the same. Refuses
empty and over-long prompts, unknown styles and numbers outside their ranges, each with the valid range. The
trade-off: limits are constants of the product, not of a model; a bigger model may want a larger budget.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from text2svg.errors import ConfigError
from text2svg.generate.manner import Manner
from text2svg.generate.references import MOST, Reference
from text2svg.svg.palette import COLORS, parse_color

MAX_PROMPT = 300
"""Characters. The model reads eight words; the rest is patience for pasted sentences."""

MAX_CANDIDATES = 8
MAX_TOKENS = 2048
LEAST_BYTES = 120
"""Fewer hold no shape beside the root element."""
STYLES = ("", "outline", "filled", "duotone", "color")
"""The empty style draws each candidate in another one."""
MAX_DETAIL = 5


@dataclass(frozen=True, slots=True)
class Request:
    """One wish. Raises ConfigError when any part of it cannot be served."""

    prompt: str
    style: str = ""
    n: int = 4
    seed: int = 0
    max_tokens: int = 300
    temperature: float = 0.4
    top_p: float = 0.9
    guidance: float | None = None
    """How much louder the words are than in the plain model, 1 to 6; None takes what suits the style. More is nearer to
    the words and less tidy."""
    detail: int | None = None
    """0 (plainest) to 5; None takes what is usual for the style."""
    max_bytes: int | None = None
    """Bytes of a drawing, at least LEAST_BYTES; one that outgrows them is closed at its last whole segment that fits."""
    max_seconds: float | None = None
    """Time for all candidates; what is not finished then is closed as it is."""
    palette: tuple[str, ...] = ()
    """Colours for the drawing, `#rgb`, the most used one first; empty leaves them to the model. See `palette_of`."""
    manner: Manner | None = None
    """How a reference is drawn; see `like`."""
    references: tuple[tuple[Reference, ...], ...] = ()
    """Drawings that stand in the prompt before a candidate, at most two; candidates take the entries by turns."""

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not normalize(self.prompt):
            raise ConfigError("the prompt is empty", hint="say what to draw, e.g. left arrow")
        if len(self.prompt) > MAX_PROMPT:
            raise ConfigError(
                f"the prompt has {len(self.prompt)} characters, {MAX_PROMPT} at most",
                hint="a few words draw best",
            )
        if any(len(before) > MOST for before in self.references):
            raise ConfigError(f"more than {MOST} references before one candidate", hint="the first ones say the most")
        if self.style not in STYLES:
            raise ConfigError(f"unknown style {self.style!r}", hint=f"one of: {', '.join(STYLES[1:])}, or none")
        _within("n", self.n, 1, MAX_CANDIDATES)
        _within("seed", self.seed, 0, 2**63 - 1 - MAX_CANDIDATES)
        _within("max_tokens", self.max_tokens, 1, MAX_TOKENS)
        _within("temperature", self.temperature, 0, 2)
        _within("top_p", self.top_p, 0.01, 1)
        if self.max_bytes is not None:
            _within("max_bytes", self.max_bytes, LEAST_BYTES, 2**31)
        if self.max_seconds is not None:
            _within("max_seconds", self.max_seconds, 0.01, 3600.0)
        if self.guidance is not None:
            _within("guidance", self.guidance, 1.0, 6.0)
        if self.detail is not None:
            _within("detail", self.detail, 0, MAX_DETAIL)

    def like(self, manner: Manner) -> Request:
        """The same wish in the manner of a reference; a style that was asked for stays."""
        return replace(self, style=self.style or manner.style, manner=manner)

    @property
    def text(self) -> str:
        """The prompt, normalised."""
        return normalize(self.prompt)


def palette_of(colors: Iterable[str]) -> tuple[str, ...]:
    """Colour words and hex colours as `#rgb`, each once. Raises ConfigError."""
    found: dict[str, None] = {}
    for color in colors:
        parsed = parse_color(color)
        if parsed is None:
            raise ConfigError(f"unknown colour {color!r}", hint=f"a hex colour such as #27e, or one of: {', '.join(COLORS)}")
        found[parsed] = None
    return tuple(found)


def normalize(prompt: str) -> str:
    """NFKC, lower case, control characters and runs of white space as one space."""
    text = unicodedata.normalize("NFKC", prompt).lower()
    # Categories C* are control, format, surrogate and private characters: nothing a word is made of.
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())


def _within(name: str, value: float, low: float, high: float) -> None:
    kinds = (int,) if isinstance(low, int) and name not in ("temperature", "top_p") else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        raise ConfigError(f"{name}={value!r} is not a number", hint=f"{name} lies between {low} and {high}")
    if not low <= value <= high:
        raise ConfigError(f"{name}={value} is out of range", hint=f"{name} lies between {low} and {high}")
