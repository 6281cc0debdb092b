"""Reads a Hugging Face model folder: its configuration and its safetensors file, with numpy alone.

The format is a length, a JSON header and raw little-endian tensors, so a reader of our own costs thirty lines and
spares the base install a package. Refuses other architectures than Qwen3ForCausalLM, pickled weights and offsets
outside the file. The trade-off: weights come back as float32, so a bfloat16 file doubles in memory.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import EngineError, EngineUnavailable

MAX_HEADER_BYTES = 16_000_000
"""A header describes tensors; the format's own limit is 100 MB, ours is a folder of a few hundred tensors."""

_TYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The numbers of `config.json` that decoding needs."""

    vocab_size: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    context: int
    """Most tokens of prompt and answer together."""
    norm_epsilon: float
    rope_theta: float
    tied: bool
    """The output matrix is the embedding matrix."""
    eos_id: int


def read_config(folder: Path) -> ModelConfig:
    """Read `folder/config.json`; EngineUnavailable when it is missing, EngineError when it is another model."""
    raw = _read_json(folder / "config.json")
    if "Qwen3ForCausalLM" not in raw.get("architectures", []):
        raise EngineError(
            f"{folder} holds {raw.get('architectures')}, not Qwen3ForCausalLM",
            hint="serve other architectures with vLLM and use the openai engine",
        )
    try:
        return _config(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{folder}/config.json misses or garbles {error}", hint="export the model again") from error


def _config(raw: dict[str, Any]) -> ModelConfig:
    rope = raw.get("rope_parameters") or {}
    scaling = rope.get("rope_type", "default"), (raw.get("rope_scaling") or {}).get("rope_type", "default")
    if scaling != ("default", "default"):
        raise EngineError(f"rotary scaling {scaling} is not supported", hint="export with plain rotary positions")
    eos = raw["eos_token_id"]
    return ModelConfig(
        vocab_size=int(raw["vocab_size"]),
        width=int(raw["hidden_size"]),
        layers=int(raw["num_hidden_layers"]),
        heads=int(raw["num_attention_heads"]),
        kv_heads=int(raw["num_key_value_heads"]),
        head_dim=int(raw.get("head_dim") or raw["hidden_size"] // raw["num_attention_heads"]),
        context=int(raw["max_position_embeddings"]),
        norm_epsilon=float(raw["rms_norm_eps"]),
        rope_theta=float(rope.get("rope_theta") or raw.get("rope_theta") or 10000.0),
        tied=bool(raw.get("tie_word_embeddings", False)),
        eos_id=int(eos[0] if isinstance(eos, list) else eos),
    )


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read every tensor of a safetensors file as float32; EngineError when the file contradicts itself."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EngineUnavailable(f"cannot read {path}: {error}", hint="export the model again") from error
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise EngineError(f"{path} is not a safetensors file", hint="fetch or export it again")
    body = memoryview(data)[8 + length :]
    try:
        header = json.loads(data[8 : 8 + length])
        return {name: _tensor(entry, body) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{path} is damaged: {error}", hint="fetch or export it again") from error


def _tensor(entry: dict[str, Any], body: memoryview) -> NDArray[np.float32]:
    kind, shape = _TYPES[entry["dtype"]], [int(n) for n in entry["shape"]]
    begin, end = (int(n) for n in entry["data_offsets"])
    if not 0 <= begin <= end <= len(body) or end - begin != math.prod(shape) * kind.itemsize:
        raise ValueError(f"a tensor of shape {shape} at bytes {begin} to {end} of {len(body)}")
    flat = np.frombuffer(body[begin:end], dtype=kind)
    if entry["dtype"] == "BF16":  # the upper half of a float32
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    return flat.astype(np.float32, copy=False).reshape(shape)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise EngineUnavailable(
            f"no model at {path.parent}: {error.strerror or error}",
            hint="train one with `text2svg train generator`, or name a folder with config.json in it",
        ) from error
    except ValueError as error:
        raise EngineError(f"{path} is not JSON: {error}", hint="export the model again") from error
