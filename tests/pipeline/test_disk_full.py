"""A disk that refuses: the kernel limits how large a file may grow, which ends writes as a full disk does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_steps import Shout, make_sample

from text2svg.errors import StoreError
from text2svg.executor import load
from text2svg.pipeline import import_samples, run
from text2svg.store import Store
from text2svg.store.shards import write_whole

ROOT = Path(__file__).parents[2]
ROWS, SHARD = 3000, 600
CHILD = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pipeline_steps import Shout
from test_disk_full import fill
from text2svg.errors import StoreError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    fill(Path({store!r}))
except StoreError as error:
    print(error.message, "|", error.hint)
    sys.exit(1)
"""


def fill(path: Path) -> None:
    """An import and a stage."""
    with Store.create(path) as store:
        import_samples(store, [("c", map(make_sample, range(ROWS)))], {"v": 1}, shard_rows=SHARD)
        run(store, Shout(), load("serial"))


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path) -> None:
    """Limits from one that stops the very first write to one that stops the index late; each run gets further."""
    path = tmp_path / "store"
    for limit in (1, 6_000, 60_000, 300_000, 900_000):
        code = CHILD.format(tests=str(Path(__file__).parent), limit=limit, store=str(path))
        child = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (child.returncode, child.stderr) == (1, ""), (limit, child.stdout, child.stderr)
        assert child.stdout.rpartition("|")[2].strip(), f"no hint: {child.stdout}"
        assert not list(path.rglob("*.tmp"))
    fill(path)
    fill(tmp_path / "undisturbed")
    with Store.open(path) as store, Store.open(tmp_path / "undisturbed") as other:
        assert store.verify().ok
        for stage in ("raw", "shout"):
            assert [m.sha256 for m in store.shards(stage)] == [m.sha256 for m in other.shards(stage)]
        assert store.funnel() == other.funnel()


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("old")

    def half(path: Path) -> None:
        path.write_text("ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left") as caught:
        write_whole(tmp_path / "kept", half)
    assert "free some space" in caught.value.hint
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("kept", "old")]
