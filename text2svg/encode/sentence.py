"""A sentence-transformers model as an encoder: any folder or hub name. The one door to sentence_transformers here.

Drawings are encoded as their text, which only makes sense for a model trained on SVG; a plain sentence model is useful
for captions. Refuses to download silently in offline mode: the library's own HF_HUB_OFFLINE applies. Costs torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from text2svg.errors import ConfigError, MissingDependency
from text2svg.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SentenceEncoder:
    """Wraps `SentenceTransformer(name)` on the CPU unless `device` says otherwise."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingDependency("sentence-transformers", extra="train") from error
        try:
            self._model = SentenceTransformer(name, device=device)
        except (OSError, ValueError) as error:
            hint = "write sentence:FOLDER with a saved model, or a hub name when a hub is reachable"
            raise ConfigError(f"cannot load sentence model {name!r}: {error}", hint=hint) from error
        self.name = f"sentence:{name}"
        self.dim = int(self._model.encode(["width"]).shape[1])
        self.digest = hashlib.sha256(self._probe().tobytes()).hexdigest()

    def _probe(self) -> NDArray[np.int8]:
        # Weights may lie anywhere, so the space is named by what it says about fixed texts.
        vectors = self.encode_text(["left arrow", "house", '<path d="M10 20H30"/>'])
        return np.round(vectors * 100).astype(np.int8)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return vectors.astype(np.float32, copy=False)

    def encode_svg(self, svgs: Sequence[str]) -> NDArray[np.float32]:
        return self.encode_text(svgs)

    def vocabulary(self) -> list[str]:
        """The pieces of the model's tokenizer in id order; empty when it has none."""
        tokenizer = getattr(self._model, "tokenizer", None)
        pieces = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
        return sorted(pieces, key=pieces.get)


def from_spec(spec: Spec) -> SentenceEncoder:
    """`sentence:NAME[?device=cpu]`."""
    if not spec.name:
        raise ConfigError("the sentence encoder needs a model", hint="write sentence:FOLDER")
    return SentenceEncoder(spec.name, **spec.read({"device": str}))
