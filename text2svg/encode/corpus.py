"""Whole corpora to vectors: a step for executors, and a resumable walk in shards for one machine.

A shard file is named by what decides its vectors (encoder, caption share, the rows themselves), so a rerun reads what
is there and computes the rest. Refuses to stop at a drawing that does not render: it is left out and counted. The
trade-off: one inserted row changes the names of all later shards; corpora grow at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text2svg.encode import load
from text2svg.encode.base import Encoder
from text2svg.encode.hashed import unit
from text2svg.errors import ConfigError, RenderError, SvgError
from text2svg.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 4096
"""Samples a shard: 10 seconds of work, 2 MB."""


@dataclass(frozen=True, slots=True)
class EncodeStep:
    """An executor's step: Sample to (digest, vector). Picklable; the encoder opens once a worker."""

    encoder: str = "hashed"
    text_share: float = 0.0
    name: str = "encode"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], tuple[str, NDArray[np.float32]]]]:
        encoder = load(self.encoder)

        def encode(sample: Sample) -> tuple[str, NDArray[np.float32]]:
            return sample.digest, encode_samples([sample], encoder, self.text_share)[0]

        yield encode


@dataclass(frozen=True, slots=True)
class Shard:
    """Some samples and their vectors, in step; `failed` rows of the chunk are in neither."""

    samples: list[Sample]
    vectors: NDArray[np.float32] = field(repr=False)
    failed: int
    reused: bool


def encode_samples(
    samples: Sequence[Sample], encoder: Encoder, text_share: float = 0.0
) -> NDArray[np.float32]:
    """(N, D) unit vectors of drawings, or of drawings and their captions mixed. Raises what the encoder raises.

    `text_share` 0 sees the drawing alone; 0.5 gives words half the say, for search in a corpus with good captions.
    """
    if not 0 <= text_share <= 1:
        raise ConfigError(
            f"text_share={text_share} is outside 0..1", hint="write a share such as 0.3"
        )
    vectors = encoder.encode_svg([sample.optimized or sample.raw for sample in samples])
    if text_share == 0:
        return vectors
    words = encoder.encode_text([caption_of(sample) for sample in samples])
    return unit((1 - text_share) * vectors + text_share * words)


def caption_of(sample: Sample) -> str:
    """The words a sample's vector may know: its caption and up to three tags."""
    return " ".join((sample.caption, *sample.tags[:3]))


def encode_corpus(
    samples: Iterable[Sample],
    encoder: Encoder,
    folder: Path,
    *,
    rows: int = ROWS,
    text_share: float = 0.0,
) -> Iterator[Shard]:
    """Shards in input order, each on disk in `folder` before it is yielded. Drop the iterator to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    stream = iter(samples)
    for chunk in iter(lambda: list(islice(stream, rows)), []):
        path = folder / f"{_identity(chunk, encoder, text_share)}.npz"
        reused = path.is_file()
        if not reused:
            _write(path, chunk, encoder, text_share)
        with np.load(path) as stored:
            kept, vectors = stored["kept"], stored["vectors"]
        yield Shard([chunk[at] for at in kept], vectors, len(chunk) - len(kept), reused)


def _identity(chunk: Sequence[Sample], encoder: Encoder, text_share: float) -> str:
    digest = hashlib.sha256(f"encode 1 {encoder.digest} {text_share}\n".encode())
    for sample in chunk:
        text = caption_of(sample) if text_share else ""
        digest.update(f"{sample.digest} {hash_of(sample.optimized)} {text}\n".encode())
    return digest.hexdigest()[:32]


def hash_of(text: str) -> str:
    """A short stable hash of the form that is drawn."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _write(path: Path, chunk: Sequence[Sample], encoder: Encoder, text_share: float) -> None:
    kept: list[int] = []
    parts: list[NDArray[np.float32]] = [np.zeros((0, encoder.dim), np.float32)]
    for first in range(0, len(chunk), 64):
        places = list(range(first, min(first + 64, len(chunk))))
        try:
            parts.append(encode_samples([chunk[at] for at in places], encoder, text_share))
            kept += places
        except (RenderError, SvgError):
            # One drawing spoils its batch: encode these one by one and leave the culprits out.
            for at in places:
                try:
                    parts.append(encode_samples([chunk[at]], encoder, text_share))
                except (RenderError, SvgError):
                    continue
                kept.append(at)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, kept=np.array(kept, np.int64), vectors=np.concatenate(parts))
    partial.replace(path)
