"""Makes a vision-language model of random tiny weights, whole enough for vLLM to serve: Idefics3's shape, 1 M parameters.

    python vision_model.py FOLDER

Idefics3, because vLLM reads it without torchvision, which its CPU build cannot have beside it: what sees through CLIP,
SigLIP, Qwen's or InternVL's own processor needs it. What it says of a drawing is noise; that it is asked is real.
"""

from __future__ import annotations

import sys
from pathlib import Path

WORDS = "a an the icon drawing of with and in red blue green black white circle square arrow star line".split()
SPECIAL = (
    "<unk>", "<s>", "</s>", "<pad>", "<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"
)  # fmt: skip
TEMPLATE = (
    "{% for m in messages %}{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<image>{% endif %}{% endfor %}{% endif %}{% endfor %}"
)
SIDE, PATCH, SHUFFLE = 224, 16, 2
LONGEST = 24
"""Tokens of an answer; noise has no end of its own."""


def make(folder: Path) -> None:
    """Writes config, weights, tokenizer and processor."""
    import torch
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, LlamaConfig

    tokenizer = _tokenizer()
    eyes = {
        "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": SIDE, "patch_size": PATCH,
    }  # fmt: skip
    mouth = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=2048, bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    config = Idefics3Config(
        vision_config=eyes, text_config=mouth, image_token_id=SPECIAL.index("<image>"), scale_factor=SHUFFLE,
        pad_token_id=3,
    )  # fmt: skip
    torch.manual_seed(0)
    model = Idefics3ForConditionalGeneration(config)
    model.generation_config.max_new_tokens = LONGEST  # vLLM takes it as the most that any request gets
    model.save_pretrained(folder)
    _processor(tokenizer).save_pretrained(folder)


def _tokenizer():
    """Bytes and a few whole words."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*SPECIAL, *letters, *(f"Ġ{word}" for word in WORDS)]
    inner = Tokenizer(models.BPE({piece: at for at, piece in enumerate(pieces)}, [], ignore_merges=True))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        extra_special_tokens={
            "image_token": "<image>", "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>",
        },
        chat_template=TEMPLATE,
    )  # fmt: skip


def _processor(tokenizer):
    from transformers import Idefics3ImageProcessor, Idefics3Processor

    size = {"longest_edge": SIDE}
    pictures = Idefics3ImageProcessor(size=size, max_image_size=size, do_image_splitting=False)
    length = (SIDE // PATCH) ** 2 // SHUFFLE**2
    return Idefics3Processor(pictures, tokenizer, image_seq_len=length, chat_template=TEMPLATE)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
