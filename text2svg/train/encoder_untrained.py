"""The towers before training: same shape, same words, random weights; what training must be measured against.

Refuses nothing. The trade-off: it goes through a folder of its own, because the export is what makes an encoder of towers.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from text2svg.encode import load
from text2svg.encode.base import Encoder
from text2svg.train.contrast import Towers
from text2svg.train.encoder import read_recipe
from text2svg.train.encoder_export import export_encoder


def untrained(folder: Path, seed: int = 0) -> Encoder:
    """An encoder shaped like the exported one in `folder` whose weights are random."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    recipe = read_recipe(dict(config["recipe"]))
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    torch.manual_seed(seed)
    towers = Towers(recipe.shape, torch.randn(len(words), recipe.shape.word_dim), recipe.buckets)
    with tempfile.TemporaryDirectory() as place:
        run, out = Path(place) / "run", Path(place) / "out"
        run.mkdir()
        (run / "recipe.json").write_text(json.dumps(asdict(recipe)), encoding="utf-8")
        (run / "words.txt").write_text("\n".join(words), encoding="utf-8")
        save_file({name: one.contiguous() for name, one in towers.state_dict().items()}, run / "towers.safetensors")
        return load(f"onnx:{export_encoder(run, out, name='untrained', facts={})}")
