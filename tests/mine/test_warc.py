"""Reads archives written here, byte by byte."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("fastwarc", reason="needs the warc extra")

from text2svg.executor.base import Outcome
from text2svg.mine.warc import warc_chunk, warc_rows

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M1 {}"/></svg>'


def record(url: str, body: bytes, kind: str = "text/html", *, status: int = 200, headers: str = "", warc: str = "response"):
    http = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: {warc}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"WARC-Record-ID: <urn:uuid:12345678-1234-1234-1234-123456789012>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n")


def test_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    page = f"<html><body>{SVG.format(1)}<img src=x.svg></body></html>".encode()
    path.write_bytes(
        record("https://e.org/1", page)
        + record("https://e.org/x.svg", SVG.format(2).encode(), "image/svg+xml")
        + record("https://e.org/3", page, headers="X-Robots-Tag: noai\r\n")
        + record("https://e.org/4", page, status=404)
        + record("https://e.org/5", b"<p>", "text/html")
        + record("https://e.org/6", b"x", "image/png")
        + record("https://e.org/7", gzip.compress(page), headers="Content-Encoding: gzip\r\n")
        + record("https://e.org/8", page, warc="request")
    )
    rows = list(warc_rows(path))
    own = {r.value.provenance.url: r.reason for r in rows if isinstance(r, Outcome)}
    assert own == {
        "https://e.org/1": "page", "https://e.org/x.svg": "page", "https://e.org/3": "opt-out:x-robots-tag",
        "https://e.org/4": "http-4xx", "https://e.org/5": "no-svg", "https://e.org/6": "content-type",
        "https://e.org/7": "page",
    }  # fmt: skip
    drawings = [r for r in rows if not isinstance(r, Outcome)]
    assert [d.provenance.name for d in drawings] == ["#1", "x.svg", "#1"]
    assert {d.provenance.source for d in drawings} == {"warc"}
    assert drawings[0].provenance.retrieved == "2026-01-02T03:04:05Z"
    name, again = warc_chunk(path)
    assert name.startswith("warc/a.warc.gz/") and len(list(again)) == len(rows)
