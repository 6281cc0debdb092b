"""A small real HTTP server in the OpenAI dialects, with the faults that real ones have.

The prompt says what happens: `say A|B|C` streams three pieces, other words are faults. It runs as a thread of the test
(`LocalServer`) or as a program that takes vLLM's command line (`python local_server.py --port N ...`).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class LocalServer:
    """`with LocalServer() as server:` then `server.url`; `server.bodies` are the requests so far."""

    def __init__(self, port: int = 0, models: tuple[str, ...] = ("tiny",), key: str = "") -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.dropped = threading.Event()
        self.active = 0
        self.most_active = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            server_state, model_names, api_key = outer, models, key

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.shutdown()
        self.http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: LocalServer
    model_names: tuple[str, ...]
    api_key: str

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:  # noqa: N802
        if self.path.endswith("/models"):
            self._json(200, {"data": [{"id": name} for name in self.model_names]})
        else:
            self._json(404, {"error": {"message": f"no {self.path}"}})

    def do_POST(self) -> None:  # noqa: N802
        state = self.server_state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            state.bodies.append(body)
            state.paths.append(self.path)
            state.active += 1
            state.most_active = max(state.most_active, state.active)
        try:
            if self.api_key and self.headers.get("Authorization") != f"Bearer {self.api_key}":
                self._json(401, {"error": {"message": "bad key"}})
            else:
                self._answer(body)
        except (BrokenPipeError, ConnectionResetError):
            state.dropped.set()
        finally:
            with state.lock:
                state.active -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        chat = "messages" in body
        what = body["messages"][-1]["content"] if chat else body["prompt"]
        if isinstance(what, list):
            what = what[-1]["text"] if chat else f"say {'|'.join(str(i) for i in what)}"
        kind, _, rest = what.partition(" ")
        if kind == "status":
            self._json(int(rest), {"error": {"message": f"asked for {rest}"}})
            return
        self._begin()
        if kind == "garbage":
            self._event("{not json")
        elif kind == "html":
            self._raw(b"<html>busy</html>\n\n")
        elif kind == "failed":
            self._event(json.dumps({"error": {"message": "out of memory"}}))
        elif kind == "silent":
            self.server_state.dropped.wait(float(rest))
        elif kind.startswith("forever"):
            for i in range(100_000):
                self._event(_piece(chat, f"{i} "))
                time.sleep(0.005)
        elif kind == "vanish":
            self._event(_piece(chat, "half"))
            self.close_connection = True
            self.connection.close()
            return
        else:
            self._say(rest.split("|"), chat, body, kind)
        self._raw(b"")

    def _say(self, pieces: list[str], chat: bool, body: dict[str, Any], kind: str) -> None:
        """`say` works; `cut` leaves out the end, `lumps` sends bytes split anywhere, with comments and CRLF."""
        events = [_piece(chat, p, logprob=-0.5 if body.get("logprobs") else None) for p in pieces]
        if kind != "cut":
            events.append(_piece(chat, "", finish="length" if kind == "long" else "stop"))
            usage = {"prompt_tokens": 7, "completion_tokens": len(pieces) + 2}
            events.append(json.dumps({"choices": [], "usage": usage}))
            events.append("[DONE]")
        if kind != "lumps":
            for event in events:
                self._event(event)
            return
        text = ": hello\r\n\r\n" + "".join(f"id: 3\r\ndata: {e}\r\n\r\n" for e in events)
        data = text.encode()
        for at in range(0, len(data), 7):
            self._raw(data[at : at + 7])

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _event(self, data: str) -> None:
        self._raw(f"data: {data}\n\n".encode())

    def _raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _piece(chat: bool, text: str, finish: str | None = None, logprob: float | None = None) -> str:
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
    if chat:
        choice["delta"] = {"content": text}
        if logprob is not None:
            choice["logprobs"] = {"content": [{"token": text, "logprob": logprob}]}
    else:
        choice["text"] = text
        if logprob is not None:
            choice["logprobs"] = {"token_logprobs": [logprob]}
    return json.dumps({"choices": [choice]}, ensure_ascii=False)


def main(arguments: list[str]) -> None:
    """Serve like vLLM's api_server would, after the stages a start has."""
    value = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "crash" in value["--model"]:
        print("loading weights")
        print("WARNING this may raise OSError: too many files", flush=True)
        print("(Worker pid=3) ERROR 11-24 [x.py:1] ValueError: the model does not fit", flush=True)
        sys.exit("\n".join(["more of the traceback"] * 40 + ["RuntimeError: see root cause above"]))
    print("loading weights", flush=True)
    time.sleep({"slow": 60, "unhurried": 3}.get(value["--model"], 0.5))
    print("compiling", flush=True)
    with LocalServer(int(value["--port"]), models=(value["--served-model-name"],)) as server:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.05)
            if any(body.get("prompt") == "forever, then die" for body in server.bodies):
                print("Segmentation fault", flush=True)
                sys.exit(3)


if __name__ == "__main__":
    main([a for a in sys.argv[1:] if a != "-m" and a != "vllm.entrypoints.openai.api_server"])
