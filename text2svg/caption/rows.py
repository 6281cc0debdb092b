"""The drawings to caption: from JSONL or Parquet files, as the first Text2SVG read them, or from corpus rows.

A seeded shuffle decides which drawings `start` and `count` cut out; they come in the order of the source. Refuses rows
without a drawing. The trade-off: a cut reads the source twice, so that no drawing waits in memory.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError, SourceError
from text2svg.sample import Sample

_DRAWING = ("svg", "optimized", "svg_contents", "raw")
"""Columns that may hold the drawing, best first."""
_IDENTITY = ("hash", "digest")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing and what its source says about it."""

    hash: str
    svg: str
    name: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, sample: Sample) -> Drawing:
        """A corpus row; its digest is the hash."""
        return cls(sample.digest, sample.optimized or sample.raw, sample.caption, sample.tags)


def read_drawings(pattern: str) -> Iterator[Drawing]:
    """The rows of every matching .jsonl, .json or .parquet file, files by name.

    A row without `hash` or `digest` is known by the MD5 of its text, as the first Text2SVG named files. Raises
    SourceError, also when nothing matches.
    """
    paths = sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise SourceError(f"no file matches {pattern!r}", hint="quote the pattern: --data-files 'rows/*.jsonl'")
    for path in map(Path, paths):
        read = _parquet if path.suffix == ".parquet" else _lines
        for record in read(path):
            yield _drawing(record, path)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield json.loads(line)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is no JSONL: {error}") from error


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = (*_IDENTITY, *_DRAWING, "caption", "name", "tags")
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in wanted if name in file.schema_arrow.names]
            for batch in file.iter_batches(1024, columns=columns, use_threads=False):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path} is no Parquet: {error}") from error


def _drawing(record: Mapping[str, Any], path: Path) -> Drawing:
    svg = next((record[name] for name in _DRAWING if record.get(name)), None) if isinstance(record, dict) else None
    if isinstance(svg, bytes):
        svg = svg.decode("utf-8", "replace")
    if not isinstance(svg, str):
        raise SourceError(f"{path} has a row without a drawing", hint=f"columns may be {', '.join(_DRAWING)}")
    key = next((str(record[name]) for name in _IDENTITY if record.get(name)), "")
    key = key or hashlib.md5(svg.encode(), usedforsecurity=False).hexdigest()
    name = str(record.get("name") or record.get("caption") or "")
    return Drawing(key, svg, name, tuple(map(str, record.get("tags") or ())))


def cut(source: Callable[[], Iterable[Drawing]], seed: int, start: int = 0, count: int = 0) -> Iterator[Drawing]:
    """The drawings at places start..start + count of a seeded shuffle; count 0 takes all from `start` on.

    Raises ConfigError for a negative start or count.
    """
    if start < 0 or count < 0:
        raise ConfigError("start and count cannot be negative", hint="--start-index 0 --max-samples 2000")
    if not start and not count:
        yield from source()
        return
    order = sorted((_place(drawing.hash, seed), drawing.hash) for drawing in source())
    chosen = {key for _, key in order[start : start + count if count else None]}
    yield from (drawing for drawing in source() if drawing.hash in chosen)


def _place(key: str, seed: int) -> bytes:
    return hashlib.sha256(f"shuffle {seed} {key}".encode()).digest()[:8]
