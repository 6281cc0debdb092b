"""Corpus drawings by name: the lookup that composing needs, over rows held in memory.

A row answers when its caption, or one of its tags, has all the words asked for; whole captions come first. Refuses rows
that are not canonical or too long to be set small. The trade-off: 7,200 starter rows are read in a second and the whole
corpus in half a minute, for an answer in microseconds ever after, which ten thousand training pairs need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from text2svg.sample import Sample

Find = Callable[[str, str], Sequence[Sample]]
"""`(words, style)` to rows, best first; an empty style allows all. Nothing found is an empty answer, no error."""

MAX_TOKENS = 400
MOST = 24
SIDES = frozenset({"left", "right", "up", "down"})
TELLING = 5
"""Tags that stand for a row: the first ones, on which sources agree; `apple` is the ninth tag of a watch."""


def fold(words: str) -> frozenset[str]:
    """The set of a text's words, a plural `s` cut."""
    return frozenset(singular_word(word) for word in words.lower().replace("-", " ").split())


def singular(words: str) -> str:
    """`red apples` to `red apple`; only the last word changes."""
    head, _, last = words.rpartition(" ")
    return f"{head} {singular_word(last)}".strip()


def singular_word(word: str) -> str:
    """A word without its plural ending, as far as spelling tells."""
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    if plural and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if plural and word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if plural else word


def usable(sample: Sample) -> bool:
    """Whether a row can be part of a picture."""
    return sample.canonical and 0 < sample.tokens <= MAX_TOKENS


class Shelf:
    """Rows by the words of their captions and tags; rows of one caption keep their order."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._captions: dict[frozenset[str], list[Sample]] = defaultdict(list)
        self._words: dict[str, list[Sample]] = defaultdict(list)
        self._tags: dict[frozenset[str], list[Sample]] = defaultdict(list)
        for sample in samples:
            if not usable(sample) or not sample.caption:
                continue
            words = fold(sample.caption)
            self._captions[words].append(sample)
            for word in words:
                self._words[word].append(sample)
            for tag in sample.tags[:TELLING]:
                self._tags[fold(tag)].append(sample)

    def __len__(self) -> int:
        return sum(map(len, self._captions.values()))

    def captions(self) -> list[str]:
        """Captions of one to three plain words, each once, most drawn first; for making scenes up."""
        counted = [(-len(rows), rows[0].caption) for rows in self._captions.values()]
        plain = [(n, c) for n, c in counted if c.replace(" ", "").isalpha() and c.isascii() and c.count(" ") < 3]
        return [caption for _, caption in sorted(plain)]

    def find(self, words: str, style: str = "") -> list[Sample]:
        """See `Find`: whole captions, those with a side (`arrow right`), those that end in the words (`green apple`),
        telling tags, other captions."""
        asked = fold(words)
        if not asked:
            return []
        longer = min((self._words.get(word, []) for word in asked), key=len)
        longer = sorted((s for s in longer if asked < fold(s.caption)), key=lambda s: (s.caption.count(" "), s.caption))
        heads = [s for s in longer if fold(s.caption) - asked <= SIDES]
        heads += [s for s in longer if fold(" ".join(s.caption.split()[-len(asked) :])) == asked and s not in heads]
        whole = sorted(self._captions.get(asked, ()), key=lambda s: s.caption != words)
        found: dict[str, Sample] = {}
        for sample in (*whole, *heads, *self._tags.get(asked, ()), *longer):
            if not style or sample.style == style:
                found.setdefault(sample.digest, sample)
        return list(found.values())[:MOST]
