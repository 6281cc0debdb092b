"""A model folder as one GGUF file, the form that llama.cpp loads.

    write_gguf(folder, path)

The weights go in as they are (float16), so `llama.cpp` may quantize them itself. Refuses other architectures than
Qwen3ForCausalLM. The trade-off: llama.cpp cuts text by rules of its own, so send prompts as token ids, as our engines do.
Needs the package gguf.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from text2svg.engine.weights import ModelConfig, read_config, read_safetensors
from text2svg.errors import ConfigError, EngineError, MissingDependency

_BLOCK = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_WHOLE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def write_gguf(folder: Path, path: Path, *, half: bool = True) -> Path:
    """Write `path`; matrices as float16, or float32 when not `half`. Raises MissingDependency, ConfigError, EngineError."""
    try:
        import gguf
    except ImportError as error:
        raise MissingDependency("gguf") from error
    if path.suffix != ".gguf":
        raise ConfigError(f"{path} is no .gguf file", hint="end its name in .gguf")
    config = read_config(folder)
    temporary = path.with_suffix(".tmp")
    writer = gguf.GGUFWriter(temporary, "qwen3")
    tensors = read_safetensors(folder / "model.safetensors")
    _describe(writer, config, folder.name)
    writer.add_feed_forward_length(len(tensors["model.layers.0.mlp.gate_proj.weight"]))
    _vocabulary(writer, folder, config)
    for name, array in tensors.items():
        whole = array.astype(np.float16) if half and array.ndim > 1 else array
        writer.add_tensor(_renamed(name), np.ascontiguousarray(whole))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(temporary, path)
    return path


def _renamed(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    if stem in _WHOLE:
        return f"{_WHOLE[stem]}.{ending}"
    parts = stem.split(".", 3)
    if parts[:2] != ["model", "layers"] or parts[3] not in _BLOCK:
        raise EngineError(f"llama.cpp knows no tensor {name!r}", hint="only Qwen3 models can be converted")
    return f"blk.{parts[2]}.{_BLOCK[parts[3]]}.{ending}"


def _describe(writer: Any, config: ModelConfig, name: str) -> None:  # noqa: ANN401
    writer.add_name(name)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_theta)


def _vocabulary(writer: Any, folder: Path, config: ModelConfig) -> None:  # noqa: ANN401
    try:
        told = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        pieces = dict(told["model"]["vocab"]) | {entry["content"]: entry["id"] for entry in told["added_tokens"]}
        special = {entry["id"] for entry in told["added_tokens"] if entry["special"]}
        merges = [m if isinstance(m, str) else " ".join(m) for m in told["model"]["merges"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(
            f"{folder} has no byte-level tokenizer.json: {error}", hint="export the model again"
        ) from error
    texts = [f"[unused {i}]" for i in range(config.vocab_size)]
    for text, place in pieces.items():
        texts[place] = text
    control, normal = 3, 1  # llama.cpp's token types
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(texts)
    writer.add_token_types([control if i in special or i >= len(pieces) else normal for i in range(len(texts))])
    writer.add_token_merges(merges)
    writer.add_eos_token_id(config.eos_id)
    writer.add_add_bos_token(False)
