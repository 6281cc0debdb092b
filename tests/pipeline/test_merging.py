"""What several machines mined becomes one corpus."""

from __future__ import annotations

from pathlib import Path

from pipeline_steps import make_sample

from text2svg.executor import Outcome
from text2svg.pipeline import import_samples
from text2svg.pipeline.sources import rows_of_store
from text2svg.store import Store, Takedown

CONFIG = {"source": "store"}


def mined(path: Path, *numbers: int) -> Path:
    rows = [*map(make_sample, numbers), Outcome(0, make_sample(numbers[0]), "no answer", "http-5xx")]
    with Store.create(path) as store:
        import_samples(store, [("c", rows)], {"v": 1}, shard_rows=10)
    return path


def test_stores_come_together(tmp_path: Path) -> None:
    parts = [mined(tmp_path / "a", *range(25), 3), mined(tmp_path / "b", *range(20, 40))]
    with Store.create(tmp_path / "all") as store:
        store.forget(Takedown.of("digest", make_sample(30).digest))
        for part in parts:
            import_samples(store, rows_of_store(part), CONFIG)
        assert {s.digest for s in store.iter_samples()} == {make_sample(n).digest for n in range(40) if n != 30}
        assert len(store.sightings(make_sample(3).digest)) == 2
        assert len(store.sightings(make_sample(22).digest)) == 2
        counted = {(c.status, c.reason): c.rows for c in store.funnel()}
        assert counted == {
            ("ok", ""): 39, ("dropped", "duplicate"): 6, ("dropped", "takedown"): 1, ("failed", "http-5xx"): 2,
        }  # fmt: skip
        assert import_samples(store, rows_of_store(parts[0]), CONFIG).ok == 25
        again = import_samples(store, rows_of_store(parts[1]), CONFIG)
        assert again.reused == again.shards
        assert store.verify().ok
