"""SVG texts in a data set's column as corpus rows, e.g. a corpus somebody published on the Hugging Face hub.

Refuses nothing by itself: a text that is no SVG is a row with its reason. The trade-off: rows are known by their
position in the stream, so a data set that grew in front is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from text2svg.mine.links import Link
from text2svg.mine.reading import ReadOptions, Row, Where, file_rows
from text2svg.mine.words import plain


def dataset_chunks(
    rows: Iterable[Mapping[str, Any]],
    where: Where,
    columns: tuple[str, str],
    options: ReadOptions = ReadOptions(),
    *,
    offset: int = 0,
    most: int | None = None,
) -> Iterator[tuple[str, Iterator[Row]]]:
    """One chunk: a row for each text in `columns[0]`, its caption from `columns[1]` when that is not empty."""
    name = f"{where.collection}/{columns[0]}/{offset}/{most or 'all'}"
    source = islice(enumerate(rows), offset, None if most is None else offset + most)
    yield name, _rows(source, where, columns, options)


def _rows(
    rows: Iterable[tuple[int, Mapping[str, Any]]], where: Where, columns: tuple[str, str], options: ReadOptions
) -> Iterator[Row]:
    text, caption = columns
    for number, row in rows:
        hint = plain(str(row.get(caption) or "")) if caption else ""
        yield from file_rows(str(row.get(text) or ""), where, Link("", hint), options, f"row {number}")
