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
    mine.PART_ROWS = 100
    store, urls, count, *ports = sys.argv[1:]
    site = Site(int(count), *map(int, ports))
    checking.mine(Path(store), site, Path(urls).read_text().splitlines(), batch=200, timeout_s=3.0)
