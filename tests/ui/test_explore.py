"""Explore in a browser: browse, search by words and by drawing, provenance, filters, and on to Create."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus.json"


def _open(visit: Callable[..., Any], **options: Any) -> Any:
    page = visit(**options)
    page.click("#tab-explore-button")
    page.wait_for_selector(".t2s-tile")
    return page


def test_browse_open_and_take_the_words(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    assert page.locator(".t2s-tile").count() == 42
    page.click('[data-act="act.more"]')
    page.wait_for_function("document.querySelectorAll('.t2s-tile').length > 42")
    page.click(".t2s-tile:has-text('camera') >> nth=0")
    opened = page.inner_text(".t2s-opened")
    assert "ISC" in opened
    assert "Lucide Contributors" in opened
    link = page.locator(".t2s-opened a")
    assert link.get_attribute("href") == "https://github.com/lucide-icons/lucide"
    assert "noopener" in link.get_attribute("rel")
    with page.expect_download() as waiting:
        page.click('.t2s-opened [data-act="act.svg"]')
    assert waiting.value.suggested_filename == "camera.svg"
    assert "Lucide Contributors, ISC, https://" in page.inner_text("[data-testid=credit]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".t2s-opened", state="detached")
    page.click(".t2s-tile:has-text('camera') >> nth=0")
    page.click('[data-act="act.words"]')
    page.wait_for_function("document.querySelector('#create-prompt textarea').value === 'camera'")
    page.wait_for_selector("#create-stage", state="visible")
    page.wait_for_selector("#create-style label:has-text('Outline') input:checked", state="attached")


def test_words_and_filters(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    page.fill("#explore-words textarea, #explore-words input", "arrow left")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.t2s-found').innerText.includes('arrow left')")
    assert "arrow left" in page.inner_text(".t2s-tile >> nth=0")
    page.click("#explore-style input")
    page.click("[role=option]:has-text('Filled')")
    page.wait_for_function("document.querySelector('.t2s-tile').innerText.includes('ph')")
    page.click("#explore-collection input")
    page.click("[role=option]:has-text('ph')")
    page.wait_for_function("[...document.querySelectorAll('.t2s-tile')].every((one) => one.innerText.includes('ph'))")
    page.click("#explore-licence input")
    page.click("[role=option]:has-text('ISC')")
    page.wait_for_selector("#explore-gallery .t2s-notice")
    assert "Nothing in the corpus" in page.inner_text("#explore-gallery .t2s-notice")


def test_a_drawing_finds_its_relatives(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    page.click("#explore-drawing > button")
    page.fill("#explore-code textarea", json.loads(CORPUS.read_text(encoding="utf-8"))[0]["svg"])
    page.click("#explore-near")
    page.wait_for_selector(".t2s-asked img")
    assert "heart" in page.inner_text(".t2s-tile >> nth=0")
    page.fill("#explore-words textarea, #explore-words input", "camera")
    page.click("#explore-near")
    page.wait_for_function("document.querySelector('.t2s-found').innerText.includes('this drawing and to “camera”')")
    captions = page.inner_text("#explore-gallery")
    assert "camera" in captions
    assert "heart" in captions
    page.fill("#explore-code textarea", "<svg")
    page.click("#explore-near")
    page.wait_for_selector("#explore-gallery .t2s-notice")
    assert "not SVG" in page.inner_text("#explore-gallery .t2s-notice")


def test_copies_of_a_drawing_are_one_tile_that_says_so(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    page.click("#explore-drawing > button")
    page.fill("#explore-code textarea", json.loads(CORPUS.read_text(encoding="utf-8"))[0]["svg"])
    page.click("#explore-near")
    page.wait_for_selector(".t2s-asked img")
    pictures = page.eval_on_selector_all(".t2s-tile img", "(all) => all.map((one) => one.src)")
    assert len(pictures) == len(set(pictures))
    page.click(".t2s-tile >> nth=0")
    assert "1 more rows hold this drawing" in page.inner_text(".t2s-opened")


def test_the_map_shows_opens_and_zooms(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    page.click("[data-act='map.map']")
    page.wait_for_selector("[data-testid=map][data-state=done] .t2s-spot")
    first = page.locator(".t2s-spot").count()
    assert first >= 3
    page.click(".t2s-spot >> nth=0")
    page.wait_for_selector(".t2s-opened [data-testid=credit]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".t2s-opened", state="detached")
    page.focus(".t2s-atlas")
    page.keyboard.press("+")
    page.wait_for_selector(".t2s-atlas[data-zoomed=true]")
    page.keyboard.press("0")
    page.wait_for_selector(".t2s-atlas[data-zoomed=false]")
    page.click(".t2s-legend button:has-text('Filled')")
    assert page.get_attribute(".t2s-legend button:has-text('Filled')", "aria-pressed") == "false"
    page.click("[data-act='map.list']")
    page.wait_for_selector(".t2s-tile")


def test_who_searches_leaves_the_map(visit: Callable[..., Any]) -> None:
    page = _open(visit)
    page.click("[data-act='map.map']")
    page.wait_for_selector("[data-testid=map]")
    page.fill("#explore-words textarea, #explore-words input", "camera")
    page.keyboard.press("Enter")
    page.wait_for_selector(".t2s-tile:has-text('camera')")
