"""Records a training or evaluation in the store, with its metrics and the folders it made.

Refuses to run anything: trainers and evaluators never see the store. The trade-off: a run is recorded when it has
ended, so one that crashed leaves its own checkpoints and no record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from text2svg.store.base import Run

if TYPE_CHECKING:
    from text2svg.store.database import Store


def record(store: Store, run: Run, folders: Mapping[str, Path] | None = None) -> Run:
    """Adopts each folder as an artifact of the kind that is its key, then records the run; gives it with its artifacts.

    An artifact's card holds the run's kind, name, config and metrics, under `run`. Raises StoreError.
    """
    told = {name: getattr(run, name) for name in ("kind", "name", "config", "metrics", "started")}
    made = {kind: store.add_artifact(folder, kind, {"run": told}).digest for kind, folder in (folders or {}).items()}
    recorded = dataclasses.replace(run, artifacts={**run.artifacts, **made})
    store.add_run(recorded)
    return recorded
