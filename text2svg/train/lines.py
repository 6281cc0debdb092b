"""Rows of a JSON Lines file as values, one at a time.

Refuses a line that is no such row, with its number and the command that writes such files. The trade-off: a file is read as
far as it is right, so what came before the fault was already used. Needs the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from text2svg.errors import TrainError

Value = TypeVar("Value")


def read_lines(path: Path, make: Callable[[Any], Value], command: str) -> Iterator[Value]:
    """`make` of each line; its ValueError, KeyError, TypeError and IndexError become a TrainError."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield make(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                hint = f"write such files with `{command}`"
                raise TrainError(f"{path.name}, line {number}: no such row: {error!r}", hint=hint) from error
