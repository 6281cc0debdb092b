"""Towers read back from an exported folder, so that training goes on from what ships.

The int8 constants become float weights; a folded batch norm is opened again with the statistics of real drawings, so that
the first step in training mode gives the exported vectors (cosine 0.999). Refuses a folder whose graph has other layers
than its recipe says. The trade-off: optimizer moments are lost, and a word's teacher vector and residual are one from here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from text2svg.errors import MissingDependency, TrainError
from text2svg.train.contrast import Block, Down, Shape, Towers, planes
from text2svg.train.encoder_locales import extended

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported folder to go on from; `locales` an unpacked emojibase-data whose words of other languages join."""

    folder: Path
    locales: Path | None = None

    def words(self) -> tuple[list[str], NDArray[np.float32]]:
        """The words and their vectors, which serve as a run's teacher. Raises TrainError, SourceError."""
        narrow, scale = _constants(self.folder / "text.onnx")[:2]
        words = (self.folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        vectors = (narrow.astype(np.float32) * scale)[: len(words)]
        return extended(words, vectors, self.locales) if self.locales else (words, vectors)


def start_from(folder: Path, towers: Towers, pixels: Tensor) -> None:
    """Fill `towers` with an exported folder's weights; `pixels` (N, S, S, 4) are drawings to measure norms on.

    Words beyond the folder's own keep the teacher vector they have. Raises TrainError when the shapes differ.
    """
    start_text(folder, towers)
    _start_drawing(folder / "drawing.onnx", towers, pixels)


def start_text(folder: Path, towers: Towers) -> None:
    """The text tower's part of `start_from`."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape, buckets = Shape(**config["recipe"]["shape"]), config["recipe"]["buckets"]
    known = len((folder / "vocab.txt").read_text(encoding="utf-8").split("\n"))
    text, width = towers.text, towers.text.project.weight.shape
    if width != (shape.word_dim, shape.word_dim) or buckets != text.buckets or known > text.words:
        raise TrainError(
            f"{folder} has other widths than the recipe", hint="use the shape and buckets of its config.json"
        )
    found = _constants(folder / "text.onnx")
    gains = next(one for one in found if one.shape == (known + buckets, 1) and one is not found[1])
    table = found[0].astype(np.float32) * found[1]
    layers = [_wide(found, at) for at, one in enumerate(found) if one.dtype == np.int8 and at > 0]
    with torch.no_grad():
        text.project.weight.copy_(torch.eye(shape.word_dim))
        text.residual.weight.zero_()
        text.pieces.weight.copy_(torch.from_numpy(table[known:]))
        text.gain.weight.zero_()
        text.gain.weight[:known] = torch.from_numpy(np.log(gains[:known]))
        text.gain.weight[text.words :] = torch.from_numpy(np.log(gains[known:]))
        for layer, (weight, bias) in zip((text.inner, text.outer, text.straight), layers, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)


def _start_drawing(path: Path, towers: Towers, pixels: Tensor) -> None:
    found = _constants(path)
    layers = iter([_wide(found, at) for at, one in enumerate(found) if one.dtype == np.int8])
    with torch.no_grad():
        x = planes(pixels)
        before = x
        for conv, norm, skip in _convolutions(towers.drawing.body):
            weight, bias = next(layers)
            conv.weight.copy_(weight)
            made = _opened(conv, norm, (bias, x))
            # A block's second convolution adds what went into its first.
            before, x = x, torch.relu(made + before if skip else made)
        weight, bias = next(layers)
        towers.drawing.head.weight.copy_(weight)
        towers.drawing.head.bias.copy_(bias)


def _opened(conv: nn.Conv2d, norm: nn.BatchNorm2d, given: tuple[Tensor, Tensor]) -> Tensor:
    """Set a norm to the statistics it sees, so that with them it only adds the folded bias; returns what it gives."""
    bias, x = given
    x = conv(x)
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(bias + mean)
    return x + bias[:, None, None]


def _convolutions(body: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d, bool]]:
    """In the order of the exported graph; the flag says that the block's input is added."""
    for layer in body.children():
        if isinstance(layer, Down):
            yield layer.conv, layer.norm, False
        elif isinstance(layer, Block):
            yield layer.first, layer.first_norm, False
            yield layer.second, layer.second_norm, True


def _wide(found: list[NDArray[Any]], at: int) -> tuple[Tensor, Tensor]:
    """The int8 constant at `at` with its scale and the bias behind it."""
    weight, scale, bias = found[at : at + 3]
    return torch.from_numpy(weight.astype(np.float32) * scale), torch.from_numpy(bias.copy())


def _constants(path: Path) -> list[NDArray[Any]]:
    try:
        import onnx
    except ImportError as error:
        raise MissingDependency("onnx", extra="train") from error
    try:
        graph = onnx.load(path).graph
    except OSError as error:
        raise TrainError(
            f"cannot read {path}: {error}", hint="give a folder made by `text2svg train encoder`"
        ) from error
    return [onnx.numpy_helper.to_array(one) for one in graph.initializer]
