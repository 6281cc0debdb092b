"""npm itself installs from a local registry: kept, checked against its hash, never half done."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from text2svg.errors import SourceError
from text2svg.mine.npm import ICONIFY_ALL, KEYWORD_PACKAGES, Npm, fetch_iconify, iconify_package, split_spec

NAME = "@iconify-json/mini"


def archive() -> bytes:
    files = {
        "package/package.json": json.dumps({"name": NAME, "version": "1.0.0", "scripts": {"install": "exit 1"}}),
        "package/icons.json": json.dumps({"prefix": "mini", "icons": {}}),
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(raw.getvalue(), mtime=0)


class Registry(BaseHTTPRequestHandler):
    requests: list[str] = []
    corrupt = False

    def do_GET(self) -> None:
        self.requests.append(self.path)
        body = archive()
        hashed = base64.b64encode(hashlib.sha512(body).digest()).decode()
        if self.path.endswith(".tgz"):
            self._send(200, body[:-9] + b"corrupted" if self.corrupt else body)
        elif "iconify-json" in self.path and "mini" in self.path:
            host = f"http://127.0.0.1:{self.server.server_address[1]}"
            dist = {"tarball": f"{host}/mini-1.0.0.tgz", "integrity": f"sha512-{hashed}"}
            version = {"name": NAME, "version": "1.0.0", "dist": dist}
            document = {"name": NAME, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
            self._send(200, json.dumps(document).encode())
        else:
            self._send(404, b"{}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[str]:
    Registry.requests, Registry.corrupt = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def npm(tmp_path: Path, registry: str) -> Npm:
    store = f"--cache={tmp_path / 'npm-store'}"
    return Npm(tmp_path / "cache", options=(f"--registry={registry}", store, "--fetch-retries=0"))


def test_a_set_is_installed_once_without_running_scripts(tmp_path: Path, registry: str) -> None:
    (root,) = fetch_iconify(npm(tmp_path, registry), ["mini@1.0.0"])
    assert (root / "icons.json").is_file() and root.name == "mini"
    asked = len(Registry.requests)
    assert asked >= 2
    assert fetch_iconify(npm(tmp_path, "http://127.0.0.1:9/"), ["mini@1.0.0"]) == [root]
    assert len(Registry.requests) == asked, "the second time needs no network"


def test_a_corrupt_archive_is_refused_and_leaves_nothing(tmp_path: Path, registry: str) -> None:
    Registry.corrupt = True
    with pytest.raises(SourceError, match="integrity"):
        fetch_iconify(npm(tmp_path, registry), ["mini"])
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_unknown_set_is_named(tmp_path: Path, registry: str) -> None:
    with pytest.raises(SourceError, match="no package @iconify-json/nosuch"):
        fetch_iconify(npm(tmp_path, registry), ["nosuch"])


def test_offline_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot reach") as error:
        fetch_iconify(npm(tmp_path, "http://127.0.0.1:9/"), ["mini"])
    assert "unpacked package" in error.value.hint


@pytest.mark.parametrize("text", ["--global", "a b", "../x", "git+ssh://x", "@x", "mini@file:/etc", "Mini", ""])
def test_nothing_but_a_name_and_a_version_reaches_npm(text: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not an npm package"):
        fetch_iconify(Npm(tmp_path), [text])


def test_versions_are_pinned() -> None:
    assert split_spec("@a/b@1.2.3-rc.1") == ("@a/b", "1.2.3-rc.1")
    assert all(split_spec(spec)[1] for spec in (*KEYWORD_PACKAGES, ICONIFY_ALL))
    assert iconify_package("lucide").startswith("@iconify-json/lucide@1.")
    assert iconify_package("lucide@1.0.0") == "@iconify-json/lucide@1.0.0"
    assert iconify_package("mini") == "@iconify-json/mini"
