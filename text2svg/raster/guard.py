"""A rasterizer in a process of its own, so that a bomb costs a timeout and not the server.

Nested `use`, giant filters and huge dash arrays can hold any renderer for minutes; a thread cannot be stopped, a process
can. Refuses to share one child between two renders at once. The trade-off: 0.1 ms a render for the pipe and about 0.2 s
to start the child again after a kill.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from text2svg.errors import RenderError, Text2SVGError
from text2svg.raster.base import Rasterizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_MEMORY = 2 << 30
"""Address space of the child in bytes. A 4096 px surface with a filter chain needs about 0.5 GiB."""

START_S = 60.0
"""A cold import of numpy and Pillow on a busy machine took up to 6 s."""

CHILD = "import sys; sys.path[:] = sys.argv[1:]; from text2svg.raster.guard import main; main()"
"""The child finds modules where the parent does, however the parent was started."""


class Guarded:
    """Any rasterizer with a time limit. A context manager; `close()` ends the child."""

    def __init__(self, rasterizer: Rasterizer, timeout_s: float = 5.0) -> None:
        self._rasterizer = rasterizer
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._replies: queue.Queue[Any] = queue.Queue()

    @property
    def name(self) -> str:
        """The name of the wrapped rasterizer."""
        return self._rasterizer.name

    def render(self, svg: str, size: int) -> NDArray[np.uint8]:
        """Draw as the wrapped rasterizer does. Raises RenderError, also for a timeout or a dead child."""
        return self._ask("render", svg, size)

    def png(self, svg: str, size: int) -> bytes:
        """Draw into a PNG as the wrapped rasterizer does. Raises RenderError likewise."""
        return self._ask("png", svg, size)

    def close(self) -> None:
        """End the child; the next render starts a new one."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Guarded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return (Guarded, (self._rasterizer, self._timeout_s))

    def _ask(self, method: str, svg: str, size: int) -> Any:
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                self._start()
            try:
                write_frame(self._child.stdin, (method, svg, size))
                reply = self._replies.get(timeout=self._timeout_s)
            except queue.Empty:
                self._stop()
                raise RenderError(f"no picture after {self._timeout_s:g} s") from None
            except OSError:
                reply = None
            if reply is None:
                self._stop()
                raise RenderError("the drawing killed its rasterizer process")
        if isinstance(reply, Text2SVGError):
            raise reply
        return reply

    def _start(self) -> None:
        self._stop()
        self._replies = queue.Queue()
        self._child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        reader = threading.Thread(
            target=_pump, args=(self._child.stdout, self._replies), daemon=True
        )
        reader.start()
        write_frame(self._child.stdin, self._rasterizer)
        try:
            ready = self._replies.get(timeout=START_S)
        except queue.Empty:
            ready = None
        if ready != "ready":
            self._stop()
            raise RenderError("the rasterizer process did not start")

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        with contextlib.suppress(OSError):
            child.stdin.close()


def write_frame(pipe: BinaryIO, value: object) -> None:
    """Write one length-prefixed pickle."""
    data = pickle.dumps(value, protocol=5)
    pipe.write(struct.pack("<Q", len(data)) + data)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> Any:
    """Read one frame, or raise EOFError when the other side is gone."""
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    size = struct.unpack("<Q", head)[0]
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)


def _pump(pipe: BinaryIO, replies: queue.Queue[Any]) -> None:
    """Move frames from the child to the queue; None says that it died."""
    with pipe:
        while True:
            try:
                replies.put(read_frame(pipe))
            except (EOFError, OSError, ValueError):
                replies.put(None)
                return


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the timeout still holds there.
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def main() -> None:
    """The child: one rasterizer, then requests until standard input closes."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # A library that prints must not corrupt the frames.
    rasterizer = read_frame(source)
    _limit_memory()
    write_frame(sink, "ready")
    while True:
        try:
            method, svg, size = read_frame(source)
        except EOFError:
            return
        try:
            reply: object = getattr(rasterizer, method)(svg, size)
        except Text2SVGError as error:
            reply = error
        except MemoryError:
            reply = RenderError("the drawing needs too much memory")
        write_frame(sink, reply)
