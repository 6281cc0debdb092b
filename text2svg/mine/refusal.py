"""Why a URL or a drawing gave nothing: a stable code, a detail, and whether trying again may help.

Refuses codes nobody declared: each one is a line of `REASONS`, so statistics over years stay comparable. The trade-off:
an exception carries the refusal up from the socket, because an answer type at every floor would say nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping

from text2svg.errors import SourceError
from text2svg.executor.base import MAX_ERROR_CHARS, Outcome
from text2svg.sample import Provenance, Sample, digest_of

PAGE = "page"
"""Reason of the row of a URL that gave drawings, which are rows of their own."""

REASONS: Mapping[str, str] = {
    "page": "the URL was read; its drawings are rows of their own",
    "no-svg": "read, and there is no drawing in it",
    "content-type": "neither HTML nor SVG nor XML",
    "bad-url": "not an absolute http or https URL",
    "bad-port": "a port the address policy does not allow",
    "credentials": "a user name or password in the URL",
    "private-address": "an address that is not on the public internet",
    "redirect-limit": "too many redirects, or one without a target",
    "byte-limit": "more bytes than allowed",
    "decompression-limit": "unpacks to more bytes than allowed",
    "content-encoding": "packed in a way we did not ask for, or damaged",
    "http-4xx": "the server says there is nothing (any 4xx but 429)",
    "http-3xx": "a redirect status that names no new place",
    "robots": "robots.txt disallows it",
    "opt-out:content-signal": "robots.txt or header: Content-Signal ai-train=no",
    "opt-out:content-usage": "robots.txt or header: Content-Usage train-ai=n",
    "opt-out:x-robots-tag": "header X-Robots-Tag: noai, noml, noindex, ...",
    "opt-out:meta-robots": "the same in a meta element",
    "opt-out:tdm": "TDMRep reservation in header, meta element or /.well-known/tdmrep.json",
    "repeat": "the drawing's URL has been asked for in this batch, for another page",
    "external-use": "draws by reference to another file, which is asked for by itself",
    "no-target": "draws by reference to something that is not on the page",
    "takedown": "somebody asked to have it taken down",
    "tag-limit": "more tags on a page than the parser can bear",
    "svg-limit": "more drawings on a page than allowed",
    "link-limit": "more linked drawings on a page than allowed",
    "data-uri": "a data URI that cannot be decoded",
    "archive-cut": "the archive ends inside a record or is damaged there; what follows was not read",
    "dns": "the name does not resolve",
    "connect": "no connection",
    "connect-timeout": "no connection in time",
    "read-timeout": "silence for too long",
    "deadline": "the whole answer took too long",
    "connection-lost": "the connection ended early",
    "tls": "the certificate or the handshake is bad",
    "protocol": "not HTTP as we know it",
    "http-5xx": "the server failed",
    "http-429": "the server asks for fewer requests",
    "robots-unreachable": "robots.txt cannot be had, which RFC 9309 reads as a ban",
    "host-budget": "too many URLs of the host are waiting",
    "host-cool-down": "the host failed several times in a row, or asked for a long pause",
}
"""Every code this package's miners write, beside those of `SvgError` for drawings."""

TRANSIENT = frozenset({
    "dns", "connect", "connect-timeout", "read-timeout", "deadline", "connection-lost", "http-5xx", "http-429",
    "robots-unreachable", "host-budget", "host-cool-down", "archive-cut",
})  # fmt: skip
"""Codes that another day may cure; `mine retry` asks for these again."""

AGAIN = frozenset({"dns", "connect", "connect-timeout", "read-timeout", "connection-lost", "http-5xx", "http-429"})
"""Codes that are tried again at once, with a growing pause."""

TIMEOUTS = frozenset({"connect-timeout", "read-timeout", "deadline"})
"""Codes that a busy machine of our own can cause."""

HOST_FAULTS = frozenset({"dns", "connect", "connect-timeout", "read-timeout", "deadline", "connection-lost", "http-5xx"})
"""Codes that speak against the host, not the page; several in a row cool it down."""


class MineRefusal(SourceError):
    """A URL or drawing gives nothing. `reason` is a key of REASONS, `retry_after` the seconds the server asked for.

    `final` says that it follows from what is known of the host already, so that trying again at once is idle.
    """

    def __init__(self, reason: str, detail: str = "", *, retry_after: float = 0.0, final: bool = False) -> None:
        if reason not in REASONS:
            raise ValueError(f"undeclared reason {reason!r}")
        super().__init__(f"{REASONS[reason]}: {detail}" if detail else REASONS[reason])
        self.reason = reason
        self.retry_after = retry_after
        self.final = final


EMPTY = digest_of("")


def outcome(provenance: Provenance, reason: str, error: str) -> Outcome:
    """A row without a drawing: `failed` when another day may cure it, else `dropped`."""
    sample = Sample(EMPTY, "", provenance)
    return Outcome(-1, sample, error[:MAX_ERROR_CHARS], reason, dropped=reason not in TRANSIENT)
