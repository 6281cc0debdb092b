"""The exported towers as a sentence-transformers module, so that any program of that world can use the folder.

    SentenceTransformer(FOLDER, trust_remote_code=True).encode(["left arrow", "<svg ...>"])

What begins with `<` is a drawing, all else is words. The flag is sentence-transformers' own: this class is text2svg's, which
must be installed. Refuses training: the towers run in onnxruntime. The trade-off: no GPU, and none is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers.base.modules import InputModule
from torch import Tensor

from text2svg.encode.embedded import OnnxEncoder


class TowersModule(InputModule):
    """Words or drawings to unit vectors."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.encoder = OnnxEncoder(folder)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_options: Any) -> dict[str, Tensor]:
        """Vectors already: both towers read text. Raises RenderError or SvgError for a drawing that cannot be read."""
        texts = [f"{prompt or ''}{text}" for text in inputs]
        drawn = [text.lstrip().startswith("<") for text in texts]
        vectors = np.zeros((len(texts), self.encoder.dim), np.float32)
        for kind, encode in ((True, self.encoder.encode_svg), (False, self.encoder.encode_text)):
            places = [at for at, one in enumerate(drawn) if one is kind]
            if places:
                vectors[places] = encode([texts[at] for at in places])
        return {"vectors": torch.from_numpy(vectors)}

    def forward(self, features: dict[str, Tensor], **_options: Any) -> dict[str, Tensor]:
        """Adds `sentence_embedding`."""
        return features | {"sentence_embedding": features["vectors"]}

    def get_embedding_dimension(self) -> int:
        """Width of a vector."""
        return self.encoder.dim

    def save(self, output_path: str, *_args: Any, **_options: Any) -> None:
        """Copy the folder's own files."""
        for path in self.folder.iterdir():
            if path.is_file():
                (Path(output_path) / path.name).write_bytes(path.read_bytes())

    @classmethod
    def load(cls, model_name_or_path: str, **_options: Any) -> TowersModule:
        """Open an exported folder. Raises ConfigError."""
        return cls(model_name_or_path)
