"""Reports of `text2svg evaluate generator`, for the Measure tab: what was measured, side by side, drawing by drawing.

A report is a folder with report.json and drawings.jsonl; some ship with the package, others lie where the server was told.
Refuses to open anything but the folders it lists, and to put unlike reports side by side. The trade-off: files are read
for each visit, a thousand drawings in a tenth of a second, and a report that was just written is there at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError, Text2SVGError
from webapp.notices import notice_of
from webapp.preview import shown
from webapp.views import Notice

BUNDLED = Path(str(files("webapp"))) / "reports"
MOST_REPORTS, MOST_COLUMNS = 200, 4
SHEET = 24
"""Prompts on one page of contact sheets."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report as the list shows it."""

    name: str
    protocol: str
    generator: str
    data: str
    n: int
    seed: int
    renderer: str
    digest: str = ""
    """First digits of the generator's sha256; empty for what has no files."""
    notes: tuple[str, ...] = ()
    bundled: bool = False
    group: str = ""
    """Reports of one group may stand side by side."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run that the store records."""

    kind: str
    name: str
    started: str
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything that was measured here: `state` is `done` or `error`."""

    state: str
    reports: tuple[ReportLine, ...] = ()
    runs: tuple[RunLine, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One metric, and each report's `value`, `low`, `high`, `n`; None where a report lacks it."""

    metric: str
    better: str
    says: str
    figures: tuple[dict[str, float] | None, ...]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One prompt, and what each report drew for it: `svg`, or why there is none."""

    id: str
    words: str
    style: str
    cells: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComparedView:
    """Reports side by side: `state` is `done` or `error`."""

    state: str
    reports: tuple[ReportLine, ...] = ()
    rows: tuple[FigureRow, ...] = ()
    published: tuple[Mapping[str, Any], ...] = ()
    """What others reported under the protocol, on their own data; measured by nobody here."""
    sheet: tuple[SheetRow, ...] = ()
    offset: int = 0
    next: int = 0
    """Offset of the next page of the sheet, 0 when there is none."""
    notice: Notice | None = None


class Reports:
    """The reports under some folders, and the runs of a store."""

    def __init__(self, folders: Sequence[Path] = (), runs: Callable[[], Iterable[Any]] = tuple) -> None:
        self._folders = (BUNDLED, *folders)
        self._runs = runs

    def board(self) -> BoardView:
        """What there is to compare; a file that is no report is told, and the others are shown."""
        lines, wrong = [], ""
        for name, path in self._found().items():
            try:
                lines.append(_line(name, _read(path), path))
            except Text2SVGError as error:
                wrong = error.message
        try:
            runs = tuple(_run(run) for run in self._runs())
        except Text2SVGError as error:
            runs, wrong = (), error.message
        notice = Notice("measure.unread", wrong, level="info") if wrong else None
        return BoardView("done", tuple(lines), runs, notice)

    def compare(self, names: Sequence[str], offset: int = 0, *, failed: bool = False) -> ComparedView:
        """The named reports' figures, and a page of their drawings; `failed` keeps prompts that some report failed."""
        from text2svg.evaluate.report import read_drawings, side_by_side

        known = self._found()
        try:
            unknown = [name for name in names if name not in known]
            if unknown or not 1 <= len(names) <= MOST_COLUMNS:
                hint = f"1 to {MOST_COLUMNS} of: {', '.join(known)}"
                raise ConfigError(f"no report {unknown[0]!r}" if unknown else "no reports were named", hint=hint)
            read = [(name, _read(known[name])) for name in dict.fromkeys(names)]
            side_by_side(read)
            sheet = _sheet([read_drawings(known[name]) for name, _ in read], failed=failed)
        except Text2SVGError as error:
            return ComparedView("error", notice=notice_of(error))
        page = tuple(_shown(row) for row in sheet[offset : offset + SHEET])
        following = offset + SHEET if offset + SHEET < len(sheet) else 0
        lines = tuple(_line(name, report, known[name]) for name, report in read)
        published = tuple(_published(lines[0].protocol))
        return ComparedView("done", lines, tuple(_figures(read)), published, page, offset, following)

    def _found(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*/report.json"))[:MOST_REPORTS]:
                name = path.parent.name
                found.setdefault(name if name not in found else f"{folder.name}/{name}", path.parent)
        return found


def _read(path: Path) -> dict[str, Any]:
    from text2svg.evaluate.report import read_report

    return read_report(path)


def _line(name: str, report: Mapping[str, Any], path: Path) -> ReportLine:
    try:
        about, data, generator = report["protocol"], report["data"], report["generator"]
        return ReportLine(
            name,
            str(about["id"]),
            str(generator["name"]),
            str(data["name"]),
            int(data["n"]),
            int(report["seed"]),
            f"{report['renderer']['name']} {report['renderer']['version']}",
            str(generator.get("sha256", ""))[:12],
            tuple(map(str, report.get("notes", ()))),
            path.parent == BUNDLED,
            json.dumps([about, data], sort_keys=True),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{name} is no whole report: {error!r}", hint="make it again with this version") from error


def _run(run: Any) -> RunLine:
    plain = {name: value for name, value in run.metrics.items() if isinstance(value, int | float | str)}
    return RunLine(run.kind, run.name, run.started, run.seconds, plain)


def _figures(read: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterable[FigureRow]:
    from text2svg.evaluate.protocols import PROTOCOLS

    protocol = PROTOCOLS.get(str(read[0][1]["protocol"]["id"]).rpartition("-")[0])
    known = {metric.name: metric for metric in protocol.metrics} if protocol else {}
    for name in dict.fromkeys(name for _, report in read for name in report["figures"]):
        metric = known.get(name)
        values = tuple(report["figures"].get(name) for _, report in read)
        yield FigureRow(name, metric.better if metric else "", metric.says if metric else "", values)


def _published(protocol: str) -> Iterable[Mapping[str, Any]]:
    from text2svg.evaluate.report import peers
    from text2svg.runtime import ASSETS

    return peers(json.loads((ASSETS / "benchmark-peers.json").read_text(encoding="utf-8"))["figures"], protocol)


def _sheet(read: Sequence[dict[str, dict[str, Any]]], *, failed: bool) -> list[list[dict[str, Any]]]:
    rows = [[one.get(name, {"id": name}) for one in read] for name in read[0]]
    return [row for row in rows if any(map(_fails, row))] if failed else rows


def _fails(record: Mapping[str, Any]) -> bool:
    return not record.get("rendered") or bool(record.get("blank"))


def _shown(row: Sequence[Mapping[str, Any]]) -> SheetRow:
    first = row[0]
    texts = (str(first.get(name, "")) for name in ("id", "words", "style"))
    return SheetRow(*texts, tuple(map(_cell, row)))


def _cell(record: Mapping[str, Any]) -> dict[str, str]:
    why = str(record.get("error") or "") or ("blank" if record.get("blank") else "")
    try:
        return {"svg": shown(str(record.get("svg", "")), measured=False).drawing.svg, "why": why}
    except Text2SVGError as error:
        return {"svg": "", "why": why or error.message}
