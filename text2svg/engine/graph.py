"""The decoder on ONNX Runtime: the graph that onnxruntime-genai's builder writes, with a fixed KV buffer.

Each key/value buffer is bound as past and as present, so GroupQueryAttention writes one position in place and nothing is
copied between tokens; its weights lie in a file beside it, or are packed from model.safetensors; rows of different length
share a batch through the attention mask (right padding; left padding is wrong with this graph). Refuses graphs with other
inputs. The trade-off: memory for the whole budget is taken at once, 1 MB a row for each 64 tokens of the 8 M model.

Whether a row's bits depend on the batch size is up to the matrix kernels of the machine, so it is measured when the
model is loaded (they did not on an AVX-512 machine, float32 and int8, 1 to 8 rows); if they do, every step runs in
one shape.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text2svg.engine.packed import graph_weights
from text2svg.engine.weights import ModelConfig, read_safetensors
from text2svg.errors import EngineError, MissingDependency

Array = NDArray[np.float32]
Weights = list[tuple[str, Any]]
"""Names of a graph's weights with the runtime's own values."""

PROBE_ROWS = 8
"""The exactness probe compares batches of 1 to this many rows; larger batches are not offered."""


class OnnxDecoder:
    """A Decoder over one inference session; runs of several threads may overlap."""

    def __init__(self, folder: Path, config: ModelConfig, *, threads: int = 1) -> None:
        self.config = config
        name, self.outputs = _described(folder)
        path = folder / name
        # Kept as long as the session, which reads them where they lie.
        self._weights = [] if path.with_name(f"{name}.data").is_file() else _packed(folder.parent, config, self.outputs)
        self.session = _open_session(path, threads, self._weights)
        names = {i.name for i in self.session.get_inputs()}
        expected = {"input_ids", "attention_mask", *(f"past_key_values.{i}.{part}" for i, part in _parts(config))}
        if names != expected:
            raise EngineError(
                f"the graph in {folder} has other inputs: {sorted(names ^ expected)[:4]}",
                hint="export it again with the model builder of onnxruntime-genai",
            )
        self.name = f"onnx-{_precision(path)}"
        self.exact_batches = True
        self.exact_batches = self._probe()

    def cache(self, rows: int, capacity: int) -> OnnxCache:
        """Open an empty cache of `rows` sequences of up to `capacity` tokens."""
        return OnnxCache(self, rows, capacity)

    def _probe(self) -> bool:
        """Whether the same row gives the same bits in batches of every size."""
        ids = np.random.default_rng(0).integers(0, self.config.vocab_size, (3, PROBE_ROWS)).tolist()
        cache = self.cache(PROBE_ROWS, 4)
        for row, first in enumerate(ids[0]):
            cache.prefill(row, [first, ids[1][row]][: 1 + row % 2])
        lengths = cache.lengths.copy()
        alone = cache.step(ids[2][:1])[0].copy()
        for rows in range(2, PROBE_ROWS + 1):
            cache.lengths[:] = lengths  # the same token again at the same place
            if not np.array_equal(cache.step(ids[2][:rows])[0], alone):
                return False
        return True


class OnnxCache:
    """Buffers (rows, kv_heads, capacity, head_dim) for every layer, bound once for each batch size."""

    def __init__(self, decoder: OnnxDecoder, rows: int, capacity: int) -> None:
        c = decoder.config
        self._decoder = decoder
        self._rows = rows
        shape = (rows, c.kv_heads, capacity, c.head_dim)
        self._buffers = {part: np.zeros(shape, np.float32) for part in _parts(c)}
        self._mask = np.zeros((rows, capacity), np.int64)
        self._places = np.arange(capacity)
        self._steps: dict[int, tuple[Any, NDArray[np.int64], Array]] = {}
        self.lengths = np.zeros(rows, np.int64)

    def prefill(self, row: int, ids: Sequence[int]) -> Array:
        """Forget the row and read `ids` into it."""
        tokens = np.array([ids], np.int64)
        mask = np.ones_like(tokens)  # bound by address, so it needs a name until the run is over
        binding, logits = self._bind(tokens, mask, slice(row, row + 1))
        self._decoder.session.run_with_iobinding(binding)
        self.lengths[row] = len(ids)
        return logits[0, -1]

    def step(self, ids: Sequence[int]) -> Array:
        """Feed one token to each of the first len(ids) rows."""
        active = len(ids)
        rows = active if self._decoder.exact_batches else self._rows
        if rows not in self._steps:
            tokens = np.zeros((rows, 1), np.int64)
            self._steps[rows] = (*self._bind(tokens, self._mask[:rows], slice(0, rows)), tokens)
        binding, logits, tokens = self._steps[rows]
        self.lengths[:active] += 1
        self.lengths[active:rows] = 1  # idle rows of a fixed shape keep rewriting their first place
        tokens[:active, 0] = ids
        self._mask[:rows] = self._places < self.lengths[:rows, None]
        self._decoder.session.run_with_iobinding(binding)
        return logits[:active, 0]

    def copy(self, source: int, target: int, length: int) -> None:
        """Make row `target` the first `length` tokens of row `source`."""
        for buffer in self._buffers.values():
            buffer[target, :, :length] = buffer[source, :, :length]
        self.lengths[target] = length

    def _bind(self, tokens: NDArray[np.int64], mask: NDArray[np.int64], rows: slice) -> tuple[Any, Array]:
        """Bind arrays by address; all of them stay referenced by this cache or by the caller."""
        binding = self._decoder.session.io_binding()
        logits = np.empty((*tokens.shape, self._decoder.outputs), np.float32)
        for name, array in (("input_ids", tokens), ("attention_mask", mask)):
            binding.bind_input(name, "cpu", 0, np.int64, array.shape, array.ctypes.data)
        binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
        for (layer, part), buffer in self._buffers.items():
            view = buffer[rows]
            place = ("cpu", 0, np.float32, view.shape, view.ctypes.data)
            binding.bind_input(f"past_key_values.{layer}.{part}", *place)
            binding.bind_output(f"present.{layer}.{part}", *place)
        return binding, logits


def _parts(config: ModelConfig) -> list[tuple[int, str]]:
    return [(layer, part) for layer in range(config.layers) for part in ("key", "value")]


def _described(folder: Path) -> tuple[str, int]:
    """The file of the graph, and how many logits it gives."""
    try:
        model = json.loads((folder / "genai_config.json").read_text())["model"]
        return str(model["decoder"]["filename"]), int(model["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{folder}/genai_config.json: {error}", hint="export the graph again") from error


def load_onnxruntime() -> Any:  # noqa: ANN401 - the package has no types
    """The module onnxruntime, with its telemetry off. Raises MissingDependency."""
    # Wheels since 1.30 report usage to their vendor by default; this must be set before the import.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependency("onnxruntime") from error
    return onnxruntime


def _packed(folder: Path, config: ModelConfig, outputs: int) -> Weights:
    """The weights of a graph that comes without them, as the runtime takes them."""
    onnxruntime = load_onnxruntime()
    try:
        found = graph_weights(read_safetensors(folder / "model.safetensors"), config, outputs)
    except (KeyError, ValueError) as error:
        raise EngineError(f"{folder}/model.safetensors does not fit its graph: {error}", hint="export it again") from error
    return [(name, onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(a))) for name, a in found.items()]


def _open_session(path: Path, threads: int, weights: Weights) -> Any:  # noqa: ANN401 - the package has no types
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        if weights:
            options.add_external_initializers(*map(list, zip(*weights, strict=True)))
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - the runtime raises its own C++ exception classes, all of them fatal here
        raise EngineError(f"cannot load {path}: {error}", hint="export the graph again") from error


def _precision(path: Path) -> str:
    """The builder names its packed matrices after their bits; weights lie in a file beside the graph."""
    graph = path.read_bytes()
    return next((name for mark, name in ((b".weight_Q8", "int8"), (b".weight_Q4", "int4")) if mark in graph), "fp32")
