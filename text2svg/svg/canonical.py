"""Canonical SVG: the one text form of an optimized drawing, and the values it is made of.

`canonicalize` reads a drawing that already lies on the 256 grid in any spelling of the subset (relative commands, nested
groups, named colours) and writes the only text this project calls canonical; doing it twice changes nothing.
Refuses transforms, styles, text, images and everything else that geometry must resolve first: `NotCanonical(reason)`.
The trade-off: paint is shared through `<g>` only between neighbours whose paint is identical, so one drawing has one
text; a cleverer factoring would save about two tokens in a hundred and lose that.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from text2svg.errors import NotCanonical
from text2svg.svg.path import Segment, write_path
from text2svg.svg.recognize import recognize
from text2svg.svg.schema import FOOTER, GRADIENT, GRADIENT_IDS, HEADER, LEVELS, MAX_STROKE, OPAQUE


class Paint(NamedTuple):
    """How a shape is painted; opacities are levels 0..20 (steps of .05), `fill` and `stroke` are `none`, `#rgb` or a
    gradient key as `url(#key)`."""

    fill: str = "#000"
    fill_rule: str = "nonzero"
    fill_opacity: int = OPAQUE
    stroke: str = "none"
    stroke_width: int = 1
    linecap: str = "butt"
    linejoin: str = "miter"
    stroke_opacity: int = OPAQUE
    opacity: int = OPAQUE

    def normalized(self) -> Paint | None:
        """The one spelling of this paint; None when it paints nothing."""
        fill = "none" if self.fill_opacity == 0 else self.fill
        stroke = "none" if self.stroke_opacity == 0 or self.stroke_width == 0 else self.stroke
        if (fill == "none" and stroke == "none") or self.opacity == 0:
            return None
        fo, so, opacity = self.fill_opacity, self.stroke_opacity, self.opacity
        if fill == "none":
            so, opacity = max(1, round(so * opacity / OPAQUE)), OPAQUE
        elif stroke == "none":
            fo, opacity = max(1, round(fo * opacity / OPAQUE)), OPAQUE
        paint = Paint()
        if fill == "none":
            paint = paint._replace(fill="none")
        else:
            paint = paint._replace(fill=fill, fill_rule=self.fill_rule, fill_opacity=fo)
        if stroke != "none":
            if self.stroke_width > MAX_STROKE:
                raise NotCanonical(
                    "stroke-width", f"{self.stroke_width} is wider than {MAX_STROKE}"
                )
            paint = paint._replace(
                stroke=stroke,
                stroke_width=self.stroke_width,
                linecap=self.linecap,
                linejoin=self.linejoin,
                stroke_opacity=so,
            )
        return paint._replace(opacity=opacity)


class Shape(NamedTuple):
    """`kind` is path, circle, ellipse or rect; `data` is a tuple of segments, or of integers in schema order."""

    kind: str
    data: tuple
    paint: Paint


class Group(NamedTuple):
    """Shapes composited together, then faded: `opacity` is a level 1..19."""

    opacity: int
    shapes: tuple[Shape, ...]


class Stop(NamedTuple):
    """A gradient stop: offset and opacity as levels, colour as `#rgb`."""

    offset: int
    color: str
    opacity: int


class Gradient(NamedTuple):
    """`kind` is linearGradient or radialGradient; `coords` are user space integers in schema order."""

    kind: str
    coords: tuple[int, ...]
    stops: tuple[Stop, ...]


class Drawing(NamedTuple):
    """A whole canonical drawing. `gradients` maps the keys used in `url(#key)` to gradients."""

    items: tuple[Shape | Group, ...]
    gradients: dict[str, Gradient]

    def to_text(self) -> str:
        """Canonical text; raises NotCanonical("gradient-limit") beyond 16 gradients, ("empty") without shapes."""
        return _Writer(self).text()


def hex_color(red: float, green: float, blue: float) -> str:
    """`#rgb` nearest to 0..255 components."""
    return "#" + "".join(
        "0123456789abcdef"[min(15, max(0, round(v / 17)))] for v in (red, green, blue)
    )


def level(value: float) -> int:
    """Opacity or offset 0..1 to its level 0..20."""
    return min(OPAQUE, max(0, int(value * OPAQUE + 0.5)))


class _Writer:
    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.names: dict[Gradient, str] = {}

    def text(self) -> str:
        if not self.drawing.items:
            raise NotCanonical("empty", "nothing is drawn")
        body = "".join(self._items())
        gradients = "".join(self._gradient(g, name) for g, name in self.names.items())
        return f"{HEADER}{gradients}{body}{FOOTER}"

    def _items(self) -> list[str]:
        out: list[str] = []
        run: list[Shape] = []
        for item in self.drawing.items:
            if isinstance(item, Shape):
                run.append(item)
                continue
            out += self._runs(run)
            run = []
            out.append(
                f'<g opacity="{LEVELS[item.opacity]}">' + "".join(self._runs(item.shapes)) + "</g>"
            )
        return out + self._runs(run)

    def _runs(self, shapes: list[Shape] | tuple[Shape, ...]) -> list[str]:
        out: list[str] = []
        for paint, run in groupby(shapes, key=lambda s: s.paint):
            members = list(run)
            attributes = self._paint(paint)
            if len(members) == 1 or not attributes or paint.opacity != OPAQUE:
                out += [_shape(s, attributes) for s in members]
            else:
                out += [f"<g{attributes}>", *(_shape(s, "") for s in members), "</g>"]
        return out

    def _color(self, value: str) -> str:
        if not value.startswith("url"):
            return value
        gradient = self.drawing.gradients[value[5:-1]]
        if gradient not in self.names:
            if len(self.names) == len(GRADIENT_IDS):
                raise NotCanonical("gradient-limit", f"more than {len(GRADIENT_IDS)} gradients")
            self.names[gradient] = GRADIENT_IDS[len(self.names)]
        return f"url(#{self.names[gradient]})"

    def _paint(self, p: Paint) -> str:
        out = ""
        if p.fill != "#000":
            out += f' fill="{self._color(p.fill)}"'
        if p.fill_rule != "nonzero":
            out += ' fill-rule="evenodd"'
        if p.fill_opacity != OPAQUE:
            out += f' fill-opacity="{LEVELS[p.fill_opacity]}"'
        if p.stroke != "none":
            out += f' stroke="{self._color(p.stroke)}"'
        if p.stroke_width != 1:
            out += f' stroke-width="{p.stroke_width}"'
        if p.linecap != "butt":
            out += f' stroke-linecap="{p.linecap}"'
        if p.linejoin != "miter":
            out += f' stroke-linejoin="{p.linejoin}"'
        if p.stroke_opacity != OPAQUE:
            out += f' stroke-opacity="{LEVELS[p.stroke_opacity]}"'
        if p.opacity != OPAQUE:
            out += f' opacity="{LEVELS[p.opacity]}"'
        return out

    def _gradient(self, g: Gradient, name: str) -> str:
        coords = "".join(f' {k}="{v}"' for k, v in zip(GRADIENT[g.kind], g.coords, strict=False))
        stops = "".join(
            f'<stop offset="{LEVELS[s.offset]}" stop-color="{s.color}"'
            + (f' stop-opacity="{LEVELS[s.opacity]}"' if s.opacity != OPAQUE else "")
            + "/>"
            for s in g.stops
        )
        return f'<{g.kind} id="{name}" gradientUnits="userSpaceOnUse"{coords}>{stops}</{g.kind}>'


def _shape(shape: Shape, paint: str) -> str:
    kind, data = shape.kind, shape.data
    if kind == "path":
        return f'<path{paint} d="{write_path(data)}"/>'
    if kind == "circle":
        return f'<circle{paint} cx="{data[0]}" cy="{data[1]}" r="{data[2]}"/>'
    if kind == "ellipse":
        return f'<ellipse{paint} cx="{data[0]}" cy="{data[1]}" rx="{data[2]}" ry="{data[3]}"/>'
    rx = f' rx="{data[4]}"' if len(data) > 4 and data[4] else ""
    return f'<rect{paint} x="{data[0]}" y="{data[1]}" width="{data[2]}" height="{data[3]}"{rx}/>'


def make_shapes(segments: list[Segment], paint: Paint) -> list[Shape]:
    """Canonical shapes of one painted path of absolute float segments; circles, ellipses and rects are named.

    Subpaths that are whole circles or rects leave an opaque stroke-only path, where order and overlap cannot show.
    Raises NotCanonical("off-grid").
    """
    plain = paint._replace(fill_rule="nonzero")
    separable = paint.fill == "none" and paint.stroke_opacity == OPAQUE
    return [Shape(k, d, paint if k == "path" else plain) for k, d in recognize(segments, separable)]
