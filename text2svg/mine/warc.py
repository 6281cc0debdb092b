"""Web archives as a source: pages that somebody fetched already, so no site is touched.

Reads `response` records of WARC files, packed or not, in the order of the file. Opt-outs in stored headers and pages
are honoured; a site's robots.txt as of today is not asked. Refuses records over the byte limit, and to take a cut file for
a whole one. The trade-off: drawings a page links to are rows only where the archive holds them as records of their own.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from text2svg.errors import MissingDependency, SourceError
from text2svg.mine.reading import KINDS, ReadOptions, Row, Where, check_headers, read
from text2svg.mine.refusal import PAGE, REASONS, MineRefusal, outcome

PAGE_BYTES = 5_000_000
MAX_RECORD = PAGE_BYTES + 100_000  # bytes of an answer with its headers, packed as it was sent
HTTP = "application/http; msgtype=response"
_HEAD = 1 << 20  # bytes that name a file together with its size
_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_CUT = "the file ends inside a record"


def warc_chunk(path: Path, options: ReadOptions = ReadOptions()) -> tuple[str, Iterator[Row]]:
    """A WARC file's chunk: a name for its content, and its rows. Raises SourceError, MissingDependency."""
    try:
        with path.open("rb") as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()[:32]
        return f"warc/{path.name}/{path.stat().st_size}/{head}", warc_rows(path, options)
    except OSError as error:
        raise SourceError(f"cannot open {path}: {error.strerror}", hint="name a .warc or .warc.gz file") from error


def warc_rows(path: Path, options: ReadOptions = ReadOptions()) -> Iterator[Row]:
    """For each response record its own row, then the rows of its drawings; last a row that says so when the file is cut.

    Raises SourceError for a file that is no archive, MissingDependency.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError as error:
        raise MissingDependency("fastwarc", extra="warc") from error
    at, damage = 0, ""
    with path.open("rb") as file:
        records = iter(ArchiveIterator(file, parse_http=False))
        while True:
            try:
                if (record := next(records, None)) is None:
                    break
            except OSError as error:
                damage = str(error)
                break
            at = record.stream_pos
            if record.record_type == WarcRecordType.response and record.is_http:
                yield from _record(record, options)
    damage = damage or _tail(path, at)
    if damage and not at and not _begins(path):
        raise SourceError(f"{path} is no web archive: {damage}", hint="name a .warc or .warc.gz file")
    if damage:
        yield outcome(Where(path.name, "warc").provenance(), "archive-cut", f"after byte {at}: {damage}")


def _begins(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"WARC/" or file.seek(0) == 0 and file.read(2) == _GZIP


def _tail(path: Path, at: int) -> str:
    """What is wrong between the last record that was read, at byte `at`, and the end; the reader itself just stops there."""
    with path.open("rb") as file:
        file.seek(at)
        head = file.read(2)
        file.seek(at)
        return _packed_tail(file) if head == _GZIP else _plain_tail(file, path.stat().st_size)


def _packed_tail(file: BinaryIO) -> str:
    data = b""
    while data := data or file.read(_PIECE):
        if data[:2].ljust(2, _GZIP[1:]) != _GZIP:
            return "bytes that are no gzip member" if data.strip(b"\0") else ""
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        while not member.eof:
            if not (data := data or file.read(_PIECE)):
                return _CUT
            try:
                member.decompress(data, _PIECE)
            except zlib.error as error:
                return str(error)
            data = member.unused_data if member.eof else member.unconsumed_tail
    return ""


def _plain_tail(file: BinaryIO, size: int) -> str:
    while line := file.readline(_PIECE):
        length = 0
        while line.strip():
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
            line = file.readline(_PIECE)
        if not line or file.tell() + length > size:
            return _CUT
        file.seek(length, 1)
    return ""


def _record(record: Any, options: ReadOptions) -> Iterator[Row]:
    url = record.headers.get("WARC-Target-URI", "").strip("<>")
    where = Where(url, "warc", record.headers.get("WARC-Date", ""))
    try:
        rows = _read(record, where, options)
    except MineRefusal as refusal:
        yield outcome(where.provenance(), refusal.reason, refusal.message)
        return
    yield outcome(where.provenance(), PAGE, REASONS[PAGE])
    yield from rows


def _parsed(record: Any) -> Any:
    """The record by itself, its HTTP parsed: what cannot be unpacked would end the reading of the whole archive."""
    from fastwarc.warc import ArchiveIterator

    raw = record.reader.read(MAX_RECORD)
    head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: {HTTP}\r\nContent-Length: {len(raw)}\r\n\r\n"
    return next(iter(ArchiveIterator(BytesIO(head.encode() + raw), auto_decode="all")))


def _read(record: Any, where: Where, options: ReadOptions) -> list[Row]:
    try:
        record = _parsed(record)
    except OSError as error:
        raise MineRefusal("content-encoding", str(error)[:120]) from error
    status = record.http_headers.status_code if record.http_headers else 0
    if status != 200:
        reason = "http-5xx" if (status or 0) >= 500 else "http-4xx" if (status or 0) >= 400 else "http-3xx"
        raise MineRefusal(reason, str(status))
    headers: dict[str, str] = {}
    for name, value in record.http_headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    check_headers(headers, options)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise MineRefusal("content-type", kind[:60])
    try:
        body = record.reader.read(PAGE_BYTES + 1)
    except OSError as error:  # packed in another way than its header says
        raise MineRefusal("content-encoding", str(error)[:120]) from error
    if len(body) > PAGE_BYTES:
        raise MineRefusal("byte-limit", f"more than {PAGE_BYTES} bytes")
    reading = read(body, kind, record.http_charset or "", where, options)
    if not reading.rows:
        raise MineRefusal("no-svg", f"{len(reading.links)} links, which an archive does not follow")
    return reading.rows
