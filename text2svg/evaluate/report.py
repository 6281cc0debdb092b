"""A report of an evaluation as JSON, Markdown and rows for a table; and several of them side by side.

The JSON holds everything needed to repeat it and nothing that changes from run to run. Published figures stand apart,
each with who reported it. Refuses to put figures of different protocols or data in one column. The trade-off: timings
live in a file of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError
from text2svg.evaluate.measure import Measured
from text2svg.evaluate.metrics import Figure
from text2svg.evaluate.protocols import Protocol
from text2svg.evaluate.tasks import Tasks

FORMAT = "text2svg-report-1"
FIGURES, DRAWINGS = "report.json", "drawings.jsonl"


def build_report(protocol: Protocol, tasks: Tasks, measured: Measured, setting: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data. `setting` is generator, seed, renderer, judge, corpus and the like, as the caller knows them."""
    return {
        "format": FORMAT,
        "protocol": {
            "id": protocol.id, "size": protocol.size, "renderer": protocol.renderer, "failures": protocol.failure,
            "source": protocol.source, "meant_for": protocol.data,
        },
        "data": {"name": tasks.name, "sha256": tasks.sha256, "n": len(tasks.tasks), "real_drawings": tasks.referenced},
        **setting,
        "weights": measured.models,
        "figures": {name: figure._asdict() for name, figure in measured.figures.items()},
        "skipped": measured.skipped,
        "categories": _categories(measured),
        "failed": [_failure(r) for r in measured.readings if not r.rendered or r.blank][:50],
    }  # fmt: skip


def _categories(measured: Measured) -> dict[str, dict[str, float]]:
    """Prompts of each category, and the share of them with a picture that is not blank."""
    found: dict[str, list[bool]] = {}
    for reading in measured.readings:
        found.setdefault(reading.answer.task.category or "all", []).append(not reading.blank)
    return {name: {"n": len(flags), "drawn": round(sum(flags) / len(flags), 4)} for name, flags in sorted(found.items())}


def _failure(reading: Any) -> dict[str, str]:
    why = reading.answer.error or ("blank" if reading.rendered else "not parsed" if not reading.parsed else "not rendered")
    return {"id": reading.answer.task.id, "words": reading.answer.task.words, "why": why}


def drawing_lines(measured: Measured) -> str:
    """Every drawing with its facts, one JSON line each."""
    lines = []
    for r in measured.readings:
        record = {
            "id": r.answer.task.id, "words": r.answer.task.words, "style": r.answer.task.style, "svg": r.answer.svg,
            "tokens": r.answer.tokens, "error": r.answer.error, "parsed": r.parsed, "rendered": r.rendered,
            "blank": r.blank, "safe": r.safe, "canonical": r.canonical, "inside": r.inside,
        }  # fmt: skip
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines)


def read_report(path: Path) -> dict[str, Any]:
    """A report file, or the one in a folder. Raises ConfigError."""
    place = path / FIGURES if path.is_dir() else path
    try:
        report: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} holds no report: {error}", hint="text2svg evaluate generator --out FOLDER") from error
    if report.get("format") != FORMAT:
        raise ConfigError(f"{place} is no {FORMAT}", hint="make it again with this version")
    return report


def read_drawings(folder: Path) -> dict[str, dict[str, Any]]:
    """What `drawing_lines` wrote beside a report, by prompt. Raises ConfigError."""
    try:
        lines = (folder / DRAWINGS).read_text(encoding="utf-8").splitlines()
        return {record["id"]: record for record in map(json.loads, lines)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "text2svg evaluate generator --out FOLDER"
        raise ConfigError(f"{folder.name} holds no drawings: {error}", hint=hint) from error


def figure_text(figure: Mapping[str, Any] | Figure | None) -> str:
    """`0.9 [0.85, 0.94]`; empty for no figure."""
    if figure is None:
        return ""
    values = figure if isinstance(figure, Mapping) else figure._asdict()
    return f"{values['value']:g} [{values['low']:g}, {values['high']:g}]"


def judged(report: Mapping[str, Any]) -> dict[str, str]:
    """What the report's judge says of `real` and of `shuffled` drawings of the same prompts; empty without a judge."""
    kinds = {kind: found for kind, found in (report.get("judge") or {}).items() if isinstance(found, Mapping)}
    return {kind: ", ".join(f"{name} {figure_text(f)}" for name, f in found.items()) for kind, found in kinds.items()}


def side_by_side(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, ...]]:
    """Rows of metric and one figure a report, in the order of their protocol. Raises ConfigError for unlike reports."""
    for what in ("protocol", "data"):
        seen = {json.dumps(report[what], sort_keys=True): name for name, report in reports}
        if len(seen) > 1:
            names = " and ".join(list(seen.values())[:2])
            raise ConfigError(f"{names} differ in {what}: their figures cannot stand side by side",
                              hint="repeat one with the other's options")  # fmt: skip
    names = dict.fromkeys(name for _, report in reports for name in report["figures"])
    return [(name, *(figure_text(report["figures"].get(name)) for _, report in reports)) for name in names]


def peers(known: Sequence[Mapping[str, Any]], protocol: str) -> list[Mapping[str, Any]]:
    """Published figures under the same protocol; reported by others, measured by nobody here."""
    name = protocol.rpartition("-")[0]
    return [peer for peer in known if peer["protocol"] == name]


def markdown(report: Mapping[str, Any], definitions: Mapping[str, str], published: Sequence[Mapping[str, Any]]) -> str:
    """The report for people: setting, figures with definitions, what is missing and why, and what others reported."""
    data, about = report["data"], report["protocol"]
    lines = [
        f"# {about['id']}: {report['generator']['name']}", "",
        f"{data['n']} prompts of `{data['name']}` (sha256 {data['sha256'][:12]}), seed {report['seed']}, renderer "
        f"{report['renderer']['name']} {report['renderer']['version']}, {about['size']} px on white. A failure "
        f"{about['failures']}. Intervals are 95 % bootstrap over prompts.", "",
        *(f"- {note}" for note in report.get("notes", ())), "",
        "| figure | value [95 %] | n | definition |", "|---|---|---|---|",
        *(f"| {k} | {figure_text(f)} | {f['n']} | {definitions.get(k, '')} |" for k, f in report["figures"].items()),
    ]  # fmt: skip
    lines += [line for kind, text in judged(report).items() for line in ("", f"The judge on {kind} drawings: {text}.")]
    if report["skipped"]:
        lines += ["", "Not computed:", "", *(f"- {name}: {why}" for name, why in report["skipped"].items())]
    if published:
        lines += ["", "Reported by others, on their data and not measured here:", ""]
        lines += [f"- {p['system']} ({p['data']}): {_values(p)}; reported by {p['reported_by']}" for p in published]
    return "\n".join(lines) + "\n"


def _values(peer: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in peer["figures"].items())
