"""What only a pool of processes must survive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from process_steps import Fragile, Stillborn

from text2svg.errors import ConfigError, Text2SVGError
from text2svg.executor.processes import ProcessExecutor


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(map(alive, pids)):
        time.sleep(0.05)
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("how", ["die", "exit"])
def test_a_dead_worker_costs_one_item(how: str) -> None:
    items: list[object] = list(range(300))
    items[7] = items[150] = items[299] = how
    found = list(ProcessExecutor(2).run(Fragile(), items))
    assert [outcome.index for outcome in found] == list(range(300))
    bad = [outcome for outcome in found if outcome.error]
    assert [outcome.index for outcome in bad] == [7, 150, 299]
    assert {outcome.reason for outcome in bad} == {"worker-died"}
    assert all(outcome.status == "failed" for outcome in bad)
    assert [outcome.value for outcome in found if not outcome.error] == [item for item in items if item != how]


def test_a_hanging_item_is_ended_and_the_rest_goes_on() -> None:
    started = time.monotonic()
    items: list[object] = [1, "hang", *range(100), "hang", 5]
    found = list(ProcessExecutor(2, timeout_s=0.5).run(Fragile(), items))
    assert [o.index for o in found if o.reason == "timeout"] == [1, 102]
    assert len(found) == len(items)
    assert sum(o.status == "ok" for o in found) == len(items) - 2
    assert time.monotonic() - started < 60


def test_what_a_step_started_ends_with_its_worker(tmp_path: Path) -> None:
    found = list(ProcessExecutor(1, timeout_s=1.0).run(Fragile(), [tmp_path / "pid", 3]))
    assert [outcome.reason for outcome in found] == ["timeout", ""]
    wait_gone([int((tmp_path / "pid").read_text())])


def test_the_time_limit_is_per_item_not_per_chunk() -> None:
    found = list(ProcessExecutor(1, timeout_s=2.0).run(Fragile(), [0.3] * 10))
    assert all(outcome.status == "ok" for outcome in found)


def test_large_items_and_results_do_not_block_each_other() -> None:
    items = ["big" if n % 2 else "y" * 2_000_000 for n in range(24)]
    found = list(ProcessExecutor(2).run(Fragile(), items))
    assert [len(outcome.value) for outcome in found] == [2_000_000, 3_000_000] * 12


def test_a_result_that_cannot_travel_fails_alone() -> None:
    found = list(ProcessExecutor(1).run(Fragile(), [1, "unpicklable", 3]))
    assert [outcome.reason for outcome in found] == ["", "unpicklable", ""]


def test_a_step_that_kills_its_process_while_opening_ends_the_run() -> None:
    with pytest.raises(Text2SVGError, match="exit code 7"):
        list(ProcessExecutor(2).run(Stillborn(), range(10)))


def test_a_step_that_cannot_be_pickled_is_refused() -> None:
    @dataclass(frozen=True)
    class Local(Fragile):
        pass

    with pytest.raises(ConfigError, match="cannot be pickled"):
        list(ProcessExecutor(2).run(Local(), [1]))


def test_a_slow_consumer_loses_nothing() -> None:
    found = []
    for outcome in ProcessExecutor(2).run(Fragile(), range(2000)):
        if outcome.index % 500 == 0:
            time.sleep(0.3)
        found.append(outcome.value)
    assert found == list(range(2000))


def test_closing_the_iterator_ends_the_workers() -> None:
    outcomes = ProcessExecutor(2).run(Fragile(), ["pid"] * 10_000)
    pids = list({next(outcomes).value for _ in range(200)})
    outcomes.close()
    wait_gone(pids)


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from process_steps import Fragile
from text2svg.executor.processes import ProcessExecutor

if __name__ == "__main__":
    try:
        for outcome in ProcessExecutor(2).run(Fragile(), ["pid", "pid", *[0.02] * 100_000]):
            if outcome.index < 2:
                print(outcome.value, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(5)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_survives_its_parent(tmp_path: Path, number: int) -> None:
    script = tmp_path / "child.py"
    script.write_text(CHILD.format(tests=str(Path(__file__).parent)))
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        start_new_session=True,
    )
    pids = [int(child.stdout.readline()) for _ in range(2)]
    if number == signal.SIGINT:
        os.killpg(child.pid, number)  # as a terminal does: to the workers too
    else:
        child.kill()
    rest, _ = child.communicate(timeout=30)
    if number == signal.SIGINT:
        assert rest == "interrupted\n"
        assert child.returncode == 5
    wait_gone(pids)
