"""Which addresses may be dialled, decided on the very address a socket is about to connect to.

Names, redirects, rebinding DNS and odd spellings of an IP all end in one address, so one check behind them all leaves
no gap. Refuses everything that is not the public internet: loopback, private, link-local, shared, reserved, multicast,
documentation, and IPv6 forms that carry such an IPv4 address (mapped, NAT64, 6to4, ISATAP). The trade-off: a network
whose own hosts should be mined must be named in `allow`, which opens exactly those addresses.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit, urlunsplit

from text2svg.errors import ConfigError
from text2svg.mine.refusal import MineRefusal

# The IANA special-purpose registries; `is_global` of the standard library misses several of these.
_CLOSED = tuple(
    (ip_network(block), name)
    for block, name in (
        ("0.0.0.0/8", "this network"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"), ("192.0.2.0/24", "documentation"), ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"), ("198.18.0.0/15", "benchmarking"), ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
        ("2001::/23", "protocol assignments"), ("2001:db8::/32", "documentation"), ("3fff::/20", "documentation"),
    )
)  # fmt: skip
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_FORBIDDEN = frozenset('\\ \t\r\n\f\v"<>^`{|}\ufffd')

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be dialled and asked for."""

    allow: tuple[str, ...] = ()
    """Networks in CIDR form that are open although they are not public, e.g. `127.0.0.1/32`."""
    ports: frozenset[int] = frozenset({80, 443})
    """Empty allows every port."""

    def __post_init__(self) -> None:
        for block in self.allow:
            try:
                ip_network(block)
            except ValueError as error:
                raise ConfigError(f"{block!r} is no network: {error}", hint="write 10.1.0.0/16") from None

    def verdict(self, address: str, port: int) -> str:
        """Empty when the address may be dialled, else `loopback 127.0.0.1` or `port 22`."""
        if self.ports and port not in self.ports:
            return f"port {port}"
        return _closed(address.partition("%")[0], self.allow)

    def url(self, url: str) -> str:
        """The URL in one spelling: lower-case host, no default port, no fragment. Raises MineRefusal."""
        parts = _split(url)
        if parts.username is not None or parts.password is not None:
            raise MineRefusal("credentials", parts.hostname or "")
        host, port = _host(parts), _port(parts)
        if self.ports and port not in self.ports:
            raise MineRefusal("bad-port", str(port))
        self._literal(host, port)
        shown = f"[{host}]" if ":" in host else host
        default = 443 if parts.scheme == "https" else 80
        netloc = shown if port == default else f"{shown}:{port}"
        return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))

    def _literal(self, host: str, port: int) -> None:
        """Refuses a host that is an address in any notation the system's own resolver would accept."""
        address = host
        if ":" not in host:
            try:
                address = socket.inet_ntoa(socket.inet_aton(host))
            except OSError:
                return
        if found := self.verdict(address, port):
            raise MineRefusal("private-address", found)


@lru_cache(maxsize=4096)
def _closed(address: str, allow: tuple[str, ...]) -> str:
    try:
        found = _unwrap(ip_address(address))
    except ValueError:
        return f"unreadable {address}"
    if any(found in ip_network(block) for block in allow):
        return ""
    for block, name in _CLOSED:
        if found in block:
            return f"{name} {found}"
    if isinstance(found, IPv6Address) and found not in _UNICAST:
        return f"special {found}"
    return ""


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that packets would reach in the end, where an IPv6 address carries one."""
    if isinstance(address, IPv4Address):
        return address
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address in _NAT64:
        return low
    if address.sixtofour:
        return address.sixtofour
    if (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE:  # ISATAP
        return low
    return address


def _split(url: str) -> SplitResult:
    if not _FORBIDDEN.isdisjoint(url):
        raise MineRefusal("bad-url", "a character no URL holds")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise MineRefusal("bad-url", str(error)) from None
    if parts.scheme not in ("http", "https"):
        raise MineRefusal("bad-url", f"scheme {parts.scheme[:20]!r}")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        found = parts.port
    except ValueError as error:
        raise MineRefusal("bad-url", str(error)) from None
    return (443 if parts.scheme == "https" else 80) if found is None else found


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if host.isascii():
        if not host or "%" in host:
            raise MineRefusal("bad-url", "no host name" if not host else "a zone or escape in the host")
        return host
    try:
        # Full-width digits and dots become an address here, before it is looked at.
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise MineRefusal("bad-url", "a host name that is no domain") from None


def watch() -> list[str]:
    """A list that fills with the verdicts on addresses refused while this task dials."""
    found: list[str] = []
    _refused.set(found)
    return found


def gate(policy: AddressPolicy) -> Callable[[tuple], socket.socket]:
    """A socket factory that makes no socket for a closed address; raises PermissionError instead."""

    def make(info: tuple) -> socket.socket:
        family, kind, protocol, _, sockaddr = info
        if found := policy.verdict(str(sockaddr[0]), int(sockaddr[1])):
            refused = _refused.get()
            if refused is not None:
                refused.append(found)
            raise PermissionError(errno.EACCES, f"not dialled: {found}")
        return socket.socket(family=family, type=kind, proto=protocol)

    return make
