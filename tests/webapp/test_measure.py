"""Reports for the Measure tab: what ships, what lies in a folder, what is refused, and what is only said by others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from text2svg.errors import StoreError
from text2svg.store.base import Run
from webapp.measure import BUNDLED, SHEET, Reports

SCRIPT = "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script><path d='M0 0h9v9z'/></svg>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a bundled report under another name, one drawing hostile and one failed."""
    out = tmp_path / "mine"
    out.mkdir()
    for name in ("report.json", "drawings.jsonl"):
        (out / name).write_text((BUNDLED / "bundled" / name).read_text(encoding="utf-8"), encoding="utf-8")
    lines = [json.loads(line) for line in (out / "drawings.jsonl").read_text(encoding="utf-8").splitlines()]
    lines[0] |= {"svg": SCRIPT}
    lines[1] |= {"svg": "", "rendered": False, "error": "cut short"}
    (out / "drawings.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return tmp_path


def _change(folder: Path, **changes: Any) -> None:
    path = folder / "mine" / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_what_ships_can_stand_side_by_side() -> None:
    board = Reports().board()
    names = [line.name for line in board.reports]
    assert "bundled" in names
    assert len({line.group for line in board.reports}) == 1
    assert board.notice is None
    view = Reports().compare(names)
    assert view.state == "done"
    by_name = {row.metric: row for row in view.rows}
    assert by_name["r10"].better == "higher"
    assert all(figure and figure["low"] <= figure["value"] <= figure["high"] for figure in by_name["r10"].figures)
    assert (len(view.sheet), view.next) == (SHEET, SHEET)
    assert all(len(row.cells) == len(names) for row in view.sheet)


def test_a_folder_of_reports_is_cleaned_and_paged(folder: Path) -> None:
    reports = Reports([folder])
    assert [line.bundled for line in reports.board().reports if line.name == "mine"] == [False]
    view = reports.compare(["mine", "bundled"])
    assert "script" not in view.sheet[0].cells[0]["svg"]
    assert (view.sheet[1].cells[0]["svg"], view.sheet[1].cells[0]["why"]) == ("", "cut short")
    failed = reports.compare(["mine", "bundled"], failed=True)
    assert view.sheet[1].id in [row.id for row in failed.sheet]
    assert len(failed.sheet) < len(view.sheet)
    last = reports.compare(["mine"], offset=10_000)
    assert (last.sheet, last.next) == ((), 0)


def test_unlike_unknown_and_broken_reports_are_refused(folder: Path) -> None:
    reports = Reports([folder])
    for names in (["../../etc"], [], ["bundled"] * 5):
        assert reports.compare(names).notice.key == "error.config"  # type: ignore[union-attr]
    _change(folder, data={"name": "other", "n": 1, "sha256": "", "real_drawings": False})
    view = reports.compare(["mine", "bundled"])
    assert view.state == "error"
    assert "differ in data" in view.notice.detail  # type: ignore[union-attr]
    (folder / "mine" / "report.json").write_text("{}", encoding="utf-8")
    board = reports.board()
    assert board.notice is not None
    assert "bundled" in [line.name for line in board.reports]


def test_what_others_reported_stands_apart(folder: Path) -> None:
    report = json.loads((folder / "mine" / "report.json").read_text(encoding="utf-8"))
    _change(folder, protocol=report["protocol"] | {"id": "sarena-t2s-2"})
    view = Reports([folder]).compare(["mine"])
    assert len(view.published) > 5
    assert all(peer["reported_by"] for peer in view.published)
    assert not Reports().compare(["bundled"]).published


def test_runs_of_the_store_are_listed() -> None:
    run = Run("evaluate", "core", {}, {"r10": 0.5, "nested": {}}, "2026-01-01T00:00:00Z", 3.0)
    (line,) = Reports(runs=lambda: [run]).board().runs
    assert (line.kind, line.name, line.figures) == ("evaluate", "core", {"r10": 0.5})

    def broken() -> list[Run]:
        raise StoreError("torn")

    assert Reports(runs=broken).board().notice.detail == "torn"  # type: ignore[union-attr]
