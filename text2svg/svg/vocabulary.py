"""The drawing half of the vocabulary, generated from the schema: every token, and the class it belongs to.

A class is what the grammar sees (`number after a command`, `fill colour, first digit`); tokens of one class are
interchangeable for it. Token texts are chosen so that plain concatenation is the canonical text and cutting the text at
the longest literal gives back the same tokens: numbers exist bare and with a leading space, colours are cut after the
first digit, arc flags carry commas. Refuses captions; those are the tokenizer's business.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

from text2svg.svg.schema import (
    FOOTER,
    GEOMETRY,
    GRADIENT,
    GRADIENT_IDS,
    HEADER,
    HEX,
    LEVELS,
    LINECAPS,
    LINEJOINS,
    MAX_STROKE,
)
from text2svg.svg.snap import GRID

PAD, BOS, EOS = "<|pad|>", "<|bos|>", "<|eos|>"
SPECIAL = (PAD, BOS, EOS)
STYLES = ("outline", "filled", "duotone", "color")
DETAILS = (32, 48, 72, 108, 160, 256)
"""Upper bounds of the detail levels, in drawing tokens; longer drawings have the last level."""


def classes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Token classes in vocabulary order, each with its token texts."""
    yield "special", SPECIAL
    yield "header", (HEADER,)
    yield "footer", (FOOTER,)
    for tag, attributes in GEOMETRY.items():
        yield f"open {tag}", (f"<{tag}",)
        yield f"bare {tag}", (f'<{tag} {attributes[0]}="',)
    yield "attribute d", (' d="',)
    yield "attribute cx", (' cx="',)
    yield "attribute x", (' x="',)
    for name in ("cy", "r", "rx", "ry", "y", "width", "height", "x1", "y1", "x2", "y2", "fx", "fy"):
        yield f"next {name}", (f'" {name}="',)
    yield "end shape", ('"/>',)
    yield "open g", ("<g",)
    yield "end open", (">",)
    yield "close g", ("</g>",)
    yield "open fade", tuple(f'<g opacity="{v}">' for v in LEVELS[1:20])
    yield from _gradient_classes()
    yield from _paint_classes()
    for letter in "MLHVCSQTA":
        yield letter, (letter,)
    yield "Z", ("Z",)
    yield "bare", tuple(str(n) for n in range(GRID + 1))
    yield "spaced", tuple(f" {n}" for n in range(GRID + 1))
    yield "flags", tuple(f" 0,{a},{b}" for a in "01" for b in "01")
    yield "turned flags", tuple(f",{a},{b}" for a in "01" for b in "01")


def _gradient_classes() -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind in GRADIENT:
        yield f"open {kind}", tuple(f'<{kind} id="{k}"' for k in GRADIENT_IDS)
        yield f"close {kind}", (f"</{kind}>",)
    yield "units linear", (' gradientUnits="userSpaceOnUse" x1="',)
    yield "units radial", (' gradientUnits="userSpaceOnUse" cx="',)
    yield "end gradient", ('">',)
    yield "stop", tuple(f'<stop offset="{v}"' for v in LEVELS)
    yield "stop-color", tuple(f' stop-color="#{h}' for h in HEX)
    yield "stop-opacity", tuple(f' stop-opacity="{v}"' for v in LEVELS[:20])
    yield "end stop", ("/>",)


def _paint_classes() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "fill none", (' fill="none"',)
    yield "fill", tuple(f' fill="#{h}' for h in HEX)
    yield "fill url", tuple(f' fill="url(#{k})"' for k in GRADIENT_IDS)
    yield "fill-rule", (' fill-rule="evenodd"',)
    yield "fill-opacity", tuple(f' fill-opacity="{v}"' for v in LEVELS[1:20])
    yield "stroke", tuple(f' stroke="#{h}' for h in HEX)
    yield "stroke url", tuple(f' stroke="url(#{k})"' for k in GRADIENT_IDS)
    yield "stroke-width", tuple(f' stroke-width="{n}"' for n in range(2, MAX_STROKE + 1))
    yield "stroke-linecap", tuple(f' stroke-linecap="{v}"' for v in LINECAPS[1:])
    yield "stroke-linejoin", tuple(f' stroke-linejoin="{v}"' for v in LINEJOINS[1:])
    yield "stroke-opacity", tuple(f' stroke-opacity="{v}"' for v in LEVELS[1:20])
    yield "opacity", tuple(f' opacity="{v}"' for v in LEVELS[1:20])
    yield "hex", tuple(f'{a}{b}"' for a in HEX for b in HEX)


def drawing_tokens() -> list[str]:
    """All drawing tokens in vocabulary order, the specials first."""
    return [text for _, texts in classes() for text in texts]


def split_pattern() -> str:
    """The regular expression that cuts text into the pieces of `drawing_tokens` and caption words.

    Literals come longest first. Two of a colour's digits are told from a number by the `#x` before them. Written in the
    syntax common to Oniguruma (tokenizers) and Python's `re`.
    """
    literal: list[str] = []
    for name, texts in classes():
        if name in ("special", "hex", "bare", "spaced", "turned flags", "flags") or len(name) == 1:
            continue
        literal += texts
    literal.sort(key=len, reverse=True)
    hexes = "|".join(f'(?<={a}="#[0-9a-f])' for a in ("fill", "stroke", "stop-color"))
    # Numbers and commands are nine tokens in ten, and no literal begins like them, so they are tried first.
    parts = [
        "[MLHVCSQTAZ]",
        " 0,[01],[01]",
        f'(?:{hexes})[0-9a-f]{{2}}"',
        " ?[0-9]+",
        ",[01],[01]",
        *(re.escape(text).replace("\\ ", " ") for text in literal),
        ' ?[^ \\t\\r\\n0-9<>"=,]+',
        "[\\s\\S]",
    ]
    return "|".join(parts)


def detail_level(tokens: int) -> int:
    """The detail level 0..5 of a drawing of `tokens` tokens."""
    return min(bisect.bisect_left(DETAILS, tokens), len(DETAILS) - 1)
