"""The options that every command which visits sites has in common, written once.

Refuses to hide what the original miner called differently: its flags keep their names and defaults. The trade-off: a
timeout of one second loses slow sites, which `mine retry` asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.options import collected

if TYPE_CHECKING:
    from text2svg.mine.crawl import CrawlOptions
    from text2svg.mine.fetch import Fetcher


@dataclass(frozen=True, slots=True)
class Network:
    """How sites are visited, and what is kept."""

    max_concurrency: Annotated[int, typer.Option(min=1, help="Requests at the same time.")] = 500
    batch_size: Annotated[int, typer.Option(min=1, help="URLs a batch; a batch is the unit that is resumed.")] = 50_000
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to connect, and between two pieces.")] = 1.0
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds for a whole answer.")] = 15.0
    retries: Annotated[int, typer.Option(min=0, help="Further tries of what may pass.")] = 2
    host_delay: Annotated[float, typer.Option(min=0, help="Seconds between two requests to one host.")] = 1.0
    host_connections: Annotated[int, typer.Option(min=1, help="Requests to one host at the same time.")] = 2
    host_budget: Annotated[int, typer.Option(min=0, help="URLs of a host that may wait; 0 is any.")] = 1000
    agent: Annotated[str, typer.Option(help="User-Agent: who you are and how to reach you.")] = ""
    opt_outs: Annotated[bool, typer.Option(help="Honour opt-outs from training; off only on sites of your own.")] = True
    allow_network: Annotated[list[str] | None, typer.Option(help="A private network to open: 10.1.0.0/16.")] = None
    allow_port: Annotated[list[int] | None, typer.Option(help="A port besides 80 and 443.")] = None
    rank: Annotated[int, typer.Option(help="This machine's number, from 0: it visits the hosts that fall to it.")] = -1
    world_size: Annotated[int, typer.Option(help="How many machines share the list, each with an --output-dir.")] = 0
    output_dir: Annotated[Path | None, typer.Option(help="Store to write; default TEXT2SVG_DATA.")] = None
    debug: Annotated[bool, typer.Option("--debug", help="Say what became of every URL.")] = False

    def fetcher(self) -> Fetcher:
        """A fetcher as these options say. Raises ConfigError."""
        from text2svg.mine.addresses import AddressPolicy
        from text2svg.mine.fetch import AGENT, Fetcher, FetchOptions

        policy = AddressPolicy(tuple(self.allow_network or ()), frozenset({80, 443, *(self.allow_port or ())}))
        options = FetchOptions(
            agent=self.agent or AGENT,
            timeout_s=self.timeout,
            deadline_s=max(self.deadline, self.timeout),
            connections=self.max_concurrency,
        )
        return Fetcher(options, policy)

    def crawl_options(self) -> CrawlOptions:
        """How hosts are treated."""
        from text2svg.mine.crawl import CrawlOptions
        from text2svg.mine.hosts import Politeness
        from text2svg.mine.reading import ReadOptions

        politeness = Politeness(self.host_delay, self.host_connections, self.host_budget)
        read = ReadOptions(opt_outs=self.opt_outs)
        return CrawlOptions(read, politeness, self.retries, on_visit=_tell if self.debug else None)


def _tell(visit: Any) -> None:
    from admin.console import say

    drawings = sum(bool(getattr(row, "raw", "")) for row in visit.rows)
    say(f"{visit.seed}  {visit.rows[0].reason}  {drawings} drawings")


networked = collected(Network, "network")
"""Gives a command the options of Network, collected into its parameter `network`."""
