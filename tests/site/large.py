"""The whole trap site: `python tests/site/large.py [PAGES] [--kills N]`, 20,000 pages when not said.

Prints the table by reason, the addresses dialled, memory while it runs, and what differs from what was planted. With
`--kills`, a second store is mined by a process that is killed that many times at random moments and then left to
finish; both corpora must be equal. The server is another process.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import checking  # noqa: E402
from bench import server  # noqa: E402
from planted import Planted, Site  # noqa: E402

from text2svg.mine.refusal import TIMEOUTS  # noqa: E402


def memory() -> float:
    """Resident megabytes of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def watch(stop: threading.Event, seen: list[tuple[float, float]], every_s: float = 5.0) -> None:
    """Notes memory while the miner works."""
    began = time.monotonic()
    while not stop.wait(every_s):
        seen.append((time.monotonic() - began, memory()))


def undisturbed(folder: Path, site: Site, planted: list[Planted], batch: int) -> list[str]:
    """One run from start to end; prints what it saw, gives what was wrong."""
    stop, seen = threading.Event(), []
    threading.Thread(target=watch, args=(stop, seen), daemon=True).start()
    wall, cpu = time.monotonic(), time.process_time()
    with checking.recorded_dials() as dials:
        mined = checking.mine(folder, site, (one.url for one in planted), batch=batch, timeout_s=8.0)
    stop.set()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(f"{mined.urls} URLs, {mined.summary.rows} rows, {wall:.0f} s wall, {cpu:.1f} s CPU")
    print("memory MB:", ", ".join(f"{mb:.0f} at {at:.0f} s" for at, mb in seen[:: max(1, len(seen) // 12)]))
    print("dialled:", dict(dials))
    for outcome, rows in sorted(mined.summary.reasons.items(), key=lambda item: -item[1]):
        print(f"{rows:8} {outcome}")
    strange = set(dials) - {"127.0.0.1"}
    return checking.wrong(planted, checking.rows_of(folder)) + [f"dialled {address}" for address in strange]


def killed(folder: Path, site: Site, urls: list[str], kills: int) -> int:
    """Runs the miner as a program, killing it `kills` times; gives how often it really died at work."""
    listed = folder.with_suffix(".txt")
    listed.write_text("\n".join(urls), encoding="utf-8")
    ports = [str(port) for port in (site.port, site.other_port, site.closed_port)]
    command = [sys.executable, str(Path(__file__).with_name("resume.py")), str(folder), str(listed), str(site.count), *ports]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    chance, died = random.Random(4), 0
    for _ in range(kills):
        process = subprocess.Popen(command, env=env)
        before = len(list(folder.glob("shards/raw/*/manifest.json")))
        while process.poll() is None and len(list(folder.glob("shards/raw/*/manifest.json"))) == before:
            time.sleep(0.05)  # each life achieves something, then ends at any moment
        time.sleep(chance.uniform(0, 3))
        died += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed with {len(list(folder.glob('shards/raw/*/manifest.json')))} parts whole", flush=True)
    subprocess.run(command, env=env, check=True)
    return died


def corpus(folder: Path) -> tuple[set[str], Counter[tuple[str, str]]]:
    """Drawings, and how often each URL has which outcome; a silent server may be met before or after it connects."""
    drawings, urls = set(), Counter()
    for row in checking.rows_of(folder):
        if row["raw"]:
            drawings.add(row["raw"])
        if not row["name"]:
            urls[row["url"], "silence" if row["reason"] in TIMEOUTS else row["reason"]] += 1
    return drawings, urls


def main() -> int:
    """Exit code 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", type=int, nargs="?", default=20_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--batch", type=int, default=5000)
    given = parser.parse_args()
    with server(given.pages) as site, tempfile.TemporaryDirectory() as name:
        planted = [replace(site.planted(number), replies={}) for number in range(given.pages)]  # memory is the miner's
        whole = Path(name) / "whole"
        problems = undisturbed(whole, site, planted, given.batch)
        if given.kills:
            died = killed(Path(name) / "killed", site, [one.url for one in planted], given.kills)
            one, other = corpus(whole), corpus(Path(name) / "killed")
            print(f"killed {died} times; drawings {len(one[0])} and {len(other[0])}, URLs {len(one[1])} and {len(other[1])}")
            problems += ["the killed corpus has other drawings"] if one[0] != other[0] else []
            problems += [f"outcome differs: {each}" for each in (one[1] - other[1]) + (other[1] - one[1])]
    print("\n".join(problems) or "nothing wrong")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
