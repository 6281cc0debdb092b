"""The trained towers in onnxruntime: words through an embedding table, drawings through a small convolution net.

A folder holds config.json, vocab.txt, text.onnx and drawing.onnx, as `text2svg.train.encoder_export` writes them. No
torch. Refuses a folder whose files do not have the digest that its config states. The trade-off: a drawing is seen as
a 48-pixel render, so it need not be canonical, but strokes thinner than a pixel are grey. Safe to share between threads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg import raster as rasterizers
from text2svg.encode.base import positive
from text2svg.encode.words import Vocabulary, content_words, words_of
from text2svg.engine.graph import load_onnxruntime
from text2svg.errors import ConfigError
from text2svg.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "text2svg-towers-1"
PARTS = ("vocab.txt", "text.onnx", "drawing.onnx")
BATCH = 64
"""Drawings a call: 64 renders of 48 px are 0.6 MB, and larger batches are no faster on one thread."""


def folder_digest(folder: Path) -> str:
    """sha256 over the files that decide the vectors."""
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update((folder / part).read_bytes())
    return digest.hexdigest()


class OnnxEncoder:
    """`folder` as exported; `raster` a rasterizer spec; `threads` of onnxruntime (1: a query is 0.1 ms anyway)."""

    def __init__(self, folder: str | Path, *, raster: str = "resvg", threads: int = 1) -> None:
        place = Path(folder)
        config = _read_config(place)
        self.name = str(config["name"])
        self.dim = int(config["dim"])
        self.size = int(config["size"])
        self.digest = folder_digest(place)
        if self.digest != config["digest"]:
            hint = "export the encoder again; the folder was changed or copied in part"
            raise ConfigError(f"{place} does not have the digest of its config.json", hint=hint)
        words = (place / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self._vocabulary = Vocabulary.of(words, int(config["buckets"]))
        self._text = _session(place / "text.onnx", threads)
        self._drawing = _session(place / "drawing.onnx", threads)
        self._raster = rasterizers.load(raster)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        words = [content_words(words_of(text)) for text in texts]
        ids, weights = pad([self._vocabulary.features(one) for one in words])
        return self._text.run(None, {"ids": ids, "weights": weights})[0]

    def encode_svg(self, svgs: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(svgs), self.dim), np.float32)
        for first in range(0, len(svgs), BATCH):
            part = svgs[first : first + BATCH]
            pixels = np.stack([self._raster.render(svg, self.size) for svg in part])
            vectors[first : first + len(part)] = self.encode_pixels(pixels)
        return vectors

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, size, size, 4) straight-alpha sRGB, as a Rasterizer gives it, to (N, D)."""
        return self._drawing.run(None, {"pixels": np.ascontiguousarray(pixels)})[0]


def from_spec(spec: Spec) -> OnnxEncoder:
    """`onnx:FOLDER[?raster=resvg&threads=1]`."""
    if not spec.name:
        raise ConfigError("the onnx encoder needs a folder", hint="write onnx:FOLDER")
    return OnnxEncoder(spec.name, **spec.read({"raster": str, "threads": positive}))


def pad(
    rows: Sequence[Sequence[tuple[int, float]]],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ragged (row, weight) lists to (N, L) ids and weights; padding has weight 0."""
    width = max(1, *(len(row) for row in rows))
    ids = np.zeros((len(rows), width), np.int64)
    weights = np.zeros((len(rows), width), np.float32)
    for at, row in enumerate(rows):
        for place, (feature, weight) in enumerate(row):
            ids[at, place], weights[at, place] = feature, weight
    return ids, weights


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        missing = [part for part in PARTS if not (folder / part).is_file()]
    except (OSError, json.JSONDecodeError) as error:
        hint = "write onnx:FOLDER with a folder made by `text2svg train encoder`"
        raise ConfigError(f"{folder} is not an encoder folder: {error}", hint=hint) from error
    if config.get("format") != FORMAT or missing:
        found = f"format {config.get('format')!r}, missing {missing}"
        raise ConfigError(f"{folder}: expected {FORMAT}: {found}", hint="export the encoder again")
    return config


def _session(path: Path, threads: int) -> Any:
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
