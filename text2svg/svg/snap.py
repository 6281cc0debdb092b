"""From exact geometry to the integer grid: rounding that keeps shapes, then the shortest canonical commands.

Rounding alone loses dots, flips near-full arcs and leaves debris (zero-length lines, bends of half a unit). This module
rounds points, never vectors, so errors do not add up along a path; half a grid unit is the largest shift of any point,
one unit of any control point. Refuses points further than `SLACK` outside the grid instead of clamping a drawing into
another one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from text2svg.errors import NotCanonical
from text2svg.svg.path import Segment, arc_center, arc_point, arc_to_cubics

GRID = 256
"""Side of the canonical viewBox, in units."""

SLACK = 1.5
"""Units a point may lie outside the grid and still be clamped: icons touch their edges with rounding noise."""


def snap_value(value: float) -> int:
    """The nearest grid integer; raises NotCanonical("off-grid") when more than `SLACK` outside."""
    if -0.5 <= value < GRID + 0.5:
        return int(value + 0.5)
    if -SLACK <= value <= GRID + SLACK:
        return 0 if value < 0 else GRID
    raise NotCanonical("off-grid", f"{value:.1f} lies outside 0..{GRID}")


def snap_path(segments: Sequence[Segment]) -> list[Segment]:
    """Absolute float segments to absolute integer M, L, C, Q, A, Z without debris.

    Zero-length pieces go, except where they are all a subpath has (a dot under round caps). A final line back to the
    start before Z goes, since Z draws it. Raises NotCanonical("off-grid").
    """
    out: list[Segment] = []
    for subpath in split_subpaths(segments):
        out += _snap_subpath(subpath)
    return out


def split_subpaths(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Cuts at each M; a lone M draws nothing and is dropped."""
    parts: list[list[Segment]] = []
    for s in segments:
        if s[0] == "M":
            parts.append([s])
        elif parts:
            parts[-1].append(s)
    return [part for part in parts if len(part) > 1]


def _snap_subpath(subpath: list[Segment]) -> list[Segment]:
    fx, fy = subpath[0][1], subpath[0][2]
    sx, sy = x, y = snap_value(fx), snap_value(fy)
    out: list[Segment] = [("M", x, y)]
    closed = False
    for s in subpath[1:]:
        kind = s[0]
        if kind == "Z":
            closed = True
            break
        for piece in _pieces((fx, fy), (x, y), s):
            tail = _snap_segment((fx, fy), (x, y), piece)
            fx, fy = piece[-2], piece[-1]
            if tail is not None:
                _append(out, x, y, tail)
                x, y = tail[-2], tail[-1]
    if closed:
        while len(out) > 2 and out[-1][0] == "L" and (out[-1][1], out[-1][2]) == (sx, sy):
            out.pop()
    if len(out) == 1:
        out.append(("L", sx, sy))  # a dot, visible under round or square caps; Z would add nothing
    elif closed:
        out.append(("Z",))
    return out


def _pieces(start: tuple[float, float], at: tuple[int, int], s: Segment) -> list[Segment]:
    """Splits arcs that rounding would erase or turn over: nearly full turns, and radii beyond the grid."""
    if s[0] != "A":
        return [s]
    x, y = start
    if math.hypot(s[6] - x, s[7] - y) == 0:
        return []
    if max(s[1], s[2]) > GRID:
        center = arc_center(x, y, s)
        return arc_to_cubics(x, y, s) if max(center[2], center[3]) > GRID else [s]
    # Judged by the snapped chord, so that snapping twice is snapping once.
    if s[4] and math.hypot(snap_value(s[6]) - at[0], snap_value(s[7]) - at[1]) < 3:
        center = arc_center(x, y, s)
        if max(center[2], center[3]) >= 1:
            mx, my = arc_point(center, s[3], center[4] + center[5] / 2)
            half = (s[1], s[2], s[3], 0, s[5])
            return [("A", *half, mx, my), ("A", *half, s[6], s[7])]
    return [s]


def _snap_segment(start: tuple[float, float], at: tuple[int, int], s: Segment) -> Segment | None:
    """One segment from the integer point `at`, exactly from `start`; None when it shrinks to nothing."""
    kind = s[0]
    x, y = at
    ex, ey = snap_value(s[-2]), snap_value(s[-1])
    if kind == "L":
        return None if (ex, ey) == (x, y) else ("L", ex, ey)
    if kind == "A":
        return _snap_arc(start, at, s, (ex, ey))
    controls = [snap_value(v) for v in s[1:-2]]
    if _straight(x, y, controls, ex, ey):
        return None if (ex, ey) == (x, y) else ("L", ex, ey)
    return (kind, *controls, ex, ey)


def _snap_arc(start: tuple[float, float], at: tuple[int, int], s: Segment, end: tuple[int, int]) -> Segment | None:
    (x, y), (ex, ey) = at, end
    if at == end:
        return None
    rx, ry = round(min(s[1], GRID)), round(min(s[2], GRID))
    if rx == 0 or ry == 0:
        return ("L", ex, ey)
    rotation = 0 if rx == ry else round(s[3]) % 180
    if rotation == 90:
        rx, ry, rotation = ry, rx, 0
    chord = math.hypot(ex - x, ey - y)
    large = s[4]
    if rx == ry:
        exact = math.hypot(s[6] - start[0], s[7] - start[1])
        rx, large, _ = steady_radius(min(s[1], GRID), large, exact, chord)
        ry = rx
    elif large and rotation == 0 and ((ex - x) / rx) ** 2 + ((ey - y) / ry) ** 2 > 3.6:
        large = 0  # about half an ellipse: the small arc of the rounded radii lies nearer
    r = min(rx, ry)
    # A sagitta under half a unit is a line on this grid.
    if not large and chord < 2 * r and r - math.sqrt(r * r - chord * chord / 4) < 0.4:
        return ("L", ex, ey)
    return ("A", rx, ry, rotation, large, s[5], ex, ey)


def steady_radius(r: float, large: int, chord: float, snapped: float) -> tuple[int, int, float]:
    """Whole radius and large flag whose arc over the snapped chord bulges most like the exact one, and how far it is off.

    Near half a circle the sagitta runs away with the square root of the rounding error: a half circle of radius 58.7
    over a chord of 117 would, as radius 59 with the large flag, stand 7.7 units too high. A radius too short for its
    chord is drawn as half a circle over it (SVG 2 section 9.5.1), which is often the nearest.
    """
    nearest = max(1, round(r))
    wanted = _sagitta(r, large, chord)
    if chord < 1.5 * r:
        return nearest, large, abs(_sagitta(nearest, large, snapped) - wanted)
    choices = []
    for radius in {int(r), math.ceil(r), int(snapped / 2), math.ceil(snapped / 2)} - {0}:
        for flag in (0, 1):
            if flag and snapped >= 2 * radius:
                continue
            choices.append((round(abs(_sagitta(radius, flag, snapped) - wanted), 6), flag, -radius))
    off, large, negative = min(choices)
    return -negative, large, off


def _sagitta(r: float, large: int, chord: float) -> float:
    if chord >= 2 * r:
        return chord / 2
    return r + math.sqrt(r * r - chord * chord / 4) * (1 if large else -1)


def _straight(x: int, y: int, controls: list[int], ex: int, ey: int) -> bool:
    """All control points at an end, or all within half a unit of the chord and between its ends."""
    if all((controls[i], controls[i + 1]) in ((x, y), (ex, ey)) for i in range(0, len(controls), 2)):
        return True
    dx, dy = ex - x, ey - y
    length = math.hypot(dx, dy)
    if length == 0:
        return False
    for i in range(0, len(controls), 2):
        px, py = controls[i] - x, controls[i + 1] - y
        along = px * dx + py * dy
        if abs(px * dy - py * dx) > 0.5 * length or not 0 <= along <= length * length:
            return False
    return True


def _append(out: list[Segment], x: int, y: int, s: Segment) -> None:
    """Adds a segment, extending a collinear line that goes on in the same direction."""
    last = out[-1]
    if s[0] == "L" and last[0] == "L" and len(out) > 1:
        px, py = _end(out[-2])
        ax, ay, bx, by = x - px, y - py, s[1] - x, s[2] - y
        if ax * by == ay * bx and ax * bx + ay * by > 0:
            out[-1] = s
            return
    out.append(s)


def _end(s: Segment) -> tuple[int, int]:
    return s[-2], s[-1]


def shorten(segments: Sequence[Segment]) -> list[Segment]:
    """Absolute integer M, L, C, Q, A, Z to the canonical commands: H and V for axis lines, S and T where they are exact.

    A first control point within one unit of the reflected one is moved onto it, which is within rounding noise.
    """
    out: list[Segment] = []
    x = y = sx = sy = 0
    control: tuple[str, int, int] = ("", 0, 0)
    for s in segments:
        kind = s[0]
        now: tuple[str, int, int] = ("", 0, 0)
        if kind == "L":
            s = ("H", s[1]) if s[2] == y else ("V", s[2]) if s[1] == x else s
        elif kind == "C":
            now = ("C", s[3], s[4])
            rx, ry = (2 * x - control[1], 2 * y - control[2]) if control[0] == "C" else (x, y)
            near = abs(rx - s[1]) <= 1 and abs(ry - s[2]) <= 1 and _inside(rx, ry)
            near = near and not _straight(x, y, [rx, ry, s[3], s[4]], s[5], s[6])
            if near and (control[0] == "C" or (rx, ry) == (s[1], s[2])):
                s = ("S", *s[3:])
        elif kind == "Q":
            rx, ry = (2 * x - control[1], 2 * y - control[2]) if control[0] == "Q" else (x, y)
            now = ("Q", s[1], s[2])
            if control[0] == "Q" and abs(rx - s[1]) <= 1 and abs(ry - s[2]) <= 1 and _bends(x, y, (rx, ry), s):
                now = ("Q", rx, ry)
                s = ("T", *s[3:])
        out.append(s)
        control = now
        if kind == "Z":
            x, y = sx, sy
        elif kind == "M":
            x, y = sx, sy = s[1], s[2]
        elif s[0] == "H":
            x = s[1]
        elif s[0] == "V":
            y = s[1]
        else:
            x, y = s[-2], s[-1]
    return out


def _bends(x: int, y: int, control: tuple[int, int], s: Segment) -> bool:
    return _inside(*control) and not _straight(x, y, [*control], s[3], s[4])


def _inside(x: int, y: int) -> bool:
    """A reflected control point off the grid could not be read back."""
    return 0 <= x <= GRID and 0 <= y <= GRID
