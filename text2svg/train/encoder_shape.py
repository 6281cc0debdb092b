"""The shape of a token encoder: a ModernBERT of transformers, its tokenizer, and growing a large one from a small one.

Refuses a model whose widths shrink. The trade-off: the tokenizer is the generator's with one token more, a mask, so words
and drawings share one table and a caption is read by the same file as a drawing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from text2svg.errors import TrainError
from text2svg.train.encoder_documents import Marks
from text2svg.train.encoder_recipe import Stage, TokenRecipe

if TYPE_CHECKING:
    from text2svg.svg.tokenizer import Tokenizer

MASK = "<|mask|>"
LOCAL_THETA = 10_000.0
EVERY = 3
"""One layer in three sees all of a document."""
ROUND = 64
"""The table's rows are rounded up to this, which matrix kernels like."""


def marks_of(tokenizer: Tokenizer) -> Marks:
    """Ids of pad, bos, eos and the mask, which is the first id behind the generator's."""
    size = tokenizer.vocab_size
    return Marks(tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, size, size)


def make_model(recipe: TokenRecipe, stage: Stage, marks: Marks) -> Any:
    """A fresh ModernBertForMaskedLM."""
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    config = ModernBertConfig(
        vocab_size=-(-(marks.mask + 1) // ROUND) * ROUND,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.intermediate,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        local_attention=recipe.local,
        global_attn_every_n_layers=EVERY,
        max_position_embeddings=max(one.context for one in recipe.stages),
        pad_token_id=marks.pad,
        bos_token_id=marks.bos,
        cls_token_id=marks.bos,
        eos_token_id=marks.eos,
        sep_token_id=marks.eos,
        classifier_pooling="mean",
        rope_parameters=_rope(stage),
    )
    return ModernBertForMaskedLM(config)


def move_to_theta(folder: Path, stage: Stage) -> Any:
    """A pretrained model with the rotary base of another stage."""
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    config = ModernBertConfig.from_pretrained(folder)
    config.rope_parameters = _rope(stage)
    return ModernBertForMaskedLM.from_pretrained(folder, config=config)


def _rope(stage: Stage) -> dict[str, dict[str, Any]]:
    return {
        "full_attention": {"rope_type": "default", "rope_theta": stage.theta},
        "sliding_attention": {"rope_type": "default", "rope_theta": LOCAL_THETA},
    }


def grown(model: Any, smaller: Path) -> Any:
    """`model` with a smaller one's weights tiled into it, from the middle; layers are spread evenly. Raises TrainError."""
    from transformers import ModernBertForMaskedLM

    source = ModernBertForMaskedLM.from_pretrained(smaller)
    few, many = source.config.num_hidden_layers, model.config.num_hidden_layers
    weights = source.state_dict()
    with torch.no_grad():
        for name, target in model.state_dict().items():
            parts = name.split(".")
            if parts[:2] == ["model", "layers"]:
                at = int(parts[2]) * few // many
                # The first layer has no norm before its attention, so a later one borrows the second layer's.
                at = max(at, 1) if parts[3] == "attn_norm" else at
                name = ".".join([*parts[:2], str(at), *parts[3:]])
            target.copy_(_tiled(weights[name], target))
    return model


def _tiled(small: Tensor, large: Tensor) -> Tensor:
    if any(a > b for a, b in zip(small.shape, large.shape, strict=True)):
        raise TrainError(
            f"cannot grow {tuple(small.shape)} into {tuple(large.shape)}", hint="grow from a smaller model"
        )
    for axis, width in enumerate(large.shape):
        have = small.shape[axis]
        start = (width - have) // 2
        small = small.index_select(axis, (torch.arange(width) - start) % have)
    return small


def save_tokenizer(tokenizer: Tokenizer, folder: Path, longest: int) -> None:
    """Write `tokenizer.json` and its config: a text gets bos and eos, and the space its words were learned with."""
    from tokenizers import Regex, Tokenizer as Raw, normalizers, processors  # noqa: I001

    inner = Raw.from_str(tokenizer.inner.to_str())
    inner.add_special_tokens([MASK])
    # Words were learned with the space before them; a drawing has none.
    inner.normalizer = normalizers.Sequence([normalizers.Prepend(" "), normalizers.Replace(Regex(r"^ (?=[<\s])"), "")])
    names = {at: text for text, at in tokenizer.vocab.items()}
    bos, eos = ((names[at], at) for at in (tokenizer.bos_id, tokenizer.eos_id))
    inner.post_processor = processors.TemplateProcessing(
        single=f"{bos[0]} $A {eos[0]}", pair=f"{bos[0]} $A {eos[0]} $B {eos[0]}", special_tokens=[bos, eos]
    )
    folder.mkdir(parents=True, exist_ok=True)
    inner.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": longest,
        "pad_token": names[tokenizer.pad_id],
        "bos_token": bos[0],
        "cls_token": bos[0],
        "eos_token": eos[0],
        "sep_token": eos[0],
        "mask_token": MASK,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
