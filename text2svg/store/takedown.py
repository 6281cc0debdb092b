"""What rights holders asked to have taken down: by address, by site or by drawing; kept as `takedowns.jsonl`.

Refuses a value that could block more than was asked: a domain without a dot, a digest of another length. Addresses are
compared without scheme, port of the scheme, fragment and percent-encoding, because a takedown that misses by a letter
is worse than one that meets two spellings. The trade-off: a drawing that was also seen elsewhere stays with that source;
whoever wants every copy of the same text gone names its digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from text2svg.errors import ConfigError, StoreError

KINDS = ("url", "domain", "digest")
REASON = "takedown"
"""Reason of a raw row whose text was taken down; the row stays, empty, so that an import still finds its place."""
FILE = "takedowns.jsonl"

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\Z")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Takedown:
    """One request, normalised."""

    kind: str
    """`url`, `domain` or `digest`."""
    value: str
    note: str = ""
    """Who asked and why, for the record."""
    when: str = ""
    """UTC time as ISO 8601 with a Z."""

    @classmethod
    def of(cls, kind: str, value: str, *, note: str = "", when: str = "") -> Takedown:
        """Normalises `value`. Raises ConfigError for an unknown kind or a value that is none of its kind."""
        if kind not in KINDS:
            raise ConfigError(f"no takedown by {kind!r}", hint=f"known: {', '.join(KINDS)}")
        return cls(kind, _NORMAL[kind](value.strip()), note, when)


@dataclass(frozen=True, slots=True)
class Takedowns:
    """Everything that was asked for so far, ready to be asked about one row."""

    urls: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()

    @classmethod
    def of(cls, found: Iterable[Takedown]) -> Takedowns:
        """The set of some requests."""
        by_kind: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for one in found:
            by_kind[one.kind].add(one.value)
        return cls(*(frozenset(by_kind[kind]) for kind in KINDS))

    @classmethod
    def read(cls, store: Path) -> Takedowns:
        """Those of the store at `store`, read from its file alone. Raises StoreError when that is damaged."""
        return cls.of(read(store))

    def __bool__(self) -> bool:
        return bool(self.urls or self.domains or self.digests)

    def blocks(self, url: str, digest: str) -> str:
        """Why a row must not be kept: `takedown-url`, `takedown-domain`, `takedown-digest`; '' when it may be.

        Either argument may be empty when it is not known (a miner asks before it has fetched).
        """
        if digest and digest.lower() in self.digests:
            return "takedown-digest"
        if not url or not (self.urls or self.domains):
            return ""
        try:
            address = _address(url)
        except ConfigError:  # not an address, e.g. a file name of an upload: only its digest can be named
            return ""
        if address in self.urls:
            return "takedown-url"
        host = address.partition("/")[0].partition(":")[0]
        while host:
            if host in self.domains:
                return "takedown-domain"
            host = host.partition(".")[2]
        return ""


def read(store: Path) -> list[Takedown]:
    """Every request of the store at `store`, oldest first. Raises StoreError when a line cannot be read."""
    path = store / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [Takedown(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        hint = "mend the line; nothing may be imported while it is unknown what was taken down"
        raise StoreError(f"cannot read {path}: {error}", hint=hint) from error


def line_of(takedown: Takedown) -> str:
    """A request as its line of the file."""
    return json.dumps(asdict(takedown), ensure_ascii=False) + "\n"


def _address(url: str) -> str:
    """`host[:port]/path[?query]` with the host in lower case. Raises ConfigError."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no address: {error}") from error
    if not host:
        raise ConfigError(f"{url!r} is no address", hint="write https://host/path")
    place = host if port in (None, _PORTS.get(parts.scheme.lower())) else f"{host}:{port}"
    path = unquote(parts.path) or "/"
    return f"{place}{path}?{unquote(parts.query)}" if parts.query else f"{place}{path}"


def _host(name: str) -> str:
    try:
        return name.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return name.rstrip(".").lower()


def _domain(value: str) -> str:
    host = _host(urlsplit(value if "//" in value else f"//{value}").hostname or "")
    if not _DOMAIN.match(host):
        hint = "write example.org; its subdomains are meant too"
        raise ConfigError(f"{value!r} is no domain", hint=hint)
    return host


def _digest(value: str) -> str:
    if not _DIGEST.match(value.lower()):
        raise ConfigError(f"{value!r} is no digest", hint="64 hex digits, as `text2svg search --json` gives them")
    return value.lower()


_NORMAL = {"url": _address, "domain": _domain, "digest": _digest}
