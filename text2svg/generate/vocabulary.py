"""Reads a prompt the way the model was taught: content words it has seen, nearest ones for those it has not.

An unknown word is folded to a known inflection, split into two known words, replaced through a table of synonyms, or
by the known word whose letters are most alike; its own pieces stay behind a replacement, since the model may know
part of it. Everything done is reported, so that the page can say it. Refuses to guess below a similarity of 0.8. The
trade-off: letters, not meanings, decide the last step; the table of synonyms is what carries meaning.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from text2svg.errors import ConfigError

MAX_WORDS = 8
"""What the model was trained to read."""

MIN_SIMILARITY = 0.8
"""Share of letters in common order: calender/calendar 0.88, violinist/violin 0.8, but unicorn/unicode 0.71."""

MAX_LONGER = 3
"""How many letters a similar word may have more or less."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|['’+&.#](?=[^\W_+#])|[+#])*")
_EMPTY_WORDS = frozenset(
    "a an the of with and for to that which is are in at by from some my your our this these it its please draw make "
    "create show give me want need i icon icons symbol symbols svg vector picture image drawing illustration sign "
    "logo pictogram glyph containing very".split()
)
"""Words of sentences about drawings, not of what they show; kept when nothing else is left."""

How = Literal["inflection", "compound", "synonym", "similar", "unknown", "left out"]


@dataclass(frozen=True, slots=True)
class Substitution:
    """One word of the prompt that the model is not asked for literally."""

    word: str
    used: tuple[str, ...]
    """What stands for it; empty when it was left out."""
    how: How


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model is asked for, and what was changed on the way."""

    words: tuple[str, ...]
    substitutions: tuple[Substitution, ...] = ()


def words_of(text: str) -> tuple[str, ...]:
    """The words of a normalised text, in order; `c++`, `c#`, `o'clock` and `3.5` stay whole."""
    return tuple(word.replace("’", "'") for word in _WORD.findall(text))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words the model has seen, with how often, and words that may stand for others.

    Without known words every word counts as known: better no advice than false advice.
    """

    known: Mapping[str, int] = field(default_factory=dict)
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keep_pieces: bool = True
    """Leave an unknown word in the prompt behind its replacement."""

    def read(self, text: str) -> Reading:
        """Read a normalised prompt; at most MAX_WORDS words, at least one when the text has any."""
        found = words_of(text) or tuple(text.split())
        content = [w for w in found if w not in _EMPTY_WORDS] or list(found)
        words: dict[str, None] = {}
        substitutions: list[Substitution] = []
        for word in dict.fromkeys(content):
            used, how = self._stand_in(word)
            if how:
                substitutions.append(Substitution(word, used, how))
            keeps = how == "unknown" or (self.keep_pieces and how in ("synonym", "similar"))
            words |= dict.fromkeys((*used, word) if keeps else used or (word,))
        chosen = tuple(words)
        late = [w for w in content if w in chosen[MAX_WORDS:]]
        substitutions += [Substitution(w, (), "left out") for w in dict.fromkeys(late)]
        return Reading(chosen[:MAX_WORDS], tuple(substitutions))

    def _stand_in(self, word: str) -> tuple[tuple[str, ...], How | None]:
        """Known words for one word, and how they were found; `((word,), None)` when it is known itself."""
        if not self.known or word in self.known:
            return (word,), None
        folded = next((w for w in inflections(word) if w in self.known), None)
        if folded:
            return (folded,), "inflection"
        table = self._from_table(word)
        if table:
            return table, "synonym"
        parts = self._halves(word)
        if parts:
            return parts, "compound"
        similar = self._most_alike(word)
        return ((similar,), "similar") if similar else ((), "unknown")

    def _from_table(self, word: str) -> tuple[str, ...]:
        for form in (word, *inflections(word)):
            used = [w for w in self.synonyms.get(form, ()) if w in self.known]
            if used:
                return tuple(used[:2])
        return ()

    def _halves(self, word: str) -> tuple[str, ...]:
        """`lightbulb` is `light bulb`; the most frequent pair wins, and neither part is shorter than three letters."""
        pairs = [(word[:at], word[at:]) for at in range(3, len(word) - 2)]
        known = [p for p in pairs if p[0] in self.known and p[1] in self.known]
        return max(known, key=lambda p: min(self.known[p[0]], self.known[p[1]]), default=())

    def _most_alike(self, word: str) -> str:
        """The known word of the same first letter that a typing error makes of this one, empty when there is none."""
        own = _letter_groups(word)
        best, most = "", 0.0
        for other in self.known:
            if other[:1] != word[:1] or abs(len(other) - len(word)) > MAX_LONGER:
                continue
            groups = _letter_groups(other)
            alike = 2 * len(own & groups) / (len(own) + len(groups))
            if alike > most:  # the first of equals is the more frequent one
                best, most = other, alike
        return best if best and SequenceMatcher(None, word, best).ratio() >= MIN_SIMILARITY else ""


def _letter_groups(word: str) -> frozenset[str]:
    marked = f"^{word}$"
    return frozenset(marked[i : i + n] for n in (2, 3) for i in range(len(marked) - n + 1))


def inflections(word: str) -> Iterator[str]:
    """Other forms of an English word, likeliest first: singular, base of -ing, -ed, -er, American spelling, plural."""
    stem = word.removesuffix("'s").removesuffix("'")
    if stem != word:
        yield stem
    if stem.endswith("ies"):
        yield stem[:-3] + "y"
    if stem.endswith("ves"):
        yield from (stem[:-3] + "f", stem[:-3] + "fe")
    if stem.endswith("es"):
        yield stem[:-2]
    if stem.endswith("s") and not stem.endswith("ss"):
        yield stem[:-1]
    for ending in ("ing", "ed", "er"):
        if stem.endswith(ending) and len(stem) > len(ending) + 2:
            base = stem[: -len(ending)]
            yield from (base, base + "e")
            if base[-1] == base[-2]:
                yield base[:-1]
    for british, american in (("our", "or"), ("tre", "ter"), ("grey", "gray"), ("ise", "ize"), ("ogue", "og")):
        if british in stem:
            yield stem.replace(british, american)
    yield from (f"{stem}s", f"{stem}es")


def count_words(captions: Iterable[Iterable[str]], least: int = 3) -> dict[str, int]:
    """How often each word occurs in word lists, those seen fewer than `least` times left out; for `words.json`."""
    counts = Counter(word for words in captions for word in words)
    return {word: n for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= least}


def load_vocabulary(path: Path) -> Vocabulary:
    """Read `words.json`: {"words": {"arrow": 5123}, "synonyms": {"automobile": ["car"]}}.

    A missing file gives an empty vocabulary, which changes no prompt; ConfigError when the file is not that.
    """
    if not path.is_file():
        return Vocabulary()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        words = {str(word): int(count) for word, count in data["words"].items()}
        synonyms = {str(word): tuple(map(str, used)) for word, used in data.get("synonyms", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is no list of words: {error}", hint="build the assets again") from error
    return Vocabulary(words, synonyms)
