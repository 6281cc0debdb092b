"""Encoders: drawings and words as unit vectors of one space.

`load("onnx:FOLDER")` opens the trained pair of towers, `load("hashed")` the baseline, `load("sentence:NAME")` any
sentence-transformers model. Importing this package loads nothing heavy.
"""

from __future__ import annotations

from text2svg.encode.base import Encoder

KINDS = {
    "hashed": "text2svg.encode.hashed:from_spec",
    "onnx": "text2svg.encode.embedded:from_spec",
    "sentence": "text2svg.encode.sentence:from_spec",
}

__all__ = ["KINDS", "Encoder", "load"]


def load(spec: str) -> Encoder:
    """`hashed[?dim=512]`, `onnx:FOLDER[?raster=resvg&threads=1]` or `sentence:NAME[?device=cpu]`.

    Raises UnknownKind, ConfigError, MissingDependency.
    """
    from text2svg.spec import load_kind

    return load_kind("encoder", spec, KINDS)
