"""Lists of URLs: text, CSV, JSONL, Parquet, standard input, and Hugging Face data sets, as one stream of URLs.

Reads lazily, so a list may be larger than memory. Refuses to guess a column that is not there: the message names those
that are. The trade-off: a stream knows no total, so progress shows what is done and not what is left.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

from text2svg.errors import MissingDependency, SourceError
from text2svg.mine.crawl import Batch
from text2svg.mine.hosts import host_of
from text2svg.sample import check_rank, falls_to

FORMATS = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
SHUFFLE_BUFFER = 10_000


def urls_of(path: str, column: str = "url") -> Iterator[str]:
    """The URLs of a file (`-` is standard input, one URL a line), in its order. Raises SourceError.

    A name that begins with http:// or https:// is a URL itself. `.gz` is unpacked. Text has one URL a line, `#` begins
    a comment; the others have a column or key.
    """
    if path.startswith(("http://", "https://")):
        yield path
        return
    kind = Path(path.removesuffix(".gz")).suffix.lower()
    if kind == ".parquet":
        yield from _parquet(Path(path), column)
        return
    with ExitStack() as stack:
        file = sys.stdin if path == "-" else stack.enter_context(_opened(Path(path)))
        try:
            if kind in (".csv", ".tsv"):
                yield from _table(file, column, "\t" if kind == ".tsv" else ",", path)
            elif kind in (".jsonl", ".ndjson"):
                yield from _json_lines(file, column, path)
            else:
                yield from (line for raw in file if (line := raw.strip()) and not line.startswith("#"))
        except (UnicodeDecodeError, OSError, EOFError, zlib.error, csv.Error) as error:
            raise SourceError(f"cannot read {path}: {error}", hint="lists are whole files of UTF-8 text") from error


def dataset_rows(name: str, columns: Iterable[str], *, split: str = "", seed: int | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a data set on the Hugging Face hub or in a local folder, streamed; only these columns.

    The split is `train` when there is one, else the first. With a seed, rows come in the order of
    `shuffle(seed=seed)`, which is the same each time. Raises SourceError, MissingDependency.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingDependency("datasets", extra="train") from error
    wanted = list(columns)
    try:
        splits = datasets.load_dataset(name, streaming=True)
    except (OSError, ValueError, datasets.exceptions.DatasetNotFoundError) as error:
        raise SourceError(f"cannot open data set {name}: {error}", hint="a hub name or a folder of data files") from error
    chosen = split or ("train" if "train" in splits else next(iter(splits)))
    if chosen not in splits:
        raise SourceError(f"{name} has no split {chosen!r}", hint=f"splits: {', '.join(splits)}")
    rows = splits[chosen]
    if rows.column_names is not None and (missing := [c for c in wanted if c not in rows.column_names]):
        hint = f"columns: {', '.join(rows.column_names)}"
        raise SourceError(f"{name} has no column {', '.join(missing)}", hint=hint)
    if seed is not None:
        rows = rows.shuffle(seed=seed, buffer_size=SHUFFLE_BUFFER)
    yield from ({column: row.get(column) for column in wanted} for row in rows)


def window(urls: Iterable[str], offset: int = 0, most: int | None = None) -> Iterator[str]:
    """The URLs without `offset` first ones, at most `most`, as text that a file can hold."""
    # Half a surrogate, as JSON can spell it, becomes U+FFFD, which no URL may hold.
    told = (url.strip().encode("utf-8", "surrogatepass").decode("utf-8", "replace") for url in urls if url)
    return islice(told, offset, None if most is None else offset + most)


def share(urls: Iterable[str], rank: int, world_size: int) -> Iterator[str]:
    """The URLs of one rank, by host, so that no two machines are at one site."""
    check_rank(rank, world_size)
    return (url for url in urls if falls_to(host_of(url).lower(), rank, world_size))


def batches(urls: Iterable[str], size: int, *, prefix: str = "") -> Iterator[Batch]:
    """Batches of distinct URLs, each named by what it holds, so the same list names the same work.

    A URL twice in one batch is asked for once. Another `prefix` names other work.
    """
    source = iter(urls)
    while part := list(islice(source, size)):
        distinct = tuple(dict.fromkeys(part))
        name = hashlib.sha256("\n".join(distinct).encode()).hexdigest()[:32]
        yield Batch(prefix + name, distinct)


def _opened(path: Path) -> IO[str]:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        hint = f"formats: {', '.join(FORMATS)}, or - for standard input"
        raise SourceError(f"cannot open {path}: {error.strerror}", hint=hint) from error


def _table(file: Iterable[str], column: str, delimiter: str, path: str) -> Iterator[str]:
    rows = csv.DictReader(file, delimiter=delimiter)
    names = rows.fieldnames or []
    if column not in names:
        raise SourceError(f"{path} has no column {column!r}", hint=f"columns: {', '.join(names)}")
    yield from (row[column] for row in rows if row[column])


def _json_lines(file: Iterable[str], column: str, path: str) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceError(f"{path} line {number} is no JSON: {error}") from error
        if not isinstance(row, dict) or column not in row:
            names = ", ".join(row) if isinstance(row, dict) else type(row).__name__
            raise SourceError(f"{path} line {number} has no key {column!r}", hint=f"it has: {names}")
        if row[column]:
            yield str(row[column])


def _parquet(path: Path, column: str) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if column not in file.schema_arrow.names:
                hint = f"columns: {', '.join(file.schema_arrow.names)}"
                raise SourceError(f"{path} has no column {column!r}", hint=hint)
            for batch in file.iter_batches(batch_size=10_000, columns=[column]):
                yield from (str(value) for value in batch.column(0).to_pylist() if value)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read {path}: {error}") from error
