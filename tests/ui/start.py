"""How long people wait: `python -m tests.ui.start` starts the app on a free port and opens it in headless Chromium.

Prints seconds from the start to HTTP 200 and to readiness, seconds from navigation until words can be typed and until the
examples are there, at both widths, and the memory of the app before and after. Ends with 1 beyond 10 s to HTTP 200 or 3 s to
a usable page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

from playwright.sync_api import Browser, sync_playwright

from tests.ui.conftest import ARGUMENTS, CHROMIUM
from tests.ui.serving import free_port

WIDTHS = (1280, 390)
START_S, USABLE_S = 10.0, 3.0


def wait(address: str, began: float) -> float:
    """Seconds from `began` until the address answers 200."""
    while time.monotonic() - began < 60:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return round(time.monotonic() - began, 2)
        except URLError:
            time.sleep(0.02)
    raise TimeoutError(address)


def memory(base: str) -> int:
    """Megabytes of the app."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=5) as answer:
        found = re.search(r"^process_resident_memory_bytes (\S+)", answer.read().decode(), re.MULTILINE)
    return round(float(found[1]) / 1e6) if found else 0


def opened(browser: Browser, base: str, width: int) -> dict[str, float]:
    """Seconds of a first visit."""
    context = browser.new_context(viewport={"width": width, "height": 860}, is_mobile=width < 720, locale="en-US")
    page, began = context.new_page(), time.monotonic()
    page.goto(base)
    page.fill("#create-prompt textarea", "star")
    usable = round(time.monotonic() - began, 2)
    page.wait_for_selector("#create-stage .t2s-card[data-state=example]")
    context.close()
    return {"width": width, "usable_s": usable, "examples_s": round(time.monotonic() - began, 2)}


def main() -> int:
    """Measures, prints JSON, and gives the exit code."""
    port = free_port()
    base, began = f"http://127.0.0.1:{port}", time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "admin", "serve", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        said = {"http_200_s": wait(base, began), "ready_s": wait(f"{base}/readyz", began)}
        time.sleep(6)  # the examples of the first page are drawn by then
        idle = memory(base)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            visits = [opened(browser, base, width) for width in WIDTHS * 2]
            browser.close()
        print(json.dumps({**said, "visits": visits, "idle_mb": idle, "after_mb": memory(base)}, indent=1))
    finally:
        process.terminate()
        process.wait(30)
    return int(said["http_200_s"] > START_S or max(visit["usable_s"] for visit in visits) > USABLE_S)


if __name__ == "__main__":
    sys.exit(main())
