"""Builds a search folder from samples in one pass; killed and started again, it encodes only what is missing.

A folder that was made of the same rows by the same encoder stays as it is. Above `graph_from` rows a graph joins it, also
where it was made before usearch was installed.
Refuses to replace a working index by a half one: files are made beside the folder and moved in when whole. The
trade-off: vectors stay in memory until the end, 512 bytes a row.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from text2svg.encode.base import Encoder
from text2svg.encode.corpus import ROWS, Shard, encode_corpus, hash_of
from text2svg.errors import StoreError
from text2svg.sample import Sample
from text2svg.search.columns import FACETS, ColumnsBuilder
from text2svg.search.graph import EXACT_ROWS, QUERIES, GraphFacts, available, build_graph, has_graph
from text2svg.search.index import VERSION, Index, raw_digests
from text2svg.search.lexical import LexicalBuilder
from text2svg.search.map import build_map


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a search folder is made."""

    text_share: float = 0.3
    """How much of a row's vector its caption decides; see encode.corpus."""
    dtype: str = "float32"
    rows: int = ROWS
    """Samples a shard of vectors."""
    graph_from: int = EXACT_ROWS
    """Rows above which an approximate graph is built, where usearch is installed."""
    threads: int = 0
    """Threads that build the graph; 0 takes all cores."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    rows: int
    failed: int
    """Drawings that did not render."""
    reused: int
    """Rows whose vectors lay on disk already."""
    unchanged: bool = False
    """The index was made of the same rows before, and stays."""
    graph: GraphFacts | None = None
    """What was measured of the graph, when one was built."""


def build(
    folder: Path,
    samples: Iterable[Sample],
    encoder: Encoder,
    options: BuildOptions = BuildOptions(),
    progress: Callable[[int], None] = lambda _rows: None,
) -> Built:
    """Make or refresh the search folder; `progress` hears the number of rows done after each shard."""
    rows = _Rows(hashlib.sha256(f"{VERSION} {FACETS} {encoder.digest} {options}\n".encode()))
    cache = folder.with_name(folder.name + ".vectors")
    for shard in encode_corpus(samples, encoder, cache, rows=options.rows, text_share=options.text_share):
        rows.add(shard)
        progress(len(rows.digests))
    count = len(rows.digests)
    if not count:
        raise StoreError("there is no drawing to index", hint="curate and optimize a corpus first")
    graphed = count > options.graph_from and available()
    if _made_of(folder) == rows.made_of.hexdigest() and graphed <= has_graph(folder):
        return Built(count, rows.failed, rows.reused, unchanged=True)
    made = folder.with_name(folder.name + ".part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    rows.columns.finish().save(made)
    words = rows.lexical.finish()
    words.save(made)
    index = Index(np.concatenate(rows.vectors), raw_digests(rows.digests), encoder.digest)
    build_map(index, words).save(made)
    graph = None
    if graphed:
        asked = encoder.encode_text([text for text in rows.captions[:: max(1, count // QUERIES)] if text])
        graph = build_graph(index.matrix, made, asked, options.threads)
    index.save(made, options.dtype, rows.made_of.hexdigest())
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)
    return Built(count, rows.failed, rows.reused, graph=graph)


@dataclass(slots=True)
class _Rows:
    """All that is gathered of a corpus; `made_of` hashes what decides the index."""

    made_of: Any
    columns: ColumnsBuilder = field(default_factory=ColumnsBuilder)
    lexical: LexicalBuilder = field(default_factory=LexicalBuilder)
    digests: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    failed: int = 0
    reused: int = 0

    def add(self, shard: Shard) -> None:
        """The next rows."""
        for sample in shard.samples:
            self.columns.add(sample)
            self.lexical.add(sample.caption, (*sample.tags, *sample.categories))
            self.digests.append(sample.digest)
            self.captions.append(sample.caption)
            self.made_of.update(_facts(sample))
        self.vectors.append(shard.vectors)
        self.failed += shard.failed
        self.reused += len(shard.samples) if shard.reused else 0


def _facts(sample: Sample) -> bytes:
    """All that an index keeps of a sample."""
    p = sample.provenance
    parts = (sample.digest, hash_of(sample.optimized or sample.raw), sample.caption, *sample.tags, *sample.categories)
    return "\t".join(
        (*parts, sample.style, p.collection, p.licence, str(sample.palette), str(sample.tokens), "\n")
    ).encode()


def _made_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "index.json").read_text(encoding="utf-8")).get("made_of", ""))
    except (OSError, ValueError):
        return ""  # no index, or a torn one: it is built
