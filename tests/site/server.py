"""Serves the planted site on loopback: as a program (`python server.py COUNT`), or in a thread of the test.

As a program it prints its ports as JSON and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from planted import Reply, Site, bomb, page

ROBOTS = Reply(b"User-agent: *\nDisallow: /never/\n", kind="text/plain")


class Server:
    """An HTTP/1.1 server with manners and without."""

    def __init__(self, site: Site) -> None:
        self.site = site
        for kind in ("gzip", "deflate"):  # made now, because making one takes a second
            bomb(kind)
        self.busy: set[str] = set()
        self.requests = 0
        self.extra: dict[tuple[str, str], Reply] = {}

    def reply(self, host: str, path: str) -> Reply | None:
        """What lies at a path of a host: its own page, or what another page put there."""
        if (host, path) in self.extra:
            return self.extra[host, path]
        digits = "".join(c for c in path.rpartition("/")[2].partition(".")[0].partition("-")[0] if c.isdigit())
        digits = digits or "".join(c for c in host if c.isdigit())
        if path == "/plain":
            return Reply(page("<p>x</p>"))
        number = int(digits) if digits else -1
        if 0 <= number < self.site.count and (found := self.site.planted(number).replies.get((host, path))):
            return found
        return ROBOTS if path == "/robots.txt" and host.startswith("h") else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.requests += 1
                path = head.split(" ", 2)[1]
                host = next(line[5:].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
                found = self.reply(host.rpartition(":")[0] or host, path)
                if not await self.answer(writer, found or Reply(b"nothing here", 404), f"{host}{path}"):
                    writer.close()
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()
        except asyncio.CancelledError:
            writer.transport.abort()

    async def answer(self, writer: asyncio.StreamWriter, reply: Reply, key: str) -> bool:
        """Sends one answer; False when the connection is to be closed."""
        if reply.behaviour == "busy-once" and key not in self.busy:
            self.busy.add(key)
            reply = Reply(b"busy", 503, headers=(("Retry-After", "1"),))
        names = {name.lower() for name, _ in reply.headers}
        length = "" if "content-length" in names else f"Content-Length: {len(reply.body)}\r\n"
        fields = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        head = f"HTTP/1.1 {reply.status} X\r\nContent-Type: {reply.kind}\r\n{length}{fields}"
        if reply.behaviour in ("", "busy-once"):
            writer.write((head + "\r\n").encode("latin-1") + reply.body)
            await writer.drain()
            return True
        await getattr(self, reply.behaviour.replace("-", "_"))(writer, head, reply)
        return False

    async def silent(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        await asyncio.sleep(30)

    async def drip(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<svg>")
        for _ in range(300):
            writer.write(b"<!---->")
            await writer.drain()
            await asyncio.sleep(0.1)

    async def endless(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(100_000):
            writer.write(b"<svg>" + b" " * 65_536)
            await writer.drain()

    async def endless_head(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1000):
            writer.write(b"x" * 65_536)
            await writer.drain()

    async def claims(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write((head + "\r\n").encode() + reply.body)
        await writer.drain()
        await asyncio.sleep(5)

    async def claims_and_leaves(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write((head + "\r\n").encode() + reply.body)
        await writer.drain()

    async def garbage(self, writer: asyncio.StreamWriter, head: str, reply: Reply) -> None:
        writer.write(b"\x00\x01SSH-2.0-not-http\r\n\r\n")
        await writer.drain()


async def open_ports(server: Server) -> list[asyncio.Server]:
    """Listens on two ports of 127.0.0.1, as the site says."""
    ports = (server.site.port, server.site.other_port)
    return [await asyncio.start_server(server.serve, "127.0.0.1", p, backlog=2048, limit=65_536) for p in ports]


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return numbers


@contextmanager
def serving(count: int) -> Iterator[Server]:
    """The site, served by a thread."""
    server = Server(Site(count, *free_ports(3)))
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def main() -> None:
        listening = await open_ports(server)
        ready.set()
        await stop.wait()
        for each in listening:
            each.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports close in the turns that follow

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _program(count: int) -> None:
    site = Site(count, *free_ports(3))
    listening = await open_ports(Server(site))
    print(json.dumps([site.port, site.other_port, site.closed_port]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in listening:
        each.close()


if __name__ == "__main__":
    asyncio.run(_program(int(sys.argv[1])))
