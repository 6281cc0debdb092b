"""The report of a folder's run, one JSON line per file, and what it remembers of earlier runs.

The lines are the only state: an index of them is made in a temporary database at the start, so millions of files cost
disk and not memory. A torn last line, as a kill leaves it, is cut off. Refuses a file that is no report, and a report
that another run holds. The trade-off: no fsync per line; a power cut may lose the last seconds, which are then done again.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

from text2svg.errors import ConfigError

TORN = b'{"file": "'
"""How a line begins that a kill may have cut; anything else without an end is another program's file."""

OutcomeName = Literal["ok", "refused", "failed", "timeout"]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file. A line of the report holds exactly these fields."""

    file: str
    """Path from the input folder; bytes that are not UTF-8 as lone surrogates."""
    outcome: OutcomeName
    """`ok`; `refused`: the drawing is to blame; `failed`: reading, writing or the work went wrong; `timeout`."""
    reason: str = ""
    """A stable code such as `element-limit`; empty when ok."""
    message: str = ""
    rung: str = ""
    """How far the optimizer stepped back; see `text2svg.optimize`."""
    before: int = 0
    """Bytes of the input on disk."""
    after: int = 0
    """Bytes of the optimized text."""
    gzip: int = 0
    """The same after gzip -9."""
    difference: dict[str, float] | None = None
    """Measured against the input; None when this drawing was not rendered."""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    """Its share of the time of the files that were worked on together."""
    input: str = ""
    """sha256 of the input file; empty when it was not read."""
    options: str = ""
    """Identity of the options and of the SVGO configuration."""
    skipped: bool = False
    """True when an earlier run did this; such a row is not written again."""

    @property
    def on_disk(self) -> int:
        """Bytes of the output file."""
        return self.gzip if self.file.lower().endswith(".svgz") else self.after


class Journal:
    """An open report; a context manager. `rows` counts the files it knows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open_locked(path)
        self._scratch = tempfile.NamedTemporaryFile(prefix="text2svg-", suffix=".sqlite")  # noqa: SIM115
        self._index = sqlite3.connect(self._scratch.name, isolation_level=None)
        self._index.execute("PRAGMA journal_mode=OFF")
        self._index.execute("PRAGMA synchronous=OFF")
        self._index.execute("CREATE TABLE line (file BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID")
        self._end = 0
        self._superseded = 0
        self.rows = 0
        try:
            self._load()
        except BaseException:
            self._release()
            raise

    def get(self, name: str) -> Row | None:
        """The last row of a file."""
        found = self._index.execute("SELECT at FROM line WHERE file = ?", (os.fsencode(name),)).fetchone()
        if found is None:
            return None
        self._file.seek(found[0])
        return _row(self._file.readline(), self._path)

    def add(self, row: Row) -> None:
        """Append a row; it is in the file when this returns."""
        values = asdict(row)
        del values["skipped"]
        line = json.dumps(values).encode() + b"\n"  # ASCII, so that any file name survives
        self._file.seek(self._end)
        self._file.write(line)
        self._file.flush()
        self._remember(row.file, self._end)
        self._end += len(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._superseded:
                self._compact()
        finally:
            self._release()

    def _load(self) -> None:
        self._index.execute("BEGIN")
        for at, line in _lines(self._file):
            if not line.endswith(b"\n") and TORN.startswith(line[: len(TORN)]):
                break
            self._remember(_row(line, self._path).file, at)
            self._end = at + len(line)
        self._index.execute("COMMIT")
        self._file.truncate(self._end)

    def _remember(self, name: str, at: int) -> None:
        changed = self._index.execute("UPDATE line SET at = ? WHERE file = ?", (at, os.fsencode(name))).rowcount
        if changed:
            self._superseded += 1
        else:
            self._index.execute("INSERT INTO line VALUES (?, ?)", (os.fsencode(name), at))
            self.rows += 1

    def _compact(self) -> None:
        """Leave one line per file, the last one."""
        partial = self._path.with_name(self._path.name + ".part")
        with partial.open("wb") as out:
            for at, line in _lines(self._file):
                key = os.fsencode(_row(line, self._path).file)
                if self._index.execute("SELECT at FROM line WHERE file = ?", (key,)).fetchone() == (at,):
                    out.write(line)
        partial.replace(self._path)

    def _release(self) -> None:
        self._index.close()
        self._scratch.close()
        self._file.close()


def _open_locked(path: Path) -> BinaryIO:
    """The report, held by this process alone until it is closed."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")
        except OSError as error:
            raise ConfigError(f"cannot write the report {path}: {error.strerror}", hint="--report FILE") from error
        try:
            import fcntl
        except ImportError:  # Windows: two runs of one report are not kept apart there
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise ConfigError(f"another run is writing {path}", hint="wait for it, or name another --report") from error
        # The run before us may have put a compacted report in place between our open and our lock.
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    at = 0
    file.seek(0)
    for line in file:
        yield at, line
        at += len(line)


def _row(line: bytes, path: Path) -> Row:
    try:
        values: dict[str, Any] = json.loads(line)
        return Row(**values | {"warnings": tuple(values["warnings"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path} is not a report of this command: {line[:60]!r}", hint="name another file with --report"
        ) from error
