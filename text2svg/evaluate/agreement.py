"""Do two engines over one model draw the same? Greedy answers to the same prompts, compared text by text.

A server's grammar knows no budget, so an answer that the budget ends differs from the automaton's, which closes its drawing
in time; such a pair is `cut` only when the automaton itself says that the other's next token would not have fitted, and
`different` in every other case. Refuses guidance and sampling, which servers do otherwise. The trade-off: prompts travel as
token ids, so only engines over our tokenizer can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from text2svg.engine.base import Completion, Engine, Prompt, Sampling
from text2svg.errors import ConfigError
from text2svg.generate.settle import settle
from text2svg.svg.grammar import automaton

BATCH = 8
"""Prompts asked at once; the largest batch of the embedded engine."""


class Encodes(Protocol):
    """A tokenizer of canonical SVG."""

    def encode(self, text: str) -> list[int]:
        """Ids of a text."""
        ...


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    words: str
    verdict: Literal["equal", "cut", "different"]
    at: int
    """First token in which they differ; -1 when equal."""
    texts: tuple[str, str]
    finishes: tuple[str, str]
    valid: tuple[bool, bool]
    """Canonical, once what the budget cut is closed."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the comparison came to."""

    engines: tuple[str, str]
    max_tokens: int
    pairs: tuple[Pair, ...] = field(repr=False)

    def count(self, verdict: str) -> int:
        """Pairs of one verdict."""
        return sum(pair.verdict == verdict for pair in self.pairs)

    def summary(self) -> dict[str, object]:
        """The figures as plain values."""
        valid = [sum(pair.valid[side] for pair in self.pairs) for side in (0, 1)]
        verdicts = {name: self.count(name) for name in ("equal", "cut", "different")}
        return {
            "engines": list(self.engines), "prompts": len(self.pairs), "max_tokens": self.max_tokens, "valid": valid,
            **verdicts,
        }  # fmt: skip


def compare(
    engines: tuple[Engine, Engine],
    prompts: Sequence[Prompt],
    tokenizer: Encodes,
    max_tokens: int = 300,
    progress: Callable[[str], None] = lambda _: None,
) -> Agreement:
    """Ask both engines every prompt, greedily. Raises ConfigError without prompts and EngineError as they do."""
    if not prompts or any(not prompt.ids for prompt in prompts):
        raise ConfigError("nothing to compare", hint="give prompts with token ids")
    sampling = Sampling(max_tokens, temperature=0.0, top_p=1.0)
    with ThreadPoolExecutor(len(engines)) as pool:  # side by side: a server takes a minute to start
        asked = [pool.submit(lambda e: list(_ask(e, prompts, sampling, progress)), engine) for engine in engines]
        answers = [each.result() for each in asked]
    pairs = (_pair(p.text, a, b, tokenizer, max_tokens) for p, a, b in zip(prompts, *answers, strict=True))
    return Agreement((engines[0].name, engines[1].name), max_tokens, tuple(pairs))


def _ask(
    engine: Engine, prompts: Sequence[Prompt], sampling: Sampling, progress: Callable[[str], None]
) -> Iterator[Completion]:
    for first in range(0, len(prompts), BATCH):
        yield from engine.complete(prompts[first : first + BATCH], sampling)
        progress(f"{engine.name}: {min(first + BATCH, len(prompts)):,} of {len(prompts):,} prompts")


def _pair(words: str, one: Completion, other: Completion, tokenizer: Encodes, budget: int) -> Pair:
    texts, finishes = (one.text, other.text), (one.finish, other.finish)
    valid = settle(one.text).valid, settle(other.text).valid
    if one.text == other.text:
        return Pair(words, "equal", -1, texts, finishes, valid)
    ids = tokenizer.encode(one.text), tokenizer.encode(other.text)
    shorter = min(len(ids[0]), len(ids[1]))
    at = next((i for i in range(shorter) if ids[0][i] != ids[1][i]), shorter)
    cut = any(
        at < len(theirs) and finish == "length" and not _fits(theirs[: at + 1], budget)
        for theirs, finish in zip(ids, finishes, strict=True)
    )
    return Pair(words, "cut" if cut else "different", at, texts, finishes, valid)


def _fits(ids: Sequence[int], budget: int) -> bool:
    """Whether the automaton would have let the last id follow the others within the budget."""
    machine = automaton()
    state = machine.start
    for token in ids[:-1]:
        state = machine.step(state, token)
    return bool(machine.mask(state, budget - len(ids) + 1)[ids[-1]])
