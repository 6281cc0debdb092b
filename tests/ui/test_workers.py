"""`text2svg serve --workers 2` behind a proxy that shows it under a path: two visitors, metrics, a killed worker."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.conftest import PATIENCE_MS
from tests.ui.serving import ROOT, free_port
from webapp.workers import worker_of

PATIENCE_S = PATIENCE_MS / 1000
FIRST = "198.51.100.7"
OTHERS = (f"198.51.100.{n}" for n in range(8, 99))
VISITORS = (FIRST, next(one for one in OTHERS if worker_of(one.encode(), 2) != worker_of(FIRST.encode(), 2)))
"""Two addresses that belong to different workers."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    """Address behind the proxy, the server's process, and its log."""
    folder, inner, outer = tmp_path_factory.mktemp("workers"), free_port(), free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TEXT2SVG_DATA": str(folder / "none"), "OMP_NUM_THREADS": "1"}
    serve = [
        "-m",
        "admin",
        "serve",
        "--port",
        str(inner),
        "--workers",
        "2",
        "--proxy",
        "127.0.0.1",
        "--root-path",
        "/draw",
    ]
    proxy = [str(Path(__file__).parent / "proxy.py"), str(outer), f"http://127.0.0.1:{inner}", "/draw"]
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log.txt").open("wb"))
        started = [
            subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
            for command in (serve, proxy)
        ]
        for process in started:
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        base = f"http://127.0.0.1:{outer}/draw"
        for visitor in VISITORS:
            _until(lambda visitor=visitor: _well(base, visitor))
        yield base, started[0], folder / "log.txt"


def _well(base: str, visitor: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", headers={"X-Visitor": visitor}, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def test_two_visitors_draw_in_their_own_workers(chromium: Any, served: tuple[str, Any, Path]) -> None:
    base, _, log = served
    faults: list[str] = []
    contexts = []
    for visitor in VISITORS:
        context = chromium.new_context(locale="en-US", extra_http_headers={"X-Visitor": visitor})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        # A page closes the stream of a finished run itself.
        page.on("requestfailed", lambda one: faults.append(one.url) if one.failure != "net::ERR_ABORTED" else None)
        page.on(
            "response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        )
        page.on(
            "request",
            lambda one: faults.append(one.url) if one.url.startswith("http") and f"{base}/" not in one.url else None,
        )
        page.goto(base + "/")
        page.wait_for_selector("#create-stage .t2s-card")
        contexts.append((context, page))
    for _, page in contexts:
        page.fill("#create-prompt textarea", "red heart")
        page.click("#create-go")
    for _, page in contexts:
        page.wait_for_selector("#create-stage .t2s[data-state=done]")
        page.wait_for_selector("[data-testid=kin][data-state=done]")
        page.click("#tab-explore-button")
        page.wait_for_selector(".t2s-tile")
        page.fill("#explore-words textarea, #explore-words input", "camera")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.t2s-found').innerText.includes('camera')")
    assert faults == []
    for context, _ in contexts:
        context.close()
    drawn = {one["worker"] for one in _events(log) if one["event"] == "generate" and one["n"] == 8}
    assert drawn == {0, 1}


def test_the_page_knows_its_path_and_metrics_are_of_both(served: tuple[str, Any, Path]) -> None:
    base, _, _ = served
    document = httpx.get(base + "/", headers={"X-Visitor": VISITORS[0]}).text
    assert json.loads(re.search(r"gradio_config = ({.*?});</script>", document, re.DOTALL)[1])["root"] == base  # type: ignore[index]
    for visitor in VISITORS:
        asked = {"prompt": "star", "n": 1, "seed": 3}
        answer = httpx.post(f"{base}/api/v1/generate", json=asked, headers={"X-Visitor": visitor}, timeout=60)
        assert answer.json()["state"] == "done"
        assert answer.headers.get("connection") == "keep-alive" or "connection" not in answer.headers, "the proxy's own"
    guide = httpx.get(f"{base}/api", headers={"X-Visitor": VISITORS[0]}).text
    assert f"{base}/api/v1/generate" in guide

    def drawn(visitor: str) -> float:
        text = httpx.get(f"{base}/metrics", headers={"X-Visitor": visitor}, timeout=30).text
        assert text.count("# TYPE text2svg_requests_total") == 1
        return sum(float(n) for n in re.findall(r'action="generate",outcome="done"\} (\S+)', text))

    _until(lambda: drawn(VISITORS[0]) == drawn(VISITORS[1]) >= 2)


def test_a_killed_worker_is_replaced_and_the_end_is_orderly(served: tuple[str, Any, Path]) -> None:
    base, server, log = served
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    if not children.exists():
        pytest.skip("no /proc here")
    workers = [int(n) for n in children.read_text().split() if b"spawn_main" in Path(f"/proc/{n}/cmdline").read_bytes()]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    _until(lambda: any(one["event"] == "worker-died" for one in _events(log)))
    for visitor in VISITORS:
        _until(lambda visitor=visitor: _well(base, visitor))
    asked = {"prompt": "red heart", "n": 2, "stream": True}
    with httpx.stream(
        "POST", f"{base}/api/v1/generate", json=asked, headers={"X-Visitor": VISITORS[0]}, timeout=60
    ) as answer:
        lines = answer.iter_lines()
        next(lines)
        server.send_signal(signal.SIGTERM)
        assert "event: done" in list(lines)
    assert server.wait(60) == 0
    stopped = [one for one in _events(log) if one["event"] == "stopped"]
    assert [one["cut_short"] for one in stopped] == [0, 0]


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_server_stopped_while_it_draws_its_examples_ends_in_order(tmp_path: Path, pause: float) -> None:
    port, environment = free_port(), {**os.environ, "TEXT2SVG_DATA": str(tmp_path / "none"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "admin", "serve", "--port", str(port)]
    with (tmp_path / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        _until(lambda: _well(f"http://127.0.0.1:{port}", ""))
        time.sleep(pause)
        process.terminate()
        assert process.wait(60) == 0, (tmp_path / "log.txt").read_text()
