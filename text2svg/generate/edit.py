"""Changes a drawing as a sentence asks: recolour, stroke width, outline or filled, mirror, rotate, remove the background.

    edit('<svg ...>', "make it blue and flip it", bring)     Edited: canonical text, what was done, what was lost before

Any safe SVG works: `bring` (the optimizer's `model` profile) makes it canonical first, and what that cost is said. Refuses
every wish it does not understand, whole, with the list of those it does. The trade-off: rules, not a model, so few wishes
are understood, but each is done exactly and the rest of the drawing stays as it was.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from text2svg.errors import ConfigError
from text2svg.generate.bring import Bring, brought
from text2svg.svg.affine import Box, bounds, each_shape, map_drawing, points_of, repaint, shapes_of
from text2svg.svg.canonical import Drawing, Shape
from text2svg.svg.inks import inks_of, recolored
from text2svg.svg.palette import COLORS, SHADES, SYNONYMS, family, luminance, parse_color, toned
from text2svg.svg.reader import canonicalize, parse_canonical
from text2svg.svg.schema import MAX_STROKE, OPAQUE

MAX_WISH = 300
"""Characters."""
UNDERSTOOD = (
    "make it blue", "change red to blue", "stroke width 12", "thicker", "thinner", "outline", "filled", "mirror",
    "flip vertically", "rotate 90", "remove the background",
)  # fmt: skip
"""One example of each wish."""
STEP = 1.4
"""Factor of `thicker` and `thinner`."""
USUAL_STROKE = 12
LIGHT = 0.75
COVERS = 0.7
"""Share of the drawing's box from which the lowest painted shape is its background."""

Operation = Callable[[Drawing], Drawing]


@dataclass(frozen=True, slots=True)
class Edited:
    """A changed drawing."""

    text: str
    """Canonical SVG."""
    done: tuple[str, ...]
    """What was changed, in order."""
    notes: tuple[str, ...] = ()
    """What the way into canonical form changed or dropped; empty when the drawing was canonical."""
    lossy: bool = False
    """Whether the drawing before the edit is not exactly the one that was given."""


def edit(svg: str, wish: str, bring: Bring) -> Edited:
    """Do what a wish says.

    Raises ConfigError for a wish that is not understood or finds nothing to do, NotCanonical for a drawing that has no
    canonical form, SvgError for unsafe or unreadable input.
    """
    steps = read_wish(wish)
    text, notes = brought(svg, bring)
    drawing = parse_canonical(text)
    for _, operation in steps:
        drawing = operation(drawing)
    return Edited(canonicalize(drawing.to_text()), tuple(name for name, _ in steps), notes, bool(notes))


def read_wish(wish: str) -> list[tuple[str, Operation]]:
    """The changes a wish asks for, named, in order. Raises ConfigError listing what is understood."""
    if len(wish) > MAX_WISH:
        raise ConfigError(f"the wish has {len(wish)} characters, {MAX_WISH} at most", hint=_hint())
    text = unicodedata.normalize("NFKC", wish).lower()
    text = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())
    clauses = re.split(r"\s*(?:[,;.!]|\band then\b|\bthen\b|\band\b)\s*", text)
    steps = [_read_clause(clause) for clause in clauses if clause]
    if not steps:
        raise ConfigError("the wish is empty", hint=_hint())
    return steps


def _hint() -> str:
    return "understood: " + ", ".join(UNDERSTOOD)


_COLOR = r"((?:(?:" + "|".join(SHADES) + r") )?(?:" + "|".join([*COLORS, *SYNONYMS]) + r")|#[0-9a-f]{6}|#[0-9a-f]{3})"
_IT = r"(?:it|this|that|the drawing|the icon|everything|all)"
_MAKE = r"(?:make|paint|colou?r|recolou?r|turn|draw|change|set)"
_RULES: tuple[tuple[str, str], ...] = (
    (rf"(?:{_MAKE} )?(?:{_IT} )?(?:in|to|into)? ?{_COLOR}", "color"),
    (rf"(?:change|replace|turn|make|paint|swap)? ?(?:the )?{_COLOR}(?: parts?| ones?)? ?(?:to|with|into|by|->|→|) ?{_COLOR}",
     "map"),
    (r"(?:set )?(?:the )?(?:stroke|line)s?(?: width)?(?: of| to)? ?(\d{1,3})(?: ?(?:px|units?))?", "width"),
    (r"(\d{1,3}) ?(?:px|units?)? (?:stroke|line)s?(?: width)?", "width"),
    (rf"(?:make )?(?:{_IT} |the (?:stroke|line)s? )?(thicker|bolder|heavier|thinner|lighter|finer)(?: (?:stroke|line)s?)?",
     "weight"),
    (rf"(?:make |turn )?(?:{_IT} )?(?:an?|into an?|to an?)? ?(outlined?|line art|outline icon)(?: only)?", "outline"),
    (rf"(?:make |turn )?(?:{_IT} )?(?:an?|into an?)? ?(filled|solid)(?: icon)?|fill {_IT}|fill", "fill"),
    (rf"(?:mirror|flip)(?: {_IT})?(?: (horizontally|left to right|sideways|vertically|upside down|top to bottom))?", "flip"),
    (rf"(?:turn |make )?(?:{_IT} )?(upside down)", "flip"),
    (rf"(?:rotate|turn)(?: {_IT})?(?: by)?(?: ?(-?\d{{1,3}})(?: ?°| ?degrees?)?)?(?: to the)?"
     r"(?: (left|right|clockwise|counterclockwise|counter-clockwise|anticlockwise))?", "rotate"),
    (r"(?:remove|delete|drop|without|no|cut)(?: the| a| its)? (?:background|backdrop)|transparent background"
     r"|make the background transparent", "background"),
)  # fmt: skip


def _read_clause(clause: str) -> tuple[str, Operation]:
    clause = re.sub(r"^(?:please|now|also|could you|can you) | please$", "", clause)
    for pattern, kind in _RULES:
        found = re.fullmatch(pattern, clause)
        if found:
            return _OPERATIONS[kind](found.groups())
    raise ConfigError(f"not understood: {clause[:80]!r}", hint=_hint())


def _recolor(groups: Sequence[str | None]) -> tuple[str, Operation]:
    target = parse_color(groups[0] or "") or "#000"

    def change(drawing: Drawing) -> Drawing:
        inks = set(inks_of(drawing))
        dark = {ink for ink in inks if luminance(ink) < LIGHT} or inks
        new = {ink: target if len(dark) == 1 else toned(target, ink) for ink in dark}
        return recolored(drawing, new)

    return f"recoloured {groups[0]}", change


def _map_color(groups: Sequence[str | None]) -> tuple[str, Operation]:
    old, new = groups[0] or "", parse_color(groups[1] or "") or "#000"
    exact = parse_color(old) or "#000"

    def change(drawing: Drawing) -> Drawing:
        inks = set(inks_of(drawing))
        chosen = {exact} & inks or {ink for ink in inks if old[0] != "#" and family(ink) == family(exact)}
        if not chosen:
            there = ", ".join(sorted(f"{ink} ({family(ink)})" for ink in inks))
            raise ConfigError(f"nothing is {old} in this drawing", hint=f"its colours: {there}")
        return recolored(drawing, dict.fromkeys(chosen, new))

    return f"{old} to {groups[1]}", change


def _with_width(drawing: Drawing, width: Callable[[int], float]) -> Drawing:
    if all(shape.paint.stroke == "none" for shape in shapes_of(drawing)):
        raise ConfigError("this drawing has no strokes", hint="say outline first")

    def change(shape: Shape) -> Shape:
        paint = shape.paint
        if paint.stroke == "none":
            return shape
        new = min(MAX_STROKE, max(1, round(width(paint.stroke_width))))
        return shape._replace(paint=paint._replace(stroke_width=new))

    return each_shape(drawing, change)


def _width(groups: Sequence[str | None]) -> tuple[str, Operation]:
    asked = int(groups[0] or 0)
    if not 1 <= asked <= MAX_STROKE:
        raise ConfigError(f"stroke width {asked} is out of range", hint=f"1 to {MAX_STROKE}")
    return f"stroke width {asked}", lambda drawing: _with_width(drawing, lambda _: asked)


def _weight(groups: Sequence[str | None]) -> tuple[str, Operation]:
    factor = STEP if groups[0] in ("thicker", "bolder", "heavier") else 1 / STEP
    return f"{groups[0]} strokes", lambda drawing: _with_width(drawing, lambda width: width * factor)


def _outline(_: Sequence[str | None]) -> tuple[str, Operation]:
    def change(shape: Shape) -> Shape:
        paint = shape.paint
        if paint.fill == "none":
            return shape
        # A stroke of its own shows the edge already; without one the fill's colour draws it.
        if paint.stroke == "none":
            paint = paint._replace(stroke=paint.fill, stroke_width=USUAL_STROKE, stroke_opacity=paint.fill_opacity)
        return shape._replace(paint=paint._replace(fill="none", linejoin="round"))

    return "outline", lambda drawing: _inside(each_shape(drawing, change))


def _fill(_: Sequence[str | None]) -> tuple[str, Operation]:
    def change(shape: Shape) -> Shape:
        paint = shape.paint
        if paint.fill != "none":
            return shape
        return shape._replace(paint=paint._replace(fill=paint.stroke, fill_opacity=paint.stroke_opacity))

    return "filled", lambda drawing: each_shape(drawing, change)


def _flip(groups: Sequence[str | None]) -> tuple[str, Operation]:
    upright = groups[0] in ("vertically", "upside down", "top to bottom")
    matrix = (1, 0, 0, -1, 0, 256) if upright else (-1, 0, 0, 1, 256, 0)
    return f"flipped {'vertically' if upright else 'horizontally'}", lambda drawing: map_drawing(drawing, matrix)


def _rotate(groups: Sequence[str | None]) -> tuple[str, Operation]:
    degrees = int(groups[0]) if groups[0] else 90
    if groups[1] not in (None, "right", "clockwise"):
        degrees = -degrees
    degrees %= 360

    def change(drawing: Drawing) -> Drawing:
        angle = math.radians(degrees)
        a, b = (round(v, 12) for v in (math.cos(angle), math.sin(angle)))
        matrix = (a, b, -b, a, 128 - 128 * a + 128 * b, 128 - 128 * b - 128 * a)
        turned = [(a * x - b * y + matrix[4], b * x + a * y + matrix[5]) for x, y in points_of(shapes_of(drawing))]
        reach = max(abs(v - 128) for point in turned for v in point)
        scale = min(1.0, 128 / reach) if reach else 1.0
        m = tuple(v * scale for v in matrix[:4])
        return map_drawing(drawing, (*m, *(128 + (v - 128) * scale for v in matrix[4:])))

    return f"rotated {degrees} degrees clockwise", change


def _inside(drawing: Drawing) -> Drawing:
    """Made small enough that new strokes stay on the canvas."""
    box = bounds(shapes_of(drawing))
    over = max(-box[0], -box[1], box[2] - 256, box[3] - 256)
    scale = 128 / (128 + over) if over > 0.5 else 1.0
    return map_drawing(drawing, (scale, 0, 0, scale, 128 - 128 * scale, 128 - 128 * scale)) if scale < 1 else drawing


def _remove_background(_: Sequence[str | None]) -> tuple[str, Operation]:
    def change(drawing: Drawing) -> Drawing:
        items = list(drawing.items)
        first = items[0]
        whole = bounds(shapes_of(drawing))
        if len(items) < 2 or not isinstance(first, Shape) or not _is_ground(first, whole):
            raise ConfigError("no background was found", hint="it is the lowest painted shape, as large as the drawing")
        rest = Drawing(tuple(items[1:]), drawing.gradients)
        # White signs on a removed blue disc would vanish on a page: they take the disc's colour.
        if first.paint.fill.startswith("#") and all(luminance(ink) >= LIGHT for ink in inks_of(rest)):
            rest = repaint(rest, lambda _: first.paint.fill)
        return rest

    return "background removed", change


def _is_ground(shape: Shape, whole: Box) -> bool:
    if shape.paint.fill == "none" or shape.paint.fill_opacity != OPAQUE:
        return False
    box = bounds([shape])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area >= COVERS * (whole[2] - whole[0]) * (whole[3] - whole[1])


_OPERATIONS: dict[str, Callable[[Sequence[str | None]], tuple[str, Operation]]] = {
    "color": _recolor, "map": _map_color, "width": _width, "weight": _weight, "outline": _outline, "fill": _fill,
    "flip": _flip, "rotate": _rotate, "background": _remove_background,
}  # fmt: skip
