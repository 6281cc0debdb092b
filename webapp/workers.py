"""Several processes behind one port: `text2svg serve --workers N`.

A Gradio page lives in one process, so whoever comes from one address is served by one worker: the connection itself, an open
socket, is handed to it. Nothing of HTTP is copied in between, and a worker sees for itself when its visitor leaves. Behind a
proxy the address is what X-Forwarded-For says; proxies mix visitors in the connections they keep, so each of those carries
one request. Refuses systems that cannot hand sockets over (Windows). The trade-off: visitors behind one address share a
worker, and every worker holds its own models (400 MB in all) and its own queue.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any
from zlib import crc32

from text2svg.errors import ConfigError
from webapp.metrics import log

HEAD_BYTES = 16_384
HEAD_S = 10.0
"""For the head of a proxied request; who is slower gets the worker of whoever says nothing."""
LOOK_S = 0.005
BACKLOG = 1024
CONNECTION, READY = b"c", b"r"
FORWARDED = re.compile(rb"\r\nx-forwarded-for:[ \t]*([^\r\n]*)", re.IGNORECASE)

Spawn = Callable[[int, socket.socket], BaseProcess]
"""A worker's number and its end of the channel to the started process."""


def listening(host: str, port: int) -> socket.socket:
    """The one socket that everybody connects to. Raises ConfigError where it cannot be had."""
    if not hasattr(socket, "send_fds"):
        raise ConfigError("this system cannot hand connections to workers", hint="serve without --workers")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error}", hint="another --port, perhaps") from error


def worker_of(key: bytes, workers: int) -> int:
    """Which worker serves an address; the same one as long as their number stays."""
    return crc32(key) % workers


@dataclass
class _Worker:
    process: BaseProcess
    channel: socket.socket
    ready: bool = False


@dataclass
class Dispatcher:
    """Starts the workers, hands them connections, replaces those that die."""

    spawn: Spawn
    count: int
    proxied: bool = False
    grace_s: float = 10.0
    _workers: list[_Worker] = field(default_factory=list)

    def run(self, listener: socket.socket) -> int:
        """Serves until told to stop by SIGTERM or SIGINT; 1 when a worker could not even start."""
        with asyncio.Runner() as runner:
            code = runner.run(self._serve(listener))
        deadline = time.monotonic() + self.grace_s + 5.0
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
        return code

    async def _serve(self, listener: socket.socket) -> int:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        broken: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)

        def died(index: int) -> None:
            worker = self._workers[index]
            self._forget(worker)
            log("worker-died", worker=index, code=worker.process.exitcode)
            if not worker.ready:
                broken.append(index)
                stopped.set()
                return
            self._workers[index] = self._start(index, died)

        self._workers = [self._start(index, died) for index in range(self.count)]
        listener.setblocking(False)
        log("listening", workers=self.count, host=listener.getsockname()[0], port=listener.getsockname()[1])
        accepting = loop.create_task(self._accept(listener))
        await stopped.wait()
        accepting.cancel()
        listener.close()
        for worker in self._workers:
            self._forget(worker)  # a closed channel is what tells a worker to finish
        return 1 if broken else 0

    def _start(self, index: int, died: Callable[[int], None]) -> _Worker:
        mine, theirs = socket.socketpair()
        mine.setblocking(False)
        worker = _Worker(self.spawn(index, theirs), mine)
        theirs.close()
        loop = asyncio.get_running_loop()
        loop.add_reader(worker.process.sentinel, died, index)
        loop.add_reader(mine, self._heard, worker)
        return worker

    def _heard(self, worker: _Worker) -> None:
        try:
            said = worker.channel.recv(1)
        except ConnectionError:
            said = b""
        worker.ready = worker.ready or said == READY
        if not said:
            # It is at its end; its process says what came of it.
            asyncio.get_running_loop().remove_reader(worker.channel)

    def _forget(self, worker: _Worker) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(worker.process.sentinel)
        if worker.channel.fileno() >= 0:
            loop.remove_reader(worker.channel)
            worker.channel.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop, open_ = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        while True:
            connection, address = await loop.sock_accept(listener)
            if not self.proxied:
                self._hand(connection, str(address[0]).encode())
                continue
            task = loop.create_task(self._forwarded(connection))
            open_.add(task)
            task.add_done_callback(open_.discard)

    async def _forwarded(self, connection: socket.socket) -> None:
        self._hand(connection, await _client_of(connection))

    def _hand(self, connection: socket.socket, key: bytes) -> None:
        worker = self._workers[worker_of(key, self.count)]
        with connection:
            try:
                socket.send_fds(worker.channel, [CONNECTION], [connection.fileno()])
            except OSError:
                # A worker that is down or takes nothing more: the visitor's browser tries again.
                log("turned-away")


async def _client_of(connection: socket.socket) -> bytes:
    """What X-Forwarded-For says, looked at and left in the socket; empty when nothing does."""
    deadline = time.monotonic() + HEAD_S
    while time.monotonic() < deadline:
        try:
            head = connection.recv(HEAD_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            await asyncio.sleep(LOOK_S)
            continue
        except OSError:
            return b""
        if not head or b"\r\n\r\n" in head or len(head) == HEAD_BYTES:
            found = FORWARDED.search(head.partition(b"\r\n\r\n")[0])
            return found[1].strip() if found else b""
        await asyncio.sleep(LOOK_S)
    return b""


def taking(server: Any, channel: socket.socket) -> None:
    """Makes a started uvicorn server take connections from the channel; a closed one tells it to stop."""
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[Any]]()

    def protocol() -> Any:
        state = {"server_state": server.server_state, "app_state": server.lifespan.state}
        return server.config.http_protocol_class(config=server.config, **state)

    def take() -> None:
        try:
            data, handed, _, _ = socket.recv_fds(channel, 1, 1)
        except BlockingIOError:
            return
        except ConnectionError:
            data, handed = b"", []
        if not data:
            loop.remove_reader(channel)
            if not server.should_exit:
                # Ctrl-C reached it already; a second word would cut running work short.
                server.handle_exit(signal.SIGTERM, None)
        for descriptor in handed:
            connection = socket.socket(fileno=descriptor)
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(protocol, connection))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    channel.setblocking(False)
    loop.add_reader(channel, take)
    channel.send(READY)
