"""Every hostile drawing and every template string through every route that takes text: no script, no fetch, no hang."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.svg.test_sanitize_browser import LeakServer

VECTORS = Path(__file__).resolve().parents[1] / "svg" / "hostile.json"
STRINGS = (
    "${window.__x=1}",
    "{{constructor.constructor('window.__x=1')()}}",
    "{{#with this}}{{lookup . 'x'}}{{/with}}",
    "`;window.__x=1;`",
    "<img src=x onerror='window.__x=1'>",
    "</script><script>window.__x=1</script>",
    '"><svg onload=window.__x=1>',
    "javascript:window.__x=1",
    "{% raise %}{{7*7}}<%= 7*7 %>#{7*7}",
    "../../../../etc/passwd\x00.svg",
)
TAGS = frozenset("script foreignObject iframe image animate animateTransform animateMotion set a style handler".split())
"""Elements that no cleaned drawing holds."""
REFERENCE = re.compile(r"url\(\s*[\"']?(?!#)|^\s*(?:https?:|//|data:|javascript:)", re.IGNORECASE)
SQUARE = "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0h9v9z'/></svg>"
PATIENCE_S = 30
"""For one answer, on a machine with busy neighbours; a hang never ends."""


@pytest.fixture(scope="module")
def leaks() -> Iterator[LeakServer]:
    """Where hostile drawings want to be read from."""
    server = LeakServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def drawings(leaks: LeakServer) -> dict[str, str]:
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert len(found) >= 49
    return {one["name"]: one["svg"].replace("127.0.0.1:9911", leaks.address) for one in found}


def _svgs(value: Any) -> Iterator[str]:
    """Every drawing in an answer, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "svg" and isinstance(each, str):
                yield each
            yield from _svgs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _svgs(each)


def _active(svg: str) -> list[str]:
    """What in a drawing could run or fetch; words that only look like markup are text, and harmless."""
    found = []
    for node in ElementTree.fromstring(svg).iter() if svg else ():
        found += [node.tag] if node.tag.rpartition("}")[2] in TAGS else []
        for name, value in node.attrib.items():
            plain = name.rpartition("}")[2]
            leaves = plain in ("href", "src") and not value.startswith("#")
            if plain.lower().startswith("on") or leaves or REFERENCE.search(value):
                found.append(f"{name}={value}")
    return found


def _harmless(answer: httpx.Response) -> None:
    assert answer.status_code in (200, 422), answer.text[:300]
    if answer.headers["content-type"].startswith("application/json"):
        assert [each for svg in _svgs(answer.json()) for each in _active(svg)] == []


def _asked(client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    began = time.monotonic()
    answer = client.post(f"/api/v1/{path}", **body)
    assert time.monotonic() - began < PATIENCE_S, path
    return answer


@pytest.mark.parametrize(
    "route", ["clean", "optimize", "search", "relatives", "generate", "zip", "render", "render?form=pdf", "mcp"]
)
def test_hostile_drawings_through_every_route(
    client: httpx.Client, leaks: LeakServer, drawings: dict[str, str], route: str
) -> None:
    for name, svg in drawings.items():
        if route == "zip":
            answer = _asked(client, "zip", json={"files": [{"name": name, "svg": svg}]})
        elif route == "generate":
            answer = _asked(client, "generate", json={"prompt": "fast rocket", "n": 1, "reference": svg})
        elif route.startswith("render"):
            answer = _asked(client, route, content=svg.encode())
        elif route == "mcp":
            arguments = {"name": "optimize_svg", "arguments": {"svg": svg}}
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
            answer = client.post("/mcp", json=message)
            for part in answer.json()["result"]["content"]:
                assert not part["text"].startswith("<svg") or _active(part["text"]) == []
        else:
            answer = _asked(client, route, json={"svg": svg})
        if answer.status_code == 501:
            continue  # no libcairo2 here
        _harmless(answer)
        if name == "use_bomb":
            refused = answer.status_code == 422 or '"isError":true' in answer.text
            assert refused, "a bomb is refused before anybody sees it"
    assert leaks.leaks == []
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("text", STRINGS)
def test_template_strings_through_every_text_field(client: httpx.Client, leaks: LeakServer, text: str) -> None:
    for path, body in (
        ("generate", {"prompt": text, "n": 1}),
        ("compose", {"prompt": text, "n": 1}),
        ("search", {"words": text, "style": text, "licence": text, "collection": text, "k": 1}),
        ("optimize", {"svg": SQUARE, "profile": text, "off": [text]}),
        (
            "zip",
            {
                "files": [
                    {"name": text[:120], "svg": "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0h9'/></svg>"}
                ]
            },
        ),
    ):
        _harmless(_asked(client, path, json=body))
    table = io.StringIO()
    csv.writer(table).writerows([["prompt"], [text]])
    _harmless(_asked(client, "batch", content=table.getvalue().encode()))
    compared = client.get("/api/v1/reports/compare", params={"name": text})
    assert (compared.status_code, compared.json()["notice"]["key"]) == (422, "error.config")
    assert leaks.leaks == []


def test_addresses_are_never_fetched(client: httpx.Client, leaks: LeakServer) -> None:
    address = f"http://{leaks.address}/drawing.svg"
    for path, body in (
        ("search", {"svg": address}),
        ("clean", {"svg": address}),
        ("generate", {"prompt": address, "n": 1}),
    ):
        client.post(f"/api/v1/{path}", json=body)
    assert leaks.leaks == []
