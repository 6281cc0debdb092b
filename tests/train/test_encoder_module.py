"""The shipped folder opens in sentence-transformers and gives the encoder's own vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from text2svg.encode import load  # noqa: E402
from text2svg.runtime import ASSETS  # noqa: E402
from text2svg.store.starter import read_starter  # noqa: E402


def test_words_and_drawings_mix_and_the_copy_is_whole(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(ASSETS / "encoder"), trust_remote_code=True, device="cpu")
    sample = next(read_starter(ASSETS / "starter" / "samples.parquet"))
    vectors = model.encode(["left arrow", sample.optimized, "дом"])
    ours = load(f"onnx:{ASSETS / 'encoder'}")
    np.testing.assert_allclose(vectors[[0, 2]], ours.encode_text(["left arrow", "дом"]), atol=1e-6)
    np.testing.assert_allclose(vectors[1:2], ours.encode_svg([sample.optimized]), atol=1e-6)
    model.save(str(tmp_path))
    again = SentenceTransformer(str(tmp_path), trust_remote_code=True, device="cpu")
    np.testing.assert_array_equal(again.encode(["left arrow"]), vectors[:1])
