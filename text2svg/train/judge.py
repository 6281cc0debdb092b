"""The judge from samples to a folder: render, train, export; and its card, with what it is worth in the first lines.

Each part resumes by itself, so the whole does. Refuses to grade itself: figures come from `evaluate judge`, on drawings of
captions that were held out. The trade-off: one card for people beside config.json, which alone decides what is loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from text2svg.encode.base import Encoder
from text2svg.raster.base import Rasterizer
from text2svg.sample import Sample
from text2svg.train.encoder import EncoderRecipe, train_encoder
from text2svg.train.encoder_data import load_prepared, prepare
from text2svg.train.encoder_export import export_encoder
from text2svg.train.judge_data import LOOK, chosen

NAME = "text2svg-judge-2"


def run_judge(
    samples: Iterable[Sample],
    places: tuple[Path, Path],
    rasterizer: Rasterizer,
    *,
    recipe: EncoderRecipe,
    teacher: Encoder | None = None,
) -> Path:
    """Trains in `places[0]` and exports to `places[1]`, which it returns; a second call goes on where the first ended."""
    work, out = places
    prepare(chosen(samples), work / "data", rasterizer, look=LOOK)
    data = load_prepared(work / "data")
    train_encoder(recipe, data, work / "run", teacher)
    facts = {
        "data": f"{len(data.rows):,} drawings, of which {int(data.heldout.sum()):,} were held out by their caption",
        # A card names the model, not the folder it lay in.
        "teacher": f"word vectors of {re.split('[:/]', teacher.name)[-1]}, training only" if teacher else "none",
    }
    return export_encoder(work / "run", out, name=NAME, facts=facts)


def write_judge_card(folder: Path, found: Mapping[str, Any]) -> Path:
    """README.md of an exported judge; `found` has `n` and, for `real` and `shuffled` drawings, figures by name."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    recipe, shape = config["recipe"], config["recipe"]["shape"]
    size = sum(one.stat().st_size for one in folder.iterdir() if one.name != "README.md")
    rows = "\n".join(f"| {kind} | {_cells(found[kind])} |" for kind in ("real", "shuffled"))
    facts = "\n".join(f"- {name}: {value}" for name, value in config["facts"].items())
    card = folder / "README.md"
    card.write_text(
        f"""# {config["name"]}

What it is worth: {found["n"]} captions that were held out from all training, one real drawing each; which of 100 captions
does the drawing show? (`text2svg evaluate judge`; 95 % bootstrap)

| drawings | {" | ".join(found["real"])} |
|---|{"---|" * len(found["real"])}
{rows}
| chance | 0.01 | 0.05 | 0.1 | 0.5 |

It grades generators (`text2svg evaluate generator`) and chooses nothing: an import contract keeps it from search, ranking
and the app, and it shares no weights with the search encoder.

Two towers, {config["dim"]} dimensions, {size / 1e6:.1f} MB: words in their order through int8 word vectors and a
convolution; drawings through a residual net over a {config["size"]} px render ({shape["channels"]} channels). Trained for
{recipe["steps"]} steps of {recipe["batch"]} pairs, seed {recipe["seed"]}, by `text2svg train judge`.
{facts}

Limits: a synonym among the hundred counts as wrong; words of other scripts than Latin are not judged; like the search
encoder it learned word meanings from a sentence model, so a word that one misreads may mislead both.
""",
        encoding="utf-8",
    )
    return card


def _cells(figures: Mapping[str, Mapping[str, float]]) -> str:
    return " | ".join(f"{f['value']:.3f} ({f['low']:.3f}-{f['high']:.3f})" for f in figures.values())
