"""Drawings in folders: found without holding the list, read within limits, written whole or not at all.

Follows a link only when it names a regular file inside the folder; folders behind links are not entered. Refuses files
past the byte limit before reading them, and stops unpacking `.svgz` at the same limit. The trade-off: names come in the
order of the file system, because sorting a folder of millions would mean holding it.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from text2svg.errors import ConfigError, LimitError, ParseError, Refused, SourceError
from text2svg.svg.document import Limits

ENDINGS = (".svg", ".svgz")
MAX_BYTES = 4 * Limits().max_bytes
"""Of one file, packed or not: the parser's own bound, for UTF-32 spends 4 bytes on a character."""

GZIP_MAGIC = b"\x1f\x8b"
FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EROFS])
"""What makes every further file fail as well."""


@dataclass(frozen=True, slots=True)
class Found:
    """One drawing of a folder, or a place where there should be one."""

    name: str
    """Path from the folder; bytes that are not UTF-8 as lone surrogates (`os.fsencode` gives them back)."""
    size: int = 0
    """Bytes on disk, 0 when unknown."""
    problem: str = ""
    """Why it cannot be read, as far as listing tells."""


def walk(root: Path, without: Path) -> Iterator[Found]:
    """Every `.svg` and `.svgz` under `root`, folders one after the other, except what lies in `without`."""
    base, skipped = os.path.realpath(root), os.path.realpath(without)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(base, folder)) as entries:
                for entry in entries:
                    name = os.path.join(folder, entry.name)
                    drawing = entry.name.lower().endswith(ENDINGS)
                    if entry.is_dir(follow_symlinks=False):
                        if os.path.join(base, name) != skipped:
                            pending.append(name)
                        if drawing:
                            yield Found(name, problem="not-a-file")
                    elif drawing:
                        yield Found(name, entry.stat(follow_symlinks=False).st_size)
        except OSError as error:
            yield Found(folder or ".", problem=f"folder: {error.strerror}")


def read(root: str, found: Found) -> bytes:
    """The bytes of a found file. `root` is a real path. Raises Refused, LimitError, SourceError."""
    if found.problem == "not-a-file":
        raise Refused("not-a-file", "a folder with the name of a drawing")
    if found.problem:
        raise SourceError(found.problem)
    try:
        path = os.path.realpath(os.path.join(root, found.name), strict=True)
        if os.path.commonpath((root, path)) != root:
            raise Refused("link-outside", "a link that leaves the folder")
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Refused("not-a-file", "neither a file nor a link to one")
        # Without waiting and without following: what was a file a moment ago may be a pipe or a link by now.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise LimitError("byte-limit", f"{size:,} bytes, at most {MAX_BYTES:,}")
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"unreadable: {error.strerror or error}") from error


def unpack(data: bytes) -> bytes:
    """A gzip stream's content, or the data itself. Raises ParseError, LimitError."""
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            plain = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ParseError("gzip", f"damaged: {error}") from error
    if len(plain) > MAX_BYTES:
        raise LimitError("byte-limit", f"unpacks to more than {MAX_BYTES:,} bytes")
    return plain


def pack(name: str, text: str) -> bytes:
    """What is written for a drawing: UTF-8, and gzip where the name says `.svgz`; the same bytes each time."""
    data = text.encode()
    return gzip.compress(data, compresslevel=9, mtime=0) if name.lower().endswith(".svgz") else data


def write(target: str, data: bytes, scratch: str) -> None:
    """Write `data` to `target` whole or not at all; `scratch` is a folder on the same file system.

    Raises SourceError, or ConfigError when no file can be written any more.
    """
    partial = os.path.join(scratch, f"{os.getpid()}.part")
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(partial, "wb") as file:
            file.write(data)
        os.replace(partial, target)
    except OSError as error:
        if error.errno in FULL:
            raise ConfigError(
                f"cannot write any more: {error.strerror}", hint="make room, then run it again to go on"
            ) from error
        raise SourceError(f"unwritable: {error.strerror or error}") from error


def digest(data: bytes) -> str:
    """Lower-case hex sha256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()
