"""Sentences about a row from what its source says: name, tags, category, counted colours and style, by seeded templates.

Every row gets at least one, without any model. Refuses to guess grammar: what is not plainly a thing is quoted, so
`share screen overlay` becomes `an outline icon for "share screen overlay"`. The trade-off: icon names follow conventions
(`file plus` is a file with a plus sign), and a name that breaks them reads oddly.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

from text2svg.caption.colors import color_words
from text2svg.caption.keywords import article, natural_order, with_article, words_of
from text2svg.sample import Sample

_NOUNS = {
    "outline": ("outline icon", "line icon", "thin line drawing"),
    "filled": ("filled icon", "solid icon", "silhouette"),
    "duotone": ("duotone icon", "two-tone icon", "duotone symbol"),
    "color": ("colorful icon", "flat color illustration", "color drawing"),
    "": ("icon", "symbol", "drawing"),
}
_MARKS = {
    "plus": "a plus sign", "add": "a plus sign", "minus": "a minus sign", "remove": "a minus sign",
    "subtract": "a minus sign", "check": "a check mark", "checked": "a check mark", "tick": "a check mark",
    "checkmark": "a check mark", "x": "a cross", "xmark": "a cross", "cross": "a cross", "question": "a question mark",
    "exclamation": "an exclamation mark",
}  # fmt: skip
"""Last words of icon names that say which small sign is drawn beside the thing."""
_CROSSABLE = frozenset("shield user users circle square file files folder calendar cart bell mail phone message chat "
                       "clipboard document page home house heart lock cloud database wifi map note list table card tag "
                       "image video camera bookmark basket box bag window screen briefcase".split())  # fmt: skip
"""What a cross is drawn beside; a `madison cross` is a cross."""
_BESIDE = {
    "heart": "a heart", "star": "a star", "clock": "a clock", "lock": "a padlock", "key": "a key", "cog": "a gear",
    "gear": "a gear", "bolt": "a bolt", "search": "a magnifying glass", "code": "code", "user": "a person", "info": "an i",
    "dollar": "a dollar sign", "percent": "a percent sign", "alert": "an exclamation mark", "music": "a note",
}  # fmt: skip
"""Last words that are a small sign beside what a cross is drawn beside: a `folder heart` is no heart."""
_POINTERS = frozenset("arrow chevron caret angle".split())
"""Signs with a side, drawn beside a thing: `monitor arrow down`."""
_STRUCK = frozenset({"off", "slash", "slashed", "disabled"})
_FRAMES = {"circle": "a circle", "square": "a square", "hexagon": "a hexagon", "octagon": "an octagon"}
_FORMS = frozenset(
    "line half quarter full semi double dashed dotted broken rounded empty crop shape inner outer fill".split()
)
"""First words after which `circle` or `square` is the thing itself."""
_NOT_THINGS = frozenset(
    "add align back bold browse buy call cancel change clear click close collapse collect compress connect convert copy "
    "crop cut "
    "delete deny disable download drag draw edit enter exit expand export fetch filter find fit flip follow forward "
    "go group help hide import insert install italic join justify listen login logout merge minimize maximize more move "
    "next off on open paste pause pin play previous quit read redo refresh reload remove rename repeat replace reply "
    "reset resize restore resume return review rewind rotate save scan scroll search select sell send settings share show "
    "shuffle "
    "sign skip sort spin split start stop strikethrough subscribe subtract swap switch sync transform translate underline "
    "undo unindent unlink unlock update upgrade upload verify view vote wrap write zoom "
    "new old big small large low high medium fast slow public private global local auto manual smart dark light "
    "horizontal vertical all none any other misc left right up down top bottom outer inner audio cognition "
    "multiple single double triple once exactly incognito anonymous calm angry happy sad confused surprised active "
    "inactive busy available online offline about done todo full generic forbidden blind deaf indent outdent increase "
    "decrease north south east west silent quiet dead alive sunny cloudy rainy to by with from for in out at and "
    "grow dismiss format feed erase relax span compare neutral no straight long short tight wide tall thick abc".split()
)
"""Words that name an action, a state or a place, and take no article."""
_PARTICIPLE = re.compile(r"(?<!e)(?<!\bb)(?<!\bl)(?<!\bsl)(?<!\bsh)(?<!\br)ed\Z")
"""`locked` and `ruled`, but not bed, led, sled, shed, red, seed."""
_VOWELS = frozenset("aeiouy")
_UNSPOKEN = re.compile(r"(?!str|scr|spr|spl|thr|chr|shr|sch|phr|sph)[bcdfghjklmnpqrstvwxz]{3}")
"""How abbreviations begin: `nvme`, `dns`."""
_SHORT = frozenset("tv pc cd dvd vr sd gps ox in of on to up id".split())
"""Short words that are no abbreviation nobody can read aloud."""
_PLAIN_CATEGORY = re.compile(r"[A-Za-z][A-Za-z ]{2,24}\Z")
_NO_CATEGORY = frozenset({"misc", "other", "others", "general", "basic", "interface essential", "new", "system", "logo",
                          "uncategorized", "symbols", "objects", "interface", "ui", "extra"})  # fmt: skip
_MASS = frozenset("code golf bluetooth wireless tennis rugby software hardware data money electricity traffic luggage "
                  "furniture gold silver oil gas salt sugar bread rice tea coffee beer milk wine wood grass snow ice "
                  "sand smoke dust steam lightning thunder weather wind air internet ethernet art hockey baseball "
                  "basketball football soccer volleyball cricket yoga karate judo sleep love time work text content info "
                  "information feedback music water equipment research progress benzene dna hail brightness contrast "
                  "peace power mail reality".split())  # fmt: skip
"""Words that take no article, alone or after others."""
_SIDES = frozenset("left right up down top bottom".split())
_SIDED = frozenset("arrow arrows hand foot ear eye glove shoe chevron chevrons caret triangle angle angles panel sidebar "
                   "side corner turn lane border drawer lung kidney leg arm wing".split())  # fmt: skip
"""What a side stands before as an adjective; `left inline` is no thing."""
_PEOPLE = frozenset("man woman person boy girl baby".split())
_GERUND = re.compile(r"(?<!\br)(?<!\bk)(?<!\bw)(?<!\bstr)(?<!\bsw)(?<!\bsl)(?<!\bspr)(?<!\bearr)ing\Z")
_ING_THINGS = frozenset("building clothing painting drawing ceiling wedding parking pudding bowling earring lightning "
                        "pricing meeting landing railing wiring tubing crossing".split())  # fmt: skip
_LAST_ADJECTIVE = re.compile(
    r"(?:istic|minimal|flat|inline|padding|thin|bold|solid|linear|duotone|alt|strong|half|quarter|medical|electrical"
    r"|digital|global|personal|open)\Z"
)
"""Endings of names whose last word describes the first ones."""
MAX_WORDS = 4
"""Longer names are quoted whole."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One caption and the template that made it."""

    text: str
    template: str


def phrases(sample: Sample, seed: int = 0) -> tuple[Phrase, ...]:
    """One to five captions of a row; the same row and seed give the same ones."""
    choose = random.Random(f"phrases {seed} {sample.digest}")
    nouns = _NOUNS.get(sample.style, _NOUNS[""])
    noun = choose.choice(nouns)
    named = words_of(sample.caption)
    ordered = natural_order(named)
    thing = _pointed(named) or _thing(ordered)
    words = ordered if thing else named  # what is quoted is quoted as it stands
    if thing and any("brand" in name.lower() for name in sample.categories):
        thing = " ".join(words)  # a company's mark is not one of several
    colors = color_words(sample.optimized) if sample.canonical and sample.style == "color" else ()
    tags = _tags(sample, words)
    found = [Phrase(_main(noun, words, thing, choose), "style")]
    if len(tags) >= 2:
        found.append(Phrase(_tagged(words, thing, choose.sample(tags, 2), choose), "tags"))
    elif tags and not words:
        found.append(Phrase(f'{article(noun)} {noun} for "{tags[0]}".', "tags"))
    if colors and words:
        found.append(Phrase(_colored(words, thing, colors, noun), "color"))
    category = _category(sample)
    if category and words:
        subject = thing or f'"{" ".join(words)}"'
        found.append(Phrase(f"{subject}, one of the {category} icons.", "category"))
    return tuple(Phrase(phrase.text[0].upper() + phrase.text[1:], phrase.template) for phrase in dict.fromkeys(found))


def _main(noun: str, words: Sequence[str], thing: str, choose: random.Random) -> str:
    if not words:
        return f"{article(noun)} {noun}."
    if not thing:
        return f'{article(noun)} {noun} for "{" ".join(words)}".'
    return choose.choice((f"{article(noun)} {noun} of {thing}.", f"{thing}, drawn as {article(noun)} {noun}."))


def _tagged(words: Sequence[str], thing: str, tags: Sequence[str], choose: random.Random) -> str:
    one, two = tags
    if not thing:
        subject = f'"{" ".join(words)}"' if words else "an icon"
        return f"{subject}, also called {one} or {two}." if words else f'an icon for "{one}" and "{two}".'
    return choose.choice((f"{thing}, found under {one} and {two}.", f"{thing}, also a symbol for {one} or {two}."))


def _colored(words: Sequence[str], thing: str, colors: Sequence[str], noun: str) -> str:
    painted = " and ".join(colors)
    if not thing:
        return f'{article(painted)} {painted} {noun.split()[-1]} for "{" ".join(words)}".'
    if len(colors) == 1 and set(words).isdisjoint(colors) and thing.startswith(("a ", "an ")):
        rest = thing.partition(" ")[2]
        return f"{article(colors[0])} {colors[0]} {rest}."
    return f"{thing} in {painted}."


def _thing(words: Sequence[str]) -> str:
    """A noun phrase with its article; empty when the words are not plainly a thing."""
    if not words or len(words) > MAX_WORDS or not all(word[0].isalpha() for word in words):
        return ""
    *head, last = words
    if words[0] in _PEOPLE and len(words) > 1 and _GERUND.search(words[1]):
        return f"a {' '.join(words)}"
    if any(one in _POINTERS and two in _SIDES for one, two in pairwise(words)):
        return ""  # `arrow up tray`: which of them is the thing?
    if len(head) == 1 and head[0] in _CROSSABLE and last in _BESIDE:
        return f"{_framed(head)} with {_BESIDE[last]}"
    if len(head) > 1 and _MARKS.get(head[-1], "").endswith(f"{head[-1]} {last}") and _is_thing(head[:-1]):
        return f"{_framed(head[:-1])} with {_MARKS[head[-1]]}"
    crossed = last != "cross" or not _CROSSABLE.isdisjoint(head)
    if head and (last in _MARKS or last in _STRUCK) and crossed and _is_thing(head):
        core = _framed(head)
        return f"{core}, crossed out" if last in _STRUCK else f"{core} with {_MARKS[last]}"
    return _framed(words) if _is_thing(words) else ""


def _pointed(words: Sequence[str]) -> str:
    """`comment arrow right` is a comment with a right arrow, `arrow right circle` a right arrow in a circle."""
    at = next((at for at, word in enumerate(words[:-1]) if word in _POINTERS and words[at + 1] in _SIDES), -1)
    if at < 0 or len(words) > MAX_WORDS:
        return ""
    end = next((end for end in range(at + 1, len(words)) if words[end] not in _SIDES), len(words))
    pointer = with_article((*words[at + 1 : end], words[at]))
    if at == 0:
        return f"{pointer} in {_FRAMES[words[-1]]}" if end == len(words) - 1 and words[-1] in _FRAMES else ""
    if end < len(words) or not _is_thing(words[:at]):
        return ""
    if at == 1 and words[0] in _FRAMES:
        return f"{pointer} in {_FRAMES[words[0]]}"
    return f"{_framed(words[:at])} with {pointer}"


def _framed(words: Sequence[str]) -> str:
    *head, last = words
    if head and last in _FRAMES and len(head) < 3 and head[-1] not in _FORMS and _is_thing(head):
        return f"{with_article(head)} in {_FRAMES[last]}"
    return " ".join(words) if last in _MASS else with_article(words)


def _is_thing(words: Sequence[str]) -> bool:
    # Two or three nouns in a row read well; an action or a state at either end does not, except a side before a noun.
    first, last = words[0], words[-1]
    if last in _NOT_THINGS or len(words) > 3 or not all(map(_is_word, words)):
        return False
    later = words[1:] or words
    if any(_PARTICIPLE.search(word) or (_GERUND.search(word) and word not in _ING_THINGS) for word in later):
        return False
    if len(words) == 1:
        return True
    if _LAST_ADJECTIVE.search(last):
        return False
    return last in _SIDED if first in _SIDES else first not in _NOT_THINGS or first in _ADJECTIVES


def _is_word(word: str) -> bool:
    spoken = len(word) > 2 and word.isalpha() and not _VOWELS.isdisjoint(word) and not _UNSPOKEN.match(word)
    return word in _SHORT or spoken


_ADJECTIVES = frozenset("small large big full new old dark light open high low fast slow multiple single double calm angry "
                        "happy sad confused surprised busy offline online anonymous north south east west long short "
                        "straight wide tall thick dead silent quiet alive".split())  # fmt: skip


def _tags(sample: Sample, words: Sequence[str]) -> list[str]:
    """The first telling tags that say something new."""
    listed = dict.fromkeys(" ".join(words_of(tag)) for tag in sample.tags[:8])
    return [tag for tag in listed if len(tag) > 2 and not set(tag.split()) <= set(words)][:6]


def _category(sample: Sample) -> str:
    for name in sample.categories[:2]:
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("&", "and").lower()
        if _PLAIN_CATEGORY.match(plain) and plain not in _NO_CATEGORY:
            return plain
    return ""


@dataclass(frozen=True, slots=True)
class KeywordStep:
    """Stage `caption` of the pipeline: a Sample in, the same with its captions out; refuses nothing."""

    seed: int = 12343
    name: str = "caption"
    version: int = 3

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        """Nothing to hold."""

        def run(sample: Sample) -> Sample:
            return replace(sample, captions=tuple(phrase.text for phrase in phrases(sample, self.seed)))

        yield run
