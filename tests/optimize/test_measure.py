"""The benchmark counts what there is to count."""

from __future__ import annotations

import numpy as np
import pytest

from text2svg.evaluate.optimizer import measure, on_white
from text2svg.optimize import OptimizeOptions
from text2svg.optimize.ladder import Tools

DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12.000" cy="12.000" r="9.000"/></svg>'


def test_packs_are_counted_apart_and_together(tools: Tools) -> None:
    rows = measure({"dots": [DOT, DOT], "mixed": [DOT, "<svg", "words"]}, OptimizeOptions("web"), tools, processes=1)
    assert [(row.pack, row.files, row.refused, row.bad) for row in rows] == [
        ("dots", 2, 0, 0), ("mixed", 3, 2, 0), ("all", 5, 2, 0),
    ]  # fmt: skip
    together = rows[-1]
    assert dict(together.reasons) == {"not-well-formed": 2}
    assert together.output_bytes < together.input_bytes == 3 * len(DOT)
    assert together.median_ratio < 1 and together.mad64 == (0, 0, 0)
    assert all(getattr(row, name) > 0 for row in rows for name in ("stage1", "both", "svgo", "process"))


def test_on_white_sees_black_ink_and_not_white() -> None:
    nothing = np.zeros((256, 256, 4), dtype=np.uint8)
    ink = nothing.copy()
    ink[:128] = (0, 0, 0, 255)
    paper = nothing.copy()
    paper[:] = (255, 255, 255, 255)
    assert on_white(nothing, ink) == (0.5, pytest.approx(127.5))
    assert on_white(nothing, paper) == (0, 0)
