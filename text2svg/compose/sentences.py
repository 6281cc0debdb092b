"""Says a scene in plain English, and makes scenes up: the words of training pairs.

Every sentence is read back into the scene it was written from (`read_prompt`), so words and picture cannot part. Refuses
captions that would be read as something else; `speakable` tells. The trade-off: a dozen sentence forms, varied by seed, and
only words the reader knows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from text2svg.compose.lexicon import ARRANGEMENT_WORDS, NUMBER_WORDS, speakable
from text2svg.compose.scene import BACKGROUNDS, CORNERS, MARKS, RELATIONS, WEIGHTS, Background, Mark, Scene, Subject
from text2svg.compose.shelf import singular

FORMS = 3
"""Sentences written for a scene."""

_NUMBERS = {n: word for word, n in NUMBER_WORDS.items() if " " not in word and word != "single"}
_ADJECTIVES = {"circle": "circular", "hexagon": "hexagonal", "octagon": "octagonal", "pill": "pill shaped",
               "diamond": "diamond shaped"}  # fmt: skip
_MARK_NAMES = {"plus": ("plus", "plus sign"), "minus": ("minus", "minus sign"), "check": ("check mark", "check", "tick"),
               "cross": ("cross", "cross mark"), "slash": ("slash",), "dot": ("dot",)}  # fmt: skip
_BETWEEN = {"beside": ("beside", "next to", "and"), "inside": ("inside", "within"), "on top": ("on top of",),
            "above": ("above",), "below": ("below", "under")}  # fmt: skip
_STYLES = {"outline": ("outline", "line art", "outlined"), "filled": ("filled", "solid"), "duotone": ("duotone",),
           "color": ("colorful",)}  # fmt: skip
_WEIGHTS = {"thin": ("thin strokes", "thin"), "thick": ("thick strokes", "bold"), "regular": ("regular weight",)}
_NO_NOUNS = frozenset("off on open closed left right up down add remove edit plus minus forward back text month".split())
_USUAL_COLORS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "gray", "black", "gold",
                 "navy", "dark green", "light blue", "indigo")  # fmt: skip


def sentences(scene: Scene, seed: int) -> tuple[str, ...]:
    """Up to FORMS different wishes for a scene, the first a whole sentence part, the last a telegram."""
    random_ = random.Random(f"sentences {seed}")
    found = [_sentence(scene, random_) for _ in range(FORMS - 1)]
    return tuple(dict.fromkeys((*found, _telegram(scene, random_))))


def _sentence(scene: Scene, random_: random.Random) -> str:
    text = _things(scene, random_)
    if scene.background is not None:
        ground = _article(_colored(scene.background.color, _shape(scene.background.shape, random_)))
        # "in a circle" of several would be read as a ring.
        words = ("on", "in") if scene.subjects[0].count < 3 else ("on",)
        behind = f"{text} {random_.choice(words)} {ground}"
        text = random_.choice((behind, f"{ground} with {text}")) if len(scene.subjects) == 1 else behind
    for mark in scene.marks:
        text += _mark(mark, random_)
    manner = _manner(scene, random_)
    return text + "".join(f", {word}" for word in manner)


def _telegram(scene: Scene, random_: random.Random) -> str:
    """Without articles: `blue circular button, power, outline`."""
    parts = []
    if scene.background is not None:
        parts.append(_colored(scene.background.color, _shape(scene.background.shape, random_)))
    things = _things(scene, random_)
    parts.append(things.removeprefix("a ").removeprefix("an ") if len(scene.subjects) == 1 else things)
    text = ", ".join(parts)
    for mark in scene.marks:
        text += _mark(mark, random_)
    return text + "".join(f", {word}" for word in _manner(scene, random_))


def _things(scene: Scene, random_: random.Random) -> str:
    first = scene.subjects[0]
    if len(scene.subjects) == 2:
        one, other = scene.subjects if scene.arrangement != "inside" else scene.subjects[::-1]
        return f"{_one(one)} {random_.choice(_BETWEEN[scene.arrangement])} {_one(other)}"
    if first.count == 1:
        return _one(first)
    number = _NUMBERS[first.count]
    many = f"{number} {_colored(first.color, _plural(first.words))}"
    forms = [text for text, meant in ARRANGEMENT_WORDS.items() if meant == scene.arrangement]
    form = random_.choice([text for text in forms if text not in ("side by side", "circle of")])
    return f"a {form} {many}" if form.endswith(" of") else f"{many} {form}"


def _one(subject: Subject) -> str:
    return _article(_colored(subject.color, subject.words))


def _colored(color: str, words: str) -> str:
    return f"{color} {words}" if color else words


def _shape(shape: str, random_: random.Random) -> str:
    button = f"{_ADJECTIVES.get(shape, shape)} button"
    return random_.choice((shape, shape, button)) if shape not in ("shield", "badge") else shape


def _mark(mark: Mark, random_: random.Random) -> str:
    if mark.kind == "slash" and not mark.color:
        return random_.choice((", crossed out", " with a slash"))
    if mark.kind == "number":
        name = f"{_colored(mark.color, 'number')} {mark.number}"
        text = f" with the {name}"
    else:
        text = f" with {_article(_colored(mark.color, random_.choice(_MARK_NAMES[mark.kind])))}"
    if mark.kind == "slash":
        return text
    if mark.corner == "bottom right":
        return text + random_.choice(("", " in the corner", " in the bottom right corner"))
    return text + f" in the {mark.corner} corner"


def _manner(scene: Scene, random_: random.Random) -> list[str]:
    out = []
    if scene.style:
        out.append(random_.choice(_STYLES[scene.style]))
    for word, width in WEIGHTS.items():
        if scene.stroke == width:
            out.append(random_.choice(_WEIGHTS[word]))
    return out


def _article(text: str) -> str:
    if text.startswith(("user", "usb", "ufo", "uni", "euro", "one")):
        return f"a {text}"
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"


def _plural(words: str) -> str:
    for ending, plural in (("y", "ies"), ("ch", "ches"), ("sh", "shes"), ("x", "xes"), ("ss", "sses")):
        if words.endswith(ending) and not words.endswith(("ay", "ey", "oy", "uy")):
            return words[: -len(ending)] + plural
    return words + "s"


def countable(words: str) -> bool:
    """Whether the plural is read back as the same word."""
    last = words.split()[-1]
    return singular(_plural(words)) == words and not last.endswith(("s", "z")) and last not in _NO_NOUNS


def scenes(captions: Sequence[str], seed: int, first: int = 0) -> Iterator[Scene]:
    """Scenes without end; scene i depends on the captions, the seed and i alone, so `first` resumes.

    Captions are taken more often the earlier they stand. Unspeakable ones are passed over.
    """
    usable = [caption for caption in captions if speakable(caption)]
    at = first
    while usable:
        yield _scene(usable, random.Random(f"scene {seed} {at}"))
        at += 1


def _scene(captions: Sequence[str], random_: random.Random) -> Scene:
    def pick() -> str:
        return captions[min(int(random_.random() ** 2 * len(captions)), len(captions) - 1)]

    style = random_.choice(("", "", "", "filled", "outline", "outline"))
    stroke = random_.choice((0, 0, *WEIGHTS.values())) if style == "outline" else 0
    words, color = pick(), random_.choice(("", random_.choice(_USUAL_COLORS)))
    subjects, arrangement = (Subject(words, color),), ""
    kind = random_.random()
    if kind < 0.2 and countable(words):
        arrangement, counts = random_.choice((("row", (2, 3, 4)), ("column", (2, 3)), ("grid", (4, 6, 9)),
                                              ("ring", (3, 4, 5, 6, 7, 8)), ("stack", (2, 3, 4))))  # fmt: skip
        subjects = (Subject(words, color, random_.choice(counts)),)
    elif kind < 0.35:
        other = pick()
        if other != words:
            arrangement = random_.choice(RELATIONS)
            subjects = (Subject(words, color), Subject(other, random_.choice(("", random_.choice(_USUAL_COLORS)))))
    background = None
    if random_.random() < 0.45:
        ground = random_.choice(("", *[c for c in _USUAL_COLORS if c != color]))
        background = Background(random_.choice(BACKGROUNDS), ground)
    marks: tuple[Mark, ...] = ()
    if random_.random() < 0.3 and len(subjects) == 1 and subjects[0].count == 1:
        kind_ = random_.choice(MARKS)
        corner = "bottom right" if kind_ == "slash" else random_.choice(CORNERS)
        mark_color = random_.choice(("", "", random_.choice(("red", "green", "blue", "orange"))))
        marks = (Mark(kind_, corner, mark_color, random_.randint(1, 99) if kind_ == "number" else 0),)
    return Scene(subjects, arrangement, background, marks, style, stroke)


