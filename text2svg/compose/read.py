"""Reads a plain English wish into a Scene, and says what it did not read.

The words are tagged by table, cut at relations and commas into phrases, and each phrase is a subject, a background, a
mark or a change of style. Refuses empty and over-long prompts and such as name no thing, with ConfigError. The trade-off:
one reading, decided by rules that the docstrings state; a word with two meanings has the drawn one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from text2svg.compose.lexicon import Tag, tag
from text2svg.compose.scene import MAX_WORDS, RELATIONS, REPEATS, WEIGHTS, Background, Mark, Scene, Subject
from text2svg.compose.shelf import singular
from text2svg.errors import ConfigError
from text2svg.svg.palette import parse_color

MAX_PROMPT = 300
"""Characters, as for the generator."""

_WORD = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b|[^\W_]+(?:['’-][^\W_]+)*|[,;.:!?]|\S")
_EXAMPLE = 'for example "a blue circular button with a power symbol"'


@dataclass(frozen=True, slots=True)
class Reading:
    """A scene, and what of the prompt is not in it."""

    scene: Scene
    unread: tuple[str, ...] = ()
    """Words that mean nothing to the composer here."""
    notes: tuple[str, ...] = ()
    """How doubtful words were read."""


@dataclass(slots=True)
class _Phrase:
    """What stands between two relations."""

    relation: str
    words: list[str] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    def of(self, kind: str) -> list[Tag]:
        return [t for t in self.tags if t.kind == kind]

    @property
    def color(self) -> str:
        colors = self.of("color")
        return colors[0].value if colors else ""


@dataclass(slots=True)
class _Draft:
    """A scene as it grows."""

    subjects: list[Subject] = field(default_factory=list)
    relation: str = ""
    background: Background | None = None
    marks: list[Mark] = field(default_factory=list)
    style: str = ""
    stroke: int = 0
    arrangement: str = ""
    corner: str = ""
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mark_subject: bool = False
    """The only subject so far is a mark's name."""


def read_prompt(prompt: str) -> Reading:
    """The scene a prompt asks for. Raises ConfigError for empty, over-long and thingless prompts, and for scenes nobody
    can draw (ten of a thing, three marks)."""
    phrases = list(_phrases(tag(_words(prompt))))
    draft = _Draft()
    rest = [phrase for phrase in phrases if not _is_manner(phrase, draft)]
    for at, phrase in enumerate(rest):
        _add(phrase, draft, more=any(_names_thing(p) for p in rest[at + 1 :]))
    if not draft.subjects:
        if draft.background is None:
            raise ConfigError("nothing to draw was named", hint=_EXAMPLE)
        # A shape alone is the thing itself.
        draft.subjects = [Subject(draft.background.shape, draft.background.color)]
        draft.background = None
    return Reading(_scene(draft), tuple(dict.fromkeys(draft.unread)), tuple(dict.fromkeys(draft.notes)))


def _words(prompt: str) -> list[str]:
    if len(prompt) > MAX_PROMPT:
        raise ConfigError(f"the prompt has {len(prompt)} characters, {MAX_PROMPT} at most", hint="one sentence is enough")
    text = unicodedata.normalize("NFKC", prompt).lower()
    text = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    words = [w.replace("’", "'") for w in _WORD.findall(text)]
    if not any(c.isalnum() for word in words for c in word):
        raise ConfigError("the prompt is empty", hint=_EXAMPLE)
    return words


def _phrases(tags: Iterable[Tag]) -> Iterable[_Phrase]:
    phrase = _Phrase("")
    for one in tags:
        if one.kind in ("relation", "strange", "stop"):
            if phrase.words or phrase.tags:
                yield phrase
                phrase = _Phrase("")
            phrase.relation = one.value if one.kind != "stop" else phrase.relation or ","
            if one.kind == "strange":
                phrase.tags.append(one)
        elif one.kind == "word" or (one.kind in ("mark", "number") and phrase.words):
            # `house plus` names a thing; a mark of its own needs a relation.
            phrase.words.append(one.text)
        elif one.kind != "filler":
            phrase.tags.append(one)
    if phrase.words or phrase.tags:
        yield phrase


def _is_manner(phrase: _Phrase, draft: _Draft) -> bool:
    """Takes style, weight, arrangement and corner out of a phrase; whether nothing else was in it."""
    took = False
    for one in list(phrase.tags):
        if one.kind == "style" and one.text == "line" and phrase.of("corner"):
            continue
        if one.kind in ("style", "arrangement", "corner"):
            if getattr(draft, one.kind) and getattr(draft, one.kind) != one.value:
                draft.unread.append(one.text)
            else:
                setattr(draft, one.kind, one.value)
        elif one.kind == "weight":
            draft.stroke = WEIGHTS[one.value]
        else:
            continue
        phrase.tags.remove(one)
        took = True
    return took and not phrase.tags and not phrase.words


def _names_thing(phrase: _Phrase) -> bool:
    return bool(phrase.words or phrase.of("mark"))


def _add(phrase: _Phrase, draft: _Draft, *, more: bool) -> None:
    """Makes a phrase part of the draft; `more` says whether a later phrase names a thing."""
    shapes = phrase.of("shape") or phrase.of("container")
    strange = phrase.of("strange")
    if strange and (phrase.words or phrase.of("mark")):
        draft.notes.append(f"{strange[0].text!r} is not drawn: the two stand beside each other")
    elif strange:
        draft.unread.append(strange[0].text)
    for crossed in phrase.of("crossed"):
        draft.marks.append(Mark(crossed.value))
        phrase.tags.remove(crossed)
    draft.unread += [one.text for one in phrase.of("symbol")]
    for extra in (*phrase.of("color")[1:], *phrase.of("count")[1:], *phrase.of("mark")[1:]):
        draft.unread.append(extra.text)
    if phrase.words:
        _add_subject(phrase, draft, " ".join(phrase.words), shapes)
    elif phrase.of("mark") or phrase.of("number"):
        _add_mark(phrase, draft, shapes)
    elif shapes and (draft.subjects or more):
        _set_background(phrase, draft, shapes)
    elif shapes:
        draft.background = Background(_shape(phrase), phrase.color)
    elif phrase.color:
        _set_color(phrase, draft)
    else:
        draft.unread += [one.text for one in phrase.tags if one.kind not in ("strange", "symbol")]


def _shape(phrase: _Phrase) -> str:
    shapes = phrase.of("shape")
    return (shapes or phrase.of("container"))[0].value


def _add_subject(phrase: _Phrase, draft: _Draft, words: str, shapes: list[Tag]) -> None:
    if len(words) > MAX_WORDS:
        raise ConfigError(f"{words[:40]!r}... is too long for a thing's name", hint="name it in one to three words")
    count = int(phrase.of("count")[0].value) if phrase.of("count") else 1
    numbers = phrase.of("number")
    if count > 1:
        words = singular(words)
    if numbers and len(numbers[0].value) <= 3:
        count = int(numbers[0].value)
        words = singular(words) if count > 1 else words
    if draft.mark_subject and draft.background is None:
        # "a green check on a house": what came first is the mark.
        first = draft.subjects.pop()
        draft.marks.append(Mark(first.words, color=first.color))
        draft.mark_subject = False
    if shapes and draft.background is None:
        draft.background = Background(_shape(phrase), phrase.color)
        draft.subjects.append(Subject(words, "", count))
    elif len(draft.subjects) == 2:
        draft.unread.append(words)
        return
    else:
        draft.unread += [one.text for one in shapes]
        draft.subjects.append(Subject(words, phrase.color, count))
    if len(draft.subjects) == 2:
        draft.relation = phrase.relation
        if phrase.relation == "with":
            draft.notes.append("'with' another thing is drawn as beside it")


def _add_mark(phrase: _Phrase, draft: _Draft, shapes: list[Tag]) -> None:
    marks, numbers = phrase.of("mark"), phrase.of("number")
    number = int(numbers[0].value) if numbers and len(numbers[0].value) <= 3 else 0
    kind = marks[0].value if marks else "number"
    if draft.subjects and not draft.mark_subject:
        draft.marks.append(Mark(kind, color=phrase.color, number=number))
    elif kind == "number":
        if draft.subjects:
            draft.unread.append(numbers[0].text)
        else:
            draft.subjects.append(Subject(f"number {number}", "" if shapes else phrase.color))
    elif not draft.subjects:
        draft.subjects.append(Subject(kind, "" if shapes else phrase.color))
        draft.mark_subject = draft.background is None and not shapes
    else:
        draft.unread.append(marks[0].text)
    if shapes and draft.background is None and draft.subjects and not draft.marks:
        draft.background = Background(_shape(phrase), phrase.color)
    elif shapes:
        draft.unread.append(shapes[0].text)


def _set_background(phrase: _Phrase, draft: _Draft, shapes: list[Tag]) -> None:
    count = draft.subjects[0].count if draft.subjects else 1
    if phrase.relation == "in" and count >= 3 and not phrase.color and shapes[0].value == "circle" and not draft.arrangement:
        draft.arrangement = "ring"
        draft.notes.append("'in a circle' was read as a ring; say 'on a circle' for a background")
    elif draft.background is None:
        draft.background = Background(_shape(phrase), phrase.color)
        draft.mark_subject = False
    else:
        draft.unread += [one.text for one in phrase.tags]


def _set_color(phrase: _Phrase, draft: _Draft) -> None:
    """`in blue` colours the thing before it, `on blue` puts blue behind it; a colour alone may be a fruit."""
    if phrase.relation == "on" and draft.subjects and draft.background is None:
        draft.background = Background("rounded square", phrase.color)
    elif draft.subjects and not draft.subjects[-1].color:
        last = draft.subjects[-1]
        draft.subjects[-1] = Subject(last.words, phrase.color, last.count)
    elif draft.background is not None and not draft.background.color:
        draft.background = Background(draft.background.shape, phrase.color)
    elif not draft.subjects and phrase.color in ("orange", "gold", "silver") and draft.background is None:
        draft.subjects.append(Subject(phrase.color))
    else:
        draft.unread.append(phrase.color)


def _scene(draft: _Draft) -> Scene:
    subjects, arrangement = tuple(draft.subjects), draft.arrangement
    if len(subjects) == 2:
        if arrangement:
            draft.unread.append(f"in a {arrangement}")
        relation = {"in": "inside", "on": "on top"}.get(draft.relation, draft.relation)
        arrangement = relation if relation in RELATIONS else "beside"
        if arrangement == "inside":
            subjects = subjects[::-1]
    elif subjects[0].count > 1:
        arrangement = arrangement or ("row" if subjects[0].count <= 4 else "grid")
    elif arrangement in REPEATS:
        draft.unread.append(f"in a {arrangement}")
        arrangement = ""
    for subject in subjects:
        if subject.color and parse_color(subject.color) is None:
            raise ConfigError(f"unknown colour {subject.color!r}", hint="a colour word or #rgb")
    marks = list(draft.marks)
    if draft.corner and not marks:
        draft.unread.append(f"{draft.corner} corner")
    elif draft.corner:
        marks[0] = Mark(marks[0].kind, draft.corner, marks[0].color, marks[0].number)
    return Scene(subjects, arrangement, draft.background, tuple(_apart(marks)), draft.style, draft.stroke)


def _apart(marks: list[Mark]) -> list[Mark]:
    """A second mark that was given no corner of its own goes to another one."""
    if len(marks) == 2 and marks[0].corner == marks[1].corner:
        other = "top right" if marks[0].corner != "top right" else "bottom right"
        marks[1] = Mark(marks[1].kind, other, marks[1].color, marks[1].number)
    return marks
