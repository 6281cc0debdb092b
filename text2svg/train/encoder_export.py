"""Writes trained towers as the folder that `encode.load("onnx:FOLDER")` reads. The one door to the onnx package.

The graphs are written node by node, so that the small file is by construction: weights are int8 with one float scale a
row (word table) or output channel (convolutions), widened to float32 when onnxruntime loads them (it folds constants),
batch norms folded into their convolutions. Refuses nothing but an unfinished run. The trade-off: 3.9 times smaller
than float32 for at most 0.01 of cosine, measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.encode.embedded import FORMAT, folder_digest
from text2svg.errors import MissingDependency
from text2svg.train.contrast import Block, Down, DrawingTower, TextTower
from text2svg.train.encoder import load_towers
from text2svg.train.judge_model import OrderedTower

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

MODULES = [{"idx": 0, "name": "0", "path": "", "type": "text2svg.train.encoder_module.TowersModule"}]
"""How sentence-transformers opens the folder."""
OPSET, IR = 17, 9
"""Old enough for onnxruntime 1.15 (2023)."""


class Graph:
    """A list of nodes and constants; every method returns the name of what it made."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingDependency("onnx", extra="train") from error
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: NDArray) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def widened(self, values: NDArray) -> str:
        """An int8 constant with a scale for each first-axis entry, as float32."""
        narrow, scale = quantized(values)
        wide = self.node("Cast", self.constant(narrow), to=self._onnx.TensorProto.FLOAT)
        return self.node("Mul", wide, self.constant(scale))

    def unit(self, vectors: str) -> str:
        length = self.node("ReduceL2", vectors, axes=[1], keepdims=1)
        tiny = self.constant(np.array(1e-9, np.float32))
        return self.node("Div", vectors, self.node("Max", length, tiny))

    def save(self, path: Path, inputs: Mapping[str, tuple[Any, list[Any]]], output: str, dim: int) -> None:
        """Check and write; `inputs` maps names to (numpy dtype, shape)."""
        helper = self._onnx.helper
        self._nodes.append(helper.make_node("Identity", [output], ["vectors"]))
        places = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
            for name, (kind, shape) in inputs.items()
        ]
        made = helper.make_tensor_value_info("vectors", self._onnx.TensorProto.FLOAT, ["n", dim])
        graph = helper.make_graph(self._nodes, path.stem, places, [made], self._constants)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR, producer_name="text2svg")
        self._onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())


def quantized(values: NDArray) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with a float32 scale for each first-axis entry, shaped to broadcast."""
    axes = tuple(range(1, values.ndim))
    scale = np.maximum(np.abs(values).max(axis=axes, keepdims=True), 1e-12) / 127
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)


def export_encoder(run: Path, folder: Path, *, name: str, facts: Mapping[str, Any]) -> Path:
    """Export a finished run; `facts` (data, licence, teacher) go into config.json. Returns `folder`."""
    recipe, words, towers = load_towers(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    text_graph(towers.text, folder / "text.onnx", recipe.shape.dim)
    _drawing_graph(towers.drawing, folder / "drawing.onnx", recipe.shape.size, recipe.shape.dim)
    master = hashlib.sha256((run / "towers.safetensors").read_bytes()).hexdigest()
    config = {
        "format": FORMAT,
        "name": name,
        "dim": recipe.shape.dim,
        "size": recipe.shape.size,
        "buckets": recipe.buckets,
        "digest": folder_digest(folder),
        "master": master,
        "recipe": asdict(recipe),
        "facts": dict(facts),
    }
    text = json.dumps(config, indent=1, ensure_ascii=False)
    (folder / "config.json").write_text(text, encoding="utf-8")
    (folder / "modules.json").write_text(json.dumps(MODULES, indent=1) + "\n", encoding="utf-8")
    return folder


def _linear(graph: Graph, layer: nn.Linear, x: str) -> str:
    weight = graph.widened(layer.weight.detach().numpy())
    return graph.node("Gemm", x, weight, graph.constant(layer.bias.detach().numpy()), transB=1)


def text_graph(tower: TextTower, path: Path, dim: int) -> None:
    """Write a text tower; inputs `ids` and `weights` (N, L), output `vectors`."""
    graph = Graph()
    vectors, gains = tower.table()
    narrow, scale = quantized(vectors.detach().numpy())
    # Gather first and widen after: the table stays int8 in memory.
    rows = graph.node("Gather", graph.constant(narrow), "ids")
    rows = graph.node("Cast", rows, to=1)
    rows = graph.node("Mul", rows, graph.node("Gather", graph.constant(scale), "ids"))
    last = graph.constant(np.array([2], np.int64))
    if isinstance(tower, OrderedTower):
        rows = _beside(graph, tower, rows, last)
    gain = graph.node("Gather", graph.constant(gains.detach().numpy()), "ids")
    share = graph.node("Mul", graph.node("Unsqueeze", "weights", last), gain)
    ones = graph.constant(np.array([1], np.int64))
    total = graph.node("ReduceSum", graph.node("Mul", rows, share), ones, keepdims=0)
    weight = graph.node("ReduceSum", share, ones, keepdims=0)
    tiny = graph.constant(np.array(1e-6, np.float32))
    pooled = graph.node("Div", total, graph.node("Add", weight, tiny))
    inner = graph.node("Relu", _linear(graph, tower.inner, pooled))
    outer = _linear(graph, tower.outer, inner)
    vector = graph.unit(graph.node("Add", _linear(graph, tower.straight, pooled), outer))
    # A text without words is the zero vector, not the bias.
    some = graph.node("Greater", weight, graph.constant(np.array(0, np.float32)))
    vector = graph.node("Mul", vector, graph.node("Cast", some, to=1))
    graph.save(path, {"ids": (np.int64, ["n", "l"]), "weights": (np.float32, ["n", "l"])}, vector, dim)


def _beside(graph: Graph, tower: OrderedTower, rows: str, last: str) -> str:
    """Rows with what their neighbours add; padding adds nothing."""
    some = graph.node("Greater", "weights", graph.constant(np.array(0, np.float32)))
    rows = graph.node("Mul", rows, graph.node("Unsqueeze", graph.node("Cast", some, to=1), last))
    kernel = graph.widened(tower.beside.weight.detach().numpy())
    bias = graph.constant(tower.beside.bias.detach().numpy())
    seen = graph.node("Conv", graph.node("Transpose", rows, perm=[0, 2, 1]), kernel, bias, pads=[1, 1])
    return graph.node("Add", rows, graph.node("Transpose", graph.node("Relu", seen), perm=[0, 2, 1]))


def _drawing_graph(tower: DrawingTower, path: Path, size: int, dim: int) -> None:
    graph = Graph()
    x = _planes(graph)
    for layer in tower.body:
        if isinstance(layer, Down):
            x = graph.node("Relu", _conv(graph, layer.conv, layer.norm, x))
        elif isinstance(layer, Block):
            inner = graph.node("Relu", _conv(graph, layer.first, layer.first_norm, x))
            inner = _conv(graph, layer.second, layer.second_norm, inner)
            x = graph.node("Relu", graph.node("Add", x, inner))
    x = graph.node("Flatten", x, axis=1)
    x = graph.unit(_linear(graph, tower.head, x))
    graph.save(path, {"pixels": (np.uint8, ["n", size, size, 4])}, x, dim)


def _planes(graph: Graph) -> str:
    """`contrast.planes` in the graph."""
    values = graph.node("Cast", "pixels", to=1)
    values = graph.node("Transpose", values, perm=[0, 3, 1, 2])
    values = graph.node("Mul", values, graph.constant(np.array(1 / 255, np.float32)))
    color = graph.node("Gather", values, graph.constant(np.array([0, 1, 2], np.int64)), axis=1)
    alpha = graph.node("Gather", values, graph.constant(np.array([3], np.int64)), axis=1)
    dark = graph.node("Sub", graph.constant(np.array(1, np.float32)), color)
    return graph.node("Concat", graph.node("Mul", dark, alpha), alpha, axis=1)


def _conv(graph: Graph, conv: nn.Conv2d, norm: nn.BatchNorm2d, x: str) -> str:
    """A convolution with its batch norm folded in."""
    factor = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
    weight = conv.weight.detach() * factor[:, None, None, None]
    bias = (norm.bias.detach() - norm.running_mean * factor).numpy()
    kernel = graph.widened(weight.numpy())
    stride = list(conv.stride)
    return graph.node("Conv", x, kernel, graph.constant(bias), strides=stride, pads=[1, 1, 1, 1])
