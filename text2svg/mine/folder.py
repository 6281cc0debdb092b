"""SVG files of a local folder as corpus rows.

Refuses links out of the folder and files over the byte limit. Rows hold the path inside the folder and no address,
because a private path is nobody's business. The trade-off: a file is known by its path, size and time, so a touched
folder is read again and its unchanged drawings get a further sighting.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from text2svg.errors import SourceError
from text2svg.mine.links import Link
from text2svg.mine.reading import ReadOptions, Row, Where, file_rows
from text2svg.mine.refusal import outcome

CHUNK = 10_000  # files a chunk


def folder_chunks(
    root: Path, where: Where, options: ReadOptions = ReadOptions(), *, most: int | None = None
) -> Iterator[tuple[str, Iterator[Row]]]:
    """Named chunks of the rows of every .svg below `root`, in the order of their paths. Raises SourceError."""
    if not root.is_dir():
        raise SourceError(f"no folder at {root}", hint="name a folder of .svg files")
    files = sorted(_files(root))[:most]
    if not files:
        raise SourceError(f"no .svg file below {root}")
    for start in range(0, len(files), CHUNK):
        chunk = files[start : start + CHUNK]
        yield f"{root.name}/{_digest(root, chunk)}", _rows(root, chunk, where, options)


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in names:
            path = Path(folder, name)
            if name.lower().endswith(".svg") and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def _digest(root: Path, files: Sequence[str]) -> str:
    found = hashlib.sha256()
    for name in files:
        stat = (root / name).stat()
        found.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:32]


def _rows(root: Path, files: Sequence[str], where: Where, options: ReadOptions) -> Iterator[Row]:
    for name in files:
        shown = name.encode("utf-8", "replace").decode()
        path = root / name
        try:
            size = path.stat().st_size
            body = path.read_bytes() if size <= options.limits.max_bytes else b""
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror}") from error
        if size > options.limits.max_bytes:
            yield outcome(where.provenance(shown), "byte-limit", f"{size} bytes, at most {options.limits.max_bytes}")
            continue
        yield from file_rows(body, where, Link(""), options, shown)
