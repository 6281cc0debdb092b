"""Ranks on a shared folder, retries, and one corpus that every way of running gives alike."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pipeline_steps import Moody, Shout, make_sample

from text2svg.errors import ConfigError, StoreError
from text2svg.executor import load
from text2svg.pipeline import import_samples, key_of, retry, run
from text2svg.store import RankStore, Row, ShardKey, Store, Takedown

CONFIG = {"source": "test", "version": "1"}


def filled(path: Path, rows: int = 200, shard_rows: int = 20) -> Path:
    with Store.create(path) as store:
        import_samples(store, [("c", map(make_sample, range(rows)))], CONFIG, shard_rows=shard_rows)
    return path


def digests(path: Path, stage: str) -> dict[str, str]:
    """sha256 of the data by shard id."""
    with Store.open(path) as store:
        assert store.verify().ok
        return {manifest.id: manifest.sha256 for manifest in store.shards(stage)}


def by_ranks(path: Path, world_size: int, executor: str = "serial") -> None:
    for rank in range(world_size):
        run(RankStore(path, rank, world_size), Shout(), load(executor))


def by(executor: str) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        with Store.open(path) as store:
            run(store, Shout(), load(executor))

    return build


WAYS = {
    "processes": by("processes:2"),
    "two ranks": lambda path: by_ranks(path, 2),
    "five ranks with processes": lambda path: by_ranks(path, 5, "processes:2"),
    "ray": pytest.param(by("ray?workers=2"), marks=pytest.mark.cluster),
}


@pytest.mark.parametrize("build", [way if hasattr(way, "marks") else pytest.param(way, id=n) for n, way in WAYS.items()])
def test_one_corpus_every_way(tmp_path: Path, build: Callable[[Path], None], request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("cluster"):
        pytest.importorskip("ray", reason="needs the cluster extra: pip install '.[cluster]'")
    by("serial")(filled(tmp_path / "serial"))
    build(filled(tmp_path / "other"))
    expected = digests(tmp_path / "serial", "shout")
    assert len(expected) == 10
    assert digests(tmp_path / "other", "shout") == expected
    stores = [Store.open(tmp_path / name, read_only=True) for name in ("serial", "other")]
    assert stores[0].funnel() == stores[1].funnel()
    assert list(stores[0].iter_samples("shout")) == list(stores[1].iter_samples("shout"))
    for store in stores:
        store.close()


def test_ranks_share_the_shards_and_go_on_with_the_others_work(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    log = tmp_path / "log"
    parts = [RankStore(path, rank, 3) for rank in range(3)]
    assert sum(len(part.shards("raw")) for part in parts) == 10
    run(parts[1], Shout(str(log)), load("serial"))
    with Store.open(path) as store:  # another world size, another executor, with the index
        summary = run(store, Shout(str(log)), load("processes:2"))
    assert (summary.shards, summary.reused) == (10, len(parts[1].shards("raw")))
    assert sorted(map(int, log.read_text().split())) == list(range(200))
    assert run(RankStore(path, 0, 1), Shout(str(log)), load("serial")).reused == 10


def test_stages_of_ranks_build_on_each_other_before_a_writer_comes(tmp_path: Path) -> None:
    path = filled(tmp_path / "store", 60)
    by_ranks(path, 2)
    for rank in range(2):
        run(RankStore(path, rank, 2), Shout(name="again"), load("serial"), input_stage="shout")
    with Store.open(path, read_only=True) as store:
        report = store.verify()
        assert report.ok and len(report.unfinished) == 6
        assert store.stages() == ["raw"]
    with Store.open(path) as store:
        assert store.verify().unfinished == ()
        assert store.stages() == ["raw", "shout", "again"]
        assert len(list(store.iter_samples("again"))) == len([n for n in range(60) if n % 7 and n % 11])


def test_a_rank_whose_input_changed_meanwhile_is_made_again(tmp_path: Path) -> None:
    path = filled(tmp_path / "store", 40)
    by_ranks(path, 2)
    with Store.open(path) as store:
        pass  # laid in
    for rank in range(2):
        run(RankStore(path, rank, 2), Shout(name="again"), load("serial"), input_stage="shout")
    # Past the running store: the takedown happens on an index that does not know the ranks' last shards.
    victim = make_sample(1).digest
    unplaced = {p: p.read_bytes() for p in (path / "shards" / "again").glob("*/manifest.json")}
    for manifest in unplaced:
        manifest.unlink()
    with Store.open(path) as store:
        store.forget(Takedown.of("digest", victim))
    for manifest, text in unplaced.items():
        manifest.write_bytes(text)
    with Store.open(path) as store:
        assert store.verify().ok
        assert len(store.shards("again")) == 1  # the other one no longer answers for its input
        summary = run(store, Shout(name="again"), load("serial"), input_stage="shout")
        assert (summary.shards, summary.reused) == (2, 1)
        assert victim not in {sample.digest for sample in store.iter_samples("again")}


def test_what_is_no_rank(tmp_path: Path) -> None:
    path = filled(tmp_path / "store", 20)
    for rank, world in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(ConfigError, match="rank"):
            RankStore(path, rank, world)
    with pytest.raises(StoreError, match="no store"):
        RankStore(tmp_path / "nothing", 0, 1)
    with pytest.raises(StoreError, match="later stages only"):
        RankStore(path, 0, 1).add_shard(ShardKey("raw", 1, "{}", "x"), [])
    with pytest.raises(StoreError, match="in order"):
        RankStore(path, 0, 1).add_shard(key_of(Shout(), RankStore(path, 0, 1).shards("raw")[0].id), [Row("0" * 64)])


def test_a_shard_that_two_ranks_made_unlike_is_made_again(tmp_path: Path) -> None:
    """One rank's data under the other's manifest, as two renames may leave it."""
    path = filled(tmp_path / "store", 40)
    by_ranks(path, 1)
    first, second = sorted((path / "shards" / "shout").iterdir())
    (first / "data.parquet").write_bytes((second / "data.parquet").read_bytes())
    with Store.open(path) as store:
        assert len(store.shards("shout")) == 1
        assert run(store, Shout(), load("serial")).reused == 1
        assert store.verify().ok


def test_a_rank_takes_what_another_made_meanwhile(tmp_path: Path) -> None:
    path = filled(tmp_path / "store", 20)
    late = RankStore(path, 0, 1)
    (raw,) = late.shards("raw")
    rows = [Row(sample.digest, "failed", "timeout", "slow") for sample in late.samples_of(raw)]
    by_ranks(path, 1)
    made = late.add_shard(key_of(Shout(), raw.id), rows)
    assert made.count("failed") < 20 and late.shards("shout") == [made]


def _rank(path: str, rank: int, log: str) -> None:
    run(RankStore(Path(path), rank, 2), Shout(log, 0.002), load("serial"))


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_kill_9_of_a_rank(tmp_path: Path) -> None:
    path, log = filled(tmp_path / "store", 400), str(tmp_path / "log")
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_rank, args=(str(path), rank, log)) for rank in range(2)]
    for child in children:
        child.start()
    while len(list((path / "shards").glob("shout/*/manifest.json"))) < 4:
        children[0].join(0.005)
    for child in children:
        child.kill()
        child.join()
    made = len(list((path / "shards").glob("shout/*/manifest.json")))
    assert 4 <= made < 20, "they were not killed in the middle"
    for rank in range(2):
        _rank(str(path), rank, log)
    with Store.open(filled(tmp_path / "undisturbed", 400)) as store:
        run(store, Shout(log, 0.002), load("serial"))
    assert digests(path, "shout") == digests(tmp_path / "undisturbed", "shout")


@pytest.fixture
def moody(tmp_path: Path) -> Iterator[tuple[Store, Moody, Path]]:
    mood = tmp_path / "mood"
    mood.touch()
    with Store.open(filled(tmp_path / "store", 100)) as store:
        step = Moody(str(mood))
        run(store, step, load("serial"))
        yield store, step, mood


def test_retrying_what_failed(moody: tuple[Store, Moody, Path], tmp_path: Path) -> None:
    store, step, mood = moody
    run(store, Shout(name="behind"), load("serial"), input_stage="moody")
    failed = [n for n in range(100) if n % 5 == 0 and n % 7]
    assert retry(store, step, load("serial"), reasons=["timeout"]).rows == 0
    again = retry(store, step, load("processes:2"))
    assert (again.rows, again.failed, again.ok) == (len(failed), len(failed), 0)
    mood.unlink()
    summary = retry(store, step, load("processes:2"), reasons=["render-error"])
    assert (summary.rows, summary.ok, summary.failed, summary.interrupted) == (len(failed), len(failed), 0, False)
    assert store.verify().ok
    # As if it had never failed, byte for byte.
    with Store.open(filled(tmp_path / "undisturbed", 100)) as other:
        run(other, step, load("serial"))
        assert [m.sha256 for m in store.shards("moody")] == [m.sha256 for m in other.shards("moody")]
        assert list(store.iter_samples("moody")) == list(other.iter_samples("moody"))
    behind = [count for count in store.funnel() if count.reason == "input-changed"]
    assert [(count.stage, count.rows) for count in behind] == [("behind", len(failed))]
    changed = retry(store, Shout(name="behind"), load("serial"), input_stage="moody", reasons=["input-changed"])
    assert changed.rows == len(failed)
    assert not [count for count in store.funnel() if count.reason == "input-changed"]
    assert retry(store, step, load("serial")).rows == 0
