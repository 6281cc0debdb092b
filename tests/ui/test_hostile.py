"""The hostile drawings in a browser, pasted, uploaded, edited and searched by: nothing runs, is fetched or hangs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.svg.test_sanitize_browser import LeakServer

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "svg" / "hostile.json").read_text(encoding="utf-8"))


@pytest.fixture
def leaks() -> Iterator[LeakServer]:
    """Where hostile drawings want to be read from; a page that asks it also fails the visit."""
    server = LeakServer()
    yield server
    server.close()
    assert server.leaks == []


def _aimed(server: LeakServer) -> dict[str, str]:
    return {one["name"]: one["svg"].replace("127.0.0.1:9911", server.address) for one in VECTORS}


def _nothing_ran(page: Any) -> None:
    assert page.evaluate("window.__x") is None
    inline = "document.querySelectorAll('.t2s svg, .t2s script, .t2s iframe, .t2s foreignObject').length"
    assert page.evaluate(inline) == 0, "a drawing reaches the page as a picture only"


def test_uploaded_together(visit: Callable[..., Any], leaks: LeakServer, tmp_path: Path) -> None:
    page = visit()
    for name, svg in _aimed(leaks).items():
        (tmp_path / f"{name}.svg").write_text(svg, encoding="utf-8")
    page.click("#tab-optimize-button")
    page.set_input_files("#optimize-in input[type=file]", sorted(str(path) for path in tmp_path.glob("*.svg")))
    page.wait_for_selector("#optimize-compare .t2s[data-state=many]", timeout=300_000)
    shown = page.inner_text("#optimize-compare table")
    assert shown.count("\n") >= len(VECTORS) - 1
    assert "…" not in shown, "every file has an outcome"
    _nothing_ran(page)


def test_uploaded_to_search_by(visit: Callable[..., Any], leaks: LeakServer, tmp_path: Path) -> None:
    page = visit()
    page.click("#tab-explore-button")
    page.wait_for_selector(".t2s-tile")
    page.click("#explore-drawing > button")
    for name in ("use_ext", "style_import", "fo_img_onerror", "use_bomb"):
        svg = _aimed(leaks).get(name)
        if svg is None:
            continue
        file = tmp_path / f"{name}.svg"
        file.write_text(svg, encoding="utf-8")
        page.set_input_files("#explore-upload input[type=file], #explore-drawing input[type=file]", str(file))
        page.wait_for_function("text => document.querySelector('#explore-code textarea').value === text", arg=svg)
        page.wait_for_selector("#explore-gallery .t2s-asked img, #explore-gallery .t2s-notice")
    _nothing_ran(page)


@pytest.mark.slow
def test_pasted_one_by_one(visit: Callable[..., Any], leaks: LeakServer) -> None:
    page = visit()
    page.fill("#create-prompt textarea", "fast rocket")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s[data-state=done]")
    code = ".t2s-detail [data-testid=code]"
    drawings = _aimed(leaks)
    for svg in drawings.values():
        with page.expect_response("**/api/v1/clean"):
            page.fill(code, svg)
        page.wait_for_timeout(30)
    _nothing_ran(page)
    page.click("#tab-optimize-button")
    for name, svg in drawings.items():
        page.evaluate("document.querySelector('#optimize-compare .t2s').dataset.state = 'asked'")
        page.fill("#optimize-code textarea", svg)
        page.click("#optimize-go")
        page.wait_for_selector("#optimize-compare .t2s[data-state=done], #optimize-compare .t2s[data-state=error]")
        if name == "use_bomb":
            assert page.get_attribute("#optimize-compare .t2s", "data-state") == "error"
            assert page.locator("#optimize-compare img").count() == 0
    _nothing_ran(page)
