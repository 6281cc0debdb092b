"""Each reason why a found drawing is no icon, icons that stay, and the stage that counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from text2svg.curate.looks import Bounds, seen_reason, written_reason
from text2svg.curate.step import CurateStep
from text2svg.executor import load
from text2svg.pipeline import import_samples, run
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store

ICON = '<path d="M4 4h9v9z"/>'
RDF = '<metadata><cc:license rdf:resource="https://creativecommons.org/licenses/by-nc/4.0/"/></metadata>'
QR = "".join(f'<rect x="{n % 25}" y="{n // 25}" width="1" height="1"/>' for n in range(0, 600, 2))


def svg(body: str, attributes: str = 'viewBox="0 0 24 24"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'


def sample(raw: str, licence: str = "MIT") -> Sample:
    return Sample(digest_of(raw), raw, Provenance("url", licence=licence))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (svg(ICON), ""),
        (svg(ICON, 'width="24px" height="24"'), ""),
        (svg(ICON, 'width="1" height="100" viewBox="0 0 9 9"'), ""),
        (svg(ICON + "<text>Sale</text>"), ""),
        (svg('<rect width="3" height="1"/><rect y="1" width="3" height="1"/>', 'viewBox="0 0 3 2"'), ""),
        (svg(""), "blank"),
        (svg("<g/>"), "blank"),
        (svg("<text>Sale</text>"), "text-only"),
        (svg('<image href="a.png"/>' + ICON), "raster"),
        (svg("<foreignObject/>" + ICON), "raster"),
        (svg('<filter><feImage href="a.png"/></filter>' + ICON), "raster"),
        (svg('<path d="M0 0h1v1z"/>', 'width="1" height="1"'), "tracking-pixel"),
        (svg(ICON, "width='1px' height='1px' viewBox='0 0 9 9'"), "tracking-pixel"),
        (svg(ICON + f"<text>{'words ' * 30}</text>"), "document"),
        (svg('<g data-mml-node="math">' + ICON + "</g>"), "formula"),
        (svg('<g class="highcharts-axis">' + ICON + "</g>"), "chart"),
        (svg('<g class="recharts-layer">' + ICON + "</g>"), "chart"),
        (svg(ICON, 'viewBox="0 0 1440 120" preserveAspectRatio="none"'), "strip"),
        (svg(ICON, 'width="900" height="20"'), "strip"),
        (svg(QR, 'viewBox="0 0 25 25"'), "qr-code"),
        (svg('<path d="' + "M1 1h1v1h-1z" * 200 + '"/>'), "qr-code"),
        (svg(f'<path d="M1 1{"h1" * 17_000}"/>'), "too-large"),
        (svg(ICON, 'width="." height="1.2.3"'), ""),
        ("", "blank"),
    ],
)
def test_what_the_text_says(raw: str, reason: str) -> None:
    assert written_reason(raw) == reason


def test_the_bounds_are_the_callers() -> None:
    assert written_reason(svg(ICON), Bounds(max_bytes=20)) == "too-large"
    assert written_reason(svg(ICON, 'viewBox="0 0 30 10"'), Bounds(max_aspect=2)) == "strip"


def picture(color: tuple[int, int, int, int], side: int = 32, size: int = 32) -> np.ndarray:
    pixels = np.zeros((size, size, 4), np.uint8)
    pixels[:side, :side] = color
    return pixels


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (picture((0, 0, 0, 255), 9), ""),
        (picture((200, 0, 0, 255), 9), ""),
        (picture((0, 0, 0, 0)), "blank"),
        (picture((0, 0, 0, 10)), "blank"),
        (picture((0, 0, 0, 255), 1), "speck"),
        (picture((255, 255, 255, 255), 9), "white"),
        (picture((9, 9, 200, 255)), "solid"),
        (picture((9, 9, 200, 255), 31), ""),
    ],
)
def test_what_the_picture_says(pixels: np.ndarray, reason: str) -> None:
    assert seen_reason(pixels) == reason


def test_the_stage_counts_every_row_once_and_goes_on(tmp_path: Path) -> None:
    rows = [
        svg(ICON), svg('<path d="M9 9h999v999z"/>', 'viewBox="0 0 1536 1568"'), svg('<path d="M90 90h9v9z"/>'),
        svg('<path fill="#fff" d="M4 4h9v9z"/>'),
        svg('<path d="M-1-1h99v99h-99z"/>'), svg(""), svg(RDF + ICON), svg("<text>x</text>"), "<svg><path",
    ]  # fmt: skip
    with Store.create(tmp_path / "store") as store:
        import_samples(store, [("a", map(sample, rows))], {}, shard_rows=5)
        done = run(store, CurateStep(rasterizer="resvg"), load("serial"))
        found = {(c.reason or c.status): c.rows for c in store.funnel() if c.stage == "curate"}
        assert found == {
            "ok": 2, "blank": 2, "white": 1, "solid": 1, "licence:contradicted": 1, "text-only": 1, "not-well-formed": 1,
        }  # fmt: skip
        assert (done.ok, done.dropped, done.failed) == (2, 7, 0)
        again = run(store, CurateStep(rasterizer="resvg"), load("serial"))
        assert (again.reused, again.rows) == (2, 9)
        assert [s.raw for s in store.iter_samples("curate")] == rows[:2]


def test_the_optimized_text_is_the_one_that_is_seen() -> None:
    with CurateStep(rasterizer="resvg").open() as call:
        row = replace(sample(svg("<path/>")), optimized=svg(ICON))
        assert call(row) is row
    with CurateStep(size=0).open() as call:
        assert call(sample(svg('<path d="M90 90h9v9z"/>'))).raw
