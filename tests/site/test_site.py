"""A small edition of the trap site; `python tests/site/large.py` runs the one of 20,000 pages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import checking
from planted import BAD, PRIVATE
from server import serving

PAGES = 700  # each kind of trap four times


def test_every_trap(tmp_path: Path) -> None:
    """Each seed has one outcome with the right reason, each planted drawing is there, no private address is dialled."""
    with serving(PAGES) as server, checking.recorded_dials() as dials:
        planted = [server.site.planted(number) for number in range(PAGES)]
        mined = checking.mine(tmp_path, server.site, (one.url for one in planted), timeout_s=2.0)
        assert not mined.summary.interrupted
        assert mined.urls == PAGES
        assert checking.wrong(planted, checking.rows_of(tmp_path)) == []
        assert set(dials) == {"127.0.0.1"}
        asked = server.requests
        again = checking.mine(tmp_path, server.site, (one.url for one in planted), timeout_s=2.0)
        assert again.summary.reused == again.summary.shards
        assert again.urls == PAGES
        assert server.requests == asked


def test_every_private_spelling_and_bad_url(tmp_path: Path) -> None:
    """Also as a seed by itself, whatever the notation."""
    with serving(1) as server, checking.recorded_dials() as dials:
        port = server.site.port
        seeds = [f"http://{place}:{port}/latest" for place in PRIVATE] + [place for place, _ in BAD]
        checking.mine(tmp_path, server.site, seeds)
        reasons = {row["url"]: row["reason"] for row in checking.rows_of(tmp_path)}
    assert {reasons[f"http://{place}:{port}/latest"] for place in PRIVATE} == {"private-address"}
    assert {place: reasons[place] for place, _ in BAD} == dict(BAD)
    assert dials == Counter()
    assert len(reasons) == len(seeds)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle; the next run ends with the corpus of an undisturbed one."""
    count = 300
    program = Path(__file__).with_name("resume.py")
    with serving(count) as server:
        site = server.site
        planted = [site.plain(number, site.host(number)) for number in range(count)]
        server.extra.update(reply for one in planted for reply in one.replies.items())
        list_file = tmp_path / "urls.txt"
        list_file.write_text("\n".join(one.url for one in planted))
        ports = [str(port) for port in (site.port, site.other_port, site.closed_port)]
        command = [sys.executable, str(program), str(tmp_path / "store"), str(list_file), str(count), *ports]
        env = {**os.environ, "PYTHONPATH": str(program.parents[2])}
        killed = subprocess.Popen(command, env=env)
        deadline = time.monotonic() + 60
        while not list((tmp_path / "store").glob("shards/raw/*/manifest.json")):
            assert killed.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
        held = len(list((tmp_path / "store").glob("shards/raw/*/manifest.json")))
        assert 0 < held < count // 100
        subprocess.run(command, env=env, check=True, timeout=60)
    assert checking.wrong(planted, checking.rows_of(tmp_path / "store")) == []
