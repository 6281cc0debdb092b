"""Web archives as a source: pages that somebody fetched already, so no site is touched.

Reads `response` records of WARC files, packed or not, in the order of the file. Opt-outs in stored headers and pages
are honoured; a site's robots.txt as of today is not asked. Refuses records over the byte limit. The trade-off: drawings
a page links to are rows only where the archive holds them as records of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from text2svg.errors import MissingDependency, SourceError
from text2svg.mine.reading import KINDS, ReadOptions, Row, Where, check_headers, read
from text2svg.mine.refusal import PAGE, REASONS, MineRefusal, outcome

PAGE_BYTES = 5_000_000
_HEAD = 1 << 20  # bytes that name a file together with its size


def warc_chunk(path: Path, options: ReadOptions = ReadOptions()) -> tuple[str, Iterator[Row]]:
    """A WARC file's chunk: a name for its content, and its rows. Raises SourceError, MissingDependency."""
    try:
        with path.open("rb") as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()[:32]
        return f"warc/{path.name}/{path.stat().st_size}/{head}", warc_rows(path, options)
    except OSError as error:
        raise SourceError(f"cannot open {path}: {error.strerror}", hint="name a .warc or .warc.gz file") from error


def warc_rows(path: Path, options: ReadOptions = ReadOptions()) -> Iterator[Row]:
    """For each response record its own row, then the rows of its drawings."""
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError as error:
        raise MissingDependency("fastwarc", extra="warc") from error
    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, auto_decode="all"):
            if record.is_http:
                yield from _record(record, options)


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


def _read(record: Any, where: Where, options: ReadOptions) -> list[Row]:
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
    body = record.reader.read(PAGE_BYTES + 1)
    if len(body) > PAGE_BYTES:
        raise MineRefusal("byte-limit", f"more than {PAGE_BYTES} bytes")
    reading = read(body, kind, record.http_charset or "", where, options)
    if not reading.rows:
        raise MineRefusal("no-svg", f"{len(reading.links)} links, which an archive does not follow")
    return reading.rows
