from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text2svg.errors import NotCanonical
from text2svg.svg.path import arc_center, arc_point, arc_to_cubics, map_ellipse, parse_path, transform, write_number
from text2svg.svg.snap import shorten, snap_path


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        ("M10 10 20 20", [("M", 10, 10), ("L", 20, 20)]),
        ("m10 10 30 0z l5 5", [("M", 10, 10), ("L", 40, 10), ("Z",), ("M", 10, 10), ("L", 15, 15)]),
        ("M0 0h5v5H1V2", [("M", 0, 0), ("L", 5, 0), ("L", 5, 5), ("L", 1, 5), ("L", 1, 2)]),
        ("M0 0C1 1 2 2 3 3S5 5 6 6", [("M", 0, 0), ("C", 1, 1, 2, 2, 3, 3), ("C", 4, 4, 5, 5, 6, 6)]),
        ("M0 0Q1 1 2 0T4 0", [("M", 0, 0), ("Q", 1, 1, 2, 0), ("Q", 3, -1, 4, 0)]),
        ("M0 0L1 1T3 3", [("M", 0, 0), ("L", 1, 1), ("Q", 1, 1, 3, 3)]),
        ("M10 50a40 40 0 1180 0", [("M", 10, 50), ("A", 40, 40, 0, 1, 1, 90, 50)]),
        ("M0 0A0 5 0 0 1 9 9", [("M", 0, 0), ("L", 9, 9)]),
        ("M1.5.5.5 99.5L1e1-1E-1", [("M", 1.5, 0.5), ("L", 0.5, 99.5), ("L", 10, -0.1)]),
        ("M10 10H90V90 M 20 20 L x 5", [("M", 10, 10), ("L", 90, 10), ("L", 90, 90), ("M", 20, 20)]),
        ("L5 5", []),
        ("", []),
        ("garbage", []),
    ],
)
def test_parse(d: str, expected: list) -> None:
    assert parse_path(d) == [pytest.approx(s) if len(s) > 1 and False else s for s in expected]


@given(st.text(alphabet="MmLlHhVvCcSsQqTtAaZz0123456789.,-+eE \n", max_size=80))
def test_any_text_parses(d: str) -> None:
    for segment in parse_path(d):
        assert segment[0] in "MLCQAZ"


def test_a_transformed_arc_passes_through_the_transformed_points() -> None:
    arc, m = ("A", 30.0, 15.0, 20.0, 0, 1, 50.0, 70.0), (1.0, 0.2, 0.7, 1.4, 3.0, -5.0)
    start = (10.0, 70.0)
    before = arc_center(*start, arc)
    (_, x, y), mapped = transform([("M", *start), arc], m)
    after = arc_center(x, y, mapped)
    for share in (0.25, 0.5, 0.75):
        px, py = arc_point(before, arc[3], before[4] + share * before[5])
        qx, qy = m[0] * px + m[2] * py + m[4], m[1] * px + m[3] * py + m[5]
        distance = min(
            math.dist((qx, qy), arc_point(after, mapped[3], after[4] + t / 500 * after[5])) for t in range(501)
        )
        assert distance < 0.2


def test_a_mirror_flips_the_sweep() -> None:
    assert map_ellipse(5, 5, 0, (-1, 0, 0, 1, 0, 0))[3]
    assert transform([("M", 0, 0), ("A", 5, 5, 0, 0, 1, 9, 0)], (-1, 0, 0, 1, 0, 0))[1][5] == 0


def test_arcs_become_cubics_within_three_in_ten_thousand() -> None:
    x, y = 0.0, 0.0
    for piece in arc_to_cubics(x, y, ("A", 100.0, 100.0, 0.0, 1, 1, 100.0, 100.0)):
        for t in (0.25, 0.5, 0.75):
            p = [
                (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t * t * (1 - t) * c + t**3 * d
                for a, b, c, d in zip((x, y), piece[1:3], piece[3:5], piece[5:], strict=True)
            ]
            assert abs(math.dist(p, (100, 0)) - 100) < 0.03
        x, y = piece[-2:]


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [(0.5, 2, ".5"), (-0.25, 1, "-.2"), (3.0, 2, "3"), (-0.001, 2, "0"), (7.6, 0, "8")]
)
def test_numbers(value: float, decimals: int, text: str) -> None:
    assert write_number(value, decimals) == text


def test_snap_keeps_half_circles_round() -> None:
    # Radius 58.7 over a chord of 117.3 rounds to a flagged arc that would stand 7.7 units too high.
    path = parse_path("M186.7 128a58.7 58.7 0 1 1 0 117.3a58.7 58.7 0 0 1 0-117.3z")
    _, first, second, _ = snap_path(path)
    for arc, at in ((first, (187, 128)), (second, first[-2:])):
        center = arc_center(*at, arc)
        assert math.dist(center[:2], (187, 186.6)) < 1.5


def test_snap_keeps_dots_and_drops_debris() -> None:
    assert snap_path(parse_path("M50 50h0")) == [("M", 50, 50), ("L", 50, 50)]
    assert snap_path(parse_path("M10 10l.2 0l20 0l0 .3")) == [("M", 10, 10), ("L", 30, 10)]
    assert snap_path(parse_path("M10 10H20V20L10 10z")) == [("M", 10, 10), ("L", 20, 10), ("L", 20, 20), ("Z",)]


def test_snap_refuses_what_lies_off_the_grid() -> None:
    with pytest.raises(NotCanonical, match="off-grid"):
        snap_path(parse_path("M0 0L300 5"))


def test_shorten_uses_axis_and_smooth_commands() -> None:
    segments = [("M", 0, 0), ("L", 9, 0), ("L", 9, 9), ("C", 9, 20, 20, 30, 30, 30), ("C", 40, 30, 60, 20, 60, 9)]
    assert [s[0] for s in shorten(segments)] == ["M", "H", "V", "C", "S"]


LONG = ("9" * 400, "9" * 400 + " 1 0 0 1 9 9", " " * 300_000 + "1", "1 1 0 0 1 9 9" + " " * 300_000 + "x")


@pytest.mark.parametrize("body", LONG)
def test_arcs_take_time_in_proportion_to_their_text(body: str) -> None:
    """Seven numbers without separators between them: 400 digits once took longer than anyone waited."""
    started = time.process_time()
    parse_path("M0 0A" + body)
    assert time.process_time() - started < 2


def test_arc_flags_need_no_separators() -> None:
    assert parse_path("M0 0a1 1 0 0112.5.5") == [("M", 0, 0), ("A", 1, 1, 0, 0, 1, 12.5, 0.5)]
