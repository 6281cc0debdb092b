"""Names what a path draws: circles, ellipses, rects and rounded rects hidden in path data.

`<circle cx cy r>` takes 7 tokens where its path takes 18, and stays editable. Refuses to guess: a shape is named only
when its snapped path is exactly that shape to within one grid unit.
"""

from __future__ import annotations

from text2svg.svg.path import Segment
from text2svg.svg.snap import shorten, snap_path, split_subpaths

Named = tuple[str, tuple]


def recognize(segments: list[Segment], separable: bool) -> list[Named]:
    """`(kind, data)` pairs in drawing order for one path of absolute float segments.

    `separable`: subpaths may become elements of their own (an opaque stroke without fill, where overlaps do not show).
    """
    snapped = snap_path(segments)
    subpaths = split_subpaths(snapped)
    if not subpaths:
        return []
    if len(subpaths) == 1 or separable:
        out: list[Named] = []
        rest: list[Segment] = []
        for subpath in subpaths:
            named = name_subpath(subpath)
            if named is None:
                rest += subpath
                continue
            if rest:
                out.append(("path", tuple(shorten(rest))))
                rest = []
            out.append(named)
        if rest:
            out.append(("path", tuple(shorten(rest))))
        return out
    return [("path", tuple(shorten(snapped)))]


def name_subpath(subpath: list[Segment]) -> Named | None:
    """The circle, ellipse or rect a closed integer subpath draws, else None."""
    kinds = "".join(s[0] for s in subpath)
    if kinds in ("MAAZ", "MAA"):
        return _round(subpath)
    if kinds in ("MLLLZ", "MLLLLZ") or (
        kinds.endswith("Z") and kinds.count("A") == 4 and set(kinds) <= set("MLAZ")
    ):
        return _box(subpath)
    return None


def _round(subpath: list[Segment]) -> Named | None:
    _, x0, y0 = subpath[0]
    a, b = subpath[1], subpath[2]
    if (b[6], b[7]) != (x0, y0) or a[1:4] != b[1:4] or a[5] != b[5] or a[3] != 0:
        return None
    rx, ry = a[1], a[2]
    dx, dy = a[6] - x0, a[7] - y0
    if (
        (dx and dy)
        or (abs(dx) not in (0, 2 * rx - 1, 2 * rx, 2 * rx + 1))
        or abs(dy) not in (0, 2 * ry - 1, 2 * ry, 2 * ry + 1)
    ):
        return None
    cx, cy = (x0 + a[6]) // 2, (y0 + a[7]) // 2
    if cx < rx - 1 or cy < ry - 1:
        return None
    return ("circle", (cx, cy, rx)) if rx == ry else ("ellipse", (cx, cy, rx, ry))


def _box(subpath: list[Segment]) -> Named | None:
    points = [(s[-2], s[-1]) for s in subpath[:-1]]
    arcs = [s for s in subpath if s[0] == "A"]
    if arcs and (
        len({s[1:3] for s in arcs}) != 1
        or arcs[0][1] != arcs[0][2]
        or len({s[5] for s in arcs}) != 1
    ):
        return None
    if any(s[4] for s in arcs):
        return None
    r = arcs[0][1] if arcs else 0
    at = points[0]
    lines = 0
    for s, p in zip(subpath[1:], [*points[1:], points[0]], strict=True):
        dx, dy = p[0] - at[0], p[1] - at[1]
        if s[0] == "A":
            if abs(abs(dx) - r) > 1 or abs(abs(dy) - r) > 1:
                return None
        elif dx and dy:
            return None
        elif dx or dy:
            lines += 1
        at = p
    x0, y0 = min(p[0] for p in points), min(p[1] for p in points)
    w, h = max(p[0] for p in points) - x0, max(p[1] for p in points) - y0
    if w <= 0 or h <= 0 or lines > 4 or (not arcs and not _corners(points, x0, y0, w, h)):
        return None
    if arcs and not _rounded(points, (x0, y0, w, h), r):
        return None
    return ("rect", (x0, y0, w, h, r) if r else (x0, y0, w, h))


def _corners(points: list[tuple[int, int]], x0: int, y0: int, w: int, h: int) -> bool:
    return len(set(points)) == 4 and {
        (x0, y0),
        (x0 + w, y0),
        (x0, y0 + h),
        (x0 + w, y0 + h),
    } == set(points)


def _rounded(points: list[tuple[int, int]], box: tuple[int, int, int, int], r: int) -> bool:
    """Every point sits on an edge, one radius from a corner: no notches, no bumps."""
    x0, y0, w, h = box
    if 2 * r > w + 1 or 2 * r > h + 1:
        return False
    for x, y in points:
        on_x, on_y = x in (x0, x0 + w), y in (y0, y0 + h)
        near_x = min(abs(x - x0 - r), abs(x - x0 - w + r)) <= 1
        near_y = min(abs(y - y0 - r), abs(y - y0 - h + r)) <= 1
        if not ((on_x and near_y) or (on_y and near_x)):
            return False
    return True
