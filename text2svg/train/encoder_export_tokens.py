"""A token encoder as one ONNX graph beside its weights: token ids in, unit vectors out, pooling and length included.

`onnx/model.onnx` in a sentence-transformers folder answers as the folder does, to 1e-3, and needs onnxruntime and
tokenizers alone. Refuses a folder that is pooled in another way than by the mean. The trade-off: float32, 4 bytes a weight;
the towers are what ships.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from text2svg.errors import TrainError

OPSET = 17


class Pooled(nn.Module):
    """ModernBERT, the mean over real tokens, unit length."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(N, L) int64 ids and 0/1 mask to (N, D)."""
        real = attention_mask.bool()
        size = input_ids.shape[1]
        places = torch.arange(size, device=input_ids.device)
        seen = real[:, None, None, :].expand(-1, 1, size, -1)
        close = (places[:, None] - places[None, :]).abs() <= self.model.config.local_attention // 2
        # Spelled out, because the tracer cannot follow the library's own mask builder.
        masks = {"full_attention": seen, "sliding_attention": seen & close}
        states = self.model(input_ids=input_ids, attention_mask=masks).last_hidden_state
        weight = attention_mask[..., None].to(states.dtype)
        return functional.normalize((states * weight).sum(1) / weight.sum(1).clamp(min=1e-9), dim=1)


def add_onnx(folder: Path) -> Path:
    """Write `folder/onnx/model.onnx`; inputs `input_ids` and `attention_mask`, output `vectors`. Raises TrainError."""
    from transformers import ModernBertModel

    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    if pooling.get("pooling_mode", "mean") != "mean":
        raise TrainError(
            f"{folder} is pooled by {pooling['pooling_mode']}", hint="train it with `text2svg train encoder`"
        )
    model = Pooled(ModernBertModel.from_pretrained(folder, attn_implementation="sdpa")).eval()
    ids = torch.ones(2, 12, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    path = folder / "onnx" / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    axes = {"input_ids": {0: "n", 1: "l"}, "attention_mask": {0: "n", 1: "l"}, "vectors": {0: "n"}}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's notes on shapes that stay open
        torch.onnx.export(
            model, (ids, mask), path, input_names=["input_ids", "attention_mask"], output_names=["vectors"],
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    return path
