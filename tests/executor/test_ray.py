"""What only Ray must survive: workers that die, hang or are interrupted, on a real Ray started here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from process_steps import Fragile, Stillborn

from text2svg.errors import ConfigError, Text2SVGError
from text2svg.executor import load

pytestmark = pytest.mark.cluster
ray = pytest.importorskip("ray", reason="needs the cluster extra: pip install '.[cluster]'")
ROOT = Path(__file__).parents[2]


def test_a_dead_worker_and_a_hanging_item_cost_one_item_each() -> None:
    items: list[object] = [*range(40), "die", *range(40), "hang", *range(40), "unpicklable", "exit"]
    found = list(load("ray?workers=2&timeout_s=3").run(Fragile(), items))
    assert [outcome.index for outcome in found] == list(range(len(items)))
    bad = {items[outcome.index]: outcome.reason for outcome in found if outcome.error}
    assert bad == {"die": "worker-died", "hang": "timeout", "unpicklable": "unpicklable", "exit": "worker-died"}
    assert [outcome.value for outcome in found if not outcome.error] == [item for item in items if item not in bad]


def test_an_actor_that_is_killed_is_replaced() -> None:
    outcomes = load("ray?workers=2").run(Fragile(), ["pid", *[0.02] * 400])
    worker = next(outcomes).value
    actor = int(Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(actor, signal.SIGKILL)
    found = list(outcomes)
    assert [outcome.index for outcome in found] == list(range(1, 401))
    assert {outcome.status for outcome in found} == {"ok"}


def test_a_step_that_kills_its_process_while_opening_ends_the_run() -> None:
    with pytest.raises(Text2SVGError, match="exit code 7"):
        list(load("ray?workers=1").run(Stillborn(), range(10)))


def test_a_step_that_cannot_be_pickled_is_refused() -> None:
    @dataclass(frozen=True)
    class Local(Fragile):
        pass

    with pytest.raises(ConfigError, match="cannot be pickled"):
        list(load("ray").run(Local(), [1]))


def test_closing_the_iterator_ends_the_workers() -> None:
    outcomes = load("ray?workers=1").run(Fragile(), ["pid"] * 10_000)
    pid = next(outcomes).value
    outcomes.close()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


def test_nothing_is_reported_to_anybody() -> None:
    load("ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pipeline_steps import Shout

if __name__ == "__main__":
    from text2svg.executor import load
    from text2svg.pipeline import run
    from text2svg.store import Store

    with Store.open(Path({store!r})) as store:
        print(run(store, Shout(log={log!r}, seconds=0.01), load("ray?workers=2")))
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen]]:
    """A run of 20 shards on Ray in a process of its own, two shards on."""
    from pipeline_steps import make_sample

    from text2svg.pipeline import import_samples
    from text2svg.store import Store

    path = tmp_path / "store"
    with Store.create(path) as store:
        import_samples(store, [("c", map(make_sample, range(2000)))], {"source": "test"}, shard_rows=100)
    script = tmp_path / "child.py"
    tests = str(ROOT / "tests" / "pipeline")
    script.write_text(CHILD.format(tests=tests, store=str(path), log=str(tmp_path / "log")))
    child = subprocess.Popen(
        [sys.executable, str(script)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 180
    while len(list((path / "shards").glob("shout/*/manifest.json"))) < 2:
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield path, child
    child.kill()
    child.communicate()


def finished(path: Path, log: Path) -> dict[str, str]:
    """sha256 by shard after whatever is missing was made by another executor."""
    from pipeline_steps import Shout

    from text2svg.pipeline import run
    from text2svg.store import Store

    with Store.open(path) as store:
        before = len(store.shards("shout"))
        assert 2 <= before < 20
        assert run(store, Shout(log=str(log), seconds=0.01), load("processes:2")).reused == before
        assert store.verify().ok
        return {manifest.id: manifest.sha256 for manifest in store.shards("shout")}


def test_kill_9_on_ray_and_on_with_processes(running: tuple[Path, subprocess.Popen], tmp_path: Path) -> None:
    path, child = running
    child.kill()
    child.communicate()
    made = finished(path, tmp_path / "log")
    for manifest in (path / "shards" / "shout").glob("*/manifest.json"):
        manifest.unlink()
    for data in (path / "shards" / "shout").glob("*/data.parquet"):
        data.unlink()
    from pipeline_steps import Shout

    from text2svg.pipeline import run
    from text2svg.store import Store

    with Store.open(path) as store:  # an undisturbed run
        run(store, Shout(log=str(tmp_path / "log"), seconds=0.01), load("serial"))
        assert {manifest.id: manifest.sha256 for manifest in store.shards("shout")} == made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_after_the_shard_in_flight(
    running: tuple[Path, subprocess.Popen], tmp_path: Path, number: int
) -> None:
    path, child = running
    if number == signal.SIGINT:
        os.killpg(child.pid, number)  # as a terminal does: to everybody of the group
    else:
        child.send_signal(number)
    said, complaints = child.communicate(timeout=120)
    assert child.returncode == 0, complaints
    assert "interrupted=True" in said
    finished(path, tmp_path / "log")
