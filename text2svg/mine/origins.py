"""The rules of origins, read once and kept for a day: robots.txt, and TDMRep's file when opt-outs are honoured.

Refuses to guess: RFC 9309 says that a robots.txt which cannot be had forbids everything, and that one which is not
there forbids nothing. Five redirects are followed, each past the address policy. The trade-off: rules live in memory,
the latest 10,000 origins, so a restarted crawl asks again.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from text2svg.mine.fetch import REDIRECTS, Answer, Fetcher
from text2svg.mine.refusal import TRANSIENT, MineRefusal
from text2svg.mine.robots import MAX_BYTES, Rules, read_rules

TTL_S = 24 * 3600.0
UNREACHABLE_TTL_S = 300.0
KEPT = 10_000
MAX_HOPS = 5
TRIES = 2
# What keeps robots.txt away keeps the page away too, so the row says that.
_SHARED = frozenset({"dns", "connect", "connect-timeout", "tls", "private-address", "bad-port"})


class Origins:
    """Rules by origin, for one event loop."""

    def __init__(self, fetcher: Fetcher, agent: str, *, tdm: bool = True) -> None:
        self.fetcher = fetcher
        self.agent = agent
        self.tdm = tdm
        self._rules: OrderedDict[str, tuple[float, Rules]] = OrderedDict()
        self._learning: dict[str, asyncio.Task[Rules]] = {}

    def known(self, url: str) -> Rules | None:
        """The rules of a URL's origin when they are at hand and fresh."""
        found = self._rules.get(_origin(url))
        return found[1] if found and found[0] > time.monotonic() else None

    async def learn(self, url: str) -> Rules:
        """Reads the rules of a URL's origin; many callers cost one reading."""
        origin = _origin(url)
        if (rules := self.known(url)) is not None:
            return rules
        task = self._learning.get(origin)
        if task is None:
            task = self._learning[origin] = asyncio.create_task(self._read(origin))
            task.add_done_callback(lambda _: self._learning.pop(origin, None))
        return await asyncio.shield(task)

    async def _read(self, origin: str) -> Rules:
        try:
            robots = await self._text(f"{origin}/robots.txt")
        except MineRefusal as refusal:
            ttl = UNREACHABLE_TTL_S
            rules = Rules(unreachable=_why(refusal))
        else:
            ttl = TTL_S
            rules = read_rules(robots, "", self.agent)
            if self.tdm:
                rules = await self._with_tdm(rules, robots, origin)
        self._rules[origin] = (time.monotonic() + ttl, rules)
        self._rules.move_to_end(origin)
        if len(self._rules) > KEPT:
            self._rules.popitem(last=False)
        return rules

    async def _with_tdm(self, rules: Rules, robots: str, origin: str) -> Rules:
        place = f"{origin}/.well-known/tdmrep.json"
        try:
            rules.check(place, self.agent, opt_outs=False)
            return read_rules(robots, await self._text(place), self.agent)
        except MineRefusal:
            return rules  # a reservation that nobody can read was not made

    async def _text(self, url: str) -> str:
        """A text, empty when the server says there is none. Raises MineRefusal when that cannot be known."""
        for attempt in range(TRIES):
            try:
                return await self._hop(url)
            except MineRefusal as refusal:
                if refusal.reason not in TRANSIENT or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _hop(self, url: str) -> str:
        for hop in range(MAX_HOPS + 1):
            try:
                answer: Answer = await self.fetcher.get(url, MAX_BYTES)
            except MineRefusal as refusal:
                if hop or refusal.reason not in _SHARED:
                    raise MineRefusal("robots-unreachable", refusal.reason) from refusal
                raise
            if answer.status in REDIRECTS:
                url = self._next(answer)
                continue
            if answer.status == 429 or answer.status >= 500:
                raise MineRefusal("http-5xx" if answer.status >= 500 else "http-429", str(answer.status))
            return answer.body.decode("utf-8-sig", "replace") if answer.status == 200 else ""
        return ""  # RFC 9309: after five hops a crawler may take it as absent

    def _next(self, answer: Answer) -> str:
        try:
            return self.fetcher.policy.url(answer.location)
        except MineRefusal as refusal:
            raise MineRefusal("robots-unreachable", f"redirected to {refusal.message}") from refusal


def _why(refusal: MineRefusal) -> tuple[str, str]:
    shared = refusal.reason in _SHARED
    detail = refusal.message.partition(": ")[2] or refusal.reason
    return (refusal.reason, detail) if shared else ("robots-unreachable", detail)


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
