"""FlexBERT and Composer checkpoints to Hugging Face form: the same weights under the names that transformers reads.

Reads tensors and plain values only (torch's weights_only), so a checkpoint cannot run code. Refuses one whose weights do
not fill the model exactly, name by name. The trade-off: a checkpoint that pickles objects of its trainer beside the
weights is refused as well; save its `state["model"]` alone where it was trained.
"""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from text2svg.errors import ConfigError

RENAMES = (
    (re.compile(r"^model\.bert\.encoder\."), "model."),
    (re.compile(r"^model\.bert\.(embeddings|final_norm)\."), r"model.\1."),
    (re.compile(r"^model\.(head|decoder)\."), r"\1."),
)
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def convert_checkpoint(config: Path, checkpoint: Path, out: Path, tokenizer: Path | None = None) -> dict[str, Any]:
    """Write `out` as a folder of ModernBertForMaskedLM; returns what was written. Raises ConfigError."""
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    try:
        values = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {config}: {error}", hint="give the model's Hugging Face config.json") from error
    model = ModernBertForMaskedLM(ModernBertConfig.from_dict(values))
    weights = renamed(read_weights(checkpoint))
    # A tied decoder is stored once or twice, as the trainer liked.
    if "decoder.weight" not in weights and model.config.tie_word_embeddings:
        weights["decoder.weight"] = weights.get("model.embeddings.tok_embeddings.weight")
    _fill(model, weights, checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    copied = _copy_tokenizer(tokenizer, out) if tokenizer else []
    return {"folder": str(out), "parameters": model.num_parameters(), "tokenizer": copied}


def read_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The tensors of a Composer checkpoint, or of a plain state dict. Raises ConfigError."""
    try:
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        hint = 'where it was trained: torch.save({"state": {"model": checkpoint["state"]["model"]}}, "weights.pt")'
        raise ConfigError(
            f"{checkpoint} holds more than weights, and code in it is not run: {error}", hint=hint
        ) from error
    except (OSError, RuntimeError, EOFError) as error:
        raise ConfigError(f"cannot read {checkpoint}: {error}", hint="give a .pt file of Composer") from error
    for key in ("state", "model"):
        if isinstance(saved, Mapping) and isinstance(saved.get(key), Mapping):
            saved = saved[key]
    if not isinstance(saved, Mapping) or not any(isinstance(one, Tensor) for one in saved.values()):
        raise ConfigError(f"{checkpoint} holds no weights", hint='they are expected under ["state"]["model"]')
    return {name: one for name, one in saved.items() if isinstance(one, Tensor)}


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under transformers' names; what is unknown keeps its own."""
    made = {}
    for name, tensor in weights.items():
        name = name.removeprefix("module.")
        for pattern, new in RENAMES:
            if pattern.match(name):
                name = pattern.sub(new, name)
                break
        made[name] = tensor
    return made


def _fill(model: Any, weights: Mapping[str, Tensor | None], checkpoint: Path) -> None:
    wanted = model.state_dict()
    missing = sorted(name for name in wanted if weights.get(name) is None)
    extra = sorted(set(weights) - set(wanted))
    wrong = [n for n in wanted if weights.get(n) is not None and weights[n].shape != wanted[n].shape]
    if missing or extra or wrong:
        parts = (("missing", missing), ("unknown", extra), ("of another shape", wrong))
        found = "; ".join(f"{word}: {', '.join(names[:4])} ({len(names)})" for word, names in parts if names)
        raise ConfigError(f"{checkpoint} does not fit the config: {found}", hint="give the config it was trained with")
    model.load_state_dict(weights, strict=True)


def _copy_tokenizer(tokenizer: Path, out: Path) -> list[str]:
    folder = tokenizer if tokenizer.is_dir() else tokenizer.parent
    found = [name for name in TOKENIZER if (folder / name).is_file()]
    if "tokenizer.json" not in found:
        raise ConfigError(f"no tokenizer.json in {folder}", hint="give the tokenizer's folder")
    for name in found:
        shutil.copyfile(folder / name, out / name)
    return found
