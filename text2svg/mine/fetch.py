"""One request, bounded in every direction: httpx over aiohttp's connections, the socket gate below both.

Refuses: addresses the policy closes (on the address being dialled, so names, redirects and rebinding DNS included),
bodies over their limit before or after unpacking, packings nobody asked for, certificates that do not verify, and
answers that take longer than the deadline. Follows no redirect by itself and keeps no cookie. The trade-off: httpx's
own pool costs 15 to 20 times the CPU at 500 connections, so aiohttp's is used, at the price of a second URL parser;
the gate sits below both.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
import httpx
from aiohttp import client_exceptions as raised
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport

from text2svg.mine.addresses import AddressPolicy, gate, watch
from text2svg.mine.refusal import MineRefusal

TOKEN = "Text2SVGBot"
"""Our product token, as robots.txt files name it."""
AGENT = f"{TOKEN}/1 (collects openly published SVG drawings for training)"
DNS_SECONDS = 300
SMALL = 16 * 1024  # a body worth reading to its end, because that keeps the connection
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPT = "text/html,application/xhtml+xml,image/svg+xml,application/xml;q=0.8,*/*;q=0.1"
# Most telling first; ClientConnectorError is the parent of several.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (raised.ClientConnectorDNSError, "dns"),
    (socket.gaierror, "dns"),
    (raised.ClientConnectorCertificateError, "tls"),
    (raised.ClientSSLError, "tls"),
    (ssl.SSLError, "tls"),
    (raised.ConnectionTimeoutError, "connect-timeout"),
    (raised.SocketTimeoutError, "read-timeout"),
    (raised.ClientConnectorError, "connect"),
    (raised.InvalidURL, "bad-url"),
    (raised.ServerDisconnectedError, "connection-lost"),
    (raised.ClientPayloadError, "connection-lost"),
    (raised.ClientOSError, "connection-lost"),
    (ConnectionError, "connection-lost"),
)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How requests are made; sizes in bytes, times in seconds."""

    agent: str = AGENT
    """The User-Agent header: say who you are and how to reach you."""
    timeout_s: float = 1.0
    """To connect, and between two pieces of an answer."""
    deadline_s: float = 15.0
    """For a whole answer."""
    connections: int = field(default=500, compare=False)
    page_bytes: int = 5_000_000
    """Of a page, packed and unpacked."""
    svg_bytes: int = 1_000_000
    """Of a drawing, packed and unpacked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought; header names are lower-case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def kind(self) -> str:
        """The media type without parameters, lower-case; empty when the server names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset parameter of the media type, or empty."""
        _, _, rest = self.headers.get("content-type", "").lower().partition("charset=")
        return rest.partition(";")[0].strip(" \"'")

    @property
    def location(self) -> str:
        """Where a redirect leads, absolute. Raises MineRefusal when it names no place."""
        target = self.headers.get("location", "").strip()
        if not target:
            raise MineRefusal("redirect-limit", f"{self.status} without a target")
        try:
            return urljoin(self.url, target)
        except ValueError as error:
            raise MineRefusal("bad-url", str(error)) from None


class Fetcher:
    """Makes requests; an async context manager, for one event loop."""

    def __init__(
        self,
        options: FetchOptions = FetchOptions(),
        policy: AddressPolicy = AddressPolicy(),
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.options = options
        self.policy = policy
        self._resolver = resolver
        self._transport: httpx.AsyncBaseTransport | None = None
        self._headers = httpx.Headers(
            {"user-agent": options.agent, "accept": _ACCEPT, "accept-encoding": "gzip, deflate"}
        )
        seconds = options.timeout_s
        self._extensions = {"timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": None}}

    async def __aenter__(self) -> Self:
        context = httpx.create_ssl_context(trust_env=False)
        connector = aiohttp.TCPConnector(
            limit=self.options.connections,
            resolver=self._resolver,
            ssl=context,
            socket_factory=gate(self.policy),
            ttl_dns_cache=DNS_SECONDS,
            keepalive_timeout=10,
        )
        # A proxy would do the dialling itself, past the gate; a cookie jar only grows.
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        self._transport = AiohttpTransport(client=session, verify=context, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def get(self, url: str, limit: int, kinds: frozenset[str] | None = None) -> Answer:
        """One answer, with its body when the status is 200 and its media type is among `kinds`.

        `url` must have passed `AddressPolicy.url`. Raises MineRefusal.
        """
        refused = watch()
        try:
            async with asyncio.timeout(self.options.deadline_s):
                return await self._get(url, limit, kinds)
        except MineRefusal:
            raise
        except TimeoutError:
            raise MineRefusal("deadline", f"{self.options.deadline_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            if refused:
                raise MineRefusal("private-address", refused[0]) from None
            raise _refusal(error) from None

    async def _get(self, url: str, limit: int, kinds: frozenset[str] | None) -> Answer:
        assert self._transport is not None, "use the fetcher as a context manager"
        request = httpx.Request("GET", url, headers=self._headers, extensions=self._extensions)
        response = await self._transport.handle_async_request(request)
        try:
            headers = _merged(response.headers.raw)
            answer = Answer(url, response.status_code, headers)
            if answer.status != 200 or (kinds is not None and answer.kind and answer.kind not in kinds):
                if headers.get("content-length", "").isdigit() and int(headers["content-length"]) <= SMALL:
                    await _read(response, headers, SMALL)
                return answer
            return Answer(url, 200, headers, await _read(response, headers, limit))
        finally:
            await response.aclose()


def _merged(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined with commas."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _read(response: httpx.Response, headers: Mapping[str, str], limit: int) -> bytes:
    """The body, unpacked. Raises MineRefusal over `limit`, without holding more than a piece beyond it."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise MineRefusal("byte-limit", f"{length} bytes, at most {limit}")
    unpack = _unpacker(headers.get("content-encoding", ""))
    pieces, received, size = [], 0, 0
    stream: Any = response.stream
    async for piece in stream:
        received += len(piece)
        if received > limit:
            raise MineRefusal("byte-limit", f"more than {limit} bytes")
        if unpack is not None:
            piece = unpack.decompress(piece, limit - size + 1)
        size += len(piece)
        if size > limit:
            raise MineRefusal("decompression-limit", f"{received} bytes unpack to more than {limit}")
        pieces.append(piece)
    if unpack is not None and not unpack.eof:
        raise MineRefusal("content-encoding", "ends too early")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Unpacker:
    """zlib in gzip or zlib form, or the bare stream that some servers call deflate; bounded output."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)
        self._maybe_bare = window == zlib.MAX_WBITS

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def decompress(self, data: bytes, limit: int) -> bytes:
        try:
            return self._inner.decompress(data, limit)
        except zlib.error as error:
            if not self._maybe_bare:
                raise MineRefusal("content-encoding", str(error)) from None
            self._maybe_bare = False
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            return self.decompress(data, limit)


def _unpacker(encoding: str) -> _Unpacker | None:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip"):
        return _Unpacker(16 + zlib.MAX_WBITS)
    if name == "deflate":
        return _Unpacker(zlib.MAX_WBITS)
    raise MineRefusal("content-encoding", encoding[:40])


def _refusal(error: BaseException) -> MineRefusal:
    """The reason behind an error of either library."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(links) < 8:
        links.append(link)
        link = link.__cause__ or link.__context__
    for kind, reason in _CAUSES:
        if found := next((one for one in links if isinstance(one, kind)), None):
            return MineRefusal(reason, str(found)[:120])
    return MineRefusal("bad-url" if isinstance(error, httpx.InvalidURL) else "protocol", str(error)[:120])


def status_refusal(answer: Answer) -> MineRefusal:
    """The refusal a status stands for, with the pause the server asks for."""
    status = answer.status
    if status == 429 or status >= 500:
        reason = "http-429" if status == 429 else "http-5xx"
        return MineRefusal(reason, str(status), retry_after=_seconds(answer.headers.get("retry-after", "")))
    if status >= 400:
        return MineRefusal("http-4xx", str(status))
    return MineRefusal("http-3xx" if status >= 300 else "no-svg", str(status))


def _seconds(value: str) -> float:
    """Retry-After in seconds, from its number or its date; 0 when there is none or it cannot be read."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
