"""The weights of the int8 graph, packed from model.safetensors when the graph is loaded.

A folder that is served by others anyway then carries its weights once, in half the bytes, and no graph can disagree with
them. Packing is onnxruntime-genai's own for `MatMulNBits`: blocks of 32 along a row, a scale for each, made so that its
largest weight becomes exactly 0 (of 0..255, 128 standing for 0). Refuses graphs with other names, through the runtime
that then misses a tensor. The trade-off: some 0.1 s for 8 million weights at every start, and the float32 tensors in
memory until it is over.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from text2svg.engine.weights import ModelConfig

Floats = NDArray[np.float32]

BLOCK = 32
"""Weights that share a scale."""
ZERO = 128
"""The byte that stands for 0."""


def pack(matrix: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """(n, k) weights as bytes (n, k/32, 32) and scales (n, k/32); a last block that is short is filled with zeros."""
    rows, columns = matrix.shape
    padded = np.pad(matrix, ((0, 0), (0, -columns % BLOCK))) if columns % BLOCK else matrix
    blocks = padded.reshape(rows, -1, BLOCK)
    high, low = blocks.max(-1), blocks.min(-1)
    largest = np.where(high > -low, high, low)
    scales = (largest / np.float32(-ZERO)).astype(np.float32)
    # A block of zeros has no scale; its bytes are 128 whatever it is multiplied by.
    inverse = np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=scales != 0)
    values = np.clip(blocks * inverse[..., None] + np.float32(ZERO + 0.5), 0, 255)
    return values.astype(np.uint8), scales


def graph_weights(tensors: Mapping[str, Floats], config: ModelConfig, outputs: int) -> dict[str, NDArray[np.generic]]:
    """Trained weights under the graph's names; `outputs` rows of the head are used. Raises KeyError for a missing tensor."""
    found: dict[str, NDArray[np.generic]] = {
        "model.embed_tokens.weight": tensors["model.embed_tokens.weight"],
        f"model.layers.{config.layers}.final_norm_layernorm.weight": tensors["model.norm.weight"],
    }
    head = tensors["model.embed_tokens.weight" if config.tied else "lm_head.weight"]
    matrices = {"lm_head": head[:outputs]}
    for layer in range(config.layers):
        at = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            found[f"{at}{norm}.weight"] = tensors[f"{at}{norm}.weight"]
        for part in "qk":
            found[f"{at}attn.{part}_norm.layernorm.weight"] = tensors[f"{at}self_attn.{part}_norm.weight"]
        matrices[f"{at}attn.qkv_proj"] = np.concatenate([tensors[f"{at}self_attn.{p}_proj.weight"] for p in "qkv"])
        matrices[f"{at}attn.o_proj"] = tensors[f"{at}self_attn.o_proj.weight"]
        for part in ("gate", "up", "down"):
            matrices[f"{at}mlp.{part}_proj"] = tensors[f"{at}mlp.{part}_proj.weight"]
    for name, matrix in matrices.items():
        found[f"{name}.MatMul.weight_Q8"], found[f"{name}.MatMul.weight_scales"] = pack(matrix)
    return found
