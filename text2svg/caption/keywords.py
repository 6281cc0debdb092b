"""Turns names, tags and styles into what the generator and the search read: lists of words, and sentences.

Refuses to paraphrase: every word comes from the row or from a fixed template. The trade-off: stiff sentences, from
seven templates, and no claim about the drawing that its source did not make.
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
_STYLE_NOUN = {
    "outline": ("outline icon", "line icon", "thin line drawing"),
    "filled": ("filled icon", "solid icon", "black silhouette"),
    "duotone": ("duotone icon", "two-tone icon", "duotone symbol"),
    "color": ("colorful icon", "flat color illustration", "color drawing"),
    "": ("icon", "symbol", "drawing"),
}


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


def sentences(sample: Sample, seed: int = 0) -> tuple[str, ...]:
    """One to three English sentences about a row, for search and training; none when the row has no caption."""
    main = words_of(sample.caption)
    if not main:
        return ()
    choose = random.Random(f"sentences {seed} {sample.digest}")
    nouns = _STYLE_NOUN.get(sample.style, _STYLE_NOUN[""])
    thing = with_article(natural_order(main))
    noun = nouns[choose.randrange(len(nouns))]
    found = [choose.choice((f"{_article(noun)} {noun} of {thing}.", f"{thing}, drawn as {_article(noun)} {noun}."))]
    tags = [" ".join(words_of(tag)) for tag in sample.tags[:6]]
    if len(tags) >= 2:
        one, two = choose.sample(tags, 2)
        found.append(choose.choice((
            f"{thing}: {one}, {two}.", f"{_article(nouns[0])} {nouns[0]} of {thing}, for {one} or {two}.",
            f"{thing}, also found as {one} or {two}.",
        )))  # fmt: skip
    colors = _colors(sample)
    if colors:
        painted = " and ".join(colors)
        found.append(choose.choice((f"{thing} in {painted}.", f"{with_article((colors[0], *natural_order(main)))}.")))
    return tuple(text[0].upper() + text[1:] for text in dict.fromkeys(found))


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
    return f"{_article(text)} {text}"


def _article(text: str) -> str:
    if text.startswith(("user", "usb", "uni", "euro", "one", "uk ", "us ")):
        return "a"
    return "an" if text[0] in "aeiou8" else "a"
