"""Handing connections over: who belongs to which worker, what a proxied head says, what several workers count together."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from text2svg.errors import ConfigError
from webapp.metrics import Metrics, added
from webapp.workers import HEAD_BYTES, _client_of, listening, worker_of


def test_an_address_keeps_its_worker_and_addresses_spread() -> None:
    addresses = [f"203.0.113.{n}".encode() for n in range(250)]
    assert all(worker_of(one, 4) == worker_of(one, 4) for one in addresses)
    counts = [sum(worker_of(one, 4) == worker for one in addresses) for worker in range(4)]
    assert min(counts) > 40


@pytest.mark.parametrize(
    ("parts", "client"),
    [
        ([b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"], b"198.51.100.7"),
        (
            [b"GET / HTTP/1.1\r\nx-forw", b"arded-for:198.51.100.7, 10.0.0.1\r\n", b"\r\nbody"],
            b"198.51.100.7, 10.0.0.1",
        ),
        ([b"GET / HTTP/1.1\r\nHost: a\r\n\r\nX-Forwarded-For: 1"], b""),
        ([b"x" * (HEAD_BYTES + 10)], b""),
        ([b""], b""),
    ],
)
def test_the_head_is_looked_at_and_left(parts: list[bytes], client: bytes) -> None:
    async def run() -> tuple[bytes, bytes]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)

        async def send() -> None:
            for part in parts:
                theirs.sendall(part)
                await asyncio.sleep(0.02)
            theirs.shutdown(socket.SHUT_WR)

        with ours, theirs:
            found, _ = await asyncio.gather(_client_of(ours), send())
            ours.setblocking(True)
            read = b""
            while chunk := ours.recv(65536):
                read += chunk
        return found, read

    # In a thread of its own: the browser tests leave a running loop behind in this one.
    with ThreadPoolExecutor(1) as apart:
        found, read = apart.submit(asyncio.run, run()).result()
    assert (found, read) == (client, b"".join(parts))


def test_a_taken_port_is_said() -> None:
    with listening("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="cannot listen"):
        listening("127.0.0.1", taken.getsockname()[1])


def test_numbers_of_several_add_up(tmp_path: Path) -> None:
    one, two = Metrics(), Metrics()
    one.count("text2svg_requests_total", action="generate", outcome="done")
    two.count("text2svg_requests_total", 2, action="generate", outcome="done")
    two.count("text2svg_requests_total", action="search", outcome="done")
    one.observe("text2svg_seconds", 0.3, action="generate")
    two.observe("text2svg_seconds", 20, action="generate")
    (tmp_path / "1.prom").write_text(two.text())
    one._shared = tmp_path / "0.prom"
    text = one.everybody()
    assert 'text2svg_requests_total{action="generate",outcome="done"} 3\n' in text
    assert 'text2svg_requests_total{action="search",outcome="done"} 1\n' in text
    assert 'text2svg_seconds_bucket{action="generate",le="0.5"} 1\n' in text
    assert 'text2svg_seconds_count{action="generate"} 2\n' in text
    assert text.count("# TYPE") == one.text().count("# TYPE")
    alone = one.text()
    assert added([alone]) == alone
    starts = [f"# HELP process_start_time_seconds x\nprocess_start_time_seconds {n}\n" for n in (7, 5, 9)]
    assert "process_start_time_seconds 5\n" in added(starts)
