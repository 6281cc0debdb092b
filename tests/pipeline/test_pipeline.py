"""Imports and stages: one outcome a row, resumed by construction."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_steps import Cache, Cached, Forger, Loose, Mute, Shout, make_sample, number_of

from text2svg.errors import ConfigError, StoreError
from text2svg.executor import Outcome, load
from text2svg.pipeline import Progress, import_samples, key_of, run
from text2svg.sample import Sample
from text2svg.store import Count, Store

ROOT = Path(__file__).parents[2]

CONFIG = {"source": "test", "version": "1"}


def chunks(*sizes: int) -> Iterator[tuple[str, Iterator[Sample]]]:
    start = 0
    for number, size in enumerate(sizes):
        yield f"chunk{number}", map(make_sample, range(start, start + size))
        start += size


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "store") as store:
        yield store


def expected(total: int) -> dict[tuple[str, str], int]:
    seven = [n for n in range(total) if n % 7 == 0]
    eleven = [n for n in range(total) if n % 11 == 0 and n % 7]
    counted = {
        ("ok", ""): total - len(seven) - len(eleven),
        ("dropped", "seven"): len(seven),
        ("failed", "render-error"): len(eleven),
    }
    return {outcome: rows for outcome, rows in counted.items() if rows}


def outcomes(store: Store, stage: str) -> dict[tuple[str, str], int]:
    return {(c.status, c.reason): c.rows for c in store.funnel() if c.stage == stage}


def test_an_import_cuts_chunks_into_shards(store: Store) -> None:
    summary = import_samples(store, chunks(250, 100, 0, 99), CONFIG, shard_rows=100)
    assert (summary.shards, summary.rows, summary.ok) == (6, 449, 449)
    assert [m.rows for m in store.shards("raw")] == [100, 100, 50, 100, 0, 99]
    assert [m.final for m in store.shards("raw")] == [False, False, True, True, True, True]
    assert [number_of(sample) for sample in store.iter_samples()] == list(range(449))


def test_importing_again_reads_no_row(store: Store) -> None:
    import_samples(store, chunks(250, 100), CONFIG, shard_rows=100)

    def untouchable() -> Iterator[Sample]:
        raise AssertionError("a finished chunk was read")
        yield

    again = import_samples(store, [("chunk0", untouchable()), ("chunk1", untouchable())], CONFIG, shard_rows=100)
    assert (again.shards, again.reused, again.rows) == (4, 4, 350)
    assert not again.interrupted


def test_an_import_that_broke_goes_on(store: Store) -> None:
    def broken() -> Iterator[Sample]:
        yield from map(make_sample, range(230))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        import_samples(store, [("chunk0", broken())], CONFIG, shard_rows=100)
    assert len(store.shards("raw")) == 2
    summary = import_samples(store, chunks(250), CONFIG, shard_rows=100)
    assert (summary.shards, summary.reused, summary.rows) == (3, 2, 250)
    assert [number_of(sample) for sample in store.iter_samples()] == list(range(250))
    assert store.verify().ok


def test_another_source_version_adds_sightings(store: Store) -> None:
    import_samples(store, chunks(30), CONFIG)
    import_samples(store, chunks(40), {**CONFIG, "version": "2"})
    assert outcomes(store, "raw") == {("ok", ""): 40, ("dropped", "duplicate"): 30}
    assert store.verdict(make_sample(1).digest).sightings == 2


def test_a_source_may_reject_rows(store: Store) -> None:
    rejected = Outcome(0, make_sample(5), "too large", "bytes", dropped=True)
    broken = Outcome(0, make_sample(6), "no answer", "http-503")
    import_samples(store, [("c", [make_sample(1), rejected, broken])], CONFIG)
    assert outcomes(store, "raw") == {
        ("ok", ""): 1,
        ("dropped", "bytes"): 1,
        ("failed", "http-503"): 1,
    }
    with pytest.raises(ConfigError):
        import_samples(store, [("d", [Outcome(0, None, "x", "y")])], CONFIG)


def test_huge_drawings_make_short_shards(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("text2svg.pipeline.sources.MAX_BYTES", 100)
    import_samples(store, chunks(20), CONFIG)
    assert max(m.rows for m in store.shards("raw")) < 10
    assert sum(m.rows for m in store.shards("raw")) == 20


@pytest.mark.parametrize("executor", ["serial", "processes:2"])
def test_a_stage_gives_every_row_an_outcome(store: Store, executor: str) -> None:
    import_samples(store, chunks(250, 0, 100), CONFIG, shard_rows=100)
    told: list[Progress] = []
    summary = run(store, Shout(), load(executor), on_progress=told.append)
    assert (summary.shards, summary.reused, summary.rows) == (5, 0, 350)
    assert not summary.interrupted
    assert outcomes(store, "shout") == expected(350)
    found = list(store.iter_samples("shout"))
    assert all(s.optimized == s.raw.upper() and s.tokens == number_of(s) for s in found)
    assert [t.rows for t in told] == sorted(t.rows for t in told)
    assert told[-1].rows == told[-1].rows_total == 350
    assert told[-1].shards == told[-1].shards_total == 5
    assert store.verify().ok


def test_a_stage_that_is_done_does_nothing(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    step = Shout(str(log))
    import_samples(store, chunks(50), CONFIG, shard_rows=20)
    run(store, step, load("serial"))
    summary = run(store, step, load("serial"))
    assert (summary.shards, summary.reused, summary.rows) == (3, 3, 50)
    import_samples(store, [("more", map(make_sample, range(50, 60)))], CONFIG)
    summary = run(store, step, load("serial"))
    assert (summary.shards, summary.reused) == (4, 3)
    assert Counter(log.read_text().split()) == Counter(str(n) for n in range(60))


def test_a_new_version_or_setting_runs_again(store: Store) -> None:
    import_samples(store, chunks(10), CONFIG)
    run(store, Shout(), load("serial"))
    assert run(store, Shout(version=2), load("serial")).reused == 0
    assert run(store, Shout(seconds=0.001), load("serial")).reused == 0
    assert run(store, Shout(), load("serial")).reused == 1
    assert outcomes(store, "shout") == expected(10)


def test_a_stage_upon_a_stage(store: Store) -> None:
    import_samples(store, chunks(100), CONFIG, shard_rows=30)
    run(store, Shout(), load("serial"))
    run(store, Shout(name="again"), load("serial"), input_stage="shout")
    assert outcomes(store, "again") == {("ok", ""): expected(100)["ok", ""]}


def test_steps_that_break_the_rules_stop_the_run(store: Store) -> None:
    import_samples(store, chunks(10), CONFIG)
    for step, words in ((Forger(), "digest or raw"), (Mute(), "returned str")):
        with pytest.raises(StoreError, match=words):
            run(store, step, load("serial"))
        assert outcomes(store, step.name) == {}
    with pytest.raises(ConfigError, match="no dataclass"):
        run(store, Loose(), load("serial"))
    with pytest.raises(StoreError, match="has no shards"):
        run(store, Shout(), load("serial"), input_stage="nothing")
    assert store.verify().ok


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pipeline_steps import Shout, make_sample

if __name__ == "__main__":  # workers import this file, and need nothing of what follows
    from text2svg.executor import load
    from text2svg.pipeline import import_samples, run
    from text2svg.store import Store

    with Store.open(Path({store!r})) as store:
        if {what!r} == "import":
            def slow():
                import time
                for n in range(400):
                    time.sleep(0.005)
                    yield make_sample(n)
            summary = import_samples(store, [("chunk0", slow())], {config!r}, shard_rows=40)
        else:
            step = Shout(log={log!r}, seconds=0.004)
            summary = run(store, step, load({executor!r}))
    print(summary)
"""


def start(tmp_path: Path, **values: str) -> subprocess.Popen:
    script = tmp_path / "child.py"
    script.write_text(CHILD.format(tests=str(Path(__file__).parent), config=CONFIG, **values))
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_shards(store: Path, stage: str, count: int, child: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while len(list((store / "shards" / stage).glob("*/manifest.json"))) < count:
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("executor", ["serial", "processes:2"])
def test_kill_9_in_the_middle_loses_nothing_and_redoes_one_shard(tmp_path: Path, executor: str) -> None:
    path, log = tmp_path / "store", tmp_path / "log"
    with Store.create(path) as store:
        import_samples(store, chunks(400), CONFIG, shard_rows=40)
    values = {"store": str(path), "log": str(log), "executor": executor, "what": "run"}
    kept: dict[str, bytes] = {}
    for target in (2, 5) if executor == "serial" else (3,):
        child = start(tmp_path, **values)
        wait_for_shards(path, "shout", target, child)
        time.sleep(0.03)  # into the shard after
        child.kill()
        child.communicate()
        whole = (path / "shards" / "shout").glob("*/manifest.json")
        now = {manifest.parent.name: manifest.read_bytes() for manifest in whole}
        assert target <= len(now) < 10, "it was not killed in the middle"
        assert kept.items() <= now.items()
        kept = now
    with Store.open(path) as store:
        summary = run(store, Shout(log=str(log), seconds=0.004), load(executor))
        assert summary.reused == len(kept)
        assert summary.shards == 10
        assert outcomes(store, "shout") == expected(400)
        assert outcomes(store, "raw") == {("ok", ""): 400}
        assert store.verify().ok
        assert [number_of(s) for s in store.iter_samples("shout")] == [n for n in range(400) if n % 7 and n % 11]
        before = store.funnel(), list(store.iter_samples("shout"))
        store.rebuild()
        assert (store.funnel(), list(store.iter_samples("shout"))) == before
    worked = Counter(map(int, log.read_text().split()))
    assert set(worked) == set(range(400))
    # Each kill may cost the rows in flight (the shard at work and the window behind it), nothing else.
    again = sum(times - 1 for times in worked.values())
    assert again <= 2 * 40 if executor == "serial" else max(worked.values()) <= 2
    assert [worked[n] for n in range(80)] == [1] * 80


def test_kill_9_during_an_import(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store.create(path).close()
    child = start(tmp_path, store=str(path), log="", executor="serial", what="import")
    wait_for_shards(path, "raw", 3, child)
    child.kill()
    child.communicate()
    with Store.open(path) as store:
        had = len(store.shards("raw"))
        assert 3 <= had < 10
        summary = import_samples(store, chunks(400), CONFIG, shard_rows=40)
        assert (summary.reused, summary.shards, summary.rows) == (had, 10, 400)
        assert store.funnel() == [Count("raw", "ok", "", 400)]
        assert [number_of(sample) for sample in store.iter_samples()] == list(range(400))
        assert store.verify().ok


@pytest.mark.parametrize(
    ("what", "executor", "number"),
    [
        ("run", "serial", signal.SIGINT),
        ("run", "processes:2", signal.SIGINT),
        ("run", "processes:2", signal.SIGTERM),
        ("import", "serial", signal.SIGINT),
    ],
)
def test_a_signal_ends_after_the_shard_in_flight(tmp_path: Path, what: str, executor: str, number: int) -> None:
    path, log = tmp_path / "store", tmp_path / "log"
    stage = "raw" if what == "import" else "shout"
    with Store.create(path) as store:
        if what == "run":
            import_samples(store, chunks(400), CONFIG, shard_rows=40)
    child = start(tmp_path, store=str(path), log=str(log), executor=executor, what=what)
    wait_for_shards(path, stage, 2, child)
    if number == signal.SIGINT:
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
    said, complaints = child.communicate(timeout=60)
    assert child.returncode == 0, complaints
    assert "interrupted=True" in said
    assert complaints == ""
    with Store.open(path) as store:
        done = len(store.shards(stage))
        assert 2 <= done < 10
        assert store.verify().ok
        assert not store.verify().unfinished


def test_what_equality_ignores_is_no_configuration() -> None:
    a, b = (Cached(word="x", cache=Cache(place)) for place in ("/here", "/there"))
    assert key_of(a, "0") == key_of(b, "0")
    assert key_of(a, "0") != key_of(Cached(word="y", cache=Cache("/here")), "0")
    assert key_of(a, "0") != key_of(a, "1")
