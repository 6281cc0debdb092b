"""References in context: drawings of the same words, put before the one to learn, so that redrawing is learned.

A reference is an ordinary document, prompt and drawing and eos, standing before the prompt of the next; the vocabulary
needs no new token and a model that never saw one reads it. Documents with the same set of words in their main prompt are
a family. A reference comes from the document's own family, or from the family of one of its words, or it shows other words
in the same hand: the same first control token, which is the collection's. It is never the same drawing over again: one
that shares most of its runs of COPY_RUN tokens would teach copying. Refuses documents of another split, since the families
are made of the data it is given. The trade-off: words alone make a family, so a `bank` of money may stand before a `bank`
of a river. An experiment so far: after 2.0 M tokens with references before 60 % of the drawings, a held-out outline cost
1.03 nats a token behind one of its own style and 1.05 without, filled ones gained nothing, and what was drawn behind
references was recognised less often (of 64 outlines 32 instead of 42, best of two by the encoder). Needs numpy alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from text2svg.train.shards import Group

MOST = 2
"""References before one drawing."""
ONE = 0.75
"""Share of drawings with references that have one; the others have MOST. Attention grows with the square of what is read."""
SAME_HAND = 0.15
"""Share of references taken from the same collection, whatever they show, so that a manner can be copied too."""
SAME_WORDS = 0.75
"""Of the others, the share taken from the document's own family while that has others; the rest share one word with it."""
TRIES = 8
"""Draws before a reference is given up."""
COPY_RUN = 5
COPY_SHARE = 0.5
"""Share of a drawing's runs of COPY_RUN tokens from which another counts as its copy."""

Place = tuple[int, int]
"""Index of a group and row in it."""


class Families:
    """Documents of some groups by the words and by the hand of their main prompts."""

    def __init__(self, groups: Sequence[Group], word_start: NDArray[np.bool_], control: NDArray[np.bool_]) -> None:
        self.groups = groups
        self._keys: list[list[tuple[int, tuple[bytes, ...]]]] = []
        self._members: dict[tuple[bytes, ...], list[Place]] = defaultdict(list)
        self._hands: dict[int, list[Place]] = defaultdict(list)
        for index, group in enumerate(groups):
            self._keys.append(list(_keys(group, word_start, control)))
            for row, (hand, words) in enumerate(self._keys[-1]):
                if words:
                    self._members[words].append((index, row))
                if hand:
                    self._hands[hand].append((index, row))

    def references(self, of: Place, count: int, rng: np.random.Generator) -> list[Place]:
        """Up to `count` documents to stand before one; fewer when it has no relatives that differ from it."""
        found: list[Place] = []
        own = _runs(self._drawing(of))
        for _ in range(count * TRIES):
            if len(found) == count:
                break
            place = self._pick(of, rng)
            if place is None:
                break
            if place not in found and not _is_copy(own, _runs(self._drawing(place))):
                found.append(place)
        return found

    def _pick(self, of: Place, rng: np.random.Generator) -> Place | None:
        hand, words = self._keys[of[0]][of[1]]
        family = self._members[words] if words else []
        if hand and rng.random() < SAME_HAND:
            family = self._hands[hand]
        elif len(family) < 2 or rng.random() >= SAME_WORDS:
            near = [m for word in words if len(words) > 1 and (m := self._members.get((word,)))]
            family = near[int(rng.integers(len(near)))] if near else family
        return family[int(rng.integers(len(family)))] if family else None

    def _drawing(self, place: Place) -> NDArray[np.uint16]:
        return self.groups[place[0]].drawing(place[1])


def _is_copy(one: set[bytes], other: set[bytes]) -> bool:
    """Whether two drawings share at least COPY_SHARE of the shorter one's runs."""
    fewest = min(len(one), len(other))
    return not fewest or len(one & other) >= COPY_SHARE * fewest


def _runs(ids: NDArray[np.uint16]) -> set[bytes]:
    """The runs of COPY_RUN tokens of a drawing, given from header to eos."""
    # Without the header and eos, which all drawings share.
    raw = ids[1:-1].astype(np.uint16).tobytes()
    return {raw[at : at + 2 * COPY_RUN] for at in range(0, len(raw) - 2 * COPY_RUN + 1, 2)}


def _keys(
    group: Group, word_start: NDArray[np.bool_], control: NDArray[np.bool_]
) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Of each main prompt the first control token, 0 for none, and the sorted distinct words as bytes of their ids."""
    main = group.prompt_of[:-1]
    spans: Iterable[tuple[int, int]] = zip(group.prompt_idx[main], group.prompt_idx[main + 1], strict=True)
    flat = np.asarray(group.prompt)
    begins = word_start[flat] if len(flat) else np.zeros(0, bool)
    for start, stop in spans:
        at = [*(start + np.flatnonzero(begins[start:stop])), stop]
        first = int(flat[start + 1]) if stop > start + 1 else 0
        words = {flat[a:b].tobytes() for a, b in zip(at, at[1:], strict=False)}
        yield first if control[first] else 0, tuple(sorted(words))
