"""Recording runs."""

from __future__ import annotations

from pathlib import Path

from text2svg.pipeline.runs import record
from text2svg.store import Run, Store


def test_a_run_keeps_what_it_made(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"123")
    run = Run("train", "narrow", {"width": 256}, {"loss": 1.25}, "2026-01-01T00:00:00Z", 60.0)
    with Store.create(tmp_path / "store") as store:
        recorded = record(store, run, {"generator": model})
        made = store.latest("generator")
        assert recorded.artifacts == {"generator": made.digest}
        assert made.card["run"] == {
            "kind": "train",
            "name": "narrow",
            "config": {"width": 256},
            "metrics": {"loss": 1.25},
            "started": "2026-01-01T00:00:00Z",
        }
        assert store.runs("train") == [recorded]
        assert record(store, run) == run
        assert len(store.runs()) == 2
        assert store.verify().ok
