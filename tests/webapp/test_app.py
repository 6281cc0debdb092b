"""The application over HTTP: health, headers, the API, the MCP tools, the guide's examples, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.ui.serving import serving
from webapp.guard import HEADERS
from webapp.guide import examples

DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle cx="128" cy="128" r="99"/></svg>'


def test_health_and_headers_on_every_answer(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    for path in ("/", "/healthz", "/config", "/nowhere", "/api", "/api/v1/status"):
        answer = client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
    policy = HEADERS["content-security-policy"]
    assert "http" not in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_the_page_is_quiet(client: httpx.Client) -> None:
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert config.get("run_history") in (False, None)
    for path in ("/", "/api"):
        text = client.get(path).text
        assert "googleapis" not in text
        assert "cdn." not in text
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 404


def test_the_first_document_is_packed_and_knows_the_language_first(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.text) / 3
    assert answer.text.index("text2svg:language") < answer.text.index("gradio_config")
    plain = client.get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text.count("<head>") == 1


def test_the_wiring_is_no_public_api(client: httpx.Client) -> None:
    info = client.get("/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/generate", "/optimize", "/search", "/compose"}


def test_the_openapi_description_names_every_route(client: httpx.Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    names = ("generate", "optimize", "clean", "search", "status", "render", "batch", "zip", "examples")
    names += ("compose", "relatives", "map", "drawings", "reports", "reports/compare")
    assert set(paths) == {f"/api/v1/{name}" for name in names}


def test_draw_at_once_and_as_a_stream(client: httpx.Client) -> None:
    asked = {"prompt": "fast rocket", "n": 2, "seed": 7}
    whole = client.post("/api/v1/generate", json=asked).json()
    assert (whole["state"], [one["seed"] for one in whole["candidates"]]) == ("done", [7, 8])
    names, datas = [], []
    with client.stream("POST", "/api/v1/generate", json={**asked, "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                names.append(value)
            elif kind == "data":
                datas.append(json.loads(value))
    assert names[:-1] == ["running"] * (len(names) - 1)
    assert names[-1] == "done"
    assert datas[-1]["candidates"] == whole["candidates"]


def test_composed_pictures_name_their_sources(client: httpx.Client) -> None:
    asked = {"prompt": "a blue circular button with a camera", "n": 2, "seed": 3}
    view = client.post("/api/v1/compose", json=asked).json()
    assert (view["state"], view["prompt"]) == ("done", asked["prompt"])
    for one in view["composed"]:
        assert one["drawing"]["svg"].startswith("<svg")
        assert one["attribution"].startswith("composed from camera by")
        assert [(source["caption"], bool(source["licence"]), bool(source["author"])) for source in one["sources"]] == [
            ("camera", True, True)
        ]
    assert client.post("/api/v1/compose", json=asked).json() == view


def test_relatives_tell_a_copy(client: httpx.Client) -> None:
    known = client.get("/api/v1/search?words=camera&k=1").json()["relatives"][0]
    bigger = known["drawing"]["svg"].replace('viewBox="0 0 256 256"', 'viewBox="-9 -9 280 280"')
    view = client.post("/api/v1/relatives", json={"svg": bigger, "k": 3}).json()
    assert len(view["relatives"]) == 3
    first = view["relatives"][0]
    assert (first["digest"], first["near_copy"], first["likeness"] >= 0.95) == (known["digest"], True, True)
    assert not view["relatives"][-1]["near_copy"]
    plain = client.post("/api/v1/relatives", json={"svg": DOT}).json()
    assert not any(one["near_copy"] for one in plain["relatives"]), "a ring belongs to nobody"


def test_the_map_names_rows_that_can_be_asked_for(client: httpx.Client) -> None:
    view = client.get("/api/v1/map").json()
    rows = view["rows"]
    points = base64.b64decode(view["points"])
    styles = base64.b64decode(view["styles"])
    assert (view["state"], view["stride"], len(points), len(styles)) == ("done", 1, 4 * rows, rows)
    assert max(styles) < len(view["names"])
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in view["centers"])
    found = client.post("/api/v1/drawings", json={"rows": [2, 0, rows, -1]}).json()["relatives"]
    assert [one["row"] for one in found] == [2, 0]
    assert client.post("/api/v1/drawings", json={"rows": [0] * 81}).status_code == 422


def test_the_first_page_shows_both_kinds_apart(client: httpx.Client) -> None:
    view = client.get("/api/v1/examples").json()
    assert [one["text"] for one in view["drawn"]][:1] == ["red heart"]
    assert all(one["sources"] for one in view["composed"])
    assert not any(one["sources"] for one in view["drawn"])


def test_a_client_that_leaves_frees_the_engine(client: httpx.Client) -> None:
    before = len(client.get("/demo/closed").json())
    asked = {"prompt": "slow", "n": 4, "stream": True}
    with client.stream("POST", "/api/v1/generate", json=asked) as answer:
        next(answer.iter_lines())
    deadline = time.monotonic() + 30
    while len(client.get("/demo/closed").json()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "text2svg_running 0" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "body", "status", "key"),
    [
        ("generate", {"prompt": "  "}, 422, "error.empty"),
        ("generate", {"prompt": "offline"}, 503, "error.busy"),
        ("optimize", {"svg": "nonsense"}, 422, "error.parse"),
        ("optimize", {"svg": DOT, "profile": "tiny"}, 422, "error.config"),
        ("optimize", {"svg": DOT, "off": ["all"]}, 422, "error.config"),
        ("clean", {"svg": ""}, 422, "error.nothing"),
        ("search", {"svg": "<svg"}, 422, "error.parse"),
        ("zip", {"files": [{"name": "a", "svg": "<svg"}]}, 422, "error.parse"),
        ("compose", {"prompt": " "}, 422, "error.empty"),
        ("compose", {"prompt": "xyzzy"}, 422, "compose.none"),
        ("relatives", {"svg": ""}, 422, "error.nothing"),
        ("relatives", {"svg": "<svg"}, 422, "error.parse"),
    ],
)
def test_a_refusal_is_a_notice_with_a_status(
    client: httpx.Client, path: str, body: dict[str, object], status: int, key: str
) -> None:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status
    said = answer.json()
    assert (said.get("notice") or said)["key"] == key


def test_limits_are_checked_before_work(client: httpx.Client) -> None:
    assert client.post("/api/v1/generate", json={"prompt": "x" * 301}).status_code == 422
    assert client.post("/api/v1/clean", json={"svg": "x" * 200_001}).status_code == 422
    assert client.post("/api/v1/search", json={"k": 1000}).status_code == 422
    assert client.post("/api/v1/zip", content=b"x" * 4_000_001).status_code == 413
    parts = (b"x" * 500_000 for _ in range(9))
    assert client.post("/mcp", content=parts).status_code == 413, "a body without a length is counted"
    assert client.get("/healthz").status_code == 200


def test_pages_of_other_sites_cannot_call(client: httpx.Client) -> None:
    for path in ("/api/v1/clean", "/mcp"):
        answer = client.post(path, json={"svg": DOT}, headers={"origin": "https://elsewhere.example"})
        assert answer.status_code == 403
    own = str(client.base_url).rstrip("/")
    assert client.post("/api/v1/clean", json={"svg": DOT}, headers={"origin": own}).status_code == 200


def test_pictures(client: httpx.Client) -> None:
    answer = client.post("/api/v1/render?size=64", content=DOT)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(answer.content[16:20], "big") == 64
    pdf = client.post("/api/v1/render?form=pdf", content=DOT)
    if client.get("/api/v1/status").json()["pdf"]:
        assert (pdf.status_code, pdf.json()["key"]) == (501, "error.missing")
    else:
        assert pdf.content[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "error.parse"),
        (b"nonsense", "error.parse"),
        (b"\xff\xfe\x00", "error.text"),
        (b"<svg>" + b"a" * 300_000, "error.limit"),
    ],
)
def test_a_picture_refuses_in_words(client: httpx.Client, body: bytes, key: str) -> None:
    answer = client.post("/api/v1/render", content=body)
    assert answer.status_code == 422
    assert answer.json()["key"] == key


def test_a_batch_streams_and_zips(client: httpx.Client) -> None:
    table = "prompt,style,seed\nfast rocket,,1\n,,2\nfast rocket,,1\n"
    answer = client.post("/api/v1/batch", content=table)
    views = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [view["row"] and view["row"]["state"] for view in views] == [None, "done", "failed", "done"]
    assert views[-1]["state"] == "done"
    packed = client.post("/api/v1/batch", content=table, headers={"accept": "application/zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert [name[:2] for name in archive.namelist()] == ["01", "03"]
        assert archive.read(archive.namelist()[0]).startswith(b"<svg")
    for bad in ("", "prompt\n", "prompt,seed\nx,many\n", "x\n" * 51):
        assert client.post("/api/v1/batch", content=bad).status_code == 422


def test_names_in_a_zip_cannot_leave_it(client: httpx.Client) -> None:
    files = [{"name": name, "svg": DOT} for name in ("../../etc/passwd", "a.svg", "A.svg", "", "сердце")]
    with zipfile.ZipFile(io.BytesIO(client.post("/api/v1/zip", json={"files": files}).content)) as archive:
        assert archive.namelist() == ["etc-passwd.svg", "a.svg", "a-2.svg", "drawing.svg", "сердце.svg"]


def _call(client: httpx.Client, method: str, **params: object) -> dict:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return client.post("/mcp", json=message).json()


def test_the_tools_for_language_models(client: httpx.Client) -> None:
    hello = _call(client, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={})["result"]
    assert (hello["protocolVersion"], hello["serverInfo"]["name"]) == ("2025-06-18", "text2svg")
    assert client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    tools = {one["name"]: one for one in _call(client, "tools/list")["result"]["tools"]}
    assert set(tools) == {"generate_svg", "optimize_svg", "search_icons", "render_png", "compose_svg", "find_relatives"}
    assert tools["generate_svg"]["inputSchema"]["required"] == ["prompt"]
    drawn = _call(client, "tools/call", name="generate_svg", arguments={"prompt": "fast rocket", "n": 2})["result"]
    assert [part["text"][:4] for part in drawn["content"]] == ["<svg", "<svg"]
    small = _call(client, "tools/call", name="optimize_svg", arguments={"svg": DOT})["result"]["content"]
    assert json.loads(small[1]["text"])["raw_bytes"] == len(DOT)
    found = _call(client, "tools/call", name="search_icons", arguments={"words": "camera", "k": 1})["result"]
    assert json.loads(found["content"][0]["text"])[0]["licence"]
    made = _call(client, "tools/call", name="compose_svg", arguments={"prompt": "red camera", "n": 1})["result"][
        "content"
    ]
    assert made[0]["text"].startswith("<svg")
    assert json.loads(made[1]["text"])["kind"] == "composed"
    near = _call(client, "tools/call", name="find_relatives", arguments={"svg": made[0]["text"], "k": 2})["result"]
    assert len(json.loads(near["content"][0]["text"])) == 2
    nothing = _call(client, "tools/call", name="compose_svg", arguments={"prompt": "xyzzy"})["result"]
    assert nothing["isError"] is True
    image = _call(client, "tools/call", name="render_png", arguments={"svg": DOT, "size": 64})["result"]["content"]
    assert image[0]["mimeType"] == "image/png"
    wrong = _call(client, "tools/call", name="optimize_svg", arguments={"svg": "<svg"})["result"]
    assert wrong["isError"] is True
    assert _call(client, "tools/call", name="rm", arguments={})["error"]["code"] == -32602
    assert _call(client, "tools/call", name="generate_svg", arguments={})["error"]["code"] == -32602
    assert _call(client, "resources/list")["error"]["code"] == -32601
    assert client.post("/mcp", content=b"[]").json()["error"]["code"] == -32600
    assert client.post("/mcp", content=b"{").json()["error"]["code"] == -32700
    assert client.get("/mcp").status_code == 405


@pytest.mark.parametrize("number", range(len(examples(""))))
def test_the_guides_examples_run(address: str, tmp_path: Path, number: int) -> None:
    language, code = examples(address)[number]
    if language == "sh" and (shutil.which("curl") is None or shutil.which("bash") is None):
        pytest.skip("curl or bash is not installed")
    command = ["bash", "-ec", code] if language == "sh" else [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made = list(tmp_path.iterdir())
    assert made or done.stdout
    assert "error." not in done.stdout
    if made:
        assert made[0].stat().st_size > 200
        assert made[0].read_bytes()[:2] in (b"PK", b"\x89P")


def test_the_guide_shows_its_own_address(client: httpx.Client) -> None:
    text = client.get("/api").text
    assert f"{client.base_url.host}:{client.base_url.port}/api/v1/generate" in text
    assert not re.search(r"\bBASE\b", text)


def test_a_stopping_server_finishes_what_it_draws(tmp_path: Path) -> None:
    with serving(tmp_path) as address, httpx.Client(base_url=address, timeout=60) as client:
        process = int(client.get("/demo/process").text)
        with client.stream("POST", "/api/v1/generate", json={"prompt": "red heart", "stream": True}) as answer:
            lines = answer.iter_lines()
            next(lines)
            os.kill(process, signal.SIGTERM)
            assert "event: done" in list(lines)
    events = [json.loads(line) for line in (tmp_path / "log.txt").read_text().splitlines() if line.startswith("{")]
    assert [one["event"] for one in events if one["event"] in ("stopping", "stopped")] == ["stopping", "stopped"]
    assert events[-1]["cut_short"] == 0
