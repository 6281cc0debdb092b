"""Drawings that commands are given: a file, or standard input for `-`.

Refuses folders. The trade-off: bytes that are no UTF-8 become replacement characters, and the parser says what it makes
of them.
"""

from __future__ import annotations

import sys
from pathlib import Path


def read_input(source: Path) -> bytes:
    """A file's bytes, or standard input's for `-`. Raises SourceError."""
    from text2svg.errors import SourceError

    try:
        return sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {source}: {error.strerror}", hint="give a file or -") from error


def read_svg(source: Path) -> str:
    """The same as text. Raises SourceError."""
    return read_input(source).decode("utf-8", "replace")
