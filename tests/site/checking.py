"""Mines the planted site and compares every row with what was planted."""

from __future__ import annotations

import re
import socket
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp.abc import AbstractResolver
from planted import NAMES, Planted, Site

from text2svg.mine.addresses import AddressPolicy
from text2svg.mine.crawl import CrawlOptions
from text2svg.mine.fetch import Fetcher, FetchOptions
from text2svg.mine.hosts import Politeness
from text2svg.mine.sources import batches
from text2svg.pipeline.mine import Mined, mine_urls
from text2svg.store.database import Store
from text2svg.store.shards import read_table

ART = re.compile(r'id="art-(\d+)"')
IMPOLITE = Politeness(delay_s=0, connections=500, budget=0, strikes=5, cool_down_s=5)


class Names(AbstractResolver):
    """`.test` is this machine, except for the names that are traps; nothing else resolves."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[Any]:
        if not host.endswith(".test"):
            try:  # what the system's resolver does with odd spellings of an address
                found = [socket.inet_ntoa(socket.inet_aton(host))]
            except OSError:
                raise OSError(f"no such name {host}") from None
        else:
            found = list(NAMES.get(host, ("127.0.0.1",)))
        return [
            {"hostname": host, "host": address, "port": port, "proto": 0, "flags": socket.AI_NUMERICHOST,
             "family": socket.AF_INET6 if ":" in address else socket.AF_INET}
            for address in found
        ]  # fmt: skip

    async def close(self) -> None:
        return None


@contextmanager
def recorded_dials() -> Iterator[Counter[str]]:
    """Counts every address any socket of this process connects to."""
    dials: Counter[str] = Counter()
    connect = socket.socket.connect

    def recording(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            dials[str(address[0])] += 1
        connect(self, address)

    socket.socket.connect = recording  # type: ignore[method-assign]
    try:
        yield dials
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]


def fetcher(site: Site, *, timeout_s: float = 1.0, connections: int = 500) -> Fetcher:
    """A fetcher that may dial 127.0.0.1 on the site's ports and nothing else that is private."""
    ports = frozenset({site.port, site.other_port, site.closed_port})
    policy = AddressPolicy(allow=("127.0.0.1/32",), ports=ports)
    options = FetchOptions(timeout_s=timeout_s, deadline_s=3 * timeout_s, connections=connections)
    return Fetcher(options, policy, Names())


def mine(folder: Path, site: Site, urls: Iterable[str], *, batch: int = 5000, timeout_s: float = 1.0) -> Mined:
    """Mines URLs of the site into a store."""
    options = CrawlOptions(politeness=IMPOLITE, retries=1)
    with Store.create(folder) as store:
        return mine_urls(store, batches(urls, batch), fetcher(site, timeout_s=timeout_s), options)


def rows_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Every row of every whole raw shard, from the shards alone."""
    columns = ["raw", "url", "name", "status", "reason", "error", "caption", "collection"]
    for manifest in sorted(folder.glob("shards/raw/*/manifest.json")):
        yield from read_table(manifest.parent, columns).to_pylist()


def wrong(planted: Iterable[Planted], rows: Iterable[dict[str, Any]]) -> list[str]:
    """One sentence for each seed that did not become what it must."""
    own: dict[str, list[str]] = defaultdict(list)
    arts: Counter[int] = Counter()
    others: Counter[str] = Counter()
    for row in rows:
        if not row["name"]:
            own[row["url"]].append(row["reason"])
        elif row["raw"]:
            arts.update(int(number) for number in ART.findall(row["raw"]))
        else:
            others[row["reason"]] += 1
    problems, expected_arts, expected_others = [], set(), Counter()
    for one in planted:
        expected_arts |= one.arts
        expected_others.update(one.others)
        found = own.pop(one.url, [])
        if len(found) != 1 or found[0] not in one.reason.split(" or "):
            problems.append(f"{one.url}: {found} instead of {one.reason}")
    problems += [f"a row nobody planted: {url} {reasons}" for url, reasons in own.items()]
    if missing := expected_arts - arts.keys():
        problems.append(f"{len(missing)} drawings missing, e.g. {sorted(missing)[:5]}")
    if strange := arts.keys() - expected_arts:
        problems.append(f"{len(strange)} drawings that must not be there, e.g. {sorted(strange)[:5]}")
    if others != expected_others:
        problems.append(f"refused drawings differ: {others - expected_others} more, {expected_others - others} fewer")
    return problems
