"""Reads what an export writes, and tables and JSONL of others: chunks of rows for `pipeline.import_samples`.

A chunk is one Parquet file, one JSONL file, or one folder of one-line files, named by its path below the root, so a
stopped import goes on after the last whole chunk. Refuses a path that holds no such file. The trade-off: nothing is
downloaded and no table is held whole; a file's rows are read in batches of 1,024.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from text2svg.curate.columns import DEFAULTS, RAW_NAMES, samples_of
from text2svg.curate.seed import read_lines
from text2svg.errors import SourceError
from text2svg.executor.base import Outcome
from text2svg.licence.evidence import from_card, settle
from text2svg.licence.spdx import NOASSERTION, require_spdx
from text2svg.sample import Provenance, Sample

BATCH = 1024  # rows; drawings of the largest kind, 1 MB each, then need a gigabyte for a moment

Chunk = tuple[str, Iterable[Sample | Outcome]]


def origin(collection: str, licence: str = "", evidence: str = "") -> Provenance:
    """What rows are said to come from where they do not say it themselves. Raises ConfigError for an unknown licence."""
    if licence:
        require_spdx([licence])
    return Provenance("dataset", collection, licence=licence or NOASSERTION, licence_evidence=evidence if licence else "")


def iter_parquet(path: Path, where: Provenance) -> Iterator[Chunk]:
    """One chunk a Parquet file, in the order of their names. Raises SourceError."""
    for file in _files(path, "*.parquet"):
        yield _name(path, file), _table_rows(file, where)


def iter_hub(path: Path, where: Provenance) -> Iterator[Chunk]:
    """The Parquet files of a data set folder; rows without a licence take the card's. Raises SourceError."""
    card = path / "README.md"
    if card.is_file() and where.licence == NOASSERTION:
        stated = settle(from_card(card.read_text(encoding="utf-8", errors="replace"), f"{path.name} README.md"))
        where = replace(where, licence=stated.licence, licence_evidence=stated.evidence)
    folder = path / "data" if (path / "data").is_dir() else path
    yield from iter_parquet(folder, where)


def iter_jsonl(path: Path, where: Provenance) -> Iterator[Chunk]:
    """Lines of the first Text2SVG's miner: a file, or a folder of `ab/<md5>.jsonl` or `ab.jsonl`. Raises SourceError."""
    folders: dict[Path, list[Path]] = {}
    for file in _files(path, "*.jsonl"):
        # A folder of one-line files is one chunk; files of the root are a chunk each.
        folders.setdefault(file if path in (file, file.parent) else file.parent, []).append(file)
    for folder, files in folders.items():
        yield _name(path, folder), _lines(files, where)


def fingerprint(path: Path) -> str:
    """Sixteen hex digits over the names and sizes of all files: two folders of one name are two sources."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    told = "\n".join(f"{_name(path, file)} {file.stat().st_size}" for file in files)
    return sha256(told.encode()).hexdigest()[:16]


def _files(path: Path, pattern: str) -> list[Path]:
    found = [path] if path.is_file() else sorted(file for file in path.rglob(pattern) if ".export" not in file.parts)
    if not found:
        raise SourceError(f"no {pattern} at {path}", hint="point at a file, or at a folder that holds some")
    return found


def _name(root: Path, path: Path) -> str:
    return path.name if root.is_file() else path.relative_to(root).as_posix()


def _table_rows(path: Path, where: Provenance) -> Iterator[Sample | Outcome]:
    try:
        with pq.ParquetFile(path) as file:
            wanted = [name for name in file.schema_arrow.names if name in DEFAULTS or name in RAW_NAMES]
            for batch in file.iter_batches(BATCH, columns=wanted or None, use_threads=False):
                yield from samples_of(batch, where)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read {path}: {error}") from error


def _lines(paths: list[Path], where: Provenance) -> Iterator[Sample | Outcome]:
    for path in paths:
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                yield from read_lines(file, where)
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error}") from error
