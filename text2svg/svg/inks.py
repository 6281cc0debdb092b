"""The colours of a canonical drawing: how much each paints, and the drawing with others in their place.

Refuses to see paint that another shape covers as gone. The trade-off: amounts come from outlines (fill area, stroke
length times width), not from pixels, so they are exact for shapes apart and a guess where shapes overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import dist

from text2svg.svg.affine import outlines_of, repaint, shapes_of
from text2svg.svg.canonical import Drawing


def inks_of(drawing: Drawing) -> Counter[str]:
    """Square grid units by `#rgb`, at least 1 each; the stops of a gradient share what it paints."""
    found: Counter[str] = Counter()
    for shape in shapes_of(drawing):
        lines = outlines_of(shape)
        area = abs(sum(_area(line) for line in lines))
        length = sum(dist(a, b) for line in lines for a, b in zip(line, line[1:], strict=False))
        for paint, amount in ((shape.paint.fill, area), (shape.paint.stroke, length * shape.paint.stroke_width)):
            colors = _colors(drawing, paint)
            for color in colors:
                found[color] += round(amount / len(colors)) + 1
    return found


def recolored(drawing: Drawing, new: Mapping[str, str]) -> Drawing:
    """The drawing with some colours replaced, those of gradients too."""
    gradients = {
        key: g._replace(stops=tuple(s._replace(color=new.get(s.color, s.color)) for s in g.stops))
        for key, g in drawing.gradients.items()
    }
    return Drawing(repaint(drawing, lambda paint: new.get(paint, paint)).items, gradients)


def _colors(drawing: Drawing, paint: str) -> list[str]:
    if paint.startswith("url("):
        return [stop.color for stop in drawing.gradients[paint[5:-1]].stops]
    return [paint] if paint.startswith("#") else []


def _area(line: list[tuple[float, float]]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(line, [*line[1:], *line[:1]], strict=True)) / 2
