"""A small real server for vision chat, with the faults that real ones have: it can be busy, break off, and die.

    python vision_server.py --port 8123 --log answered.txt --die-after 700 --busy-every 50

It reads the OpenAI chat dialect with a PNG as data URI, looks at the picture (its mean grey level is in the answer) and
streams. Every answer that was sent to its end is logged with the hash of its request, so tests can count double calls.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import signal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


class State:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lock = threading.Lock()
        self.seen = 0
        self.answered = 0

    def arrive(self) -> int:
        with self.lock:
            self.seen += 1
            return self.seen

    def finish(self, digest: str, send: Callable[[], None]) -> None:
        """Sends an answer's end and writes it down; dying in between would leave an answer that nobody knows of."""
        with self.lock:
            send()
            self.answered += 1
            with Path(self.options.log).open("a") as log:
                log.write(digest + "\n")

    def die_if_due(self) -> None:
        with self.lock:
            if 0 < self.options.die_after <= self.answered:
                os.kill(os.getpid(), signal.SIGKILL)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:  # noqa: N802
        self._json(200, {"object": "list", "data": [{"id": "tiny-vision", "object": "model"}]})

    def do_POST(self) -> None:  # noqa: N802
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        place, body = self.state.arrive(), json.loads(raw)
        every = self.state.options.busy_every
        if every and place % every == 0:
            self._json(429, {"error": {"message": "too many requests"}}, {"Retry-After": "1"})
            return
        try:
            answer = look(body)
        except (KeyError, ValueError, OSError) as error:
            self._json(400, {"error": {"message": f"no picture in the request: {error!r}"}})
            return
        self._stream(answer.split(" "), hashlib.sha256(raw).hexdigest())

    def _stream(self, words: list[str], digest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for place, word in enumerate(words):
            if place == len(words) // 2:
                self.state.die_if_due()
            self._event({"choices": [{"delta": {"content": (" " if place else "") + word}}]})
        self.state.finish(digest, lambda: self._end(len(words)))

    def _end(self, tokens: int) -> None:
        self._event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 290, "completion_tokens": tokens}})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(f"data: {json.dumps(event)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)


def look(body: dict[str, Any]) -> str:
    """A caption that depends on the picture and the question alone."""
    parts = body["messages"][-1]["content"]
    uri = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    question = next(part["text"] for part in parts if part["type"] == "text")
    head, _, data = uri.partition(",")
    if head != "data:image/png;base64":
        raise ValueError(head)
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("L")
    pixels = np.asarray(picture)
    grey = "dark" if pixels[0, 0] < 128 else "white"
    level = "bold" if abs(float(pixels.mean()) - float(pixels[0, 0])) > 30 else "thin"
    where = "top" if pixels[: len(pixels) // 2].std() > pixels[len(pixels) // 2 :].std() else "lower half"
    manner = "in few words" if "at most 5 words" in question else "with its ink mostly in the " + where
    return f"A {level} symbol on {grey} ground of {picture.width} pixels, {manner}."


def serve(options: argparse.Namespace) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    class Bound(Handler):
        state = State(options)

    return Server(("127.0.0.1", options.port), Bound)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser()
    found.add_argument("--port", type=int, default=0)
    found.add_argument("--log", required=True)
    found.add_argument("--die-after", type=int, default=0)
    found.add_argument("--busy-every", type=int, default=0)
    return found


if __name__ == "__main__":
    server = serve(parser().parse_args())
    print(server.server_address[1], flush=True)
    server.serve_forever()
