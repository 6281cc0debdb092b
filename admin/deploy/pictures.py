"""The README's moving picture: what the bundled model draws, stroke by stroke, and what is composed, in one SVG.

Every card says its words, style and seed, so that anybody can repeat it. Refuses to retouch: a word whose best candidate is
not valid leaves its card empty. The trade-off: frames are whole drawings shown one after the other by CSS, 60 kB for eight
words, and readers who want no motion see the last frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

from text2svg.errors import Text2SVGError

DRAWN = (
    ("red heart", "filled"), ("bell", "filled"), ("lock", "filled"), ("calendar", "duotone"),
    ("cloud", "outline"), ("star", "filled"), ("camera", "outline"), ("mail", "outline"),
)  # fmt: skip
"""Words and style."""
COMPOSED = (
    "a blue circular button with a power symbol",
    "three red hearts in a row",
    "house with a plus in the corner",
    "a green shield with a check mark",
)
SEED, BEST = 1, 8
FRAMES, FRAME_S, HOLD_S = 9, 0.35, 3.5
SIDE, GAP, PAD, LINE, HEAD = 150, 18, 16, 16, 30
LETTERS = 23
"""Of a line under a card."""
STYLE = """text{font:13px system-ui,sans-serif;fill:#77716a}.h{font-weight:600;font-size:14px}
.p{fill:#fff;stroke:#d8d3ca}.f{opacity:0;animation:%(s)ss infinite step-end}.l{opacity:1}
@media(prefers-reduced-motion:reduce){.f{animation:none!important}}"""


@dataclass(frozen=True, slots=True)
class Card:
    """One picture as it grew; a composed one has a single frame."""

    words: str
    note: str
    frames: tuple[str, ...]


def cards(runtime: Any) -> tuple[list[Card], list[Card]]:
    """What the model draws, and what is composed, apart."""
    return [_drawn(runtime, words, style) for words, style in DRAWN], [_composed(runtime, words) for words in COMPOSED]


def _drawn(runtime: Any, words: str, style: str) -> Card:
    from text2svg.generate.events import Finished, Partial, Ranked
    from text2svg.generate.request import Request

    grown: dict[int, list[str]] = {}
    best = -1
    for event in runtime.generate(Request(words, style, BEST, SEED)):
        if isinstance(event, Partial | Finished) and event.svg:
            grown.setdefault(event.index, []).append(event.svg)
        elif isinstance(event, Ranked) and event.order:
            best = event.order[0]
    frames = list(dict.fromkeys(grown.get(best, ())))
    step = max(1.0, (len(frames) - 1) / (FRAMES - 1))
    chosen = (
        list(dict.fromkeys(frames[min(len(frames) - 1, round(at * step))] for at in range(FRAMES))) if frames else []
    )
    return Card(words, f"{style}, seed {SEED + max(best, 0)}", tuple(chosen))


def _composed(runtime: Any, words: str) -> Card:
    from text2svg.compose.read import read_prompt

    try:
        made = runtime.compose(read_prompt(words).scene, 1, SEED)[0]
    except Text2SVGError:
        return Card(words, "", ())
    authors = ", ".join(f"{s.provenance.author} ({s.provenance.licence})" for s in made.sources)
    return Card(words, f"from {authors}", (made.svg,))


def picture(drawn: Sequence[Card], composed: Sequence[Card], columns: int = 4) -> str:
    """The whole picture; nothing in it comes from elsewhere."""
    width = 2 * PAD + columns * SIDE + (columns - 1) * GAP
    parts, top = [], PAD
    for title, group in (("Drawn by the bundled model", drawn), ("Composed by rules from licensed drawings", composed)):
        parts.append(f'<text class="h" x="{PAD}" y="{top + 14}">{title}</text>')
        top += HEAD
        high = SIDE + GAP + 6 + LINE * max(len(_lines(card)) for card in group)
        for at, card in enumerate(group):
            left = PAD + at % columns * (SIDE + GAP)
            parts.append(_card(card, left, top + at // columns * high))
        top += -(-len(group) // columns) * high
    style = STYLE % {"s": f"{FRAMES * FRAME_S + HOLD_S:g}"} + "".join(map(_keyframes, range(FRAMES)))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}">'
    return f"{head}<style>{style}</style>{''.join(parts)}</svg>\n"


def _keyframes(at: int) -> str:
    """Frame `at` of FRAMES is there for its time; the last one until the picture starts again."""
    whole = FRAMES * FRAME_S + HOLD_S
    on, off = 100 * at * FRAME_S / whole, 100 * (at + 1) * FRAME_S / whole
    end = "" if at == FRAMES - 1 else f"{off:.2f}%{{opacity:0}}"
    start = "" if at == 0 else "0%{opacity:0}"
    return f"@keyframes k{at}{{{start}{on:.2f}%{{opacity:1}}{end}}}.k{at}{{animation-name:k{at}}}"


def _card(card: Card, left: int, top: int) -> str:
    inner = SIDE - 36
    first = FRAMES - len(card.frames)
    shown = []
    for at, svg in enumerate(card.frames):
        body = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
        place = f'x="{left + 18}" y="{top + 18}" width="{inner}" height="{inner}" viewBox="0 0 256 256"'
        kind = f"f k{first + at}{' l' if at == len(card.frames) - 1 else ''}" if len(card.frames) > 1 else ""
        shown.append(f'<g class="{kind}"><svg {place}>{body}</svg></g>')
    lines = _lines(card)
    words = [
        f'<text x="{left + 2}" y="{top + SIDE + 1 + LINE * (at + 1)}" opacity="{opacity}">{escape(line)}</text>'
        for at, (line, opacity) in enumerate(lines)
    ]
    return f'<rect class="p" x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" rx="14"/>' + "".join(shown + words)


def _lines(card: Card) -> list[tuple[str, float]]:
    """What stands under a card, nothing cut: its words, then the note, paler."""
    return [(line, 1) for line in wrap(card.words, LETTERS)] + [(line, 0.75) for line in wrap(card.note, LETTERS)]
