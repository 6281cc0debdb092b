"""The application over HTTP: health, headers, pictures, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from webapp.app import HEADERS

DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle cx="128" cy="128" r="99"/></svg>'


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def test_health_and_headers_on_every_answer(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    for path in ("/", "/healthz", "/config", "/nowhere"):
        answer = client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
    policy = HEADERS["content-security-policy"]
    assert "http" not in policy
    assert "object-src 'none'" in policy


def test_the_page_is_quiet(client: httpx.Client) -> None:
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert config.get("run_history") in (False, None)
    assert "googleapis" not in client.get("/").text
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 404


def test_the_wiring_is_no_public_api(client: httpx.Client) -> None:
    info = client.get("/gradio_api/info").json()
    assert info["named_endpoints"] == {}


def test_png_of_a_drawing(client: httpx.Client) -> None:
    answer = client.post("/render.png?size=64", content=DOT)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(answer.content[16:20], "big") == 64
    wide = client.post("/render.png?size=99999", content=DOT)
    assert int.from_bytes(wide.content[16:20], "big") == 2048


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "error.parse"),
        (b"nonsense", "error.parse"),
        (b"\xff\xfe\x00", "error.text"),
        (b"<svg>" + b"a" * 300_000, "error.limit"),
    ],
)
def test_png_refuses_in_words(client: httpx.Client, body: bytes, key: str) -> None:
    answer = client.post("/render.png", content=body)
    assert answer.status_code == 422
    assert answer.json()["key"] == key
