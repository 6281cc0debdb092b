"""The page as a whole: hostile text stays text, nothing overflows a phone, Russian, dark, and pictures to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HOSTILE = (
    "${window.__x=1}",
    "{{constructor.constructor('window.__x=1')()}}",
    "`;window.__x=1;`",
    "<img src=x onerror='window.__x=1'>",
    "</script><script>window.__x=1</script>",
    '"><svg onload=window.__x=1>',
)
TABS = ("create", "optimize", "explore")


def _untouched(page: Any) -> None:
    assert page.evaluate("window.__x") is None
    assert page.evaluate("document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0


def test_hostile_text_stays_text_in_every_field(visit: Callable[..., Any]) -> None:
    page = visit()
    everything = " ".join(HOSTILE)
    for text in (everything[:290], HOSTILE[1], HOSTILE[3]):
        page.fill("#create-prompt textarea", text)
        page.click("#create-go")
        page.wait_for_selector("#create-stage .t2s[data-state=running]")
        page.wait_for_selector("#create-stage .t2s[data-state=done]")
        assert page.inner_text(".t2s-side h2") == " ".join(text.split())
    _untouched(page)

    page.click("#tab-optimize-button")
    page.fill("#optimize-code textarea", f"<svg xmlns='http://www.w3.org/2000/svg'><x-{HOSTILE[3]}")
    page.click("#optimize-go")
    page.wait_for_selector("#optimize-compare .t2s[data-state=error]")
    body = "".join(f"<text>{text}</text>" for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2]))
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{body}<path d='M1 1h5v5z'/></svg>"
    page.fill("#optimize-code textarea", drawing)
    page.click("#optimize-go")
    page.wait_for_selector("#optimize-compare .t2s[data-state=done]")
    _untouched(page)

    page.click("#tab-explore-button")
    page.fill("#explore-words textarea, #explore-words input", everything[:290])
    page.click("#explore-go")
    page.wait_for_function("document.querySelector('.t2s-found').innerText.includes('window.__x')")
    hostile = page.locator(".t2s-tile:has-text('onerror')")
    hostile.first.click()
    opened = page.inner_text(".t2s-opened")
    assert "${window.__x=1}{{constructor}}`x`<img src=x onerror='window.__x=1'>" in opened
    assert page.locator(".t2s-opened a").count() == 0, "a javascript: source must not become a link"
    page.click('[data-act="act.words"]')
    page.wait_for_function("document.querySelector('#create-prompt textarea').value.includes('onerror')")
    page.wait_for_timeout(300)
    _untouched(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "light"), (1280, "dark")])
def test_every_tab_fits_and_is_pictured(visit: Callable[..., Any], shots: Path, width: int, scheme: str) -> None:
    page = visit(width, 844 if width == 390 else 860, color_scheme=scheme)
    page.fill("#create-prompt textarea", "cloud rain")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s[data-state=done]")
    for tab in TABS:
        page.click(f"#tab-{tab}-button")
        if tab == "optimize":
            page.click("#optimize-sample")
            page.wait_for_selector("#optimize-compare .t2s[data-state=done]")
        if tab == "explore":
            page.wait_for_selector(".t2s-tile")
        page.wait_for_timeout(150)
        page.screenshot(path=shots / f"{tab}-{width}-{scheme}.png", full_page=True)
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{tab} is {over} px wider than the {width} px screen"
        clipped = page.evaluate(
            "() => [...document.querySelectorAll('#create-style label, .t2s-act, #optimize-profile label')]"
            ".filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.innerText)"
        )
        assert clipped == []


def test_russian_and_a_dark_page_that_is_remembered(visit: Callable[..., Any], server: str) -> None:
    page = visit(locale="ru-RU")
    assert page.inner_text("#tab-create-button") == "Рисовать"
    assert page.inner_text("#create-go") == "Рисовать"
    assert "Контур" in page.inner_text("#create-style")
    assert "Стиль" in page.inner_text("#create-style")
    page.fill("#create-prompt textarea", "heart")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s[data-state=done]")
    assert "Скачать SVG" in page.inner_text(".t2s-detail")
    page.click(".t2s-theme")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector(".t2s-card")
    assert page.evaluate("document.body.classList.contains('dark')")
