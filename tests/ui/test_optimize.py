"""Optimize in a browser: paste or upload, before and after, and what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CODE = "#optimize-code textarea"
OUT = "#optimize-compare .t2s"
SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 512 512">'
    '<g transform="translate(0,0)"><path style="fill:#ff0000" d="M 64.0000 64.0000 L 448.0000 64.0000 '
    'L 448.0000 448.0000 L 64.0000 448.0000 Z"/></g>{extra}</svg>'
)
BOMB_LEVELS = 7


def _open(visit: Callable[..., Any], **options: Any) -> Any:
    page = visit(**options)
    page.click("#tab-optimize-button")
    page.wait_for_selector(CODE)
    return page


def _run(page: Any, text: str, state: str = "done") -> None:
    page.fill(CODE, text)
    page.click("#optimize-go")
    page.wait_for_selector(f"{OUT}[data-state={state}]")


def test_paste_gives_before_and_after_with_sizes(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    raw = SQUARE.format(extra="<metadata>a drawing program talks</metadata>")
    _run(page, raw)
    shown = page.inner_text(OUT)
    assert f"{len(raw.encode())} B →" in shown
    assert float(page.inner_text("[data-testid=saved]").rstrip(" %")) > 40
    assert "Kept as" in shown
    assert "Brotli" in shown
    assert page.locator(f"{OUT} .t2s-pair img").count() == 2
    with page.expect_download() as waiting:
        page.click(f'{OUT} [data-act="act.svg"]')
    text = waiting.value.path().read_text(encoding="utf-8")
    assert len(text) < len(raw) / 2
    page.click("[data-mode=split]")
    page.wait_for_selector(f"{OUT} .t2s-cut img")
    page.fill(f"{OUT} .t2s-knob", "25")
    assert page.evaluate("document.querySelector('.t2s-split .t2s-big').style.getPropertyValue('--cut')") == "25%"
    page.click("[data-mode=diff]")
    page.wait_for_selector("[data-testid=pixels]:has-text('0 of 262,144')")
    page.click(f"{OUT} [data-zoom='+']")
    page.wait_for_selector(f"{OUT} .t2s-canvas[data-zoomed=true]")
    page.click("#optimize-groups label:has-text('256 grid')")
    page.wait_for_selector(f"{OUT}:has-text('its own units')")
    page.click("[data-act='optimize.undo']")
    page.wait_for_selector("#optimize-groups label:has-text('256 grid') input:checked", state="attached")
    page.wait_for_selector(f"{OUT}:has-text('decimal')")
    page.click("[data-act='optimize.redo']")
    page.wait_for_selector(f"{OUT}:has-text('its own units')")
    page.click("[data-act='optimize.reset']")
    page.wait_for_selector("#optimize-groups label:has-text('256 grid') input:checked", state="attached")
    page.click("#optimize-profile label:has-text('Whole numbers')")
    page.wait_for_selector(f"{OUT}:has-text('whole numbers')")


def test_upload_sample_and_what_is_left_out(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = _open(visit)
    page.click("#optimize-sample")
    page.wait_for_selector(f"{OUT}[data-state=done]")
    file = tmp_path / "<img src=x onerror=window.__x=1>.svg"
    file.write_text(SQUARE.format(extra="<script>window.__x=1</script>"), encoding="utf-8")
    page.set_input_files("#optimize-in input[type=file]", str(file))
    page.wait_for_function("document.querySelector('#optimize-code textarea').value.includes('script')")
    page.wait_for_function("document.querySelector('#optimize-compare').innerText.includes('Left out')")
    assert "script" not in page.inner_text(f"{OUT} code")
    assert page.evaluate("window.__x") is None


def test_bombs_and_nonsense_are_refused_before_preview(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    levels = "".join(f'<g id="l{n + 1}">' + f'<use href="#l{n}"/>' * 10 + "</g>" for n in range(BOMB_LEVELS))
    bomb = (
        f'<svg xmlns="http://www.w3.org/2000/svg"><defs><rect id="l0" width="1" height="1"/>{levels}'
        f'</defs><use href="#l{BOMB_LEVELS}"/></svg>'
    )
    _run(page, bomb, state="error")
    assert "too large" in page.inner_text(f"{OUT} .t2s-notice")
    assert page.locator(f"{OUT} img").count() == 0
    _run(page, "no drawing at all", state="error")
    page.wait_for_function("document.querySelector('#optimize-compare').innerText.includes('not SVG')")
    _run(page, SQUARE.format(extra=f"<desc>{'a' * 210_000}</desc>"), state="error")
    page.wait_for_function("document.querySelector('#optimize-compare').innerText.includes('200,000')")


def test_several_files_become_a_table_and_a_zip(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = _open(visit)
    files = {
        "one.svg": SQUARE.format(extra=""),
        "two.svg": SQUARE.format(extra="<title>two</title>"),
        "bad.svg": "nonsense",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    page.set_input_files("#optimize-in input[type=file]", [str(tmp_path / name) for name in files])
    page.wait_for_selector(f"{OUT}[data-state=many]")
    shown = page.inner_text(f"{OUT} table")
    assert "not SVG" in shown
    assert shown.count("%") == 2
    with page.expect_download() as waiting:
        page.click(f'{OUT} [data-act="batch.zip"]')
    with zipfile.ZipFile(waiting.value.path()) as archive:
        assert archive.namelist() == ["one.svg", "two.svg"]


def test_undo_brings_back_the_drawing_before(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    assert page.is_disabled("[data-act='optimize.undo']")
    first, second = SQUARE.format(extra="<title>one</title>"), SQUARE.format(extra="<title>two</title>")
    for text in (first, second):
        _run(page, text)
        page.wait_for_function(
            "([css, part]) => document.querySelector(css).innerText.includes(part)", arg=[f"{OUT} code", text[-14:-6]]
        )
    page.click("[data-act='optimize.undo']")
    page.wait_for_function("([css, text]) => document.querySelector(css).value === text", arg=[CODE, first])
    page.wait_for_selector(f"{OUT} code:has-text('one')")
    assert page.is_disabled("[data-act='optimize.undo']")
    page.click("[data-act='optimize.redo']")
    page.wait_for_function("([css, text]) => document.querySelector(css).value === text", arg=[CODE, second])
    assert page.is_disabled("[data-act='optimize.redo']")
