"""The decoding loop: a queue of prompts, a few rows that run together, one piece of text for each token.

A row that finishes gives its place to the next prompt, or the batch shrinks. A grammar says before each choice which
tokens are allowed given the tokens that are left, so an answer always closes; tokens without alternative before the
first choice join the prompt. Refuses threads and locks of its own: the caller passes one `turn` to enter around model
work. The trade-off: every row pays a Python iteration a token (about 40 microseconds) for exactness that a batched
sampler could not give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from text2svg.engine.base import Delta, Sampling
from text2svg.engine.decoder import Cache, Decoder
from text2svg.engine.guidance import GuidedCache
from text2svg.engine.sampler import choose
from text2svg.engine.stops import StopFilter


class Grammar(Protocol):
    """Which tokens may follow; `text2svg.svg.grammar.Automaton` is the one for drawings."""

    @property
    def start(self) -> int:
        """The state before the first token."""
        ...

    def step(self, state: int, token_id: int) -> int:
        """The state after a token."""
        ...

    def mask(self, state: int, remaining: int) -> NDArray[np.bool_]:
        """The tokens (n,), n at most the vocabulary, from which the answer can end within `remaining` tokens.

        The next token and the end token count.
        """
        ...


class FreeGrammar:
    """Allows every drawing token in any order: what the model does when nothing holds it."""

    start = 0

    def __init__(self, tokens: int, *, forbidden: Sequence[int] = ()) -> None:
        self._all = np.ones(tokens, bool)
        self._all[list(forbidden)] = False

    def step(self, state: int, token_id: int) -> int:  # noqa: ARG002 - the protocol's names
        """There is one state."""
        return state

    def mask(self, state: int, remaining: int) -> NDArray[np.bool_]:  # noqa: ARG002
        """Everything that is not forbidden."""
        return self._all


@dataclass(frozen=True, slots=True)
class Model:
    """What the loop needs of a loaded model."""

    decoder: Decoder
    grammar: Grammar
    pieces: Sequence[str]
    """The text of every token; the end token's is empty."""
    eos_id: int
    context: int


@dataclass(slots=True)
class _Row:
    index: int
    prompt: tuple[int, ...]
    """The prompt with the forced tokens."""
    state: int
    remaining: int
    allowed: NDArray[np.intp]
    random: np.random.Generator
    stops: StopFilter
    cached: int = 0
    """How many tokens of the row the cache holds."""
    token: int = -1
    """The last choice, not yet fed."""


@dataclass(slots=True)
class Batch:
    """One request on one model. Iterate over `run()`; leaving it early leaves nothing behind."""

    model: Model
    sampling: Sampling
    turn: AbstractContextManager[None]
    max_rows: int
    blanks: Mapping[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)
    """Prompts to their twins without words; guidance needs one for each prompt."""
    _rows: list[_Row] = field(default_factory=list)
    _readings: dict[tuple[int, ...], NDArray[np.float32]] = field(default_factory=dict)

    def run(self, prompts: Sequence[tuple[int, ...]]) -> Iterator[Delta]:
        """Answer every prompt (token ids); deltas of different prompts interleave."""
        waiting = deque(enumerate(prompts))
        budget = max((len(ids) for ids in prompts), default=0) + self.sampling.max_tokens
        rows = self.max_rows
        if self.model.decoder.exact_batches:  # otherwise every batch has the same shape
            rows = min(rows, len(prompts))
        cache = self._cache(rows, min(budget, self.model.context), prompts)
        while waiting or self._rows:
            while waiting and len(self._rows) < rows:
                yield from self._admit(*waiting.popleft(), cache)
            if self._rows:
                yield from self._advance(cache)

    def _cache(self, rows: int, capacity: int, prompts: Sequence[tuple[int, ...]]) -> Cache:
        open_ = self.model.decoder.cache
        if self.sampling.guidance == 1 or not all(ids in self.blanks for ids in prompts):
            return open_(rows, capacity)
        return GuidedCache(open_(rows, capacity), open_(rows, capacity), self.blanks, self.sampling.guidance)

    def _admit(self, index: int, ids: tuple[int, ...], cache: Cache) -> Iterator[Delta]:
        """Read one prompt into the next place and make its first choice."""
        grammar = self.model.grammar
        remaining = min(self.sampling.max_tokens, self.model.context - len(ids))
        if not ids or remaining < 1:
            error = f"a prompt of {len(ids)} tokens does not fit the context of {self.model.context}"
            yield Delta(index, "", "error", error=error if ids else "the prompt is empty")
            return
        state, forced = grammar.start, []
        allowed = np.flatnonzero(grammar.mask(state, remaining))
        while len(allowed) == 1 and remaining > 1 and allowed[0] != self.model.eos_id:
            forced.append(int(allowed[0]))
            state, remaining = grammar.step(state, forced[-1]), remaining - 1
            allowed = np.flatnonzero(grammar.mask(state, remaining))
        if not len(allowed):
            error = f"max_tokens={self.sampling.max_tokens} is too few for the shortest answer"
            yield Delta(index, "", "error", error=error)
            return
        random = np.random.default_rng(self.sampling.seed + index)
        stops = StopFilter(self.sampling.stop)
        row = _Row(index, (*ids, *forced), state, remaining, allowed, random, stops)
        if forced:
            text = stops.push("".join(self.model.pieces[i] for i in forced))
            yield Delta(index, text, tokens=len(forced), logprob=0.0)
        self._rows.append(row)
        delta = self._choose(row, self._read(row, cache))
        if delta.finish:
            self._rows.pop()
        yield delta

    def _read(self, row: _Row, cache: Cache) -> NDArray[np.float32]:
        """Logits after the row's prompt; candidates of one prompt copy the first one's reading."""
        place = len(self._rows) - 1
        twin = next((i for i, other in enumerate(self._rows[:-1]) if other.prompt == row.prompt), -1)
        with self.turn:
            if twin >= 0:
                cache.copy(twin, place, len(row.prompt))
            else:
                self._readings[row.prompt] = cache.prefill(place, row.prompt).copy()
        row.cached = len(row.prompt)
        return self._readings[row.prompt]

    def _advance(self, cache: Cache) -> Iterator[Delta]:
        """Feed the last choices, make the next ones, close ranks over finished rows."""
        with self.turn:
            logits = cache.step([row.token for row in self._rows])
        deltas = []
        for row, scores in zip(self._rows, logits, strict=True):
            row.cached += 1
            deltas.append(self._choose(row, scores))
        for place in reversed(range(len(deltas))):
            if deltas[place].finish:
                self._leave(place, cache)
        yield from deltas

    def _leave(self, place: int, cache: Cache) -> None:
        """Move the last row into the place of a finished one, so that active rows stay the first."""
        last = self._rows.pop()
        if place < len(self._rows):
            cache.copy(len(self._rows), place, last.cached)
            self._rows[place] = last
        # The reading of a prompt is kept only while a row holds it, or a long run would keep them all.
        held = {row.prompt for row in self._rows}
        self._readings = {ids: logits for ids, logits in self._readings.items() if ids in held}

    def _choose(self, row: _Row, logits: NDArray[np.float32]) -> Delta:
        """Choose the row's next token; its delta carries `finish` when nothing may follow."""
        sampling = self.sampling
        token, logprob = choose(
            logits,
            row.allowed,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            uniform=row.random.random(),
        )
        row.token, row.remaining = token, row.remaining - 1
        if token == self.model.eos_id:
            return Delta(row.index, row.stops.flush(), "stop", 1, logprob)
        text = row.stops.push(self.model.pieces[token])
        if row.stops.stopped:
            return Delta(row.index, text, "stop", 1, logprob)
        row.state = self.model.grammar.step(row.state, token)
        row.allowed = np.flatnonzero(self.model.grammar.mask(row.state, row.remaining))
        if len(row.allowed) == 1 and row.allowed[0] == self.model.eos_id:
            return Delta(row.index, text + row.stops.flush(), "stop", 1, logprob)
        if row.remaining < 1 or not len(row.allowed):
            return Delta(row.index, text + row.stops.flush(), "length", 1, logprob)
        return Delta(row.index, text, "", 1, logprob)
