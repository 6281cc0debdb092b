"""Create in a browser: candidates stream side by side, stop frees the engine, one is kept."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from text2svg.svg.sanitize import sanitize
from webapp.limits import BATCH_ROWS

STAGE = "#create-stage .t2s"
PROMPT = "#create-prompt textarea"
CODE = ".t2s-detail [data-testid=code]"
BIG = ".t2s-detail .t2s-big img"
COUNT_FRAMES = """() => {
  window.frames_seen = Array(8).fill(0);
  new MutationObserver((all) => {
    for (const { target } of all) {
      const card = target.closest('[data-kind=drawn] .t2s-card');
      if (card) window.frames_seen[card.dataset.index] += 1;
    }
  }).observe(document.querySelector('#create-stage'), { subtree: true, attributes: true, attributeFilter: ['src'] });
}"""


def _draw(page: Any, words: str, state: str = "done") -> None:
    page.fill(PROMPT, words)
    _again(page, lambda: page.click("#create-go"), state)


def _again(page: Any, start: Callable[[], Any], state: str = "done") -> None:
    """Starts a run and waits for its state, not for the same state of the run before."""
    before = page.get_attribute(STAGE, "data-run")
    start()
    page.wait_for_selector(f'{STAGE}[data-state={state}]:not([data-run="{before}"])')


def _states(page: Any) -> list[str]:
    return page.eval_on_selector_all("[data-kind=drawn] .t2s-card", "cards => cards.map(one => one.dataset.state)")


def test_candidates_stream_and_one_is_downloaded(visit: Callable[..., Any]) -> None:
    page = visit()
    page.evaluate(COUNT_FRAMES)
    _draw(page, "red heart")
    assert _states(page) == ["done"] * 8
    seen = page.evaluate("window.frames_seen")
    assert min(seen) >= 2, f"every candidate must grow, not appear: {seen}"
    assert max(seen) >= 4, f"strokes must arrive one after the other: {seen}"
    assert all(
        source.startswith("data:image/svg+xml,")
        for source in page.eval_on_selector_all("[data-kind=drawn] .t2s-card img", "all => all.map(one => one.src)")
    )

    page.click('.t2s-card[data-index="1"]')
    assert page.inner_text(".t2s-sub") == "Drawn Drawing 2 of 8"
    with page.expect_download() as waiting:
        page.click('.t2s-detail [data-act="act.svg"]')
    assert waiting.value.suggested_filename == "red-heart-2.svg"
    text = waiting.value.path().read_text(encoding="utf-8")
    assert sanitize(text).removed == ()
    assert text.replace("><", ">\n<") == page.input_value(CODE)

    with page.expect_download() as waiting:
        page.click('.t2s-detail [data-act="act.png"]')
    data = waiting.value.path().read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 1024


def test_the_best_of_eight_lie_first_and_the_others_beside_them(visit: Callable[..., Any]) -> None:
    page = visit()
    _draw(page, "broken")  # candidates 1 and 2 cannot be shown whole
    order = page.eval_on_selector_all("[data-kind=drawn] .t2s-card", "all => all.map(one => Number(one.dataset.index))")
    assert order == [0, 2, 3, 4, 5, 6, 7, 1]
    boxes = [page.locator("[data-kind=drawn] .t2s-card").nth(at).bounding_box() for at in range(8)]
    assert all(box is not None for box in boxes)
    large, small = boxes[0]["width"], boxes[7]["width"]
    assert large > 1.8 * small
    assert boxes[7]["y"] + boxes[7]["height"] <= boxes[0]["y"] + boxes[0]["height"] + 4, (
        "in the height of the large ones"
    )
    page.click("h1")
    page.keyboard.press("2")
    page.wait_for_selector('.t2s-card[data-index="2"][aria-pressed=true]')


def test_stop_keeps_what_is_drawn_and_frees_the_engine(
    visit: Callable[..., Any], closed: Callable[[], list[str]]
) -> None:
    page = visit()
    before = len(closed())
    _draw(page, "slow", state="running")
    page.wait_for_selector('.t2s-card[data-state="drawing"]')
    page.wait_for_selector("#create-go", state="hidden")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{STAGE}[data-state=stopped]")
    assert set(_states(page)) <= {"stopped", "done"}
    _until(lambda: len(closed()) > before)
    page.wait_for_selector("#create-go", state="visible")
    page.wait_for_selector(".t2s-detail", state="visible")  # what was drawn so far can be kept
    _draw(page, "fast rocket")
    assert _states(page) == ["done"] * 8, "the engine draws again after a stop"


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
    assert _states(page) == ["done"] * 7 + ["invalid"], "what is not valid lies last"
    assert "not valid" in page.get_attribute('.t2s-card[data-index="1"]', "title")
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
    _again(page, lambda: page.keyboard.press("Control+Enter"))
    assert _states(page) == ["done", "done"]
    page.wait_for_selector(".t2s-detail .t2s-facts:has-text('77')")
    page.click("h1")
    page.keyboard.press("2")
    page.wait_for_selector(".t2s-sub:has-text('Drawing 2 of 2')")
    page.focus(PROMPT)
    _again(page, lambda: page.keyboard.press("Enter"))
    page.fill(PROMPT, "x" * 400)
    assert len(page.input_value(PROMPT)) == 300


def test_example_optimize_here_and_find_similar(visit: Callable[..., Any]) -> None:
    page = visit()
    page.click(".t2s-chip:has-text('star')")
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    assert page.input_value(PROMPT) == "star"
    page.wait_for_selector("#create-style label:has-text('Filled') input:checked", state="attached")
    page.click('.t2s-detail [data-act="act.optimize"]')
    page.wait_for_selector("#create-compare .t2s[data-state=done]")
    page.wait_for_selector("#create-compare [data-testid=saved]", state="visible")
    page.click('.t2s-card[data-index="1"]')
    assert page.locator("#create-compare [data-testid=saved]").count() == 0
    page.click('.t2s-card[data-index="0"]')
    page.click('.t2s-detail [data-act="act.similar"]')
    page.wait_for_selector("#explore-gallery .t2s-asked img")
    assert page.inner_text(".t2s-found").strip() == "Nearest to this drawing"
    assert "star" in page.inner_text(".t2s-tile >> nth=0")


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
    assert _states(page) == ["done"] * 8


def _shown(page: Any, text: str) -> None:
    code = "([css, text]) => decodeURIComponent(document.querySelector(css).src).includes(text)"
    page.wait_for_function(code, arg=[BIG, text])


def _copied(page: Any, entry: str) -> str:
    page.click('.t2s-detail [data-menu="act.copy"] > summary')
    page.click(f'.t2s-detail [data-act="{entry}"]')
    page.wait_for_selector(f'.t2s-detail [data-act="{entry}"]:has-text("Copied")', state="attached")
    page.click("h1")
    return page.evaluate("navigator.clipboard.readText()")


def test_a_drawing_is_recoloured_edited_zoomed_and_taken_away(visit: Callable[..., Any]) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    _draw(page, "fast rocket")
    first = page.input_value(CODE)
    page.locator(".t2s-detail .t2s-swatch input").first.fill("#12ab34")
    _shown(page, "#12ab34")
    assert "#12ab34" in page.input_value(CODE)
    page.click("[data-palette=sea]")
    _shown(page, "#1f6feb")
    assert "#12ab34" not in page.input_value(CODE)
    page.click('[data-act="colour.current"]')
    _shown(page, "currentColor")

    script = "<script>window.__x=1</script>"
    page.fill(CODE, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{script}<path d="M1 2h6v5z"/></svg>')
    _shown(page, "M1 2h6v5z")
    assert "script" not in page.get_attribute(BIG, "src")
    page.wait_for_selector('[data-fact="fact.brotli"]', state="visible")
    page.fill(CODE, "<svg><path")
    page.wait_for_selector(".t2s-detail .t2s-said .t2s-notice:has-text('not SVG')")
    _shown(page, "M1 2h6v5z")

    assert _copied(page, "copy.uri").startswith("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'")
    assert _copied(page, "copy.css").startswith(".fast-rocket-")
    jsx = _copied(page, "copy.jsx")
    assert jsx.startswith("export const FastRocket")
    assert '{...props}><path d="M1 2h6v5z" /></svg>' in jsx
    page.click('[data-act="edit.reset"]')
    page.wait_for_function("([css, text]) => document.querySelector(css).value === text", arg=[CODE, first])

    page.focus(".t2s-detail .t2s-canvas")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_selector(".t2s-detail .t2s-level:has-text('196 %')", state="attached")
    page.keyboard.press("0")
    page.wait_for_selector('.t2s-detail .t2s-canvas[data-zoomed="false"]')
    page.click('.t2s-detail [data-set-ground="dark"]')
    assert page.evaluate("document.documentElement.dataset.ground") == "dark"

    status = json.loads(page.evaluate("fetch('api/v1/status').then((answer) => answer.text())"))
    if status["pdf"]:
        page.click('.t2s-detail [data-act="act.pdf"]')
        page.wait_for_selector(".t2s-detail .t2s-notice:has-text('libcairo2')")
    else:
        with page.expect_download() as waiting:
            page.click('.t2s-detail [data-act="act.pdf"]')
        assert waiting.value.path().read_bytes()[:5] == b"%PDF-"


def test_a_link_draws_the_same_and_history_stays_in_the_browser(visit: Callable[..., Any]) -> None:
    page = visit()
    page.click("#create-count label:has-text('2')")
    page.fill("#create-seed input", "41")
    _draw(page, "fast rocket")
    page.wait_for_function("location.search.includes('seed=41')")
    assert "q=fast+rocket" in page.url
    assert "n=2" in page.url
    code = page.input_value(CODE)
    page.reload()
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    page.wait_for_function("([css, text]) => document.querySelector(css).value === text", arg=[CODE, code])
    assert page.input_value(PROMPT) == "fast rocket"
    _draw(page, "camera")
    page.wait_for_selector("#create-recent .t2s-small:has-text('camera')")
    assert page.locator("#create-recent .t2s-small").count() == 2, "the link drew what was there already"
    page.click("#create-recent .t2s-small:has-text('rocket')")
    page.wait_for_selector(".t2s-side h2:has-text('fast rocket')")
    page.wait_for_function("([css, text]) => document.querySelector(css).value === text", arg=[PROMPT, "fast rocket"])
    page.click('[data-act="recent.clear"]')
    page.wait_for_selector("#create-recent .t2s-small", state="detached")
    assert page.evaluate("localStorage.getItem('text2svg:history')") is None


def test_a_csv_becomes_a_zip(visit: Callable[..., Any]) -> None:
    page = visit()
    page.click("#create-batch > button")
    page.fill("[data-testid=csv]", "x\n" * (BATCH_ROWS + 1))
    page.click('[data-act="batch.go"]')
    page.wait_for_selector("#create-batch-body .t2s-notice:has-text('too large')")
    page.fill("[data-testid=csv]", "prompt,seed\nfast rocket,1\n<img src=x onerror=window.__x=1>,2\n")
    page.click('[data-act="batch.go"]')
    page.wait_for_selector("#create-batch-body .t2s-line:has-text('2 of 2')")
    page.wait_for_selector("#create-batch-body .t2s[data-state=done]")
    with page.expect_download() as waiting:
        page.click('#create-batch-body [data-act="batch.zip"]')
    with zipfile.ZipFile(waiting.value.path()) as archive:
        assert [name[:2] for name in archive.namelist()] == ["01", "02"]
    assert page.evaluate("window.__x") is None


def test_composed_pictures_stand_apart_with_their_sources(visit: Callable[..., Any]) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_selector("[data-kind=composed] .t2s-card[data-state=example]")
    _draw(page, "red camera")
    page.wait_for_selector("[data-kind=composed][data-state=done]")
    group = page.inner_text("[data-kind=composed] .t2s-by")
    assert "Composed" in group
    assert "no model draws these" in group
    assert page.get_attribute("[data-testid=detail]", "data-kind") == "drawn", "what was asked of the model comes first"
    page.click("[data-kind=composed] .t2s-card >> nth=0")
    page.wait_for_selector("[data-testid=detail][data-kind=composed]")
    assert page.locator("[data-kind=drawn] .t2s-card[aria-pressed=true]").count() == 0
    assert page.inner_text("[data-testid=composed-credit]").startswith("composed from camera by")
    page.click("[data-testid=sources] .t2s-small")
    assert "https://" in page.get_attribute("[data-testid=owner] a", "href")
    page.click("[data-testid=sources] > .t2s-credit .t2s-act")
    page.wait_for_selector("[data-testid=sources] > .t2s-credit .t2s-act:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()").startswith("composed from camera")
    page.keyboard.press("1")
    page.wait_for_selector("[data-testid=detail][data-kind=drawn]")
    page.keyboard.press("9")
    page.wait_for_selector("[data-testid=detail][data-kind=composed]")
    _draw(page, "xyzzy")
    page.wait_for_selector("[data-kind=composed][data-state=empty]")
    assert "Nothing to compose" in page.inner_text("[data-kind=composed] .t2s-by")


def test_an_example_runs_with_its_own_seed(visit: Callable[..., Any]) -> None:
    page = visit()
    page.fill("#create-seed input", "9")
    page.click("[data-kind=drawn] .t2s-card[data-state=example] >> nth=0")
    page.wait_for_selector(f"{STAGE}[data-state=done]")
    assert page.input_value(PROMPT) == "red heart"
    assert page.input_value("#create-seed input") == "1"


def test_relatives_are_shown_and_a_copy_is_named(visit: Callable[..., Any]) -> None:
    page = visit()
    _draw(page, "camera")  # the demo replays the corpus, so this is a copy
    page.wait_for_selector("[data-testid=kin][data-state=done]")
    assert "nearly a copy of “camera”" in page.inner_text("[data-testid=near-copy]")
    near = page.locator("[data-testid=kin] .t2s-small[data-near=true]")
    assert near.count() >= 1
    near.first.click()
    assert "ISC" in page.inner_text("[data-testid=kin] [data-testid=owner]")
    near.first.click()
    assert page.locator("[data-testid=kin] [data-testid=owner]").count() == 0


def test_nothing_moves_for_who_asked_for_less_motion(visit: Callable[..., Any]) -> None:
    usual, calm = visit(), visit(reduced_motion="reduce")
    moving = []
    for page in (usual, calm):
        page.fill(PROMPT, "heart")
        page.click("#create-go")
        page.wait_for_selector(f"{STAGE}[data-state=running]")
        moving.append(page.evaluate("() => document.getAnimations().length"))
    assert moving[0] > 0
    assert moving[1] == 0


def test_a_picked_drawing_lends_its_manner_to_the_next(visit: Callable[..., Any]) -> None:
    page = visit()
    _draw(page, "red heart")
    page.wait_for_selector("[data-testid=detail]")
    page.fill("[data-testid=detail] input[type=color] >> nth=0", "#3366cc")
    page.wait_for_function(f"() => document.querySelector('{BIG}').src.includes('3366cc')")
    page.click('.t2s-detail [data-act="act.manner"]')
    page.wait_for_selector("#create-reference textarea", state="visible")
    page.wait_for_function("() => document.querySelector('#create-reference textarea').value.includes('#3366cc')")
    _draw(page, "camera")
    assert "In the manner of the reference" in page.inner_text(".t2s-manner")
    assert page.get_attribute(".t2s-manner .t2s-ink >> nth=0", "title") == "#36c"
    sources = "all => all.map(one => decodeURIComponent(one.src))"
    drawn = page.eval_on_selector_all("[data-kind=drawn] .t2s-card img", sources)
    assert all("#36c" in source for source in drawn), drawn
    assert page.locator('.t2s-detail [data-act="act.link"]').count() == 0, "a link cannot carry the reference"
    page.fill("#create-reference textarea", "<svg><script>alert(1)</script></svg>")
    _draw(page, "camera", "error")
