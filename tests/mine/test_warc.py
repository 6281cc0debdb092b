"""Reads archives written here, byte by byte."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("fastwarc", reason="needs the warc extra")

from text2svg.errors import SourceError
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


def archive(count: int) -> list[bytes]:
    return [record(f"https://e.org/{n}", f"<html><body>{SVG.format(n)}</body></html>".encode()) for n in range(count)]


def reasons(path: Path) -> list[str]:
    return [row.reason for row in warc_rows(path) if isinstance(row, Outcome)]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("left", [0.3, 0.62, 0.97])
def test_a_cut_archive_says_so_and_gives_what_is_whole(tmp_path: Path, packed: bool, left: float) -> None:
    data = b"".join(part if packed else gzip.decompress(part) for part in archive(40))
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(data)
    assert reasons(path) == ["page"] * 40
    path.write_bytes(data[: int(len(data) * left)])
    found = reasons(path)
    assert found[-1] == "archive-cut" and found.count("archive-cut") == 1
    assert int(40 * left) - 1 <= found.count("page") <= int(40 * left) + 1


def test_damage_inside_ends_the_reading_and_is_a_row(tmp_path: Path) -> None:
    parts = archive(40)
    parts[20] = parts[20][:40] + b"\0" * 20 + parts[20][60:]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(parts))
    found = reasons(path)
    assert found[-1] == "archive-cut" and 19 <= found.count("page") <= 21


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\x1f\x8bno gzip at all", "Content-Encoding: gzip\r\n"),
        (b"junk", "Content-Encoding: deflate\r\n"),
        (b"junk", "Content-Encoding: br\r\n"),
        (b"zz\r\nnot chunked", "Transfer-Encoding: chunked\r\n"),
        (b"junk", "Content-Encoding: rot13\r\n"),
    ],
)
def test_a_body_that_is_not_packed_as_it_says_costs_its_row(tmp_path: Path, body: bytes, headers: str) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(record("https://e.org/bad", body, headers=headers) + archive(1)[0])
    assert reasons(path) == ["content-encoding", "page"]


def test_a_huge_answer_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(record("https://e.org/big", b"<svg>" + b" " * 6_000_000) + archive(1)[0])
    assert reasons(path) == ["byte-limit", "page"]


def test_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"<html>no archive</html>\n" * 50)
    with pytest.raises(SourceError, match="no web archive"):
        list(warc_rows(path))
    path.write_bytes(b"")
    assert list(warc_rows(path)) == []
