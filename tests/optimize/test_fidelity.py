"""The gate measures what an eye would: nothing for equal pixels, much for a missing part, little for a shifted edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from text2svg.optimize.fidelity import EXACT, GRID, difference

SIZE = 128


def _blank() -> np.ndarray:
    return np.zeros((SIZE, SIZE, 4), dtype=np.uint8)


def _box(color: tuple[int, int, int, int], x: int, y: int, side: int) -> np.ndarray:
    pixels = _blank()
    pixels[y : y + side, x : x + side] = color
    return pixels


def test_equal_pixels_differ_by_nothing() -> None:
    assert difference(_box((9, 9, 9, 255), 3, 3, 9), _box((9, 9, 9, 255), 3, 3, 9)) == (0, 0, 0, 0)


def test_colour_under_full_transparency_does_not_count() -> None:
    assert difference(_blank(), _box((255, 0, 0, 0), 0, 0, SIZE)) == (0, 0, 0, 0)


@pytest.mark.parametrize("shade", [0, 255])
def test_neither_black_nor_white_hides_on_a_transparent_ground(shade: int) -> None:
    lost = difference(_box((shade, shade, shade, 255), 32, 32, 64), _blank())
    assert lost.bad_fraction == pytest.approx(0.25)
    assert lost.mean_abs == pytest.approx(255 * 0.25)
    assert lost.worst_cell == pytest.approx(255)


def test_a_missing_dot_fails_every_rung_though_its_mean_is_small() -> None:
    drawing = _box((0, 0, 0, 255), 8, 8, 80)
    dotted = drawing.copy()
    dotted[112:120, 112:120] = (0, 0, 0, 255)
    measured = difference(dotted, drawing)
    assert measured.mean_abs_64 < 1.1
    assert not GRID.accepts(measured)
    assert not EXACT.accepts(measured)


def test_half_a_unit_of_edge_shift_passes_the_grid_rung() -> None:
    drawing = _box((0, 0, 0, 255), 8, 8, 100)
    shifted = drawing.copy()
    shifted[8, 8:108, 3] = 191  # a quarter of a pixel at 128 px is half a unit of 256
    shifted[8:108, 8, 3] = 191
    measured = difference(drawing, shifted)
    assert GRID.accepts(measured)
    assert 0.010 < measured.bad_fraction < 0.015


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        difference(_blank(), np.zeros((64, 64, 4), dtype=np.uint8))


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=16 * 16 * 4, max_size=16 * 16 * 4), st.binary(min_size=16 * 16 * 4, max_size=16 * 16 * 4))
def test_is_symmetric_and_bounded(one: bytes, other: bytes) -> None:
    a = np.frombuffer(one, np.uint8).reshape(16, 16, 4)
    b = np.frombuffer(other, np.uint8).reshape(16, 16, 4)
    measured = difference(a, b)
    assert measured == pytest.approx(difference(b, a), abs=1e-3)
    assert 0 <= measured.bad_fraction <= 1
    assert 0 <= measured.mean_abs_64 <= measured.mean_abs + 1e-3 <= 256
    assert measured.worst_cell <= 255.01
