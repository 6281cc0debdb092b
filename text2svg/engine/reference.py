"""The decoder in numpy: float32, straight from the safetensors file, the fallback and the oracle of the tests.

Qwen3: RMS norm, per-head norm of queries and keys, rotary positions (halves), grouped attention, SwiGLU. Refuses
batching: each row is computed alone, so its bits never depend on its neighbours. The trade-off: about 1.5 ms a token
for 8 M parameters on one core, against 0.4 of the int8 graph, and no package beside numpy. Set OPENBLAS_NUM_THREADS=1
before numpy is imported: two threads spin against each other (5.4 ms).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from text2svg.engine.weights import ModelConfig
from text2svg.errors import EngineError

Array = NDArray[np.float32]


class _Layer(NamedTuple):
    norm: Array
    query: Array
    key: Array
    value: Array
    query_norm: Array
    key_norm: Array
    output: Array
    feed_norm: Array
    gate: Array
    up: Array
    down: Array


_NAMES = (
    "input_layernorm self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.q_norm self_attn.k_norm "
    "self_attn.o_proj post_attention_layernorm mlp.gate_proj mlp.up_proj mlp.down_proj"
).split()


class NumpyDecoder:
    """A Decoder without any runtime."""

    name = "numpy-fp32"
    exact_batches = True

    def __init__(self, config: ModelConfig, weights: dict[str, Array]) -> None:
        self.config = config
        try:
            self.embed = weights["model.embed_tokens.weight"]
            self.norm = weights["model.norm.weight"]
            self.head = self.embed.T if config.tied else weights["lm_head.weight"].T
            self.layers = [
                _Layer(*(weights[f"model.layers.{i}.{name}.weight"].T for name in _NAMES)) for i in range(config.layers)
            ]
        except KeyError as error:
            raise EngineError(f"the weights lack {error}", hint="export the model again") from error
        half = config.head_dim // 2
        rates = config.rope_theta ** -(np.arange(half, dtype=np.float64) / half)
        angles = np.outer(np.arange(config.context), np.concatenate([rates, rates]))  # (context, head_dim)
        self.cos, self.sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def cache(self, rows: int, capacity: int) -> NumpyCache:
        """Open an empty cache of `rows` sequences of up to `capacity` tokens."""
        return NumpyCache(self, rows, capacity)

    def forward(self, ids: Sequence[int], start: int, memory: Array) -> Array:
        """Feed `ids` from position `start` on; memory (layers, 2, kv_heads, capacity, head_dim); logits (vocab,)."""
        end = start + len(ids)
        cos, sin = self.cos[start:end], self.sin[start:end]
        x = self.embed[list(ids)]  # (T, width)
        for layer, (keys, values) in zip(self.layers, memory, strict=True):
            h = self._rms(x, layer.norm)
            q = _rotate(self._rms(self._split(h @ layer.query), layer.query_norm), cos, sin)
            keys[:, start:end] = _rotate(self._rms(self._split(h @ layer.key), layer.key_norm), cos, sin)
            values[:, start:end] = self._split(h @ layer.value)
            x = x + _attend(q, keys[:, :end], values[:, :end]) @ layer.output
            h = self._rms(x, layer.feed_norm)
            gate = h @ layer.gate
            x = x + (gate / (1 + np.exp(-gate)) * (h @ layer.up)) @ layer.down
        return self._rms(x[-1:], self.norm)[0] @ self.head

    def _rms(self, x: Array, weight: Array) -> Array:
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.config.norm_epsilon) * weight

    def _split(self, x: Array) -> Array:
        """(T, heads * head_dim) to (heads, T, head_dim)."""
        return x.reshape(len(x), -1, self.config.head_dim).transpose(1, 0, 2)


class NumpyCache:
    """One memory block for each row."""

    def __init__(self, decoder: NumpyDecoder, rows: int, capacity: int) -> None:
        c = decoder.config
        self._decoder = decoder
        self._memory = np.zeros((rows, c.layers, 2, c.kv_heads, capacity, c.head_dim), np.float32)
        self._lengths = [0] * rows

    def prefill(self, row: int, ids: Sequence[int]) -> Array:
        """Forget the row and read `ids` into it."""
        self._lengths[row] = len(ids)
        return self._decoder.forward(ids, 0, self._memory[row])

    def step(self, ids: Sequence[int]) -> Array:
        """Feed one token to each of the first len(ids) rows."""
        logits = []
        for row, token in enumerate(ids):
            logits.append(self._decoder.forward([token], self._lengths[row], self._memory[row]))
            self._lengths[row] += 1
        return np.stack(logits)

    def copy(self, source: int, target: int, length: int) -> None:
        """Make row `target` the first `length` tokens of row `source`."""
        self._memory[target, ..., :length, :] = self._memory[source, ..., :length, :]
        self._lengths[target] = length


def _rotate(x: Array, cos: Array, sin: Array) -> Array:
    half = x.shape[-1] // 2
    return x * cos + np.concatenate([-x[..., half:], x[..., :half]], axis=-1) * sin


def _attend(q: Array, keys: Array, values: Array) -> Array:
    """q (heads, T, D), keys and values (kv_heads, S, D) to (T, heads * D), causal."""
    heads, steps, size = q.shape
    grouped = q.reshape(len(keys), -1, size)  # (kv_heads, heads/kv_heads * T, D)
    scores = (grouped @ keys.transpose(0, 2, 1)).reshape(heads, steps, -1) * np.float32(size**-0.5)
    if steps > 1:
        past = scores.shape[-1] - steps
        scores = np.where(np.tri(steps, scores.shape[-1], past, dtype=bool), scores, np.float32(-np.inf))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    mixed = weights.reshape(len(keys), -1, weights.shape[-1]) @ values
    return mixed.reshape(heads, steps, size).transpose(1, 0, 2).reshape(steps, -1)
