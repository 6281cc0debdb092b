"""A host for Spaces on the loopback, as far as huggingface_hub asks when it uploads a folder."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LFS = (".onnx", ".safetensors", ".parquet", ".npy", ".data")


class Hub:
    """What it was sent: `repos` by name, `files` by path, `calls` in order."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.address = ""
        self.repos: dict[str, dict] = {}
        self.files: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.deleted: list[str] = []
        self.message = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """Status and JSON for one call."""
        if path.endswith("/api/repos/create"):
            asked = json.loads(body)
            self.repos[f"{asked.get('organization') or 'me'}/{asked['name']}"] = asked
            return 200, {"url": f"{self.address}/spaces/me/{asked['name']}"}
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            modes = [{"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(LFS) else "regular"} for f in files]
            return 200, {"files": [{**one, "shouldIgnore": False} for one in modes]}
        if path.endswith("/info/lfs/objects/batch"):
            return 200, {"transfer": "basic", "objects": [self._slot(one) for one in json.loads(body)["objects"]]}
        if path.startswith("/blob/"):
            self.blobs[path.rsplit("/", 1)[1]] = body
            return 200, {}
        if "/commit/" in path:
            return 200, self._commit([json.loads(line) for line in body.splitlines() if line.strip()])
        if path.endswith("/validate-yaml"):
            return 200, {"errors": [], "warnings": []}
        return (200, self._tree()) if method == "GET" else (404, {"error": path})

    def _slot(self, one: dict) -> dict:
        action = {"upload": {"href": f"{self.address}/blob/{one['oid']}", "header": {}}}
        return {"oid": one["oid"], "size": one["size"], "actions": action}

    def _commit(self, lines: list[dict]) -> dict:
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.message = value["summary"]
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.blobs[value["oid"]]
                assert hashlib.sha256(self.files[value["path"]]).hexdigest() == value["oid"]
            elif line["key"] == "deletedFile":
                self.deleted.append(value["path"])
        return {"success": True, "commitOid": "0" * 40, "commitUrl": f"{self.address}/spaces/me/icons/commit/1"}

    def _tree(self) -> list | dict:
        return [{"type": "file", "path": "old.py", "oid": "1" * 40, "size": 1}]


@contextmanager
def hub(token: str) -> Iterator[Hub]:
    """A running host that knows one token."""
    served = Hub(token)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("transfer-encoding") == "chunked":
                body = self._chunks()
            known = self.headers.get("authorization") == f"Bearer {served.token}" or self.path.startswith("/blob/")
            path = self.path.split("?")[0]
            status, said = served.answer(self.command, path, body) if known else (401, {"error": "Invalid token"})
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_POST = do_PUT = do_HEAD = _any  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
