"""Measure in a browser: reports chosen and compared, drawings side by side, others' figures apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BOARD = "#measure-board .t2s"


def _open(visit: Callable[..., Any], **options: Any) -> Any:
    page = visit(**options)
    page.click("#tab-measure-button")
    page.wait_for_selector(f"{BOARD}[data-state=done] [data-testid=sheet] img")
    return page


def _columns(page: Any) -> int:
    return page.locator("[data-testid=figures] thead th").count() - 1


def test_reports_are_chosen_and_stand_side_by_side(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    chosen = _columns(page)
    assert chosen == page.locator(".t2s-report[aria-pressed=true]").count() >= 2
    assert "r10 ↑" in page.inner_text("[data-testid=figures]")
    cells = page.locator("[data-testid=sheet] .t2s-prompt >> nth=0").locator(".t2s-paper")
    assert cells.count() == chosen
    page.click(".t2s-report[aria-pressed=true] >> nth=0")
    page.wait_for_function("n => document.querySelectorAll('[data-testid=figures] thead th').length === n", arg=chosen)
    before = page.locator(".t2s-prompt").count()
    page.click("#measure-board [data-act='act.more']")
    page.wait_for_function("n => document.querySelectorAll('.t2s-prompt').length > n", arg=before)
    page.click("[data-act='measure.failed']")
    page.wait_for_selector("[data-act='measure.failed'][aria-pressed=true]")
    page.wait_for_selector(f"{BOARD}[data-state=done]")
    assert page.locator(".t2s-prompt").count() < before


def test_the_last_report_cannot_be_taken_away(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    for _ in range(_columns(page) + 1):
        page.click(".t2s-report[aria-pressed=true] >> nth=0")
        page.wait_for_selector(f"{BOARD}[data-state=done]")
    assert page.locator(".t2s-report[aria-pressed=true]").count() == 1


def test_figures_are_explained_in_russian(visit: Callable[..., Any]) -> None:
    page = visit(locale="ru-RU")
    page.click("#tab-measure-button")
    page.wait_for_selector("[data-testid=figures]")
    rows = "[data-testid=figures] th[scope=row] .t2s-from"
    said = page.eval_on_selector_all(rows, "(all) => all.map((one) => one.innerText)")
    assert "доля правильно записанных SVG, 0..1" in said
    assert [text for text in said if not any("а" <= letter <= "я" for letter in text)] == []
