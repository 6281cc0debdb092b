"""Many prompts from one CSV, and many drawings into one zip.

Columns are `prompt`, and if wanted `style`, `seed` and `n`; without a header the first column is the prompt. Of each row's
candidates the best is kept. Refuses more rows than BATCH_ROWS before the first is drawn. The trade-off: rows take their
turn at the gate one by one, so a batch is slower on a busy server and nobody else waits for the whole of it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from text2svg.errors import ConfigError, LimitError
from webapp.handlers import MAX_CANDIDATES, MAX_PROMPT, Wish
from webapp.limits import BATCH_ROWS
from webapp.service import Service
from webapp.views import CreateView, Drawing, Notice

COLUMNS = ("prompt", "style", "seed", "n")
STOPS = ("error.budget", "error.full", "error.closing", "error.busy")
"""Notices after which the next row would only hear the same."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: the same drawings give the same bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the batch and what came of it: `state` is `waiting`, `done` or `failed`."""

    index: int
    prompt: str
    style: str = ""
    seed: int = 0
    n: int = MAX_CANDIDATES
    state: str = "waiting"
    name: str = ""
    """File name in the zip, without its ending."""
    drawing: Drawing = Drawing()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BatchView:
    """`state` is `running`, `done`, `stopped` or `error`; `row` is the one that changed."""

    state: str
    done: int = 0
    total: int = 0
    row: Row | None = None
    notice: Notice | None = None


def read_csv(text: str) -> list[Row]:
    """The rows of a CSV. Raises ConfigError for no rows or a bad number, LimitError for too many."""
    lines = [line for line in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if any(cell.strip() for cell in line)]
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    named = "prompt" in header
    columns = header if named else list(COLUMNS)
    body = lines[1:] if named else lines
    if not body:
        raise ConfigError("the CSV has no rows", hint=f"columns: {', '.join(COLUMNS)}")
    if len(body) > BATCH_ROWS:
        raise LimitError("row-limit", f"{len(body)} rows, at most {BATCH_ROWS}", hint="split the file")
    return [_row(index, dict(zip(columns, line, strict=False))) for index, line in enumerate(body)]


def _row(index: int, cells: dict[str, str]) -> Row:
    words = " ".join(cells.get("prompt", "").split())[:MAX_PROMPT]
    try:
        seed, n = (int(cells.get(key, "").strip() or default) for key, default in (("seed", 1), ("n", MAX_CANDIDATES)))
    except ValueError as error:
        raise ConfigError(f"row {index + 1}: {error}", hint="seed and n are whole numbers") from error
    return Row(index, words, cells.get("style", "").strip().lower(), seed, n)


def draw(service: Service, client: str, text: str) -> Iterator[BatchView]:
    """A view before and after every row; closing the iterator frees the engine."""
    rows = read_csv(text)
    yield BatchView("running", 0, len(rows))
    for row in rows:
        views = service.generate(client, Wish(row.prompt, row.style, row.n, row.seed))
        try:
            last = deque(views, maxlen=1)[0]
        finally:
            views.close()  # type: ignore[attr-defined]
        drawn = _kept(row, last)
        stopped = last.notice if last.notice and last.notice.key in STOPS else None
        state = "stopped" if stopped else "done" if row is rows[-1] else "running"
        yield BatchView(state, row.index + 1, len(rows), drawn, stopped)
        if stopped:
            return


def _kept(row: Row, view: CreateView) -> Row:
    candidates = {one.index: one for one in view.candidates if one.state == "done"}
    best = next((candidates[index] for index in (*view.order, *candidates) if index in candidates), None)
    if best is None:
        reason = view.notice.key if view.notice else "error.unknown"
        return replace(row, state="failed", reason=reason)
    name = f"{row.index + 1:02d}-{slug(row.prompt)}-{best.seed}"
    return replace(row, state="done", name=name, drawing=best.drawing)


def slug(text: str) -> str:
    """A file name out of words, in any script."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[^\w]+", "-", plain).strip("-_")[:60] or "drawing"


def zipped(files: Iterable[tuple[str, str]]) -> bytes:
    """A zip of `(name, svg)`; names lose what a file system would mind, and double names get a number."""
    out, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, svg in files:
            stem = base = slug(name.removesuffix(".svg"))
            count = 2
            while stem in taken:
                stem, count = f"{base}-{count}", count + 1
            taken.add(stem)
            archive.writestr(zipfile.ZipInfo(f"{stem}.svg", EPOCH), svg, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def files_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What a zip of the rows holds."""
    return [(row.name, row.drawing.svg) for row in rows if row.state == "done"]
