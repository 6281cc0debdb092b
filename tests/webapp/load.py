"""Simulated visitors: `python tests/webapp/load.py http://127.0.0.1:7860 --visitors 50 --seconds 300`.

Each visitor asks for a drawing over the streaming API, looks at it for a while, and asks again; one in ten leaves in the
middle. Says how many were drawn, sent away or failed, p50 and p95 of the first frame and of the whole, and what the server's
own metrics say: memory every ten seconds, streams that were cancelled, work that is left. Ends with 1 when anything but a
full queue went wrong, a cancelled stream was not freed, or memory grew by more than a tenth after the first minute.
Refuses any server that is not on the loopback, and more than five minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
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
    body = {"prompt": chance.choice(WORDS), "n": 8, "seed": chance.randrange(1000), "stream": True}
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
    cancelled = re.search(r'action="generate",outcome="cancelled"\} (\S+)', text)
    return {"cancelled": float(cancelled[1]) if cancelled else 0.0, **{name: float(value) for name, value in found}}


async def watch(client: httpx.AsyncClient, until: float) -> list[int]:
    """Megabytes of the server, every ten seconds."""
    seen = []
    while time.monotonic() < until:
        seen.append(round((await gauges(client))["process_resident_memory_bytes"] / 1e6))
        await asyncio.sleep(10)
    return seen


def faults(said: dict[str, Any]) -> list[str]:
    """What must not be."""
    memory = said["memory_mb"]
    settled = memory[6:] or memory
    checks = {
        "errors": set(said["outcomes"]) <= {"done", "left", "error.full"},
        "cancelled streams freed": said["cancelled"] == said["outcomes"].get("left", 0),
        "nothing left running": said["running_after"] == said["waiting_after"] == 0,
        "memory flat": memory[-1] <= 1.1 * settled[0],
    }
    return [name for name, good in checks.items() if not good]


async def main(base: str, visitors: int, seconds: int) -> int:
    """Runs the visitors, prints the tally as JSON, and gives the exit code."""
    tally, until = Tally(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=visitors + 4)
    async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as client:
        before = await gauges(client)
        people = (visit(client, tally, random.Random(number), until) for number in range(visitors))
        memory, *_ = await asyncio.gather(watch(client, until), *people)
        await asyncio.sleep(3)
        after = await gauges(client)
    said: dict[str, Any] = {
        "visitors": visitors,
        "seconds": seconds,
        "outcomes": dict(tally.outcomes),
        "first_frame_s": {"p50": share(tally.first, 0.5), "p95": share(tally.first, 0.95)},
        "finish_s": {"p50": share(tally.whole, 0.5), "p95": share(tally.whole, 0.95)},
        "most_ahead": max(tally.waited, default=0),
        "cancelled": after["cancelled"] - before["cancelled"],
        "memory_mb": [*memory, round(after["process_resident_memory_bytes"] / 1e6)],
        "running_after": after["text2svg_running"],
        "waiting_after": after["text2svg_waiting"],
    }
    said["faults"] = faults(said)
    print(json.dumps(said, indent=1))
    return 1 if said["faults"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=MOST_S)
    given = parser.parse_args()
    if urlsplit(given.base).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("only a server on the loopback")
    sys.exit(asyncio.run(main(given.base, given.visitors, min(given.seconds, MOST_S))))
