"""The encoder from samples to a folder with its card: render, train, export, measure beside the baseline.

Each part resumes by itself, so the whole does. Refuses to leave out the baseline. The trade-off: samples are read three
times (rendering, training rows, evaluation), so they come as a function that starts over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from text2svg.caption.keywords import is_heldout
from text2svg.encode import load
from text2svg.encode.base import Encoder
from text2svg.raster.base import Rasterizer
from text2svg.sample import Sample
from text2svg.train.encoder import EncoderRecipe, train_encoder
from text2svg.train.encoder_card import write_card
from text2svg.train.encoder_data import load_prepared, prepare
from text2svg.train.encoder_eval import evaluate_encoder
from text2svg.train.encoder_export import export_encoder

NAME = "text2svg-towers-1"


def run_encoder(
    samples: Callable[[], Iterable[Sample]],
    places: tuple[Path, Path],
    rasterizer: Rasterizer,
    *,
    recipe: EncoderRecipe = EncoderRecipe(),
    teacher: Encoder | None = None,
    report: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Trains in `places[0]`, exports to `places[1]`, returns the figures of the encoder and of the hashed baseline.

    `samples` gives the rows anew at each call. Raises TrainError when too few captions are held out.
    """
    work, out = places
    report("rendering drawings")
    prepare(samples(), work / "data", rasterizer)
    report(f"training {recipe.steps} steps")
    train_encoder(recipe, load_prepared(work / "data"), work / "run", teacher)
    facts = {"teacher": teacher.name if teacher else "none"}
    export_encoder(work / "run", out, name=NAME, facts=facts)
    report("measuring held-out captions")
    held = [sample for sample in samples() if is_heldout(sample.caption)]
    metrics = {e.name: evaluate_encoder(held, e) for e in (load(f"onnx:{out}"), load("hashed"))}
    write_card(out, metrics)
    return {"folder": str(out), "metrics": metrics}
