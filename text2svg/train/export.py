"""A training run as a model folder that other programs read: Hugging Face weights, tokenizer, int8 ONNX graph, card.

The folder is an ordinary `Qwen3ForCausalLM`, so transformers, vLLM and llama.cpp load it; `onnx/` beside it is what the
embedded engine runs. Refuses checkpoints without weights and folders of another shape. The trade-off: float16 weights
halve the file and cost nothing measurable (the training products are bfloat16 already).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from text2svg.engine.packed import graph_weights
from text2svg.engine.weights import read_config, read_safetensors
from text2svg.errors import MissingDependency, TrainError
from text2svg.train.checkpoint import load_checkpoint
from text2svg.train.model import EPS, ROPE_THETA, Shape, Weights

GRAPH_TIMEOUT_S = 600
COMPUTED = "_cache"
"""Ending of the names of a graph's rotary angles, which stay in it: another cosine rounds otherwise, and int8 hears that."""


def export_run(run: Path, out: Path, tokenizer: Path, *, onnx: bool = True, note: str = "") -> dict[str, Any]:
    """Writes the newest checkpoint of `run` (or a checkpoint file) into `out`; returns the card.

    The average of weights is exported when the run kept one. Raises TrainError, MissingDependency.
    """
    state = load_checkpoint(run)
    weights: Weights = state["ema"] or state["weights"]
    vocabulary, recipe, ids = state["vocabulary"], state["recipe"], state["meta"]
    shape = Shape(
        vocabulary["vocab_size"],
        vocabulary["svg_vocab"],
        recipe["width"],
        recipe["layers"],
        recipe["heads"],
        recipe["ffn"],
    )
    out.mkdir(parents=True, exist_ok=True)
    _save(out / "model.safetensors", to_huggingface(weights, shape))
    _write(out / "config.json", _config(shape, recipe["context"], ids))
    _write(
        out / "generation_config.json",
        {
            "bos_token_id": ids["bos_id"],
            "eos_token_id": ids["eos_id"],
            "pad_token_id": ids["pad_id"],
            "do_sample": True,
        },
    )
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    _write(out / "tokenizer_config.json", _tokenizer_config(recipe["context"]))
    card = _card(state, shape, sum(v.numel() for v in weights.values()), note)
    if onnx:
        card["graph"] = write_graph(out)
    _write(out / "card.json", card)
    return card


def _card(state: Mapping[str, Any], shape: Shape, weights: int, note: str) -> dict[str, Any]:
    progress = state["progress"]
    return {
        "kind": "generator",
        "architecture": "Qwen3ForCausalLM",
        "weights": weights,
        "tokens": progress["tokens"],
        "steps": progress["step"],
        "heldout": progress["heldout"],
        "history": progress["history"],
        "recipe": state["recipe"],
        "svg_vocab": shape.svg_vocab,
        "note": note,
    }


def to_huggingface(weights: Mapping[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """Our fused tensors under the names and shapes of `Qwen3ForCausalLM`; head rows of other ids are zero."""
    head = torch.zeros(shape.vocab_size, shape.width)
    head[: shape.svg_vocab] = weights["head"]
    out = {"model.embed_tokens.weight": weights["embed"], "model.norm.weight": weights["norm"], "lm_head.weight": head}
    for layer in range(shape.layers):
        ours, theirs = f"layers.{layer}.", f"model.layers.{layer}."
        q, k, v = weights[ours + "qkv"].chunk(3)
        gate, up = weights[ours + "gate_up"].chunk(2)
        out |= {
            theirs + "input_layernorm.weight": weights[ours + "attn_norm"],
            theirs + "self_attn.q_proj.weight": q,
            theirs + "self_attn.k_proj.weight": k,
            theirs + "self_attn.v_proj.weight": v,
            theirs + "self_attn.q_norm.weight": weights[ours + "q_norm"],
            theirs + "self_attn.k_norm.weight": weights[ours + "k_norm"],
            theirs + "self_attn.o_proj.weight": weights[ours + "o"],
            theirs + "post_attention_layernorm.weight": weights[ours + "mlp_norm"],
            theirs + "mlp.gate_proj.weight": gate,
            theirs + "mlp.up_proj.weight": up,
            theirs + "mlp.down_proj.weight": weights[ours + "down"],
        }
    return out


def read_weights(folder: Path, shape: Shape) -> Weights:
    """The inverse of `to_huggingface`, from an exported folder, in float32. Raises TrainError when it does not fit."""
    from safetensors.torch import load_file

    path = folder / "model.safetensors"
    if not path.is_file():
        raise TrainError(f"{folder} holds no model.safetensors", hint="give a folder that `model export` wrote")
    theirs = {name: tensor.float() for name, tensor in load_file(path).items()}
    try:
        weights = _fuse(theirs, shape)
    except KeyError as error:
        raise TrainError(f"{path} has no tensor {error}", hint="it is no Text2SVG generator") from error
    expected = (shape.vocab_size, shape.width)
    if tuple(weights["embed"].shape) != expected:
        raise TrainError(f"{path} has {tuple(weights['embed'].shape)} embeddings, the recipe {expected}")
    return weights


def _fuse(theirs: Mapping[str, Tensor], shape: Shape) -> Weights:
    weights = {
        "embed": theirs["model.embed_tokens.weight"],
        "norm": theirs["model.norm.weight"],
        "head": theirs["lm_head.weight"][: shape.svg_vocab].clone(),
    }
    for layer in range(shape.layers):
        to, at = f"layers.{layer}.", f"model.layers.{layer}."
        weights |= {
            to + "attn_norm": theirs[at + "input_layernorm.weight"],
            to + "qkv": torch.cat([theirs[f"{at}self_attn.{n}_proj.weight"] for n in "qkv"]),
            to + "q_norm": theirs[at + "self_attn.q_norm.weight"],
            to + "k_norm": theirs[at + "self_attn.k_norm.weight"],
            to + "o": theirs[at + "self_attn.o_proj.weight"],
            to + "mlp_norm": theirs[at + "post_attention_layernorm.weight"],
            to + "gate_up": torch.cat([theirs[f"{at}mlp.{n}_proj.weight"] for n in ("gate", "up")]),
            to + "down": theirs[at + "mlp.down_proj.weight"],
        }
    return weights


def _config(shape: Shape, context: int, ids: Mapping[str, int]) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.width,
        "intermediate_size": shape.ffn,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": EPS,
        "rope_theta": ROPE_THETA,
        "rope_parameters": {"rope_type": "default", "rope_theta": ROPE_THETA},
        "max_position_embeddings": context,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "bos_token_id": ids["bos_id"],
        "eos_token_id": ids["eos_id"],
        "pad_token_id": ids["pad_id"],
        "dtype": "float16",
    }


def _tokenizer_config(context: int) -> dict[str, Any]:
    # Without it vLLM invents an end token of its own, and no grammar ever ends.
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|bos|>",
        "eos_token": "<|eos|>",
        "pad_token": "<|pad|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
    }


def _save(path: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save_file

    temporary = path.with_suffix(".tmp")
    save_file({n: t.detach().half().contiguous() for n, t in tensors.items()}, temporary, metadata={"format": "pt"})
    os.replace(temporary, path)


def write_graph(folder: Path) -> dict[str, str]:
    """Writes `onnx/`: the int8 graph of onnxruntime-genai's model builder, slimmed. Raises MissingDependency, TrainError."""
    from importlib.metadata import version

    build_graph(folder)
    slim_graph(folder)
    return {"precision": "int8", "builder": version("onnxruntime-genai")}


def slim_graph(folder: Path) -> None:
    """Takes a built graph's weights away, which the engine packs from model.safetensors, and the logits of ids at the end
    of the vocabulary whose head rows are zero, because no drawing says them.

    Raises TrainError when the engine would not pack the very bytes that the builder wrote.
    """
    import onnx
    from onnx.external_data_helper import load_external_data_for_tensor

    graph = folder / "onnx"
    path, config = graph / "model.onnx", json.loads((graph / "genai_config.json").read_text(encoding="utf-8"))
    full = config["model"]["vocab_size"]
    tensors = read_safetensors(folder / "model.safetensors")
    _check_packing(onnx.load(path), graph_weights(tensors, read_config(folder), full))
    outputs = full if read_config(folder).tied else 1 + int(np.flatnonzero(tensors["lm_head.weight"].any(1))[-1])
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        if tensor.name.startswith("lm_head."):
            tensor.dims[0] = outputs
        if tensor.name.endswith(COMPUTED):
            load_external_data_for_tensor(tensor, str(graph))
            tensor.ClearField("external_data")
            tensor.data_location = onnx.TensorProto.DEFAULT
    for node in model.graph.node:
        if any(name.startswith("lm_head.") for name in node.input):
            next(attribute for attribute in node.attribute if attribute.name == "N").i = outputs
    for value in (*model.graph.output, *model.graph.value_info):
        shape = value.type.tensor_type.shape.dim
        if shape and shape[-1].dim_value == full:
            shape[-1].dim_value = outputs
    onnx.save(model, path)
    config["model"]["vocab_size"] = outputs
    _write(graph / "genai_config.json", config)
    (graph / "model.onnx.data").unlink()


def _check_packing(model: Any, packed: Mapping[str, Any]) -> None:
    from onnx import numpy_helper

    built = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if not t.name.endswith(COMPUTED)}
    wrong = [
        name
        for name in built.keys() | packed.keys()
        if name not in built or name not in packed or not np.array_equal(built[name], packed[name])
    ]
    if wrong:
        hint = "keep the graph that onnxruntime-genai's builder writes, with its weights"
        raise TrainError(f"the engine packs {', '.join(sorted(wrong)[:3])} otherwise than the builder", hint=hint)


def build_graph(folder: Path) -> None:
    """Writes `onnx/` as onnxruntime-genai's model builder does. Raises MissingDependency, TrainError."""
    import importlib.util

    if importlib.util.find_spec("onnxruntime_genai") is None:
        raise MissingDependency("onnxruntime-genai", extra="train")
    graph = folder / "onnx"
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(folder), "-o", str(graph)]
    command += ["-p", "int8", "-e", "cpu", "-c", str(folder / ".builder")]
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=GRAPH_TIMEOUT_S, check=False
    )
    shutil.rmtree(folder / ".builder", ignore_errors=True)
    if done.returncode or not (graph / "genai_config.json").is_file():
        raise TrainError(f"the graph builder failed: {done.stderr.strip()[-400:]}", hint="export with --no-onnx")
    for extra in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"):
        (graph / extra).unlink(missing_ok=True)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(temporary, path)
