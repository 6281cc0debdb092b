"""Checkpoints of a run: one file of tensors and plain values, written aside and renamed, the last two kept.

Refuses to load anything but tensors and plain types (`weights_only=True`). The trade-off: optimizer state is kept in
float32, so a checkpoint is about twice the weights; in exchange a resumed run equals an uninterrupted one bit for bit.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from text2svg.errors import TrainError

KEEP = 2


def save_checkpoint(folder: Path, state: dict[str, Any]) -> Path:
    """Write `checkpoint-STEP.pt` and drop all but the last two."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{state['step']:08d}.pt"
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    for old in list_checkpoints(folder)[:-KEEP]:
        old.unlink(missing_ok=True)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-*.pt"))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state of a checkpoint file, or of the newest one of a run folder."""
    if path.is_dir():
        found = list_checkpoints(path)
        if not found:
            raise TrainError(f"{path} holds no checkpoint", hint="start the run without --resume")
        path = found[-1]
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise TrainError(
            f"cannot read checkpoint {path}: {error}",
            hint="delete it to fall back on the one before",
        ) from error
