"""A pretrained model with adapters, ready to train, and merged again: by Unsloth, or by transformers and peft.

Unsloth is taken where it is installed; `reason` says which runs and why. Refuses big bases without a GPU, 4 bits without a
GPU, and pickled weights. The trade-off: merging loads the base once more in 16 bits (32 on a CPU), so that the merged
weights are the base's own plus the adapters, never a rounding of 4 bits.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError, MissingDependency, TrainError
from text2svg.train.finetune_recipe import TARGETS, FinetuneRecipe
from text2svg.train.finetune_tokens import add_drawing_tokens

CPU_LIMIT = 50_000_000
"""Weights of a base that a CPU may train: enough for tests, an afternoon for one epoch of a small corpus."""
BACKENDS = ("auto", "unsloth", "peft")


@dataclass(frozen=True, slots=True)
class Backend:
    """Who trains."""

    name: str
    reason: str
    gpu: bool
    dtype: str
    """`bfloat16` on GPUs that have it, `float16` on others, `float32` on a CPU."""


@dataclass(frozen=True, slots=True)
class Student:
    """A model that learns, with its tokenizer."""

    model: Any
    tokenizer: Any
    added: int
    """Tokens the tokenizer has more than the base's."""


def choose_backend(asked: str = "auto") -> Backend:
    """Which library trains here. Raises ConfigError for an unknown one, MissingDependency when it is not installed."""
    if asked not in BACKENDS:
        raise ConfigError(f"unknown backend {asked!r}", hint=f"one of: {', '.join(BACKENDS)}")
    there = {name: importlib.util.find_spec(name) is not None for name in ("unsloth", "peft")}
    name = asked if asked != "auto" else "unsloth" if there["unsloth"] else "peft"
    if not there[name]:
        raise MissingDependency(name, extra="finetune")
    if name == "unsloth":
        _import_unsloth()
    import torch

    gpu = torch.cuda.is_available()
    why = "asked for" if asked == name else "installed" if name == "unsloth" else "Unsloth is not installed"
    kinds = {"unsloth": "Unsloth", "peft": "transformers and peft"}
    where = f"one {torch.cuda.get_device_name()}" if gpu else "the CPU"
    half = "bfloat16" if gpu and torch.cuda.is_bf16_supported() else "float16"
    return Backend(name, f"{kinds[name]} ({why}) on {where}", gpu, half if gpu else "float32")


def load_student(recipe: FinetuneRecipe, backend: Backend) -> Student:
    """The base with new tokens and adapters. Raises TrainError, MissingDependency."""
    if recipe.four_bit and not backend.gpu:
        raise TrainError(f"recipe {recipe.name!r} holds its base in 4 bits, which needs a GPU", hint="four_bit = false")
    model, tokenizer = _base(recipe, backend)
    weights = sum(parameter.numel() for parameter in model.parameters())
    if not backend.gpu and weights > CPU_LIMIT:
        raise TrainError(f"{recipe.base} has {weights:,} weights, {CPU_LIMIT:,} at most on a CPU", hint="use a GPU")
    if tokenizer.chat_template is None or tokenizer.eos_token_id is None:
        raise TrainError(f"{recipe.base} has no chat template or no end token", hint="take an instruct model")
    added = add_drawing_tokens(tokenizer, model) if recipe.drawing_tokens else 0
    model.config.use_cache = False  # with a cache transformers does not look for packed documents
    student = _with_adapters(model, recipe, backend)
    _begin(student, recipe.seed)
    return Student(student, tokenizer, added)


def merge(recipe: FinetuneRecipe, backend: Backend, adapter: Path, out: Path) -> None:
    """Write the base plus a trained adapter as one ordinary model folder. Raises TrainError."""
    from peft import PeftModel

    # 4 bits would round the sum; the base comes back whole.
    whole = FinetuneRecipe(**recipe.to_dict() | {"four_bit": False})
    model, tokenizer = _plain_base(whole, backend)
    if recipe.drawing_tokens:
        add_drawing_tokens(tokenizer, model)
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    merged.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _base(recipe: FinetuneRecipe, backend: Backend) -> tuple[Any, Any]:
    if backend.name == "peft":
        return _plain_base(recipe, backend)
    from unsloth import FastLanguageModel

    try:
        loaded: tuple[Any, Any] = FastLanguageModel.from_pretrained(
            recipe.base,
            max_seq_length=recipe.context,
            load_in_4bit=recipe.four_bit,
            dtype=_dtype(backend),
            use_safetensors=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainError(f"cannot load {recipe.base}: {error}", hint="name a folder or a model of the hub") from error
    return loaded


def _plain_base(recipe: FinetuneRecipe, backend: Backend) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    four_bits = {}
    if recipe.four_bit:
        how = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=_dtype(backend))
        four_bits = {"quantization_config": how}
    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.base)
        model = AutoModelForCausalLM.from_pretrained(
            recipe.base, dtype=_dtype(backend), use_safetensors=True, **four_bits
        )
    except (OSError, ValueError, ImportError) as error:
        raise TrainError(f"cannot load {recipe.base}: {error}", hint="name a folder or a model of the hub") from error
    return model.to("cuda") if backend.gpu and not recipe.four_bit else model, tokenizer


def _dtype(backend: Backend) -> Any:
    import torch

    return getattr(torch, backend.dtype)


def _with_adapters(model: Any, recipe: FinetuneRecipe, backend: Backend) -> Any:
    tied = model.config.tie_word_embeddings
    whole = ["embed_tokens"] if tied else ["embed_tokens", "lm_head"]
    how: dict[str, Any] = {
        "r": recipe.rank, "lora_alpha": recipe.alpha, "lora_dropout": recipe.dropout, "bias": "none",
        "use_rslora": recipe.rslora, "target_modules": list(TARGETS),
    }  # fmt: skip
    if recipe.embeddings:
        how |= {"modules_to_save": whole} | ({"ensure_weight_tying": True} if tied else {})
    if backend.name == "unsloth":
        from unsloth import FastLanguageModel

        return FastLanguageModel.get_peft_model(
            model, use_gradient_checkpointing="unsloth", random_state=recipe.seed, **how
        )
    from peft import LoraConfig, get_peft_model

    if backend.gpu:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **how))


def _begin(model: Any, seed: int) -> None:
    """The usual first adapters from a generator of our own: what libraries do on their first call moves the global one."""
    import math

    import torch

    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if ".lora_A." in name:
                fresh = torch.empty(weight.shape)
                torch.nn.init.kaiming_uniform_(fresh, a=math.sqrt(5), generator=chance)
                weight.copy_(fresh)


def _import_unsloth() -> None:
    """Before transformers, which it patches; it must neither phone home nor compile into the working folder."""
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
    try:
        import unsloth  # noqa: F401
    except (ImportError, NotImplementedError, RuntimeError) as error:
        raise TrainError(f"Unsloth does not start here: {error}", hint="choose backend peft, or repair it") from error
