"""Turns names, tags and colours into what the generator reads: lists of words; and says which captions are held out.

Refuses to paraphrase: every word comes from the row. The trade-off: no claim about a drawing that its source did not
make, so an icon with a wrong name is learned with it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from hashlib import sha256

from text2svg.caption.colors import color_words
from text2svg.sample import Sample

HELDOUT_PER_MILLE = 20
"""Two captions in a hundred are never trained on."""

MAX_PROMPTS = 7

_WORD = re.compile(r"[a-z0-9][a-z0-9'+&.#]*")
_SIDES = frozenset({"left", "right", "up", "down", "top", "bottom"})
_UNCOUNTED = frozenset({"glasses", "headphones", "pants", "scissors", "news", "wifi", "music", "water", "fire", "rain"})


def _colors(sample: Sample) -> tuple[str, ...]:
    # Only canonical paths are absolute, and without areas a trophy's red ribbon would name it.
    return color_words(sample.optimized) if sample.canonical and sample.style == "color" else ()


def words_of(text: str) -> tuple[str, ...]:
    """The lower-case words of a text, in order."""
    return tuple(_WORD.findall(text.lower().replace("-", " ").replace("_", " ")))


def is_heldout(caption: str) -> bool:
    """Whether rows of this caption are kept from training: by a hash of its set of words.

    All styles and orders of a caption go together: `arrow left` and `left arrow` share their fate. About 2 % of
    captions; never changes between runs or machines.
    """
    key = " ".join(sorted(set(words_of(caption))))
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") % 1000 < HELDOUT_PER_MILLE


def training_prompts(sample: Sample, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """Word lists for one row: the caption first, then up to six alternatives with tags, colours or another order.

    The same row and seed give the same prompts. Empty when the row has no caption.
    """
    main = words_of(sample.caption)
    if not main:
        return ()
    choose = random.Random(f"prompts {seed} {sample.digest}")
    tags = [words_of(tag) for tag in sample.tags]
    tags = [tag for tag in tags if tag]
    found = [main]
    colors = _colors(sample)
    if colors:
        found.append((colors[0], *main))
        found.append((*main, *colors))
    if len(main) > 1:
        found.append(natural_order(main))
    # The first tags are those that several projects agree on; they may stand alone for the name.
    best = tags[:5]
    found += choose.sample(best, min(2, len(best)))
    if tags:
        found.append((*main, *choose.choice(tags[:10])))
    if len(tags) > 2:
        one, two = choose.sample(tags[:8], 2)
        found.append((*one, *two))
    unique = dict.fromkeys(tuple(dict.fromkeys(words)) for words in found)
    return tuple(unique)[:MAX_PROMPTS]


def natural_order(words: Sequence[str]) -> tuple[str, ...]:
    """`arrow left` becomes `left arrow`, `flag france` becomes `france flag`; other orders stay."""
    if len(words) > 1 and words[-1] in _SIDES and words[0] not in _SIDES:
        head = next((at for at, word in enumerate(words) if word in _SIDES), len(words))
        return (*words[head:], *words[:head])
    if len(words) > 1 and words[0] == "flag" and words[1] not in ("in", "off", "for"):
        return (*words[1:], "flag")
    return tuple(words)


def with_article(words: Sequence[str]) -> str:
    """`a left arrow`, `an apple`; plurals and a few uncounted words go without."""
    text, last = " ".join(words), words[-1]
    plural = last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3
    if plural or last in _UNCOUNTED or last in ("off", "on"):
        return text
    return f"{article(text)} {text}"


def article(text: str) -> str:
    """`a` or `an`, by the first letters of what follows."""
    if text.startswith(("user", "usb", "uni", "euro", "one", "uk ", "us ")):
        return "a"
    return "an" if text[0] in "aeiou8" or text.startswith(("hour", "honest", "heir")) else "a"
