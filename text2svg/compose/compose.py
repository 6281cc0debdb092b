"""Draws a scene: the same scene, seed and corpus give the same bytes, canonical and inside the canvas.

Layers from below: background, its outline, subjects, marks with a ring of paper around them. What the scene leaves open
(colour of a background, outline or filled) is chosen by the seed; what it asks for is drawn, or a note says why not.
Refuses scenes whose subject the corpus lacks. The trade-off: parts are set beside and over each other, never cut, so a
mark on no background gets its room by a smaller subject.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from text2svg.compose import forms, layout
from text2svg.compose import subject as subject_
from text2svg.compose.scene import Mark, Scene
from text2svg.compose.shelf import Find, fold
from text2svg.compose.subject import Part, choose, colored, moved, names, placed
from text2svg.errors import ConfigError, NotCanonical
from text2svg.sample import Sample
from text2svg.svg.affine import Box, bounds, merge, outlines_of, points_of, reach, shapes_of
from text2svg.svg.canonical import Drawing, Paint, Shape
from text2svg.svg.palette import contrast, family, mix, parse_color, readable_on
from text2svg.svg.reader import canonicalize

USUAL = 16
"""Width of our own strokes when nothing was asked for, in grid units."""
FAINT = 1.6
"""Contrast ratio below which a colour cannot be told from what lies under it."""
CHOICES = ("blue", "green", "purple", "red", "teal", "orange", "indigo", "pink")
MARK_COLORS = {"plus": "green", "check": "green", "minus": "red", "cross": "red", "number": "red", "dot": "red"}
TRIES = 4
"""Seeds tried for each composition wanted."""
HEAVY, SIMPLE = 20, 90
"""From this stroke width on, drawings of at most so many tokens are preferred: details would run together."""
DOT = 0.62
"""Size of a dot beside other marks' discs."""
RING = 8.0
"""Paper round a mark's disc."""


@dataclass(frozen=True, slots=True)
class Composition:
    """A composed picture; it says so, and whose drawings it is made of."""

    svg: str
    scene: Scene
    """The scene as drawn, its style decided."""
    seed: int
    sources: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    kind: str = "composed"

    @property
    def attribution(self) -> str:
        """One line for people, to be kept with the picture."""
        return f"composed from {names(self.sources)}; changed in size and colour"


@dataclass(frozen=True, slots=True)
class _Look:
    """Colours and widths, decided."""

    style: str
    ground: str
    """Colour of the background shape; empty without one."""
    solid: bool
    """Whether the background is painted, not outlined."""
    width: int
    """Width of our own strokes."""

    @property
    def paper(self) -> str:
        """What lies under the subject."""
        return self.ground if self.solid and self.ground else "#fff"


def compose(scene: Scene, find: Find, seed: int = 0) -> Composition:
    """Draw a scene. Raises ConfigError when the corpus lacks a subject or two subjects do not fit."""
    notes: list[str] = []
    look = _look(scene, seed)
    parts = [_part(scene, at, look, find, seed) for at in range(len(scene.subjects))]
    _say_style(scene, parts, look, notes)
    inks = _inks(scene, look, notes)
    region: Box = forms.INNER[scene.background.shape] if scene.background else forms.OUTER
    corners = () if scene.background else tuple(m.corner for m in scene.marks if m.kind != "slash")
    drawn: Drawing | None = None
    for box in layout.regions(corners, region):
        drawn = _arrange(scene, parts, inks, box, look)
        points = points_of(shapes_of(drawn))
        clear = 12 + max((reach(s.paint) for s in shapes_of(drawn)), default=0)
        if all(layout.clear_of(points, layout.corner_box(c), clear) for c in corners):
            break
    _say_width(scene, look, drawn, notes)
    layers = [Drawing(tuple(_background(scene, look)), {}), drawn, Drawing(tuple(_marks(scene, look, inks[0])), {})]
    svg = canonicalize(merge([layer for layer in layers if layer and layer.items]).to_text())
    return Composition(svg, replace(scene, style=look.style), seed, tuple(p.sample for p in parts), tuple(notes))


def _look(scene: Scene, seed: int) -> _Look:
    random_ = random.Random(f"look {seed}")
    colors = [s.color for s in scene.subjects] + [scene.background.color if scene.background else ""]
    style = scene.style or ("outline" if scene.stroke else "filled" if any(colors) else
                            random_.choice(("outline", "filled")))  # fmt: skip
    solid = style != "outline"
    ground = ""
    if scene.background:
        named = scene.background.color or (random_.choice(CHOICES) if solid else scene.subjects[0].color or "black")
        ground = parse_color(named) or "#000"
        if style == "color" and not scene.background.color:
            ground = mix(ground, "#fff", 0.75)
    return _Look(style, ground, solid, scene.stroke or USUAL)


def _part(scene: Scene, at: int, look: _Look, find: Find, seed: int) -> Part:
    def prefer(part: Part) -> bool:
        if len(scene.subjects) == 2 and at == 0 and scene.arrangement == "inside":
            return _room(part, look) is not None
        if look.ground and look.solid and look.style != "color":
            return not part.tile
        if scene.stroke >= HEAVY and part.sample.tokens > SIMPLE:
            return False
        return part.stroked or look.style != "outline"

    # On a painted background a white line drawing serves as well as a filled one.
    signs = look.style == "filled" and look.ground and scene.arrangement != "inside"
    styles = ("filled", "outline") if signs else (look.style,)
    if signs and random.Random(f"sign {seed}").random() < 0.5:
        styles = styles[::-1]
    return choose(scene.subjects[at].words, styles, find, str(seed), prefer)


def _say_style(scene: Scene, parts: Sequence[Part], look: _Look, notes: list[str]) -> None:
    for subject, part in zip(scene.subjects, parts, strict=True):
        sample = part.sample
        if fold(sample.caption) != fold(subject.words):
            notes.append(f"{subject.words!r} is drawn as {sample.caption!r}")
        if sample.style != look.style and not (look.ground and look.solid and sample.style == "outline"):
            notes.append(f"no {look.style} drawing of {subject.words!r}: one in style {sample.style!r} was used")
        if scene.stroke and not part.stroked:
            notes.append(f"the drawing of {subject.words!r} has no strokes: its width stays")


def _say_width(scene: Scene, look: _Look, drawn: Drawing | None, notes: list[str]) -> None:
    widths = {shape.paint.stroke_width for shape in shapes_of(drawn) if shape.paint.stroke != "none"} if drawn else set()
    if scene.stroke and look.style in ("outline", "duotone") and widths and max(widths) < scene.stroke:
        notes.append(f"strokes of {scene.stroke} would fill copies this small: they are {max(widths)} wide")


def _inks(scene: Scene, look: _Look, notes: list[str]) -> list[str]:
    """A colour for each subject; empty keeps the drawing's own colours."""
    inks = []
    for subject in scene.subjects:
        asked = parse_color(subject.color) if subject.color else None
        if asked and look.solid and look.ground and contrast(asked, look.ground) < FAINT:
            notes.append(f"{subject.color} cannot be seen on this background: drawn in another colour")
            asked = None
        usual = readable_on(look.ground) if look.ground and look.solid else look.ground or "#000"
        inks.append(asked or ("" if look.style == "color" else usual))
    return inks


def _paint(part: Part, ink: str, paper: str) -> Drawing:
    return colored(part.drawing, ink, paper) if ink else part.drawing


def _arrange(scene: Scene, parts: Sequence[Part], inks: Sequence[str], region: Box, look: _Look) -> Drawing:
    stroke = scene.stroke if look.style in ("outline", "duotone") else 0
    if len(parts) == 2:
        return _pair(scene, parts, inks, region, look)
    part, subject = parts[0], scene.subjects[0]
    drawing = _paint(part, inks[0], look.paper)
    if subject.count == 1:
        return placed(part, drawing, region, stroke)
    aspect = (part.box[2] - part.box[0]) / max(part.box[3] - part.box[1], 1)
    boxes = layout.repeated(scene.arrangement, subject.count, region, min(4.0, max(0.25, aspect)))
    width, height = boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]
    origin = (128 - width / 2, 128 - height / 2, 128 + width / 2, 128 + height / 2)
    # Drawn once, then moved by whole units: all copies are equal to the last point.
    first = placed(part, drawing, origin, min(stroke, _thickest(min(width, height))))
    return merge([moved(first, round(box[0] - origin[0]), round(box[1] - origin[1])) for box in boxes])


def _thickest(side: float) -> int:
    """The widest stroke that does not fill a small drawing."""
    return max(subject_.THINNEST, round(side / 5))


def _pair(scene: Scene, parts: Sequence[Part], inks: Sequence[str], region: Box, look: _Look) -> Drawing:
    stroke = scene.stroke if look.style in ("outline", "duotone") else 0
    if scene.arrangement == "inside":
        outer = placed(parts[0], _paint(parts[0], inks[0], look.paper), region, stroke)
        room = _room_in(outer)
        if room is None:
            names_ = " and ".join(subject.words for subject in scene.subjects)
            raise ConfigError(f"no room inside: {names_}", hint="put them beside each other, or try another seed")
        ink, paper = inks[1], look.paper
        under = _ground_of(outer)
        if under and (not scene.subjects[1].color or contrast(ink, under) < FAINT):
            ink = readable_on(under)
        return merge([outer, placed(parts[1], _paint(parts[1], ink, under or paper), room, stroke)])
    boxes = layout.pair(scene.arrangement, region)
    both = [placed(p, _paint(p, ink, look.paper), box, stroke) for p, ink, box in zip(parts, inks, boxes, strict=True)]
    if scene.arrangement == "on top":
        # The first one comes down until it stands on the second.
        gap = round(bounds(shapes_of(both[1]))[1] - bounds(shapes_of(both[0]))[3])
        both[0] = moved(both[0], 0, gap // 2)
        both[1] = moved(both[1], 0, gap // 2 - gap)
    return merge(both)


def _room(part: Part, look: _Look) -> Box | None:
    try:
        return _room_in(placed(part, part.drawing, forms.OUTER if not look.ground else (54, 54, 202, 202)))
    except NotCanonical:
        return None


def _room_in(drawing: Drawing) -> Box | None:
    shapes = list(shapes_of(drawing))
    outlines = [outline for shape in shapes for outline in outlines_of(shape)]
    pad = 6 + max(reach(shape.paint) for shape in shapes)
    return layout.free_square(outlines, bounds(shapes), filled=bool(_ground_of(drawing)), pad=pad)


def _ground_of(drawing: Drawing) -> str:
    """The colour of a drawing that is painted in one; empty for outlines."""
    fills = {shape.paint.fill for shape in shapes_of(drawing)} - {"none"}
    return fills.pop() if len(fills) == 1 and not any(s.paint.fill == "none" for s in shapes_of(drawing)) else ""


def _background(scene: Scene, look: _Look) -> list[Shape]:
    if scene.background is None:
        return []
    paint: Paint = forms.filled(look.ground) if look.solid else forms.stroked(look.ground, look.width)
    return forms.background(scene.background.shape, paint)


def _marks(scene: Scene, look: _Look, ink: str) -> list[Shape]:
    out: list[Shape] = []
    for mark in scene.marks:
        if mark.kind == "slash":
            out += _slash(scene, mark, look, ink)
        elif look.solid or mark.kind in ("number", "dot"):
            out += _disc(scene, mark, look, ink)
        else:
            out += _bare(scene, mark, look, ink)
    return out


def _slash(scene: Scene, mark: Mark, look: _Look, ink: str) -> list[Shape]:
    color = parse_color(mark.color) if mark.color else ink or "#222"
    box: Box = forms.INNER[scene.background.shape] if scene.background else (24, 24, 232, 232)
    halo = forms.draw_glyph(("slash", 0), box, look.paper, look.width * 2.6)
    return halo + forms.draw_glyph(("slash", 0), box, color or "#222", look.width)


def _disc(scene: Scene, mark: Mark, look: _Look, ink: str) -> list[Shape]:
    """A glyph on a disc; a ring of paper parts the disc from a background under it."""
    box = layout.corner_box(mark.corner)
    asked = parse_color(mark.color) if mark.color else None
    if scene.background is None:
        color = asked or ink or parse_color(MARK_COLORS[mark.kind]) or "#222"
    else:
        color = asked or parse_color(MARK_COLORS[mark.kind]) or "#222"
        if asked is None and family(color) == family(look.ground):
            color = "#222"
    size = DOT if mark.kind == "dot" else 1.0
    center, radius = (round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)), layout.MARK_SIZE / 2 * size
    out = []
    if scene.background is not None:
        out.append(Shape("circle", (*center, round(radius)), forms.filled("#fff")))
        radius -= RING
    out.append(Shape("circle", (*center, round(radius)), forms.filled(color)))
    if mark.kind != "dot":
        half = radius * (0.5 if mark.kind == "number" else 0.42)
        glyph_box = (center[0] - half, center[1] - half, center[0] + half, center[1] + half)
        out += forms.draw_glyph((mark.kind, mark.number), glyph_box, readable_on(color), radius * 0.24)
    return out


def _bare(scene: Scene, mark: Mark, look: _Look, ink: str) -> list[Shape]:
    """A glyph of strokes alone, on a disc of paper where it would cross a background's outline."""
    color = (parse_color(mark.color) if mark.color else None) or ink or "#222"
    box = layout.corner_box(mark.corner)
    pad = look.width / 2 + (12 if scene.background else 2)
    out: list[Shape] = []
    if scene.background is not None:
        center = round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)
        out.append(Shape("circle", (*center, round(layout.MARK_SIZE / 2 + 6)), forms.filled("#fff")))
    inner = (box[0] + pad, box[1] + pad, box[2] - pad, box[3] - pad)
    return out + forms.draw_glyph((mark.kind, mark.number), inner, color, look.width)


def several(scene: Scene, find: Find, seed: int, n: int) -> list[Composition]:
    """Up to n different compositions, from `seed` on; fewer when the corpus has no more to offer.

    Raises ConfigError when not even one can be drawn.
    """
    found: dict[str, Composition] = {}
    failure: ConfigError | NotCanonical | None = None
    for turn in range(TRIES * n):
        try:
            made = compose(scene, find, seed + turn)
        except (ConfigError, NotCanonical) as error:
            failure = error
            continue
        found.setdefault(made.svg, made)
        if len(found) == n:
            break
    if not found and failure is not None:
        raise failure
    return list(found.values())
