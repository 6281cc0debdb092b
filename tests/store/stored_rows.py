"""Rows for the store's tests."""

from __future__ import annotations

from text2svg.sample import Provenance, digest_of
from text2svg.store import Row, ShardKey


def raw_row(text: str, *, name: str = "n", collection: str = "set", **fields: object) -> Row:
    provenance = Provenance(
        source="package",
        collection=collection,
        name=name,
        url=f"https://example.org/{name}",
        author="A. Nyone",
        licence="MIT",
        licence_evidence="package 1.0",
        retrieved="2026-01-01T00:00:00Z",
    )
    return Row(digest_of(text), fields=fields, raw=text, provenance=provenance)


def raw_key(name: str = "chunk#0", config: str = "{}") -> ShardKey:
    return ShardKey("raw", 1, config, name)


def numbered(*numbers: int, collection: str = "set") -> list[Row]:
    return [
        raw_row(
            f"<svg>{n}</svg>",
            name=f"n{n}",
            collection=collection,
            caption=f"number {n}",
            tags=("number", f"t{n}"),
            style="outline",
        )
        for n in numbers
    ]
