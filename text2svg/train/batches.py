"""Which documents a step sees, how their prompts are varied, and how they are laid into rectangles.

Documents are drawn group by group so that the tokens seen follow the mix exactly; within a group every document comes
once per epoch, in an order that depends on seed, group and epoch alone. A pool of some steps is drawn at once, sorted
by length, cut into rectangles of nearly equal length (right-padded to a multiple of 8), and the rectangles are dealt
to the steps at random: little padding, and no step sees one length only. By chance one or two drawings of the same words
stand before a document (see `references`); they are learned too, and counted to the group of the document.

Refuses a mix without a positive weight and documents longer than the context (they are skipped and counted). The
trade-off: position is kept as "pool start + steps taken", so resuming redraws at most one pool (some 50 ms).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import ConfigError, TrainError
from text2svg.train.references import MOST, ONE, Families, Place
from text2svg.train.shards import Group, Meta, open_group, read_meta

ROUND = 8
"""Lengths are padded to a multiple of this: bf16 products dislike odd sizes, and coarser steps waste tokens."""


@dataclass(frozen=True, slots=True)
class Augment:
    """Chances with which a prompt is varied."""

    drop_control: float = 0.15
    shuffle_words: float = 0.3
    drop_word: float = 0.1
    other_prompt: float = 0.3
    blank_words: float = 0.1
    references: float = 0.0
    """Chance that one or two drawings of the same words stand before a document."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A rectangle of right-padded documents with their references. B rows, T columns, N targets."""

    ids: NDArray[np.int64]
    """(B, T) inputs: each row without its last id."""
    rows: NDArray[np.int64]
    """(N,) flat positions of `ids` whose next id is a drawing token."""
    targets: NDArray[np.int64]
    """(N,) those next ids."""
    groups: NDArray[np.int64]
    """(N,) index of the group each target belongs to."""
    tokens: int
    """Ids that are not padding."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What augmentation must know about ids."""

    word_start: NDArray[np.bool_]
    control: NDArray[np.bool_]
    pad_id: int


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a batch before it is padded."""

    ids: NDArray[np.int64]
    drawings: tuple[tuple[int, int], ...]
    """Where each drawing to learn begins and ends in `ids`."""
    group: int


_Document = tuple[NDArray[Any], NDArray[Any]]
"""Ids of a prompt and of its drawing."""


class Data:
    """The shards of one split of a mix, in memory-mapped form."""

    def __init__(self, folder: Path, groups: Sequence[str], split: str) -> None:
        self.meta: Meta = read_meta(folder)
        self.groups: list[Group] = [open_group(folder, name, split) for name in groups]
        self.vocabulary = Vocabulary(
            np.load(folder / "word_start.npy"), np.load(folder / "control.npy"), self.meta.pad_id
        )


def parse_mix(text: str) -> dict[str, float]:
    """`stroke=1,solid=.5` to weights by tokens; a group with weight 0 is left out."""
    mix = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, weight = part.partition("=")
        try:
            value = float(weight or 1)
        except ValueError:
            value = -1.0
        if not name or not 0 <= value < float("inf"):
            raise ConfigError(f"cannot read {part!r} in mix {text!r}", hint="write stroke=1,solid=.5")
        if value:
            mix[name] = value
    if not mix:
        raise ConfigError(f"mix {text!r} has no group with a weight", hint="write stroke=1,solid=.5")
    return mix


class Sampler:
    """Endless steps of batches; `state()` names the next one exactly."""

    def __init__(
        self,
        data: Data,
        mix: Mapping[str, float],
        *,
        seed: int,
        context: int,
        step_tokens: int,
        micro_tokens: int,
        pool_steps: int = 16,
        augment: Augment = Augment(),
    ) -> None:
        self.data, self.mix, self.seed, self.context = data, dict(mix), seed, context
        self.step_tokens, self.micro_tokens, self.pool_steps = step_tokens, micro_tokens, pool_steps
        self.augment = augment
        self.rng = np.random.default_rng(seed)
        self.cursor = {name: {"epoch": 0, "position": 0, "tokens": 0, "seen": 0} for name in mix}
        self.skipped = 0
        self._orders: dict[str, tuple[int, NDArray[np.int64]]] = {}
        self._families = (
            Families(data.groups, data.vocabulary.word_start, data.vocabulary.control) if augment.references else None
        )
        self._pool: list[list[Batch]] = []
        self._taken = 0
        self._start = self._snapshot()
        for group in data.groups:
            if not np.any(group.lengths() <= context):
                raise TrainError(f"no document of group {group.name!r} fits a context of {context}")

    def next_step(self) -> list[Batch]:
        """The batches of one optimizer step."""
        if self._taken == len(self._pool):
            self._start, self._taken = self._snapshot(), 0
            self._pool = self._draw_pool()
        self._taken += 1
        return self._pool[self._taken - 1]

    def state(self) -> dict[str, Any]:
        """Plain values; `restore` continues with the same batches as this sampler would."""
        return {"pool": self._start, "taken": self._taken, "mix": dict(self.mix)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was taken. With another mix, groups keep their place and shares start anew."""
        pool = state["pool"]
        self.rng.bit_generator.state = json.loads(pool["rng"])
        same = dict(state["mix"]) == self.mix
        for name in self.cursor:
            if name in pool["cursor"]:
                self.cursor[name] = dict(pool["cursor"][name]) | ({} if same else {"tokens": 0})
        self._start, self._taken, self._pool = self._snapshot(), 0, []
        if same and state["taken"]:
            self._pool = self._draw_pool()
            self._taken = min(int(state["taken"]), len(self._pool))

    def _snapshot(self) -> dict[str, Any]:
        return {
            "rng": json.dumps(self.rng.bit_generator.state),
            "cursor": {name: dict(value) for name, value in self.cursor.items()},
        }

    def _draw_pool(self) -> list[list[Batch]]:
        items, total = [], 0
        total_weight = sum(self.mix.values())
        while total < self.pool_steps * self.step_tokens:
            seen = sum(cursor["tokens"] for cursor in self.cursor.values()) + 1
            index = max(
                range(len(self.data.groups)),
                key=lambda i: self._owed(self.data.groups[i].name, seen / total_weight),
            )
            item = self._draw(index)
            items.append(item)
            total += len(item.ids) - 1
        per_step = max(1, round(self.step_tokens / self.micro_tokens))
        batches = [self.pack(part) for part in cut(items, self.pool_steps * per_step)]
        order = self.rng.permutation(len(batches))
        steps = max(1, len(batches) // per_step)
        return [[batches[i] for i in order[step::steps]] for step in range(steps)]

    def _owed(self, name: str, unit: float) -> float:
        return self.mix[name] * unit - self.cursor[name]["tokens"]

    def _draw(self, index: int) -> Item:
        """The next document of a group that fits the context, with its prompt varied and perhaps with references."""
        group = self.data.groups[index]
        cursor = self.cursor[group.name]
        while True:
            row = self._next_row(group, cursor)
            document = self._varied((index, row))
            if len(document[0]) + len(document[1]) > self.context:
                self.skipped += 1
                continue
            before = []
            if self._families and self.rng.random() < self.augment.references:
                count = 1 if self.rng.random() < ONE else MOST
                before = [self._varied(p) for p in self._families.references((index, row), count, self.rng)]
            item = _join(before, document, index, self.context, learn_all=True)
            cursor["tokens"] += len(item.ids) - 1
            cursor["seen"] += len(item.ids) - 1
            return item

    def _varied(self, place: Place) -> _Document:
        group = self.data.groups[place[0]]
        prompt = vary(group.prompts(place[1]), self.data.vocabulary, self.augment, self.rng)
        return prompt, group.drawing(place[1])

    def _next_row(self, group: Group, cursor: dict[str, int]) -> int:
        if cursor["position"] >= len(group):
            cursor["epoch"], cursor["position"] = cursor["epoch"] + 1, 0
        epoch, order = self._orders.get(group.name, (-1, None))
        if epoch != cursor["epoch"] or order is None:
            rng = np.random.default_rng([self.seed, crc32(group.name.encode()), cursor["epoch"]])
            order = rng.permutation(len(group))
            self._orders[group.name] = (cursor["epoch"], order)
        cursor["position"] += 1
        return int(order[cursor["position"] - 1])

    def pack(self, items: Sequence[Item]) -> Batch:
        """Right-pad documents into one rectangle."""
        return pack(items, self.data.vocabulary.pad_id)


def cut(items: Sequence[Item], parts: int) -> Iterator[list[Item]]:
    """Documents from long to short, in at most `parts` runs of about equal padded size."""
    ordered = sorted(items, key=lambda item: -len(item.ids))
    sizes = [_padded(item) for item in ordered]
    left, run, size = sum(sizes), [], 0
    for at, item in enumerate(ordered):
        width = _padded(run[0]) if run else sizes[at]
        # Stop where the run is nearest to its fair share of what is left.
        if run and parts > 1 and size + width / 2 > left / parts:
            yield run
            left, parts, run = left - sum(sizes[at - len(run) : at]), parts - 1, []
            width = sizes[at]
            size = 0
        run.append(item)
        size += width
    if run:
        yield run


def _padded(item: Item) -> int:
    return -(-(len(item.ids) - 1) // ROUND) * ROUND


def _join(before: Sequence[_Document], last: _Document, group: int, context: int, *, learn_all: bool) -> Item:
    """One row of ids: references that fit the context, then the document; it alone, or all drawings are learned."""
    parts, drawings, length = [], [], len(last[0]) + len(last[1])
    for prompt, drawing in before:
        if length + len(prompt) + len(drawing) <= context:
            parts += [prompt, drawing]
            length += len(prompt) + len(drawing)
    parts += last
    at = 0
    for prompt, drawing in zip(parts[::2], parts[1::2], strict=True):
        drawings.append((at + len(prompt), at + len(prompt) + len(drawing)))
        at = drawings[-1][1]
    return Item(np.concatenate(parts, dtype=np.int64), tuple(drawings if learn_all else drawings[-1:]), group)


def pack(items: Sequence[Item], pad_id: int) -> Batch:
    """Right-pad documents into one rectangle; targets are the ids of drawings, from the header token to eos."""
    width = max(_padded(item) for item in items)
    ids = np.full((len(items), width), pad_id, np.int64)
    rows, targets, groups = [], [], []
    for at, item in enumerate(items):
        ids[at, : len(item.ids) - 1] = item.ids[:-1]
        for start, stop in item.drawings:
            rows.append(np.arange(start - 1, stop - 1) + at * width)
            targets.append(item.ids[start:stop])
            groups.append(np.full(stop - start, item.group))
    tokens = sum(len(item.ids) - 1 for item in items)
    return Batch(ids, np.concatenate(rows), np.concatenate(targets), np.concatenate(groups), tokens)


def vary(
    prompts: Sequence[NDArray[Any]],
    vocabulary: Vocabulary,
    augment: Augment,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """One prompt of several, with control tokens dropped and words shuffled, dropped or blanked by chance."""
    prompt = prompts[0]
    if len(prompts) > 1 and rng.random() < augment.other_prompt:
        prompt = prompts[1 + int(rng.integers(len(prompts) - 1))]
    control = vocabulary.control[prompt]
    starts = np.flatnonzero(vocabulary.word_start[prompt])
    if not len(starts):
        keep = ~control | (rng.random(len(prompt)) >= augment.drop_control)
        return prompt[keep]
    head = prompt[: starts[0]]
    head = head[~control[: starts[0]] | (rng.random(len(head)) >= augment.drop_control)]
    words = np.split(prompt[starts[0] :], starts[1:] - starts[0])
    if len(words) > 1:
        keep = rng.random(len(words)) >= augment.drop_word
        keep[int(rng.integers(len(words)))] |= not keep.any()
        words = [word for word, kept in zip(words, keep, strict=True) if kept]
        if rng.random() < augment.shuffle_words:
            words = [words[i] for i in rng.permutation(len(words))]
    rest = np.concatenate(words)
    if rng.random() < augment.blank_words:
        # What the model draws without words is what guidance later pushes away from (Ho and Salimans, 2022).
        rest = np.full_like(rest, vocabulary.pad_id)
    return np.concatenate((head, rest))


def heldout_batches(
    data: Data, context: int, documents: int, micro_tokens: int, *, references: bool = False
) -> list[Batch]:
    """A fixed choice of held-out documents with their main prompts, as batches.

    With `references`, those of the same choice that have relatives, each after up to MOST of them; held-out captions have
    no relatives in training, so references are held out too, and copying from memory is no help.
    """
    items = []
    families = Families(data.groups, data.vocabulary.word_start, data.vocabulary.control) if references else None
    for index, group in enumerate(data.groups):
        fit = np.flatnonzero(group.lengths() <= context)
        rng = np.random.default_rng([len(group), documents])
        for row in rng.permutation(fit)[:documents]:
            before = families.references((index, int(row)), MOST, rng) if families else []
            if families and not before:
                continue
            *first, last = [
                (data.groups[g].prompts(r)[0], data.groups[g].drawing(r)) for g, r in (*before, (index, int(row)))
            ]
            items.append(_join(first, last, index, context, learn_all=False))
    total = sum(_padded(item) for item in items)
    parts = max(1, round(total / micro_tokens))
    return [pack(part, data.vocabulary.pad_id) for part in cut(items, parts)]
