"""Packing of weights for the int8 graph."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from text2svg.engine.embedded import BUNDLED
from text2svg.engine.packed import BLOCK, ZERO, graph_weights, pack
from text2svg.engine.weights import read_config, read_safetensors


def _unpacked(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return ((values.astype(np.float32) - ZERO) * scales[..., None]).reshape(len(values), -1)


@given(
    stn.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 70)), elements=st.floats(-4, 4, width=16))
)
def test_packed_weights_are_half_a_step_off_at_most(matrix: np.ndarray) -> None:
    values, scales = pack(matrix)
    assert values.shape == (*scales.shape, BLOCK) and values.dtype == np.uint8
    error = np.abs(_unpacked(values, scales)[:, : matrix.shape[1]] - matrix)
    steps = np.repeat(np.abs(scales), BLOCK, 1)[:, : matrix.shape[1]]
    # The weight opposite to the largest would need 256 and gets 255.
    assert (error <= steps * 1.001).all()
    inner = np.abs(matrix) < 127 * steps
    assert (error[inner] <= steps[inner] * 0.501 + 1e-7).all()


def test_packing_is_that_of_the_builder() -> None:
    block = np.zeros((2, BLOCK), np.float32)
    block[0, :3] = 1.0, -1.0, 0.25
    values, scales = pack(block)
    # Of two that are equally large the negative one decides; a block of zeros has the scale 0.
    assert scales.tolist() == [[1 / 128], [0.0]]
    assert values[0, 0, :4].tolist() == [255, 0, 160, 128]
    assert set(values[1].ravel()) == {128}


def test_the_bundled_graph_asks_for_drawing_tokens_alone() -> None:
    config, tensors = read_config(BUNDLED), read_safetensors(BUNDLED / "model.safetensors")
    used = 1 + int(np.flatnonzero(tensors["lm_head.weight"].any(1))[-1])
    found = graph_weights(tensors, config, used)
    assert found["lm_head.MatMul.weight_Q8"].shape == (used, config.width // BLOCK, BLOCK)
    assert used < config.vocab_size / 4
