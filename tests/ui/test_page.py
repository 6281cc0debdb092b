"""The page as a whole: hostile text stays text, nothing overflows a phone, Russian, dark, and pictures to look at."""

from __future__ import annotations

import os
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
SERIOUS = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' ')}`);
}"""
AXE_HOMES = ("node_modules", "~/.cache/text2svg/axe/node_modules", "/usr/lib/node_modules", "/usr/local/lib/node_modules")
"""Where a local install of axe-core may lie; nothing is fetched by a test."""


def _axe() -> str:
    """The text of axe-core, empty when it is not installed."""
    homes = [Path(os.environ["AXE"])] if "AXE" in os.environ else []
    homes += [Path(home).expanduser() / "axe-core" / "axe.min.js" for home in AXE_HOMES]
    return next((path.read_text(encoding="utf-8") for path in homes if path.is_file()), "")


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


@pytest.mark.parametrize(("width", "scheme", "locale"), [(1280, "light", "en-US"), (390, "dark", "ru-RU")])
def test_every_tab_fits_is_pictured_and_accessible(
    visit: Callable[..., Any], shots: Path, width: int, scheme: str, locale: str
) -> None:
    axe = _axe()
    page = visit(width, 844 if width == 390 else 860, color_scheme=scheme, locale=locale)
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
        if axe:
            page.evaluate(axe)
            assert page.evaluate(SERIOUS) == [], tab
    if not axe:
        pytest.skip("axe-core is not installed: npm install axe-core in the cache, or set AXE to its axe.min.js")


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
