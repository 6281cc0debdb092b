"""An exported folder's towers in torch: the same vectors by another road, to check and to time onnxruntime's.

Refuses what `start_from` refuses. The trade-off: a text without any word is the bias here and the zero vector there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from text2svg.encode.embedded import pad
from text2svg.encode.words import Vocabulary, content_words, words_of
from text2svg.train.contrast import Shape, Towers, planes
from text2svg.train.encoder_start import Exported, start_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.raster.base import Rasterizer


class TorchTwin:
    """An Encoder on one thread; `drawings` are a few SVG texts on which the norms are measured."""

    def __init__(self, folder: Path, rasterizer: Rasterizer, drawings: Sequence[str]) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        words, vectors = Exported(folder).words()
        self.name, self.digest = f"{config['name']} in torch", str(config["digest"])
        self.dim, self._size, self._raster = int(config["dim"]), int(config["size"]), rasterizer
        self._vocabulary = Vocabulary.of(words, config["buckets"])
        self._towers = Towers(Shape(**config["recipe"]["shape"]), torch.from_numpy(vectors), config["buckets"])
        torch.set_num_threads(1)
        start_from(folder, self._towers, torch.from_numpy(self._pixels(drawings)))
        self._towers.eval()

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, D)."""
        ids, weights = pad([self._vocabulary.features(content_words(words_of(text))) for text in texts])
        with torch.inference_mode():
            return self._towers.text(torch.from_numpy(ids), torch.from_numpy(weights)).numpy()

    def encode_svg(self, svgs: Sequence[str]) -> NDArray[np.float32]:
        """(N, D). Raises RenderError, SvgError."""
        with torch.inference_mode():
            return self._towers.drawing(planes(torch.from_numpy(self._pixels(svgs)))).numpy()

    def _pixels(self, svgs: Sequence[str]) -> NDArray[np.uint8]:
        return np.stack([self._raster.render(svg, self._size) for svg in svgs])
