"""The one way to any language model: prompts in, pieces of text out.

A candidate is one prompt of a call; candidate `i` samples with `sampling.seed + i`, whatever shares its batch.
Refuses to know SVG, grammars or networks. The trade-off: `stream` is a plain generator that works when it is asked
for the next piece, so a consumer that stops reading stops the model, and no thread outlives a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

Finish = Literal["", "stop", "length", "error"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one candidate is asked. `ids`, when given, are the prompt; `text` then only describes it."""

    text: str
    system: str = ""
    images: tuple[bytes, ...] = ()
    """PNG or JPEG bytes."""
    ids: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()
    """`ids` with the words blanked, of the same length: what guidance pushes away from."""
    examples: tuple[tuple[str, str], ...] = ()
    """Other prompts and their answers, which come first; `ids` holds them already, a chat has them as earlier turns."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `temperature` 0 is greedy; `top_p` 1 keeps every token."""

    max_tokens: int = 400
    temperature: float = 0.7
    top_p: float = 0.9
    seed: int = 0
    stop: tuple[str, ...] = ()
    guidance: float = 1.0
    """How much louder the words are than in the plain model; engines without a blank prompt ignore it."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One new piece of one candidate; the last one of a candidate carries `finish`."""

    index: int
    text: str
    finish: Finish = ""
    tokens: int = 0
    """How many tokens the piece is made of."""
    logprob: float | None = None
    """Log-probability of the piece under the model at temperature 1, when the engine knows it."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """One whole answer. An engine that fails on one prompt says so here and goes on with the others."""

    text: str
    finish: Finish
    prompt_tokens: int
    completion_tokens: int
    error: str = ""
    logprob: float | None = None
    """Sum over the tokens, when every one of them is known."""


@runtime_checkable
class Engine(Protocol):
    """A language model behind any transport."""

    name: str
    reads_images: bool
    streams: bool

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer every prompt, in order; a bad prompt fails alone, a dead engine raises EngineError."""
        ...

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """Answer all prompts at once, pieces interleaved; closing the iterator cancels the rest."""
        ...

    def close(self) -> None:
        """Give back memory, sockets and processes; the engine is not used afterwards."""
        ...


@dataclass(slots=True)
class _Answer:
    text: list[str] = field(default_factory=list)
    finish: Finish = "error"
    error: str = "the engine stopped before this answer was finished"
    tokens: int = 0
    logprob: float | None = 0.0


def by_turns(answers: Iterable[Iterator[Delta]], between: Callable[[], None] = lambda: None) -> Iterator[Delta]:
    """One piece of each unfinished answer in turn; `between` is called after every round but the last."""
    running = list(answers)
    while running:
        for pieces in list(running):
            delta = next(pieces, None)
            if delta is None:
                running.remove(pieces)
            else:
                yield delta
        if running:
            between()


def collect(deltas: Iterable[Delta], prompt_tokens: Sequence[int]) -> list[Completion]:
    """Put the pieces of a stream together: one Completion for each entry of `prompt_tokens`, in order."""
    answers = [_Answer() for _ in prompt_tokens]
    for delta in deltas:
        answer = answers[delta.index]
        answer.text.append(delta.text)
        answer.tokens += delta.tokens
        if delta.tokens and (delta.logprob is None or answer.logprob is None):
            answer.logprob = None
        elif delta.logprob is not None and answer.logprob is not None:
            answer.logprob += delta.logprob
        if delta.finish:
            answer.finish, answer.error = delta.finish, delta.error
    return [
        Completion("".join(a.text), a.finish, prompt, a.tokens, a.error, a.logprob if a.tokens else None)
        for a, prompt in zip(answers, prompt_tokens, strict=True)
    ]
