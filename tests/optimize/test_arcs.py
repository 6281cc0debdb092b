"""Circles drawn as cubics become arcs, and arcs near half a circle keep their height on the grid."""

from __future__ import annotations

import math
import random

import pytest

from text2svg.optimize.geometry.arcs import rounded
from text2svg.optimize.geometry.pathdata import BULGE, write
from text2svg.svg.path import Segment, arc_center, parse_path

K = 0.5523


def _reach(x: float, y: float, s: Segment) -> float:
    """How high an arc stands over its chord."""
    center = arc_center(x, y, s)
    return center[2] - center[2] * math.cos(center[5] / 2)


def test_four_cubics_around_a_circle_become_two_arcs() -> None:
    circle = [("M", 1, 0), ("C", 1, K, K, 1, 0, 1), ("C", -K, 1, -1, K, -1, 0), ("C", -1, -K, -K, -1, 0, -1),
              ("C", K, -1, 1, -K, 1, 0), ("Z",)]  # fmt: skip
    assert [s[0] for s in rounded(circle, 0.01)] == ["M", "A", "A", "Z"]


def test_handles_of_two_lengths_may_still_follow_a_circle() -> None:
    ring = [("M", 84.864, 22.157), ("C", 44.467, 39.347, 16, 78.938, 16, 125.517)]
    found = rounded(ring, 0.25)[1]
    assert found[0] == "A" and found[1] == found[2] == pytest.approx(112, abs=0.5)
    assert found[3:] == (0, 0, 0, 16, 125.517)
    assert rounded(ring, 0.05)[1][0] == "C"


def test_what_is_no_circle_stays_a_curve() -> None:
    assert rounded([("M", 0, 0), ("C", 0, 70, 30, 100, 100, 100)], 0.25)[1][0] == "C"
    assert rounded([("M", 0, 2), ("C", 0, 0.15, 0.15, 0, 2, 0)], 0.25)[1][0] == "C"  # small, and a tenth off


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_arcs_near_half_a_circle_keep_their_height(decimals: int) -> None:
    dice = random.Random(decimals)
    q = 10**decimals
    for _ in range(300):
        r, turn, start = dice.uniform(6, 110), dice.uniform(2.2, 4.2), dice.uniform(0, 6.3)
        x, y = 128 + r * math.cos(start), 128 + r * math.sin(start)
        ex, ey = 128 + r * math.cos(start + turn), 128 + r * math.sin(start + turn)
        segments = parse_path(write([("M", x, y), ("A", r, r, 0, int(turn > math.pi), 1, ex, ey)], decimals))
        assert len(segments) in (2, 3)
        px, py = segments[0][1:]
        for s in segments[1:]:
            part = turn / (len(segments) - 1)
            # A chord that rounding moves by one quantum carries the arc with it.
            assert abs(_reach(px, py, s) - (r - r * math.cos(part / 2))) <= (BULGE + 1) / q
            px, py = s[-2:]
