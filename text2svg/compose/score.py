"""Scores a drawing against the scene it should show: a benchmark whose right answer is known.

Only what the scene asks for is checked, each point by its own rule: background shape and colour, colours of the subjects,
how many copies and how they stand, marks and their colours, stroke width. Refuses to name subjects: whether it is a cat is
the encoder's question. The trade-off: rules on pixels and on canonical shapes, so that drawings of any engine are judged
alike; subjects made of equal parts may be counted as those parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from text2svg.compose import forms, layout, look
from text2svg.compose.scene import BACKGROUNDS, MARKS, Mark, Scene
from text2svg.errors import SvgError
from text2svg.svg.affine import Box, bounds, shapes_of
from text2svg.svg.canonical import Drawing, Shape
from text2svg.svg.palette import parse_color, rgb_of
from text2svg.svg.reader import canonicalize, parse_canonical

if TYPE_CHECKING:
    from text2svg.compose.look import Mask, Picture
    from text2svg.raster.base import Rasterizer

SIDE = 256
"""Pixels of the render; one is one grid unit."""
BAND = 6
"""Pixels along a background's edge in which its colour is read."""
LEAST_OVERLAP = 0.85
"""Overlap with its ideal form from which a silhouette is that background."""
LEAST_GLYPH = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One asked property, and whether the drawing has it."""

    name: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Score:
    """All checks of one drawing."""

    checks: tuple[Check, ...]

    @property
    def share(self) -> float:
        """Share of checks passed, 0..1; 1 means that everything asked is there."""
        return sum(check.ok for check in self.checks) / len(self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of what is missing."""
        return tuple(check.name for check in self.checks if not check.ok)


@dataclass(frozen=True, slots=True)
class _View:
    """A drawing, seen."""

    picture: Picture
    drawing: Drawing
    scene: Scene
    corners: Mask
    """Pixels of corner marks."""
    inside: Mask
    """Pixels where subjects stand."""
    ground: tuple[int, int, int] | None
    """Colour of a painted background."""


def scene_score(svg: str, scene: Scene, rasterizer: Rasterizer) -> Score:
    """Check a drawing in canonical SVG; anything else fails every check. Raises RenderError."""
    try:
        drawing = parse_canonical(canonicalize(svg))
    except SvgError:
        return Score((Check("drawing", False),))
    picture = rasterizer.render(svg, SIDE)
    checks = [Check("drawing", bool(look.ink(picture).any()))]
    checks += _ground_checks(picture, scene, rasterizer)
    view = _view(picture, drawing, scene, rasterizer)
    checks += [*_subject_checks(view), *_mark_checks(view, rasterizer)]
    return Score(tuple(checks))


def _template(shape: str, rasterizer: Rasterizer) -> Mask:
    text = Drawing(tuple(forms.background(shape, forms.filled("#000"))), {}).to_text()
    return look.ink(rasterizer.render(text, SIDE))


def _box_mask(box: Box, pad: float = 0.0) -> Mask:
    out = np.zeros((SIDE, SIDE), bool)
    x0, y0, x1, y1 = (max(0, round(v)) for v in (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad))
    out[y0:y1, x0:x1] = True
    return out


def _corners(scene: Scene) -> Mask:
    out = np.zeros((SIDE, SIDE), bool)
    for mark in scene.marks:
        if mark.kind != "slash":
            out |= _box_mask(layout.corner_box(mark.corner), 8)
    return out


def _shrunk(mask: Mask, by: int) -> Mask:
    """Pixels at least `by` away from the edge."""
    out = mask.copy()
    for _ in range(by):
        edge = out.copy()
        edge[1:] &= out[:-1]
        edge[:-1] &= out[1:]
        edge[:, 1:] &= out[:, :-1]
        edge[:, :-1] &= out[:, 1:]
        out = edge
    return out


def _ground_checks(picture: Picture, scene: Scene, rasterizer: Rasterizer) -> Iterator[Check]:
    if scene.background is None:
        return
    keep = ~_corners(scene)[::2, ::2]
    silhouette = look.solid(look.ink(picture)[::2, ::2]) & keep
    scores = {s: look.overlap(silhouette, _template(s, rasterizer)[::2, ::2] & keep) for s in BACKGROUNDS}
    best = max(scores, key=lambda shape: scores[shape])
    asked = scene.background.shape
    yield Check("background", best == asked and scores[asked] >= LEAST_OVERLAP)
    if scene.background.color:
        form = _template(asked, rasterizer)
        band = form & ~_shrunk(form, BAND) & ~_corners(scene)
        whole = look.ink(picture)[band].mean() > 0.8
        color = look.main_color(picture, band)
        yield Check("background colour", bool(whole) and look.is_color(color, scene.background.color))


def _view(picture: Picture, drawing: Drawing, scene: Scene, rasterizer: Rasterizer) -> _View:
    corners = _corners(scene)
    if scene.background is None:
        return _View(picture, drawing, scene, corners, ~corners, None)
    form = _template(scene.background.shape, rasterizer)
    band = form & ~_shrunk(form, BAND) & ~corners
    drawn = look.ink(picture)[form & ~corners]
    solid = bool(len(drawn)) and float(drawn.mean()) > 0.97
    ground = look.main_color(picture, band) if solid else None
    return _View(picture, drawing, scene, corners, _shrunk(form, 30) & ~corners, ground)


def _subject_ink(view: _View) -> Mask:
    mask = look.ink(view.picture) & view.inside
    return mask & ~look.near(view.picture, view.ground, 45.0) if view.ground is not None else mask


def _subject_checks(view: _View) -> Iterator[Check]:
    scene, mask = view.scene, _subject_ink(view)
    yield Check("subject", bool(mask.sum() >= 0.004 * SIDE * SIDE))
    if len(scene.subjects) == 1 and scene.subjects[0].color:
        yield Check("subject colour", look.is_color(look.main_color(view.picture, mask), scene.subjects[0].color))
    elif len(scene.subjects) == 2:
        for place, subject in zip(("first", "second"), scene.subjects, strict=True):
            if subject.color:
                rgb = rgb_of(parse_color(subject.color) or "#000")
                share = (look.near(view.picture, rgb) & mask).sum() / max(1, mask.sum())
                yield Check(f"{place} subject's colour", bool(share >= 0.08))
    if scene.subjects[0].count > 1:
        yield from _count_checks(view, mask)
    if scene.stroke:
        widths = Counter(s.paint.stroke_width for s in shapes_of(view.drawing) if s.paint.stroke != "none")
        yield Check("stroke width", bool(widths) and abs(widths.most_common(1)[0][0] - scene.stroke) <= 3)


def _count_checks(view: _View, mask: Mask) -> Iterator[Check]:
    count, arrangement = view.scene.subjects[0].count, view.scene.arrangement
    seen = look.copies(mask[::2, ::2])
    yield Check("count", count in seen or _equal_shapes(view.drawing) == count)
    centers = seen.get(count) or _copies_at(view.drawing, count)
    yield Check("arrangement", bool(centers) and look.stands(arrangement, centers))


def _signature(shape: Shape) -> tuple[object, ...]:
    """A shape without its place: kind, relative points, paint apart from opacity."""
    data = np.array([v for s in (shape.data if shape.kind == "path" else ()) for v in s[1:] if s[0] in "MLCQST"], float)
    box = bounds([shape], painted=False)
    size = (round(box[2] - box[0]), round(box[3] - box[1]))
    return shape.kind, len(shape.data), size, len(data), shape.paint._replace(opacity=20)


def _equal_shapes(drawing: Drawing) -> int:
    """The number that divides how often each shape comes."""
    counted = Counter(_signature(shape) for shape in shapes_of(drawing))
    return gcd(*(n for n in counted.values() if n > 1)) if any(n > 1 for n in counted.values()) else 1


def _copies_at(drawing: Drawing, count: int) -> list[tuple[float, float]]:
    """Centres of the copies of the shape that comes `count` times."""
    places: dict[tuple[object, ...], list[tuple[float, float]]] = {}
    for shape in shapes_of(drawing):
        box = bounds([shape], painted=False)
        places.setdefault(_signature(shape), []).append(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    return next((found for found in places.values() if len(found) == count), [])


def _mark_checks(view: _View, rasterizer: Rasterizer) -> Iterator[Check]:
    for mark in view.scene.marks:
        if mark.kind == "slash":
            yield from _slash_checks(view, mark)
            continue
        glyph, color = _glyph(view, mark)
        yield Check(f"{mark.kind} mark", _is_glyph(glyph, mark, rasterizer))
        if mark.color:
            yield Check(f"{mark.kind} mark's colour", look.is_color(color, mark.color))


def _slash_checks(view: _View, mark: Mark) -> Iterator[Check]:
    """A line of one colour from top left to bottom right, and another colour or nothing beside it."""
    background = view.scene.background
    box: Box = forms.INNER[background.shape] if background else (24, 24, 232, 232)
    at = np.linspace(0.06, 0.94, 60)
    xs, ys = box[0] + (box[2] - box[0]) * at, box[1] + (box[3] - box[1]) * at
    line = view.picture[ys.astype(int), xs.astype(int)]
    color = look.main_color(line[None], np.ones((1, 60), bool))
    on_line = look.near(line[None], color) if color else np.zeros(60, bool)
    yield Check("slash mark", bool(on_line.mean() > 0.9) and _is_parted(view, (xs, ys), color))
    if mark.color:
        yield Check("slash mark's colour", look.is_color(color, mark.color))


def _is_parted(view: _View, line: tuple[np.ndarray, np.ndarray], color: tuple[int, int, int] | None) -> bool:
    """Whether both sides, a stroke's width away, mostly differ from the line."""
    away = (view.scene.stroke or 16) * 0.9 * 0.7071
    for side in (-1, 1):
        xs = np.clip(line[0] + side * away, 0, SIDE - 1).astype(int)
        ys = np.clip(line[1] - side * away, 0, SIDE - 1).astype(int)
        if color is None or look.near(view.picture[ys, xs][None], color).mean() > 0.4:
            return False
    return True


def _glyph(view: _View, mark: Mark) -> tuple[Mask, tuple[int, int, int] | None]:
    """The sign in a corner as a mask, and its colour: that of its disc when it stands on one."""
    box = layout.corner_box(mark.corner)
    x0, y0, x1, y1 = (round(v) for v in box)
    window = view.picture[y0:y1, x0:x1]
    side = y1 - y0
    rows, columns = np.mgrid[:side, :side] + 0.5 - side / 2
    disc = np.hypot(rows, columns) <= side / 2 - 12
    drawn = look.ink(window)
    white = look.near(window, (255, 255, 255), 40)
    color = look.main_color(window, disc & ~white)
    if color is None:
        return np.zeros((side, side), bool), None
    same = look.near(window, color)
    ring = disc & (np.hypot(rows, columns) >= side / 2 - 16)
    if same[ring].mean() > 0.8:
        return disc & drawn & ~same, color
    return same & (np.hypot(rows, columns) <= side / 2 + 4), color


def _is_glyph(glyph: Mask, mark: Mark, rasterizer: Rasterizer) -> bool:
    seen = look.normalized(glyph)
    if mark.kind == "dot":
        # Nothing on a large disc, or a small disc itself.
        rows, columns = np.mgrid[:40, :40] - 19.5
        return bool(glyph.sum() < 20) or look.overlap(seen, np.hypot(rows, columns) <= 20) > 0.85
    scores = {(k, 0): _likeness(seen, (k, 0), rasterizer) for k in MARKS if k not in ("slash", "dot", "number")}
    if mark.kind == "number":
        scores |= {("number", n): _likeness(seen, ("number", n), rasterizer) for n in _rivals(mark.number)}
    asked = (mark.kind, mark.number if mark.kind == "number" else 0)
    best = max(scores, key=lambda key: scores[key])
    return best == asked and scores[asked] >= LEAST_GLYPH


def _rivals(number: int) -> list[int]:
    """The number and those that differ in one digit."""
    tens, ones = divmod(number, 10)
    others = {number} | {tens * 10 + d for d in range(10)} | ({d * 10 + ones for d in range(1, 10)} if tens else set())
    return sorted(others)


def _likeness(seen: Mask, mark: tuple[str, int], rasterizer: Rasterizer) -> float:
    """Overlap with the ideal sign, at the best of three stroke widths."""
    best = 0.0
    for width in (12, 18, 26):
        shapes = forms.draw_glyph(mark, (78.0, 78.0, 178.0, 178.0), "#000", width)
        ideal = look.normalized(look.ink(rasterizer.render(Drawing(tuple(shapes), {}).to_text(), 128)))
        best = max(best, look.overlap(seen, ideal))
    return best
