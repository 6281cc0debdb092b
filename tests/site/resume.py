"""Mines a list from the planted site in a process of its own, so that it can be killed.

`resume.py STORE LIST COUNT PORT OTHER_PORT CLOSED_PORT`. Parts are small, so that a kill finds some of them written.
"""

from __future__ import annotations

import sys
from pathlib import Path

import checking
from planted import Site

from text2svg.pipeline import mine

if __name__ == "__main__":
    store, urls, count, *ports = sys.argv[1:]
    site = Site(int(count), *map(int, ports))
    mine.PART_ROWS = max(100, int(count) // 20)
    checking.mine(Path(store), site, Path(urls).read_text().splitlines(), batch=2 * mine.PART_ROWS, timeout_s=8.0)
