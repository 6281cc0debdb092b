"""What the prompt reader and the sentence writer know by name: shapes, marks, arrangements, styles, relations.

Data and one longest-match tagger. Refuses nothing: what is in no table is tagged `word`. The trade-off: English by hand,
a few hundred phrases, each of them certain, instead of a parser that guesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from text2svg.svg.palette import COLORS, SHADES, SYNONYMS

SHAPE_WORDS = {
    "circle": "circle", "circular": "circle", "round": "circle", "disc": "circle", "disk": "circle", "coin": "circle",
    "square": "square", "rounded square": "rounded square", "squircle": "rounded square", "rounded": "rounded square",
    "badge": "badge", "seal": "badge", "scalloped badge": "badge", "shield": "shield", "hexagon": "hexagon",
    "hexagonal": "hexagon", "octagon": "octagon", "octagonal": "octagon", "diamond": "diamond", "rhombus": "diamond",
    "pill": "pill", "capsule": "pill", "pill shaped": "pill", "diamond shaped": "diamond",
}  # fmt: skip
CONTAINERS = {
    "button": "circle", "app icon": "rounded square", "app": "rounded square", "tile": "rounded square",
    "background": "rounded square", "backdrop": "rounded square", "sticker": "badge", "label": "pill",
}  # fmt: skip
"""Nouns for a shape that may stay unnamed, and the shape they then have."""
MARK_WORDS = {
    "plus": "plus", "plus sign": "plus", "plus mark": "plus", "minus": "minus", "minus sign": "minus", "check": "check",
    "check mark": "check", "checkmark": "check", "tick": "check", "tick mark": "check", "cross": "cross",
    "cross mark": "cross", "x mark": "cross", "slash": "slash", "diagonal line": "slash", "dot": "dot",
    "notification dot": "dot",
}  # fmt: skip
CROSSED_WORDS = ("crossed out", "struck through", "strikethrough", "slashed", "crossed")
"""Said of a thing, they ask for a slash over it."""
ARRANGEMENT_WORDS = {
    "in a row": "row", "in a line": "row", "side by side": "row", "row of": "row", "line of": "row",
    "in a column": "column", "column of": "column", "in a grid": "grid", "as a grid": "grid", "grid of": "grid",
    "in a ring": "ring", "ring of": "ring", "circle of": "ring", "in a stack": "stack", "stacked": "stack",
    "stack of": "stack", "pile of": "stack",
}  # fmt: skip
STYLE_WORDS = {
    "outline": "outline", "outlined": "outline", "line": "outline", "line art": "outline", "line icon": "outline",
    "line style": "outline", "filled": "filled", "solid": "filled", "glyph style": "filled", "duotone": "duotone",
    "two tone": "duotone", "two-tone": "duotone", "colorful": "color", "colourful": "color", "multicolored": "color",
    "full color": "color", "in color": "color", "in colour": "color",
}  # fmt: skip
WEIGHT_WORDS = {
    "thin": "thin", "fine": "thin", "thin strokes": "thin", "thin lines": "thin", "thick": "thick", "bold": "thick",
    "heavy": "thick", "thick strokes": "thick", "thick lines": "thick", "medium weight": "regular",
    "regular weight": "regular",
}  # fmt: skip
RELATION_WORDS = {
    "with": "with", "and": "beside", "beside": "beside", "next to": "beside", "inside": "inside", "inside of": "inside",
    "within": "inside", "in": "in", "on": "on", "onto": "on", "on top of": "on top", "standing on": "on top",
    "sitting on": "on top", "above": "above", "over": "above", "below": "below", "under": "below", "beneath": "below",
    "underneath": "below",
}  # fmt: skip
STRANGE_RELATIONS = ("behind", "wearing", "holding", "between", "around", "eating", "riding", "through", "without", "to",
                     "into", "from", "by", "at", "near", "against", "like", "as", "for")  # fmt: skip
"""Words that relate two things in a way that is not drawn; the reader says so."""
NUMBER_WORDS = {
    "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "pair of": 2, "couple of": 2,
}  # fmt: skip
CORNER_WORDS = {
    f"{side}{place}{tail}": f"{row} {column}"
    for row, others in (("top", ("top", "upper")), ("bottom", ("bottom", "lower")))
    for other in others
    for column in ("left", "right")
    for side in ("in the ", "at the ", "on the ", "")
    for place in (f"{other} {column}",)
    for tail in (" corner", "")
    if side or tail
} | {"in the corner": "bottom right", "in a corner": "bottom right", "in one corner": "bottom right"}
FILLERS = frozenset(
    "a an the of some my your please draw make create show give me i want need would like symbol icon icons sign signs "
    "symbols logo pictogram glyph picture image drawing illustration svg vector style styled strokes stroke lines corner "
    "color colour colored coloured shaped shape mark that which is are it its there this simple little small big".split()
)
NO_BACKGROUND = ("no background", "without background", "without a background", "transparent background")
LONGEST = 5


@dataclass(frozen=True, slots=True)
class Tag:
    """A phrase of the prompt: its kind, what it means, and the words that said it."""

    kind: str
    value: str
    text: str


def _phrases() -> dict[tuple[str, ...], tuple[str, str]]:
    tables: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("shape", SHAPE_WORDS), ("container", CONTAINERS), ("mark", MARK_WORDS), ("style", STYLE_WORDS),
        ("weight", WEIGHT_WORDS), ("relation", RELATION_WORDS), ("arrangement", ARRANGEMENT_WORDS),
        ("corner", CORNER_WORDS),
    )  # fmt: skip
    out = {tuple(text.split()): (kind, value) for kind, table in tables for text, value in table.items()}
    out |= {tuple(text.split()): ("count", str(n)) for text, n in NUMBER_WORDS.items()}
    out |= {(word,): ("strange", word) for word in STRANGE_RELATIONS} | {(w,): ("filler", w) for w in FILLERS}
    out |= {tuple(text.split()): ("filler", text) for text in NO_BACKGROUND}
    out |= {tuple(text.split()): ("crossed", "slash") for text in CROSSED_WORDS}
    for color in (*COLORS, *SYNONYMS):
        out[color,] = ("color", color)
        out |= {(shade, color): ("color", f"{shade} {color}") for shade in SHADES}
    return out


PHRASES = _phrases()


def tag(words: Sequence[str]) -> Iterator[Tag]:
    """The words as phrases, the longest known ones first."""
    at = 0
    while at < len(words):
        for size in range(min(LONGEST, len(words) - at), 0, -1):
            known = PHRASES.get(tuple(words[at : at + size]))
            if known is not None:
                yield Tag(*known, " ".join(words[at : at + size]))
                break
        else:
            size = 2 if words[at] in ("number", "count", "digit") and _is_number(words[at + 1 : at + 2]) else 1
            word = words[at + size - 1]
            yield Tag(_kind(word), word, " ".join(words[at : at + size]))
        at += size


def _is_number(words: Sequence[str]) -> bool:
    return bool(words) and words[0].isascii() and words[0].isdecimal()


def _kind(word: str) -> str:
    if word[0] == "#" and len(word) > 1:
        return "color"
    if _is_number([word]):
        return "number"
    if word in (",", ";", ".", ":", "!", "?"):
        return "stop"
    return "word" if any(c.isalnum() for c in word) else "symbol"


def speakable(caption: str) -> bool:
    """Whether a caption is read back as the name of a thing, word for word."""
    return bool(caption) and all(one.kind == "word" for one in tag(caption.split()))
