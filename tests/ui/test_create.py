"""Create in a browser: candidates stream side by side, stop frees the engine, one is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from text2svg.svg.sanitize import sanitize

STAGE = "#create-stage .t2s"
PROMPT = "#create-prompt textarea"
COUNT_FRAMES = """() => {
  window.frames_seen = [0, 0, 0, 0];
  document.querySelectorAll('.t2s-card img').forEach((image, index) => new MutationObserver(() => {
    window.frames_seen[index] += 1;
  }).observe(image, { attributes: true, attributeFilter: ['src'] }));
}"""


def _draw(page: Any, words: str, state: str = "done") -> None:
    page.fill(PROMPT, words)
    page.click("#create-go")
    page.wait_for_selector(f"{STAGE}[data-state={state}]")


def _states(page: Any) -> list[str]:
    return page.eval_on_selector_all(".t2s-card", "cards => cards.map(one => one.dataset.state)")


def test_candidates_stream_and_one_is_downloaded(visit: Callable[..., Any]) -> None:
    page = visit()
    page.evaluate(COUNT_FRAMES)
    _draw(page, "red heart")
    assert _states(page) == ["done"] * 4
    seen = page.evaluate("window.frames_seen")
    assert min(seen) >= 2, f"every candidate must grow, not appear: {seen}"
    assert max(seen) >= 4, f"strokes must arrive one after the other: {seen}"
    assert all(
        source.startswith("data:image/svg+xml,")
        for source in page.eval_on_selector_all(".t2s-card img", "all => all.map(one => one.src)")
    )

    page.click('.t2s-card[data-index="1"]')
    assert page.inner_text(".t2s-sub") == "Drawing 2 of 4"
    with page.expect_download() as waiting:
        page.click('.t2s-detail [data-act="act.svg"]')
    assert waiting.value.suggested_filename == "red-heart-2.svg"
    text = waiting.value.path().read_text(encoding="utf-8")
    assert sanitize(text).removed == ()
    assert text.replace("><", ">\n<") == page.inner_text(".t2s-detail code")

    with page.expect_download() as waiting:
        page.click('.t2s-detail [data-act="act.png"]')
    data = waiting.value.path().read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 1024


def test_stop_keeps_what_is_drawn_and_frees_the_engine(
    visit: Callable[..., Any], closed: Callable[[], list[str]]
) -> None:
    page = visit()
    before = len(closed())
    _draw(page, "slow", state="running")
    page.wait_for_selector('.t2s-card[data-state="drawing"]')
    assert not page.is_visible("#create-go")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{STAGE}[data-state=stopped]")
    assert set(_states(page)) <= {"stopped", "done"}
    _until(lambda: len(closed()) > before)
    assert page.is_visible("#create-go")
    assert page.is_visible(".t2s-detail"), "what was drawn so far can be kept"
    _draw(page, "fast rocket")
    assert _states(page) == ["done"] * 4, "the engine draws again after a stop"


def test_closing_the_tab_frees_the_engine(visit: Callable[..., Any], closed: Callable[[], list[str]]) -> None:
    page = visit()
    before = len(closed())
    _draw(page, "slow", state="running")
    page.wait_for_selector('.t2s-card[data-state="drawing"]')
    page.close()
    _until(lambda: len(closed()) > before)


def _until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the engine was not freed"
        time.sleep(0.1)


def test_an_invalid_candidate_says_why_and_a_failed_engine_says_what_to_do(
    visit: Callable[..., Any],
) -> None:
    page = visit()
    _draw(page, "broken")
    assert _states(page) == ["done", "invalid", "done", "done"]
    assert "not valid" in page.inner_text('.t2s-card[data-index="1"]')
    page.click('.t2s-card[data-index="2"]')
    assert "cut short" in page.inner_text(".t2s-detail .t2s-list"), "a drawing cut short says so"
    _draw(page, "offline", state="error")
    assert "cannot be reached" in page.inner_text(".t2s-notice")
    assert "text2svg serve" in page.inner_text(".t2s-notice")
    _draw(page, "   ", state="error")
    assert "Write a few words" in page.inner_text(".t2s-notice")


def test_keys_count_and_settings(visit: Callable[..., Any]) -> None:
    page = visit()
    page.click("#create-count label:has-text('2')")
    page.click("#create-style label:has-text('Filled')")
    page.fill("#create-seed input", "77")
    page.fill(PROMPT, "star")
    page.wait_for_function("document.querySelector('[data-testid=counter]').textContent === '4 / 300'")
    page.focus(PROMPT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    assert _states(page) == ["done", "done"]
    assert "77" in page.inner_text(".t2s-detail .t2s-facts")
    page.click("h1")
    page.keyboard.press("2")
    assert page.inner_text(".t2s-sub") == "Drawing 2 of 2"
    page.focus(PROMPT)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{STAGE}[data-state=running]")
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    page.fill(PROMPT, "x" * 400)
    assert len(page.input_value(PROMPT)) == 300


def test_example_optimize_here_and_find_similar(visit: Callable[..., Any]) -> None:
    page = visit()
    page.click(".t2s-chip:has-text('rocket')")
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    assert page.input_value(PROMPT) == "rocket"
    assert page.is_checked("#create-style label:has-text('Filled') input")
    page.click('.t2s-detail [data-act="act.optimize"]')
    page.wait_for_selector("#create-compare .t2s[data-state=done]")
    assert page.is_visible("#create-compare [data-testid=saved]")
    page.click('.t2s-card[data-index="1"]')
    assert page.locator("#create-compare [data-testid=saved]").count() == 0
    page.click('.t2s-card[data-index="0"]')
    page.click('.t2s-detail [data-act="act.similar"]')
    page.wait_for_selector("#explore-gallery .t2s-asked img")
    assert page.inner_text(".t2s-found").strip() == "Nearest to this drawing"
    assert "rocket" in page.inner_text(".t2s-tile >> nth=0")


def test_a_full_queue_and_a_defect_give_the_button_back(visit: Callable[..., Any]) -> None:
    page = visit()
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, body='{"detail": "Queue is full."}'))
    page.fill(PROMPT, "heart")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s-notice")
    page.wait_for_selector("#create-go", state="visible")
    page.unroute("**/queue/join*")
    page.fill(PROMPT, "defect")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s-notice:has-text('Something went wrong')")
    page.wait_for_selector("#create-go", state="visible")
    _draw(page, "fast rocket")
    assert _states(page) == ["done"] * 4
