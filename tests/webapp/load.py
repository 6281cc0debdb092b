"""Simulated visitors: `python tests/webapp/load.py http://127.0.0.1:7860 --visitors 50 --seconds 90`.

Each visitor asks for a drawing over the streaming API, looks at it for a while, and asks again; one in ten leaves in the
middle. Says how many were drawn, sent away or failed, p50 and p95 of the first frame and of the whole, and what the server's
own metrics say before and after. Refuses any server that is not on the loopback, and more than five minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

WORDS = (
    "red heart",
    "arrow left",
    "shopping bag",
    "rocket",
    "cloud rain",
    "lock",
    "coffee cup",
    "home",
    "user",
    "star",
)
LOOKS_S = (2.0, 10.0)
MOST_S = 300


@dataclass(slots=True)
class Tally:
    """What the visitors saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)


async def visit(client: httpx.AsyncClient, tally: Tally, chance: random.Random, until: float) -> None:
    """One visitor, from now until the end."""
    await asyncio.sleep(chance.uniform(0, LOOKS_S[1]))
    while time.monotonic() < until:
        await ask(client, tally, chance)
        await asyncio.sleep(chance.uniform(*LOOKS_S))


async def ask(client: httpx.AsyncClient, tally: Tally, chance: random.Random) -> None:
    """One request; one in ten is left after its first frame."""
    body = {"prompt": chance.choice(WORDS), "n": 4, "seed": chance.randrange(1000), "stream": True}
    leaves, start, first, ahead = chance.random() < 0.1, time.monotonic(), 0.0, 0
    try:
        async with client.stream("POST", "/api/v1/generate", json=body) as answer:
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                view = json.loads(line[6:])
                ahead = max(ahead, view["ahead"])
                if not first and any(one["drawing"]["svg"] for one in view["candidates"]):
                    first = time.monotonic() - start
                    if leaves:
                        tally.outcomes["left"] += 1
                        return
    except httpx.HTTPError as error:
        tally.outcomes[type(error).__name__] += 1
        return
    tally.waited.append(ahead)
    tally.outcomes[view["notice"]["key"] if view["notice"] else view["state"]] += 1
    if view["state"] == "done":
        tally.first.append(first)
        tally.whole.append(time.monotonic() - start)


def share(values: list[float], part: float) -> str:
    """A percentile in seconds."""
    ordered = sorted(values)
    return f"{ordered[min(len(ordered) - 1, int(part * len(ordered)))]:.2f}" if ordered else "-"


async def gauges(client: httpx.AsyncClient) -> dict[str, float]:
    """What the server says of itself."""
    text = (await client.get("/metrics")).text
    found = re.findall(r"^(text2svg_running|text2svg_waiting|process_resident_memory_bytes) (\S+)", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


async def main(base: str, visitors: int, seconds: int) -> None:
    """Runs the visitors and prints the tally as JSON."""
    tally, until = Tally(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=visitors + 2)
    async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as client:
        before = await gauges(client)
        await asyncio.gather(*(visit(client, tally, random.Random(number), until) for number in range(visitors)))
        await asyncio.sleep(2)
        after = await gauges(client)
    print(
        json.dumps(
            {
                "visitors": visitors,
                "seconds": seconds,
                "outcomes": dict(tally.outcomes),
                "first_frame_s": {"p50": share(tally.first, 0.5), "p95": share(tally.first, 0.95)},
                "finish_s": {"p50": share(tally.whole, 0.5), "p95": share(tally.whole, 0.95)},
                "most_ahead": max(tally.waited, default=0),
                "memory_mb": [round(one["process_resident_memory_bytes"] / 1e6) for one in (before, after)],
                "running_after": after["text2svg_running"],
                "waiting_after": after["text2svg_waiting"],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=90)
    given = parser.parse_args()
    if urlsplit(given.base).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("only a server on the loopback")
    asyncio.run(main(given.base, given.visitors, min(given.seconds, MOST_S)))
