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
PLACES = ("first", "create", "optimize", "explore", "map", "measure")
SERIOUS = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' ')}`);
}"""


def _untouched(page: Any) -> None:
    assert page.evaluate("window.__x") is None
    assert page.evaluate("document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0


def test_hostile_text_stays_text_in_every_field(visit: Callable[..., Any]) -> None:
    page = visit()
    everything = " ".join(HOSTILE)
    for text in (everything[:290], HOSTILE[1], HOSTILE[3]):
        page.fill("#create-prompt textarea", text)
        page.click("#create-go")
        page.wait_for_function(
            "text => document.querySelector('.t2s-side h2')?.textContent === text", arg=" ".join(text.split())
        )
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

    page.click("#tab-measure-button")
    page.wait_for_selector("#measure-board .t2s[data-state=done] [data-testid=sheet]")
    page.click("[data-report=hostile]")
    page.wait_for_function("document.querySelector('[data-testid=figures]').innerText.includes('onerror')")
    notes = page.locator("#measure-board .t2s-warning").all_inner_texts()
    assert any("onerror" in note for note in notes), "a report's own note"
    for name in ("bundled", "nearest-caption", "random-drawing"):
        page.click(f"[data-report={name}]")
    page.wait_for_function("document.querySelector('[data-testid=sheet]').innerText.includes('onerror')")
    _untouched(page)


@pytest.mark.parametrize("locale", ["en-US", "ru-RU"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_tab_fits_is_pictured_and_accessible(
    visit: Callable[..., Any], shots: Path, axe: str, width: int, scheme: str, locale: str
) -> None:
    page = visit(width, 844 if width == 390 else 860, color_scheme=scheme, locale=locale)
    page.wait_for_selector('[data-kind="composed"] .t2s-card[data-state=example]')
    for place in PLACES:
        _go(page, place)
        page.wait_for_timeout(150)
        page.screenshot(path=shots / f"{place}-{width}-{scheme}-{locale[:2]}.png", full_page=True)
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{place} is {over} px wider than the {width} px screen"
        clipped = page.evaluate(
            "() => [...document.querySelectorAll('#create-style label, .t2s-act, #optimize-profile label')]"
            ".filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.innerText)"
        )
        assert clipped == []
        page.evaluate(axe)
        assert page.evaluate(SERIOUS) == [], place


def _go(page: Any, place: str) -> None:
    """Opens a tab, or brings it into the state that a visitor works in."""
    if place == "create":
        page.fill("#create-prompt textarea", "red rocket")
        page.click("#create-go")
        page.wait_for_selector("#create-stage .t2s[data-state=done]")
        page.wait_for_selector("[data-kind=composed][data-state=done]")
        page.wait_for_selector("[data-testid=kin][data-state=done]")
    elif place == "optimize":
        page.click("#tab-optimize-button")
        page.click("#optimize-sample")
        page.wait_for_selector("#optimize-compare .t2s[data-state=done]")
    elif place == "explore":
        page.click("#tab-explore-button")
        page.click(".t2s-tile >> nth=1")
        page.wait_for_selector(".t2s-opened")
    elif place == "map":
        page.click("[data-close]")
        page.click("[data-act='map.map']")
        page.wait_for_selector("[data-testid=map][data-state=done] .t2s-spot")
    elif place == "measure":
        page.click("#tab-measure-button")
        page.wait_for_selector("#measure-board .t2s[data-state=done] [data-testid=sheet] img")


def test_russian_and_a_dark_page_that_is_remembered(visit: Callable[..., Any], server: str) -> None:
    page = visit(locale="ru-RU")
    page.wait_for_selector("#tab-create-button:has-text('Рисовать')")
    assert page.inner_text("#create-go") == "Рисовать"
    assert "Контур" in page.inner_text("#create-style")
    assert "Стиль" in page.inner_text("#create-style")
    page.fill("#create-prompt textarea", "heart")
    page.click("#create-go")
    page.wait_for_selector("#create-stage .t2s[data-state=done]")
    assert "Скачать SVG" in page.inner_text(".t2s-detail")
    page.click(".t2s-theme")
    page.wait_for_selector("body.dark")
    page.click('[data-language="en"]')
    page.wait_for_selector("#tab-create-button:has-text('Create')")
    page.wait_for_selector("body.dark", state="attached")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.wait_for_selector("#create-stage .t2s[data-state=done]")
    assert page.inner_text(".t2s-side h2") == "heart", "the drawing is still there"
