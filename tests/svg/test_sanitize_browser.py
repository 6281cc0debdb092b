"""Sanitized hostile drawings, inlined in a page of a real browser, run nothing and fetch nothing.

Inlining is the worst case; the product shows drawings in `<img>` only. The same drawings unsanitized are the control:
if they did no harm, the test could not tell anything.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from text2svg.errors import SvgError
from text2svg.svg.sanitize import sanitize

pytestmark = pytest.mark.browser

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), "")
DECLARATION = "<!doctype html><meta charset=utf-8><title>t</title><link rel=icon href=data:,><body><p id=own>here</p>"


class LeakServer:
    """Serves the pages it is given and remembers every other path asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.leaks: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = outer.pages.get(self.path)
                if page is None:
                    outer.leaks.append(self.path)
                self.send_response(200 if page is not None else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, *arguments: object) -> None:
                """Quiet: the leaks are the log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[LeakServer]:
    server = LeakServer()
    yield server
    server.close()


def visit(server: LeakServer, body: str) -> tuple[int, list[str], bool]:
    """Show the body, click everything; returns script runs, requests that left the page, whether the page survived."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    # A thread of its own: Playwright's event loop allows no second one beside it in the same thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_visit, server, body).result(timeout=180)


def _visit(server: LeakServer, body: str) -> tuple[int, list[str], bool]:
    from playwright import sync_api

    server.pages["/page"] = DECLARATION + body
    asked: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(f"http://{server.address}/page")
        page.wait_for_timeout(500)
        runs = page.evaluate("window.__x || 0")  # before a click may follow a link and lose the count
        page.evaluate(
            "document.querySelectorAll('svg *').forEach(e => e.dispatchEvent(new MouseEvent('click', {bubbles: true, "
            "cancelable: true})))"
        )
        page.wait_for_timeout(500)
        runs += page.evaluate("window.__x || 0")
        shown = page.evaluate("!!document.getElementById('own') && document.body.offsetHeight > 0")
        browser.close()
    own = f"http://{server.address}/page"
    foreign = [url for url in asked if url != own and not url.startswith("data:")]
    return runs, foreign + server.leaks, shown


def drawings(server: LeakServer) -> dict[str, str]:
    vectors = json.loads(Path(__file__).with_name("hostile.json").read_text())
    return {each["name"]: each["svg"].replace("127.0.0.1:9911", server.address) for each in vectors}


def sanitized(server: LeakServer) -> list[str]:
    kept = []
    for source in drawings(server).values():
        try:
            kept.append(sanitize(source).text)
        except SvgError:
            continue
    return kept


def test_the_control_does_harm(server: LeakServer) -> None:
    quiet = ("bomb", "deep_nest", "refresh", "blowup", "octaves", "many_rules", "svg_named_html", "css_breakout")
    raw = [text for name, text in drawings(server).items() if not any(word in name for word in quiet)]
    runs, leaks, _ = visit(server, "\n".join(raw))
    assert runs >= 5
    assert len(leaks) >= 15


def test_inlined_they_run_nothing_and_fetch_nothing(server: LeakServer) -> None:
    kept = sanitized(server)
    assert len(kept) >= 85
    runs, leaks, shown = visit(server, "\n".join(kept))
    assert (runs, leaks, shown) == (0, [], True)


def test_as_pictures_they_load(server: LeakServer) -> None:
    pictures = "".join(f'<img width=16 height=16 src="data:image/svg+xml,{quote(text)}">' for text in sanitized(server))
    runs, leaks, shown = visit(server, pictures)
    assert (runs, leaks, shown) == (0, [], True)
