"""How far an encoder's run is: one file of weights, moments and plain values, replaced whole.

    save_state(path, {"step": 40}, model=model, optimizer=optimizer)
    read_state(path, model=model, optimizer=optimizer)

Refuses to load anything but tensors and plain types (`weights_only=True`). The trade-off: one file and no older one, since
a run of hours writes it every few minutes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch


class Part(Protocol):
    """A module or an optimizer."""

    def state_dict(self) -> dict[str, Any]:
        """All that it must remember."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Take it back."""
        ...


def save_state(path: Path, facts: Mapping[str, Any], **parts: Part) -> None:
    """Write plain `facts` and the state of each part, under its own name."""
    partial = path.with_suffix(".part")
    torch.save({**facts, **{name: part.state_dict() for name, part in parts.items()}}, partial)
    partial.replace(path)


def read_state(path: Path, **parts: Part) -> dict[str, Any] | None:
    """Bring the parts to where `path` left them and return what it holds; None, and parts untouched, without a file."""
    if not path.is_file():
        return None
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return saved


def cosine_share(step: int, warmup: int, steps: int) -> float:
    """Share of the peak learning rate at a step: linear warm-up, then a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
