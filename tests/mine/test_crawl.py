"""Manners and refusals of live visits, against a server of this machine."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import checking
import pytest
from planted import Reply, page
from server import Server, serving

from text2svg.mine.addresses import AddressPolicy
from text2svg.mine.crawl import Batch, Crawler, CrawlOptions, Visit
from text2svg.mine.fetch import AGENT, Answer, Fetcher, FetchOptions, status_refusal
from text2svg.mine.hosts import Politeness
from text2svg.mine.refusal import MineRefusal

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 {}"/></svg>'
QUICK = Politeness(delay_s=0, connections=100, budget=0)


def visit(server: Server, seeds: Iterable[str], politeness: Politeness = QUICK, **more: object) -> dict[str, Visit]:
    """Visits by seed."""
    batches = [Batch("one", tuple(seeds))]

    async def feed() -> Batch | None:
        return batches.pop() if batches else None

    async def crawl() -> dict[str, Visit]:
        async with checking.fetcher(server.site, timeout_s=5.0) as fetcher:
            crawler = Crawler(fetcher, CrawlOptions(politeness=politeness, **more))
            return {one.seed: one async for one in crawler.run(feed)}

    return asyncio.run(crawl())


def reasons(visits: dict[str, Visit]) -> list[str]:
    return [visits[seed].rows[0].reason for seed in sorted(visits)]


def test_one_host_is_asked_at_its_own_pace() -> None:
    with serving(1) as server:
        server.extra.update({("slowly.test", f"/{n}"): Reply(page(SVG.format(n))) for n in range(4)})
        server.extra["slowly.test", "/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 0.4\n")
        began = time.monotonic()
        found = visit(server, [f"http://slowly.test:{server.site.port}/{n}" for n in range(4)])
        assert reasons(found) == ["page"] * 4
        assert time.monotonic() - began >= 1.2
        lazy = Politeness(delay_s=0.3, connections=5)
        began = time.monotonic()
        visit(server, [f"http://other.test:{server.site.port}/{n}" for n in range(4)], lazy)
        assert time.monotonic() - began >= 0.9


def test_a_long_retry_after_ends_the_host() -> None:
    with serving(1) as server:
        busy = Reply(status=429, headers=(("Retry-After", "3600"),))
        server.extra.update({("full.test", f"/{n}"): busy for n in range(9)})
        found = visit(server, [f"http://full.test:{server.site.port}/{n}" for n in range(9)], Politeness(0, 1, 0))
        assert sorted(set(reasons(found))) == ["host-cool-down", "http-429"]
        assert reasons(found).count("http-429") == 1


def test_a_crawl_delay_of_a_day_is_not_waited_for() -> None:
    with serving(1) as server:
        server.extra["far.test", "/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 86400\n")
        assert reasons(visit(server, [f"http://far.test:{server.site.port}/1"])) == ["host-cool-down"]


def test_budget_of_a_host() -> None:
    with serving(1) as server:
        seeds = [f"http://big.test:{server.site.port}/{n}" for n in range(10)]
        found = visit(server, seeds, Politeness(delay_s=0, connections=1, budget=4))
        assert sorted(reasons(found)) == ["host-budget"] * 6 + ["http-4xx"] * 4


def test_a_shared_drawing_is_asked_for_once() -> None:
    with serving(1) as server:
        html = Reply(page('<img src="/logo.svg" alt="Our logo">'))
        server.extra.update({("twin.test", f"/{n}"): html for n in range(3)})
        server.extra["twin.test", "/logo.svg"] = Reply(SVG.format(1).encode(), kind="image/svg+xml")
        found = visit(server, [f"http://twin.test:{server.site.port}/{n}" for n in range(3)])
        rows = [row for one in found.values() for row in one.rows[1:]]
        assert sorted(getattr(row, "reason", "ok") for row in rows) == ["ok", "repeat", "repeat"]
        (logo,) = [row for row in rows if not hasattr(row, "reason")]
        assert (logo.caption, logo.provenance.name) == ("our logo", "logo.svg")


def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=x.test"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]

    async def get() -> None:
        policy = AddressPolicy(allow=("127.0.0.1/32",), ports=frozenset({port}))
        async with Fetcher(FetchOptions(timeout_s=10.0), policy, checking.Names()) as fetcher:
            await fetcher.get(f"https://x.test:{port}/", 1000)

    try:
        with pytest.raises(MineRefusal) as caught:
            asyncio.run(get())
    finally:
        server.shutdown()
        server.server_close()
    assert caught.value.reason == "tls"


def test_retry_after_in_both_forms() -> None:
    assert status_refusal(Answer("u", 503, {"retry-after": "7"})).retry_after == 7
    assert status_refusal(Answer("u", 503, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"})).retry_after == 0
    assert status_refusal(Answer("u", 429, {"retry-after": "Fri, 31 Dec 2199 23:59:59 GMT"})).retry_after > 1e9
    assert status_refusal(Answer("u", 503, {"retry-after": "soon"})).retry_after == 0
    assert [status_refusal(Answer("u", status, {})).reason for status in (418, 304)] == ["http-4xx", "http-3xx"]


def test_the_agent_says_what_it_is() -> None:
    assert AGENT.startswith("Text2SVGBot/") and "Mozilla" not in AGENT


def test_what_was_taken_down_is_not_asked_for() -> None:
    with serving(1) as server:
        server.extra["gone.test", "/1"] = Reply(status=302, headers=(("Location", "/2"),))
        seeds = [f"http://gone.test:{server.site.port}/{n}" for n in (1, 2, 3)]
        taken = {seeds[1]: "takedown-url", seeds[2]: "takedown-url"}
        found = visit(server, seeds, blocks=lambda url, digest: taken.get(url, ""))
        assert reasons(found) == ["takedown"] * 3
        assert server.requests == 3  # the first page, robots.txt and tdmrep.json
