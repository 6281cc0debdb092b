"""What one origin permits: robots.txt by RFC 9309, its training signals, and TDMRep's file, as one value.

Refuses to fetch; text comes in. An unreachable or failing robots.txt forbids everything, an absent one nothing. The
trade-off: rules match the path as the site wrote it, without a second decoding, as Protego does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protego import Protego

from text2svg.mine.optout import in_robots, robots_signals, tdm_rules
from text2svg.mine.refusal import MineRefusal

MAX_BYTES = 512 * 1024  # RFC 9309 asks for 500 KiB at least


@dataclass(frozen=True, slots=True)
class Rules:
    """An origin's rules; the empty value permits everything."""

    robots: Protego | None = None
    signals: tuple[tuple[str, str, str], ...] = ()
    tdm: tuple[tuple[str, bool], ...] = field(default=())
    """Location patterns and whether they are reserved."""
    delay_s: float = 0.0
    """Crawl-delay, 0 when there is none."""
    unreachable: tuple[str, str] = ("", "")
    """Reason and detail when robots.txt cannot be had; then nothing is permitted."""

    def check(self, url: str, agent: str, *, opt_outs: bool = True) -> None:
        """Raises MineRefusal when the origin does not permit the URL."""
        reason, detail = self.unreachable
        if reason:
            raise MineRefusal(reason, detail, final=True)
        if self.robots is not None and not self.robots.can_fetch(url, agent):
            raise MineRefusal("robots", "robots.txt")
        if not opt_outs or not (self.signals or self.tdm):
            return
        path = urlsplit(url).path or "/"
        if found := in_robots(self.signals, path):
            raise MineRefusal(found.reason, found.detail)
        reserved = next((reserved for location, reserved in self.tdm if matches(location, path)), False)
        if reserved:
            raise MineRefusal("opt-out:tdm", "/.well-known/tdmrep.json")


def read_rules(robots: str, tdm: str, agent: str) -> Rules:
    """Rules from the texts of robots.txt and tdmrep.json; an empty text is an absent file."""
    parsed = Protego.parse(robots) if robots.strip() else None
    delay = parsed.crawl_delay(agent) if parsed else None
    return Rules(parsed, robots_signals(robots, agent), tdm_rules(tdm) if tdm else (), max(0.0, float(delay or 0)))


def matches(location: str, path: str) -> bool:
    """TDMRep's patterns: `*` is any run of characters, a final `$` the end; otherwise a prefix. Linear in the path."""
    first, *rest = location.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, part in enumerate(rest):
        if index == len(rest) - 1 and location.endswith("$"):
            return len(path) - len(part) >= at and path.endswith(part)
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at == len(path) or not location.endswith("$")
