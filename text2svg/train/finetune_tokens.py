"""Whole tokens for numbers and markup in a pretrained tokenizer, begun as the mean of the sub-words they replace.

Stock tokenizers split every digit, so a median icon takes some 350 tokens; with these it takes a third. Refuses letters,
colours' digits and anything short that could stand in a word: added tokens match anywhere, and would shatter captions. The
trade-off: some 850 rows more in the embedding and the output matrix, which must be trained for them.
"""

from __future__ import annotations

from typing import Any

from text2svg.svg.vocabulary import classes

_LEFT_OUT = frozenset({"special", "hex"})
"""Specials are the base's own; `2f"`, a colour's end, also matches where a number ends."""


def drawing_words() -> list[str]:
    """Texts that deserve a token of their own: numbers with and without a space, and pieces of markup."""
    words = [text for name, texts in classes() if name not in _LEFT_OUT for text in texts]
    # llguidance takes an added token written <like this> for a special one, and no grammar ever allows it.
    words = [text.removesuffix(">") if text.startswith("<") else text for text in words]
    return [text for text in words if len(text) > 1 or text.isdigit()]


def add_drawing_tokens(tokenizer: Any, model: Any) -> int:
    """Add what the tokenizer does not say in one token yet; returns how many. The model grows by as many rows.

    Rows of the input and of the output matrix begin as the mean of the rows of the sub-words.
    """
    import torch
    from tokenizers import AddedToken

    pieces = {text: tokenizer.encode(text, add_special_tokens=False) for text in drawing_words()}
    pieces = {text: ids for text, ids in pieces.items() if len(ids) > 1}
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in pieces])
    # Many bases have spare rows behind their vocabulary; those are used first.
    before = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > before:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    rows = {tokenizer.convert_tokens_to_ids(text): ids for text, ids in pieces.items()}
    matrices = {id(m.weight): m.weight for m in (model.get_input_embeddings(), model.get_output_embeddings())}
    with torch.no_grad():
        for weight in matrices.values():  # one when they are tied
            # transformers may have given the tokenizer a token that the base has no row for; it must not begin by chance.
            weight[before:] = weight[:before].float().mean(0).to(weight.dtype)
            means = [weight[ids].float().mean(0) for ids in rows.values()]
            if means:
                weight[list(rows)] = torch.stack(means).to(weight.dtype)
    return len(rows)
