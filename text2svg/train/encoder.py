"""Trains the two towers on a prepared folder: exact, seeded, resumable, one JSON line a report.

A run folder holds `recipe.json`, `words.txt`, `teacher.npy`, `log.jsonl`, `state.pt` (model, optimizer, step; replaced
whole) and at the end `towers.safetensors`. A run that was cut off continues from `state.pt` and ends with the same
bytes as one that was not. Refuses to continue with another recipe. The trade-off: bfloat16 convolutions, 1.5 times
faster on a CPU with AVX-512 and 0.001 worse in cosine. Needs torch and numpy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from text2svg.encode.base import Encoder
from text2svg.encode.hashed import HashedEncoder
from text2svg.encode.words import Vocabulary
from text2svg.errors import TrainError
from text2svg.train.contrast import Shape, Towers, nested_contrast, piece_loss, planes
from text2svg.train.encoder_batches import Batch, Batches, Chances
from text2svg.train.encoder_data import Prepared
from text2svg.train.encoder_start import Exported, start_from
from text2svg.train.encoder_state import cosine_share, read_state, save_state
from text2svg.train.encoder_words import choose_words, teacher_vectors, whole_words
from text2svg.train.judge_model import JudgeBatches, JudgeTowers


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """Everything that decides the weights, apart from the data and the teacher."""

    kind: str = "encoder"
    """`encoder` for search and ranking, `judge` for evaluation: other towers, other texts."""
    steps: int = 2000
    batch: int = 768
    rate: float = 2e-3
    """Peak learning rate of AdamW; linear warm-up, then cosine to zero."""
    warmup: int = 100
    decay: float = 0.05
    """Weight decay of matrices; embeddings and norms have none."""
    min_count: int = 2
    """Corpus words on fewer drawings are spelled by n-grams."""
    buckets: int = 4096
    keep_residual: float = 0.7
    """Share of words whose own residual is used in a step."""
    piece_words: int = 256
    """Words a step on which n-grams learn to spell."""
    save_every: int = 250
    report_every: int = 25
    seed: int = 0
    threads: int = 1
    half: bool = True
    """bfloat16 convolutions."""
    nested: tuple[int, ...] = ()
    """Widths whose first numbers alone must retrieve too (Matryoshka, Kusupati and others 2022)."""
    sister_share: float = 0.3
    """Weight of drawing to drawing of the same words, where batches have sisters."""
    shape: Shape = field(default_factory=Shape)
    chances: Chances = field(default_factory=Chances)


Clock = Callable[[], float]
NORM_DRAWINGS = 1024
"""Drawings on which the norms of an exported folder are measured again."""


def train_encoder(
    recipe: EncoderRecipe,
    data: Prepared,
    run: Path,
    teacher: Encoder | Exported | None = None,
    clock: Clock = time.monotonic,
) -> Path:
    """Train into `run` (or continue there) and return the path of its safetensors file.

    `teacher` gives words their first vectors: a sentence model, or an exported folder, whose other weights then are the
    start too. Without one, words start from hashed n-gram vectors, and unseen words mean nothing.
    """
    torch.set_num_threads(recipe.threads)
    run.mkdir(parents=True, exist_ok=True)
    _same_recipe(recipe, run / "recipe.json")
    words, vectors = _words(recipe, data, run, teacher)
    vocabulary = Vocabulary.of(words, recipe.buckets)
    torch.manual_seed(recipe.seed)
    make, draw = _parts(recipe)
    towers = make(recipe.shape, torch.from_numpy(vectors), recipe.buckets)
    optimizer = torch.optim.AdamW(_groups(towers, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98))
    first = (read_state(run / "state.pt", towers=towers, optimizer=optimizer) or {"step": 0})["step"]
    if isinstance(teacher, Exported) and not first:
        some = np.random.default_rng(recipe.seed).permutation(np.flatnonzero(~data.heldout))[:NORM_DRAWINGS]
        start_from(teacher.folder, towers, torch.from_numpy(data.pixels(np.sort(some))))
    batches = draw(data, vocabulary, recipe.batch, recipe.seed, recipe.chances)
    towers.train()
    towers.to(memory_format=torch.channels_last)
    started, sums = clock(), np.zeros(2)
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        for step in range(first, recipe.steps):
            sums += _step(recipe, towers, optimizer, batches, step)
            done = step + 1
            if done % recipe.report_every == 0:
                means = sums / recipe.report_every
                speed = (done - first) * recipe.batch / max(clock() - started, 1e-9)
                line = {"step": done, "loss": means[0], "pieces": means[1], "drawings_per_s": speed}
                log.write(json.dumps({k: round(float(v), 4) for k, v in line.items()}) + "\n")
                log.flush()
                sums[:] = 0
            if done % recipe.save_every == 0 or done == recipe.steps:
                save_state(run / "state.pt", {"step": done}, towers=towers, optimizer=optimizer)
    path = run / "towers.safetensors"
    save_file({k: v.contiguous() for k, v in towers.state_dict().items()}, path)
    return path


def load_towers(run: Path) -> tuple[EncoderRecipe, list[str], Towers]:
    """A finished run as (recipe, words, towers in evaluation mode)."""
    from safetensors.torch import load_file

    try:
        recipe = read_recipe(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
        words = (run / "words.txt").read_text(encoding="utf-8").split("\n")
        state = load_file(run / "towers.safetensors")
    except OSError as error:
        raise TrainError(f"{run} holds no finished encoder run: {error}", hint="train it first") from error
    towers = _parts(recipe)[0](recipe.shape, state["text.teacher"], recipe.buckets)
    towers.load_state_dict(state)
    return recipe, words, towers.eval()


def _parts(recipe: EncoderRecipe) -> tuple[type[Towers], type[Batches]]:
    """Towers and batches of the recipe's kind. Raises TrainError."""
    kinds = {"encoder": (Towers, Batches), "judge": (JudgeTowers, JudgeBatches)}
    if recipe.kind not in kinds:
        raise TrainError(f"unknown kind of encoder {recipe.kind!r}", hint=f"one of: {', '.join(kinds)}")
    return kinds[recipe.kind]


def read_recipe(values: dict[str, Any]) -> EncoderRecipe:
    """The inverse of `asdict`; unknown names are a TrainError."""
    try:
        parts = {"shape": Shape(**values.pop("shape", {})), "chances": Chances(**values.pop("chances", {}))}
        return EncoderRecipe(**(values | parts | {"nested": tuple(values.get("nested", ()))}))
    except TypeError as error:
        known = ", ".join(EncoderRecipe.__dataclass_fields__)
        raise TrainError(f"bad encoder recipe: {error}", hint=f"known names: {known}") from error


def _same_recipe(recipe: EncoderRecipe, path: Path) -> None:
    if not path.is_file():
        path.write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")
    elif read_recipe(json.loads(path.read_text(encoding="utf-8"))) != recipe:
        hint = "use another run folder, or the recipe.json in this one"
        raise TrainError(f"{path.parent} was started with another recipe", hint=hint)


def _words(
    recipe: EncoderRecipe, data: Prepared, run: Path, teacher: Encoder | Exported | None
) -> tuple[list[str], np.ndarray]:
    if (run / "teacher.npy").is_file():
        words = (run / "words.txt").read_text(encoding="utf-8").split("\n")
        return words, np.load(run / "teacher.npy")
    if isinstance(teacher, Exported):
        words, vectors = teacher.words()
    else:
        model = teacher or HashedEncoder(256)
        words = choose_words(data.rows, whole_words(model), recipe.min_count)
        vectors = teacher_vectors(words, data.rows, model).astype(np.float32)
    (run / "words.txt").write_text("\n".join(words), encoding="utf-8")
    np.save(run / "teacher.npy", vectors)
    return words, vectors


def _groups(towers: Towers, decay: float) -> list[dict[str, Any]]:
    named = list(towers.named_parameters())
    plain = [p for n, p in named if p.ndim < 2 or n.startswith(("text.pieces", "text.gain"))]
    ids = {id(p) for p in plain}
    return [
        {"params": [p for _, p in named if id(p) not in ids], "weight_decay": decay},
        {"params": plain, "weight_decay": 0.0},
    ]


def _step(
    recipe: EncoderRecipe,
    towers: Towers,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    step: int,
) -> np.ndarray:
    """One update; returns (contrastive loss, n-gram loss)."""
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * cosine_share(step, recipe.warmup, recipe.steps)
    batch = batches.at(step)
    rng = np.random.default_rng((recipe.seed, step, 1))
    ids = torch.from_numpy(batch.ids)
    kept = rng.random((int(torch.unique(ids).numel()), 1)) < recipe.keep_residual
    texts = towers.text(ids, torch.from_numpy(batch.weights), torch.from_numpy(kept).float())
    x = planes(torch.from_numpy(batch.pixels)).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
        drawings = towers.drawing(x)
    loss = _contrast(recipe, batch, (drawings, texts), towers.scale)
    spelled = piece_loss(towers.text, *batches.spelling(recipe.piece_words, rng))
    optimizer.zero_grad(set_to_none=True)
    (loss + 0.1 * spelled).backward()
    torch.nn.utils.clip_grad_norm_(towers.parameters(), 1.0)
    optimizer.step()
    return np.array([loss.item(), spelled.item()])


def _contrast(
    recipe: EncoderRecipe, batch: Batch, vectors: tuple[torch.Tensor, torch.Tensor], scale: torch.Tensor
) -> torch.Tensor:
    """Drawings against texts, and sisters against each other."""
    keys = torch.from_numpy(batch.keys)
    loss = nested_contrast(*vectors, keys, scale, recipe.nested)
    if batch.sisters:
        one, two = vectors[0][: batch.sisters], vectors[0][-batch.sisters :]
        loss = loss + recipe.sister_share * nested_contrast(one, two, keys[: batch.sisters], scale, recipe.nested)
    return loss
