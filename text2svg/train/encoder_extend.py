"""An exported encoder that also knows the words of other languages, without training: see encoder_locales.

Latin words that were known, drawings and n-grams keep their vectors, to the bit of their int8 rows. Refuses to change a
folder in place. The trade-off: a foreign word is the mean of English ones, so it can be no better than they are.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from text2svg.encode.embedded import folder_digest
from text2svg.errors import ConfigError
from text2svg.train.contrast import Shape, Towers
from text2svg.train.encoder_export import text_graph
from text2svg.train.encoder_locales import locales as names_of
from text2svg.train.encoder_start import Exported, start_text


def extend_exported(folder: Path, locales: Path, out: Path) -> dict[str, Any]:
    """Write `out` like `folder`, with the words of an unpacked emojibase-data too. Raises ConfigError, SourceError."""
    if folder.resolve() == out.resolve():
        raise ConfigError("an encoder is not changed in place", hint="name another folder: -o extended/")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    words, vectors = Exported(folder, locales).words()
    shape, version = Shape(**config["recipe"]["shape"]), _version(locales)
    towers = Towers(shape, torch.from_numpy(vectors), config["recipe"]["buckets"])
    start_text(folder, towers)
    shutil.copytree(folder, out, dirs_exist_ok=True)
    (out / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    text_graph(towers.eval().text, out / "text.onnx", shape.dim)
    spoken = names_of(locales)
    config["digest"] = folder_digest(out)
    config["facts"]["languages"] = f"emojibase-data {version} (MIT; CLDR, Unicode-3.0): {', '.join(spoken)}"
    (out / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")
    return {"folder": str(out), "words": len(words), "languages": len(spoken), "digest": config["digest"]}


def _version(locales: Path) -> str:
    package = locales / "package.json"
    return (
        str(json.loads(package.read_text(encoding="utf-8"))["version"]) if package.is_file() else "of unknown version"
    )
