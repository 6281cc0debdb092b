"""Pages per CPU-second at concurrency 500, three miners on one server: `python tests/site/bench.py [PAGES]`.

Each page is 8 kB with one drawing of its own. Compared are this miner whole (robots, fetch, parse, admit, store), the
design of the first Text2SVG (aiohttp, a pattern and BeautifulSoup, one file a drawing), and httpx with BeautifulSoup.
The server is another process; CPU time is that of the miner's process alone, so a busy machine changes little.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import aiohttp  # noqa: E402
import checking  # noqa: E402
import httpx  # noqa: E402
from planted import Site  # noqa: E402

CONCURRENCY = 500
INLINE = re.compile(r"<svg\b.*?</svg>", re.DOTALL | re.IGNORECASE)


@contextmanager
def server(count: int) -> Iterator[Site]:
    """The site in a process of its own."""
    program = Path(__file__).with_name("server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Site(count, *json.loads(process.stdout.readline()))
        process.stdin.close()  # type: ignore[union-attr]


def keep(text: str, folder: Path) -> int:
    """What the first Text2SVG did with a page: pattern, then BeautifulSoup for links, one file a drawing."""
    found = INLINE.findall(text)
    for svg in found:
        digest = hashlib.md5(svg.encode()).hexdigest()
        place = folder / digest[:2]
        place.mkdir(exist_ok=True)
        (place / f"{digest}.jsonl").write_text(json.dumps({"url": "", "timestamp": "", "svg": svg}) + "\n")
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    links = [tag.get("src") for tag in soup.find_all(["img", "object", "embed"]) if str(tag.get("src")).endswith(".svg")]
    return len(found) + len(links)


async def everyone(urls: list[str], visit: Callable[[str], Awaitable[int]]) -> int:
    """All URLs, 500 at a time."""
    waiting, found = iter(urls), 0

    async def worker() -> None:
        nonlocal found
        for url in waiting:
            got = await visit(url)
            found += got

    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return found


async def with_aiohttp(urls: list[str], folder: Path) -> int:
    """The first Text2SVG's design."""
    connector = aiohttp.TCPConnector(limit=4 * CONCURRENCY, resolver=checking.Names())
    async with aiohttp.ClientSession(connector=connector) as session:

        async def visit(url: str) -> int:
            async with session.get(url, timeout=aiohttp.ClientTimeout(60)) as response:
                return keep(await response.text(), folder)

        return await everyone(urls, visit)


async def with_httpx(urls: list[str], folder: Path) -> int:
    """httpx with its own transport."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(limits=limits, timeout=120, trust_env=False) as client:

        async def visit(url: str) -> int:
            parts = httpx.URL(url)  # httpx has no resolver to replace, so the name goes into the header
            headers = {"host": f"{parts.host}:{parts.port}"}
            return keep((await client.get(parts.copy_with(host="127.0.0.1"), headers=headers)).text, folder)

        return await everyone(urls, visit)


def ours(site: Site, urls: list[str], folder: Path) -> int:
    """Everything this miner does with a URL."""
    return checking.mine(folder, site, urls, batch=50_000, timeout_s=20.0).summary.ok


def main(pages: int) -> None:
    """Prints a table."""
    with server(pages) as site, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [site.plain(number, site.host(number)).url for number in range(pages) if number % 3]
        miners: list[tuple[str, int, Callable[[list[str]], int]]] = [
            ("text2svg mine", len(urls), lambda part: ours(site, part, folder / "store")),
            ("aiohttp + BeautifulSoup", len(urls) // 4, lambda part: asyncio.run(with_aiohttp(part, folder))),
            ("httpx + BeautifulSoup", len(urls) // 8, lambda part: asyncio.run(with_httpx(part, folder))),
        ]
        print("miner                     pages  drawings  CPU s  wall s  pages per CPU-second")
        for label, count, run in miners:
            cpu, wall = time.process_time(), time.monotonic()
            found = run(urls[:count])
            cpu, wall = time.process_time() - cpu, time.monotonic() - wall
            print(f"{label:24} {count:6} {found:9} {cpu:6.2f} {wall:7.1f} {count / cpu:9.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12_000)
