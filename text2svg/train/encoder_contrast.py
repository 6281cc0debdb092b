"""The contrastive stage of a token encoder: words and drawings into one space, with sentence-transformers' own losses.

Words find their drawing among the batch's and their near miss (multiple negatives ranking), drawings their sister of
another set, at every nested width (Matryoshka). The result is a sentence-transformers folder. A step is a pure function of
the state, so a run that was cut off ends with the same weights. Refuses to train without a pretrained stage. The
trade-off: drawings are cut after `longest` tokens, which reads 97 % of icons whole and keeps a CPU's step short.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from text2svg.errors import MissingDependency
from text2svg.train.encoder_documents import Documents, Material
from text2svg.train.encoder_mlm import Place, keep_recipe, latest
from text2svg.train.encoder_pairs import PairBatches, Pairs
from text2svg.train.encoder_recipe import Contrast, TokenRecipe
from text2svg.train.encoder_shape import save_tokenizer
from text2svg.train.encoder_state import cosine_share, read_state, save_state

if TYPE_CHECKING:
    from text2svg.svg.tokenizer import Tokenizer

WORD_TOKENS = 32


def train_contrast(
    recipe: TokenRecipe, material: Material, tokenizer: Tokenizer, run: Path, place: Place = Place()
) -> Path:
    """Train from the latest stage in `run`; returns `run/contrast/model`, a sentence-transformers folder."""
    torch.set_num_threads(place.threads)
    how, folder = recipe.contrast, run / "contrast"
    folder.mkdir(parents=True, exist_ok=True)
    keep_recipe(recipe, folder / "recipe.json")
    torch.manual_seed(how.seed)
    model = sentence_model(latest(run), tokenizer, folder / "start", recipe).to(place.device)
    losses = _losses(model, how)
    optimizer = torch.optim.AdamW(model.parameters(), lr=how.rate, betas=(0.9, 0.98), weight_decay=0.01)
    first = (read_state(folder / "state.pt", model=model, optimizer=optimizer) or {"step": 0})["step"]
    batches = PairBatches(material.documents, how.batch, how.seed)
    model.train()
    sums = np.zeros(3)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        for step in range(first, how.steps):
            for group in optimizer.param_groups:
                group["lr"] = how.rate * cosine_share(step, how.warmup, how.steps)
            features = _features(batches.pairs(step), material, tokenizer, how.longest)
            sums += _step(model, losses, optimizer, (features, how))
            done = step + 1
            if done % place.report_every == 0 or done == how.steps:
                words, sisters = sums[:2] / sums[2]
                line = {"step": done, "words": words, "sisters": sisters}
                log.write(json.dumps({name: round(float(value), 4) for name, value in line.items()}) + "\n")
                log.flush()
                sums[:] = 0
            if done % place.save_every == 0 or done == how.steps:
                save_state(folder / "state.pt", {"step": done}, model=model, optimizer=optimizer)
    model.eval().save(str(folder / "model"))
    return folder / "model"


def sentence_model(pretrained: Path, tokenizer: Tokenizer, folder: Path, recipe: TokenRecipe) -> Any:
    """A SentenceTransformer over a pretrained stage, put together in `folder`: mean of token states, unit length."""
    try:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    except ImportError as error:
        raise MissingDependency("sentence-transformers", extra="train") from error
    from transformers import ModernBertModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the masked head is left behind on purpose
        ModernBertModel.from_pretrained(pretrained).save_pretrained(folder)
    longest = max((stage.context for stage in recipe.stages), default=512)
    save_tokenizer(tokenizer, folder, longest)
    body = Transformer(str(folder), max_seq_length=min(longest, recipe.contrast.longest))
    return SentenceTransformer(modules=[body, Pooling(recipe.hidden, "mean"), Normalize()], device="cpu")


def _losses(model: Any, how: Contrast) -> Any:
    from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss

    ranking = MultipleNegativesRankingLoss(model, scale=how.scale)
    return MatryoshkaLoss(model, ranking, list(how.dims)) if how.dims else ranking


Features = dict[str, Tensor]


def _features(pairs: Pairs, material: Material, tokenizer: Tokenizer, longest: int) -> list[Features]:
    """Words, drawings, near misses and sisters as padded ids."""
    documents, marks = material
    words = [tokenizer.encode_words(text)[: WORD_TOKENS - 2] for text in pairs.texts]
    lists = [words, *(_drawings(documents, rows, longest - 2) for rows in (pairs.drawings, pairs.near, pairs.sisters))]
    made = []
    for ids in lists:
        full = [[marks.bos, *one, marks.eos] for one in ids]
        width = max(map(len, full))
        padded = torch.tensor([one + [marks.pad] * (width - len(one)) for one in full])
        real = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in full])
        made.append({"input_ids": padded, "attention_mask": real})
    return made


def _drawings(documents: Documents, rows: np.ndarray, longest: int) -> list[list[int]]:
    return [documents.drawing(int(row))[:longest].tolist() for row in rows]


def _step(
    model: Any, losses: Any, optimizer: torch.optim.Optimizer, given: tuple[list[Features], Contrast]
) -> np.ndarray:
    """One update; returns (words' loss, sisters' loss, 1), so that a sum of steps knows how many it has."""
    (words, drawings, near, sisters), how = given
    optimizer.zero_grad(set_to_none=True)
    to_words = losses([dict(words), dict(drawings), dict(near)], None)
    to_sisters = losses([dict(drawings), dict(sisters)], None)
    (to_words + how.sister_share * to_sisters).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return np.array([to_words.item(), to_sisters.item(), 1])
