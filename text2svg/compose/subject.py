"""Takes one drawing of the corpus and makes it part of a picture: chosen by seed, coloured, scaled, its stroke kept sane.

Refuses drawings that show nothing. The trade-off: a drawing in one colour takes the asked colour whole; in a drawing of
several, light ones stay light (they are what shows through) and the others take it, each as dark as it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from text2svg.compose.shelf import Find, fold
from text2svg.errors import ConfigError, NotCanonical, SvgError
from text2svg.sample import Sample
from text2svg.svg.affine import Box, bounds, fit, map_drawing, outlines_of, repaint, shapes_of
from text2svg.svg.canonical import Drawing, Paint
from text2svg.svg.palette import luminance, toned
from text2svg.svg.reader import parse_canonical

THINNEST, WIDEST = 7, 22
"""Stroke widths that a scaled drawing may come to by itself, in grid units."""
LIGHT = 0.75
"""Relative luminance from which a colour counts as light."""
TILE = 0.74
"""Share of its box from which a contour counts as a tile; a disc has 0.785, a heart 0.65."""
PLAIN = 160
"""Tokens of a drawing that still reads when it is set small."""


@dataclass(frozen=True, slots=True)
class Part:
    """A drawing of the corpus, read."""

    sample: Sample
    drawing: Drawing
    box: Box
    """Tight bounds, strokes not counted."""

    @property
    def stroked(self) -> bool:
        """Whether any of it is a stroke."""
        return any(shape.paint.stroke != "none" for shape in shapes_of(self.drawing))

    @property
    def tile(self) -> bool:
        """Whether its largest contour fills the box with paint, as a disc or a square does that holds a sign."""
        filled = [shape for shape in shapes_of(self.drawing) if shape.paint.fill != "none"]
        areas = [_area(outline) for shape in filled for outline in outlines_of(shape)]
        return max(areas, default=0.0) > TILE * (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


def choose(words: str, styles: Sequence[str], find: Find, seed: str, prefer: Callable[[Part], bool]) -> Part:
    """One drawing of the words: called exactly so, then liked by `prefer`, then of the earliest style, then by seed.

    Raises ConfigError when the corpus has none in any style.
    """
    found: list[tuple[bool, bool, int, Part]] = []
    for place, style in enumerate((*styles, "")):
        rows = list(find(words, style))
        named = [sample for sample in rows if _strangeness(sample, words) < 2]
        random.Random(f"choose {seed} {words} {style}").shuffle(named)
        named.sort(key=lambda sample: (_strangeness(sample, words), sample.tokens > PLAIN))
        rows = named + [sample for sample in rows if sample not in named]
        for part in filter(None, map(read, rows)):
            found.append((_strangeness(part.sample, words) > 1, not prefer(part), place, part))
            if found[-1][:2] == (False, False):
                return part
    if not found:
        raise ConfigError(f"the corpus has no drawing of {words!r}", hint="name it in other words, e.g. house for villa")
    return min(found, key=lambda entry: entry[:3])[-1]


def _strangeness(sample: Sample, words: str) -> int:
    """0 for the caption itself, 1 for its other forms (`arrow left`, `cats`), 2 for another caption."""
    return 0 if sample.caption == words else 1 if fold(sample.caption) == fold(words) else 2


def read(sample: Sample) -> Part | None:
    """The values of a row; None for one that draws nothing."""
    try:
        drawing = parse_canonical(sample.optimized)
        return Part(sample, drawing, bounds(shapes_of(drawing), painted=False))
    except SvgError:
        return None


def colored(drawing: Drawing, color: str, paper: str) -> Drawing:
    """Everything in `color`; light paint of a drawing that also has dark becomes `paper`."""
    used = {c for shape in shapes_of(drawing) for c in (shape.paint.fill, shape.paint.stroke) if c != "none"}
    plain = {c for c in used if not c.startswith("url(")}
    light = {c for c in plain if luminance(c) >= LIGHT}
    if light == used:
        light = set()
    if len(plain - light) > 1:
        # One flat colour would make a bear of its ears, eyes and nose a silhouette.
        return repaint(drawing, lambda value: paper if value in light else toned(color, value) if value in plain else color)
    return repaint(drawing, lambda value: paper if value in light else color)


def widths(asked: int) -> Callable[[float], float]:
    """What becomes of a scaled stroke: the width asked for, else kept between THINNEST and WIDEST."""
    return (lambda _: asked) if asked else (lambda width: min(WIDEST, max(THINNEST, width)))


def placed(part: Part, drawing: Drawing, box: Box, asked: int = 0) -> Drawing:
    """`drawing` (the part, coloured) centred in a box with its strokes inside. Raises NotCanonical."""
    stroke = widths(asked)
    room = (part.box[2] - part.box[0], part.box[3] - part.box[1])
    scale = min((box[2] - box[0]) / max(room[0], 1), (box[3] - box[1]) / max(room[1], 1))
    pad = max((_reach(shape.paint, stroke, scale) for shape in shapes_of(drawing)), default=0.0)
    inner = (box[0] + pad, box[1] + pad, box[2] - pad, box[3] - pad)
    if inner[2] - inner[0] < 4:
        raise NotCanonical("too-small", "the strokes fill the box")
    return map_drawing(drawing, fit(part.box, inner), stroke)


def _area(outline: Sequence[tuple[float, float]]) -> float:
    ends = zip(outline, [*outline[1:], outline[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in ends)) / 2


def _reach(paint: Paint, stroke: Callable[[float], float], scale: float) -> float:
    return stroke(paint.stroke_width * scale) / 2 if paint.stroke != "none" else 0.0


def moved(drawing: Drawing, dx: int, dy: int) -> Drawing:
    """The same drawing, whole units away: copies stay equal to the last point."""
    return map_drawing(drawing, (1, 0, 0, 1, dx, dy))


def names(samples: Sequence[Sample]) -> str:
    """`house by A (MIT)` for each row, for people."""
    return "; ".join(
        f"{s.caption} by {s.provenance.author or s.provenance.collection} ({s.provenance.licence})" for s in samples
    )
