"""A server with the demo runtime, and pages in headless Chromium that report everything they should not do."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.serving import serving
from text2svg.optimize.svgo_install import node

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 120_000
"""A quiet machine needs a second; with eight busy neighbours the first page took thirty."""
AXE_VERSION = "4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the demo, started once for the whole suite."""
    with serving(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def visit(chromium: Any, server: str) -> Iterator[Callable[..., Any]]:
    """Opens the page; at the end no visit may have left the machine or raised in the browser."""
    opened: list[Any] = []
    faults: list[str] = []

    def open_page(width: int = 1280, height: int = 860, **options: Any) -> Any:
        phone = width < 720
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            **{"locale": "en-US", "is_mobile": phone, "has_touch": phone, **options},
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("request", lambda request: faults.extend(_outside(request.url)))
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("console", lambda message: faults.extend(_complaint(message)))
        page.on("dialog", lambda dialog: (faults.append("dialog opened"), dialog.dismiss()))
        page.goto(server)
        page.wait_for_selector("#create-stage .t2s-card")
        opened.append(context)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert faults == []


def _complaint(message: Any) -> list[str]:
    """What the console holds against the page; an answer of 4xx or 5xx is a notice that the tests read for themselves."""
    expected = message.type != "error" or message.text.startswith("Failed to load resource: the server responded")
    return [] if expected else [f"console: {message.text}"]


def _outside(url: str) -> list[str]:
    local = url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:", "about:"))
    return [] if local else [f"request left the machine: {url}"]


@pytest.fixture
def closed(server: str) -> Callable[[], list[str]]:
    """Prompts whose stream the engine was told to give up."""

    def ask() -> list[str]:
        with urllib.request.urlopen(f"{server}/demo/closed", timeout=5) as answer:
            return json.load(answer)

    return ask


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: SCREENSHOTS when somebody wants to look at them."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, fetched once through the npm of the Node wheel and checked against its hash."""
    home = Path(os.environ.get("TEXT2SVG_CACHE", "~/.cache/text2svg")).expanduser() / f"axe-core-{AXE_VERSION}"
    script = home / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        home.mkdir(parents=True, exist_ok=True)
        command = [str(node()), str(_npm()), "install", "--prefix", str(home), *NPM_OPTIONS, f"axe-core@{AXE_VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if not script.is_file():
            why = f"axe-core did not come: {done.stderr[-300:]}"
            pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    data = script.read_bytes()
    assert hashlib.sha256(data).hexdigest() == AXE_SHA256, f"{script} is another axe-core"
    return data.decode("utf-8")


def _npm() -> Path:
    root = node().parents[1]
    return next(path for path in root.rglob("npm-cli.js") if path.parent.name == "bin")
