"""The corpus row as a plain value, so that stages can pass it around without knowing the store.

A Sample holds the raw text forever; each later stage adds fields and never rewrites earlier ones. Refuses to
interpret: licences are SPDX strings, styles are words. The trade-off: one wide row instead of a table per stage, which
costs a few null bytes in Parquet and buys steps that run on a list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from text2svg.errors import ConfigError


def digest_of(text: str) -> str:
    """The identity of a drawing: lower-case hex sha256 of its UTF-8 text (64 characters)."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_rank(rank: int, world_size: int) -> None:
    """Raises ConfigError for a rank outside 0..world_size-1."""
    if not 0 <= rank < world_size:
        raise ConfigError(f"rank {rank} of {world_size}", hint="ranks count from 0 to world size - 1")


def falls_to(name: str, rank: int, world_size: int) -> bool:
    """Whether work of that name is one rank's share; every name falls to exactly one of them."""
    found = hashlib.sha256(name.encode(errors="replace")).digest()
    return int.from_bytes(found[:8], "big") % world_size == rank


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one sighting of a drawing came from, and under which terms."""

    source: str
    """Kind of source: `package`, `url`, `warc`, `dataset`, `folder`, `upload`."""
    collection: str = ""
    """Set or site the drawing belongs to, e.g. `lucide`."""
    name: str = ""
    """Name inside the collection, e.g. `arrow-left`."""
    url: str = ""
    """Public address of the drawing or its page; empty when there is none."""
    author: str = ""
    licence: str = "NOASSERTION"
    """SPDX identifier."""
    licence_evidence: str = ""
    """Why we believe the licence, e.g. `@iconify/json 2.2.535 collections.json`."""
    retrieved: str = ""
    """UTC time as ISO 8601 with a Z, or empty."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One corpus row."""

    digest: str
    """sha256 of `raw`; the row's identity."""
    raw: str
    """The SVG as found, UTF-8 text."""
    provenance: Provenance
    caption: str = ""
    """Plain words a person would type for it, lower case, e.g. `arrow left`."""
    tags: tuple[str, ...] = ()
    """Further keywords from the source, most telling first."""
    categories: tuple[str, ...] = ()
    style: str = ""
    """One of `outline`, `filled`, `duotone`, `color`, or empty when not judged yet."""
    palette: bool = False
    """True when the source says the drawing is multi-coloured."""
    optimized: str = ""
    """Canonical SVG, or another faithful form when `rung` is not `integer`."""
    rung: str = ""
    """How far the fidelity ladder had to step back; see `text2svg.optimize`."""
    tokens: int = 0
    """Length of `optimized` in tokens when canonical, else 0."""
    difference: float = -1.0
    """Fidelity distance measured for the rung (0..255), -1 when not measured."""
    captions: tuple[str, ...] = field(default=())
    """Sentences for training and search, made by the caption stage."""

    @property
    def canonical(self) -> bool:
        """Whether `optimized` is canonical SVG."""
        return self.rung == "integer"
