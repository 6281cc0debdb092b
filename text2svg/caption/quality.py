"""How good a caption is, and whether to keep it, with reasons: pure functions of the caption and of what is known.

    score = product of one factor for each reason, 0..1; kept from KEEP on

Refuses to guess beyond words: whether a caption is about the drawing at all is for an encoder to say, whose cosine comes
as `agreement`. The trade-off: word lists, so an unusual refusal or a language without one in its list passes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

FACTORS = {
    "empty": 0.0,
    "refusal": 0.0,
    "markup": 0.0,
    "language": 0.2,
    "repetition": 0.3,
    "off-topic": 0.4,
    "side-contradiction": 0.4,
    "color-contradiction": 0.45,
    "too-long": 0.6,
    "cut": 0.7,
    "too-short": 0.8,
    "frame": 0.9,
}
"""What each reason leaves of the score."""
KEEP = 0.5
"""The score from which a caption is kept, unless a run says otherwise."""
LEAST_AGREEMENT = 0.05
"""Cosine below which the bundled encoder holds a caption for one of another drawing: of 400 corpus rows it blames 0.2 % of
the keyword captions and 27 % of those of other rows."""

_REFUSAL = re.compile(
    r"\b(?:i(?:'| a)?m sorry|i (?:can(?:no|')t|am (?:unable|not able)|do not see|don't see)|as an ai|unable to (?:see|view|"
    r"determine|describe|identify)|no image (?:was|is|has been)|cannot (?:see|view|determine|describe|identify)|"
    r"please (?:provide|upload)|not possible to)\b"
)
_MARKUP = re.compile(r"<(?:svg|path|/?\w+[^>]*)>|```|\bviewBox\b|https?://|<\|")
_FRAME = re.compile(r"^(?:this|the) (?:image|picture|drawing|icon|illustration|graphic) (?:shows|depicts|is|contains)\b")
_PREFIX = re.compile(r"^(?:caption:|description:|image shows:)\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_COLORS = frozenset("red orange yellow green teal blue purple pink brown".split())
_ALIKE = {"violet": "purple", "magenta": "pink", "cyan": "teal", "turquoise": "teal", "navy": "blue", "gold": "yellow",
          "golden": "yellow", "crimson": "red", "scarlet": "red", "lime": "green"}  # fmt: skip
_NEAR = {"orange": {"red", "yellow", "brown"}, "teal": {"blue", "green"}, "purple": {"blue", "pink"},
         "pink": {"red", "purple"}, "brown": {"orange", "red"}, "yellow": {"orange"}, "red": {"pink", "orange", "brown"},
         "blue": {"teal", "purple"}, "green": {"teal"}}  # fmt: skip
_OPPOSITES = (("left", "right"), ("up", "down"), ("top", "bottom"), ("plus", "minus"), ("male", "female"))
_FOREIGN = {
    "de": "der die das und ist ein eine mit auf nicht im den dem zu",
    "fr": "le la les des est une dans avec sur et du qui au",
    "es": "el los las una con en por para que es del un y",
    "it": "il una con di della che per gli nel sono",
    "pt": "uma com da do em para que um os as",
    "en": "a an the of with in on and to is at for from by as it its two three",
}
_FUNCTION_WORDS = {code: frozenset(words.split()) for code, words in _FOREIGN.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a drawing before anybody looks at it."""

    name: str = ""
    tags: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    """Colour names that large parts are painted with, neutral ones too; empty means black or unknown."""
    agreement: float | None = None
    """Cosine of caption and drawing in a shared space, -1..1; None when nobody measured."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What the checks say about one caption."""

    score: float
    """0..1, higher is better."""
    reasons: tuple[str, ...] = ()
    """Keys of FACTORS, worst first; empty for a caption nothing is wrong with."""


def tidy(answer: str) -> str:
    """An answer as a caption: no `Caption:` before it, one line, no quotes around it."""
    text = _PREFIX.sub("", " ".join(answer.split()))
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def words_in(text: str) -> list[str]:
    """Lower-case words of any script."""
    return [word.lower() for word in _WORD.findall(text)]


def assess(
    caption: str, known: Known = Known(), most_words: int = 50, *, whole: bool = True, language: str = "en"
) -> Quality:
    """Checks one tidy caption against the question's length and against what is known.

    `whole` is False when the model was stopped by the token limit; `language` is `en` or `ru`.
    """
    words = words_in(caption)
    found = {
        "empty": not words,
        "refusal": bool(_REFUSAL.search(caption.lower().replace("’", "'"))),
        "markup": bool(_MARKUP.search(caption)),
        "language": bool(words) and not speaks(words, language),
        "repetition": repeats(words),
        "too-long": len(words) > 1.5 * most_words + 3,
        "too-short": len(words) == 1 and most_words >= 15,
        "cut": not whole,
        "frame": bool(_FRAME.search(caption.lower())),
        "side-contradiction": _opposes(words, words_in(known.name)),
        "color-contradiction": _recolors(words, known),
        "off-topic": known.agreement is not None and known.agreement < LEAST_AGREEMENT,
    }
    reasons = tuple(reason for reason in FACTORS if found[reason])
    score = 1.0
    for reason in reasons:
        score *= FACTORS[reason]
    return Quality(round(score, 4), reasons)


def speaks(words: Sequence[str], language: str) -> bool:
    """Whether words are of that language as far as script and function words tell."""
    letters = Counter(_script(letter) for word in words for letter in word if letter.isalpha())
    total = sum(letters.values())
    own = "CYRILLIC" if language == "ru" else "LATIN"
    if not total:
        return True  # numbers belong to every language
    if letters[own] < 0.7 * total:
        return False
    if language == "ru":
        return True
    counts = {code: sum(word in listed for word in words) for code, listed in _FUNCTION_WORDS.items()}
    rival = max(count for code, count in counts.items() if code != language)
    return rival < 2 or counts.get(language, 0) >= rival


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def repeats(words: Sequence[str]) -> bool:
    """Whether one word comes three times running, or half of all word pairs come again."""
    if any(words[i] == words[i + 1] == words[i + 2] for i in range(len(words) - 2)):
        return True
    pairs = list(zip(words, words[1:], strict=False))
    return len(pairs) >= 6 and len(set(pairs)) <= len(pairs) / 2


def _opposes(words: Sequence[str], name: Sequence[str]) -> bool:
    said, meant = set(words), set(name)
    return any(
        ours in meant and theirs not in meant and theirs in said and ours not in said
        for one, other in _OPPOSITES
        for ours, theirs in ((one, other), (other, one))
    )


def _recolors(words: Sequence[str], known: Known) -> bool:
    """Whether the caption names colours none of which is in the drawing; colours of the name or a tag are no claim."""
    excused = set(words_in(" ".join((known.name, *known.tags))))
    claimed = {_ALIKE.get(word, word) for word in words if word not in excused} & _COLORS
    if not claimed:
        return False
    near = set(known.colors).union(*(_NEAR.get(color, set()) for color in known.colors))
    return not claimed & near
