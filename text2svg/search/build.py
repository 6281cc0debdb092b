"""Builds a search folder from samples in one pass; killed and started again, it encodes only what is missing.

Refuses to replace a working index by a half one: files are made beside the folder and moved in when whole. The
trade-off: vectors stay in memory until the end, 512 bytes a row.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text2svg.encode.base import Encoder
from text2svg.encode.corpus import ROWS, encode_corpus
from text2svg.errors import StoreError
from text2svg.sample import Sample
from text2svg.search.columns import ColumnsBuilder
from text2svg.search.index import Index, raw_digests
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


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did."""

    rows: int
    failed: int
    """Drawings that did not render."""
    reused: int
    """Rows whose vectors lay on disk already."""


def build(
    folder: Path,
    samples: Iterable[Sample],
    encoder: Encoder,
    options: BuildOptions = BuildOptions(),
    progress: Callable[[int], None] = lambda _rows: None,
) -> Built:
    """Make or refresh the search folder; `progress` hears the number of rows done after each shard."""
    columns, lexical = ColumnsBuilder(), LexicalBuilder()
    digests: list[str] = []
    parts: list[np.ndarray] = []
    failed = reused = 0
    cache = folder.with_name(folder.name + ".vectors")
    shards = encode_corpus(
        samples, encoder, cache, rows=options.rows, text_share=options.text_share
    )
    for shard in shards:
        for sample in shard.samples:
            columns.add(sample)
            lexical.add(sample.caption, (*sample.tags, *sample.categories))
            digests.append(sample.digest)
        parts.append(shard.vectors)
        failed += shard.failed
        reused += len(shard.samples) if shard.reused else 0
        progress(len(digests))
    if not digests:
        raise StoreError("there is no drawing to index", hint="curate and optimize a corpus first")
    made = folder.with_name(folder.name + ".part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    columns.finish().save(made)
    words = lexical.finish()
    words.save(made)
    index = Index(np.concatenate(parts), raw_digests(digests), encoder.digest)
    build_map(index, words).save(made)
    index.save(made, options.dtype)
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)
    return Built(len(digests), failed, reused)
