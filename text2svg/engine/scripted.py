"""Replays given answers piece by piece: for tests, documentation, demos without a model, and pages built offline.

Answers are chosen by the prompt's text, then by candidate in rotation; pieces are the tokens of canonical SVG, as a
drawing model emits them, and joining them gives the answer back. Refuses to invent: a prompt without an answer fails
alone. The trade-off: temperature, top-p and seed change nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from text2svg.engine.base import Completion, Delta, Prompt, Sampling, by_turns, collect
from text2svg.engine.stops import StopFilter
from text2svg.errors import ConfigError
from text2svg.spec import Spec
from text2svg.svg.vocabulary import split_pattern

ANY = "*"
"""The key whose answers serve every prompt that has none of its own."""


@lru_cache(maxsize=1)
def _piece() -> re.Pattern[str]:
    return re.compile(split_pattern())


class ScriptedEngine:
    """An Engine that says what it was given."""

    name = "scripted"
    reads_images = True
    streams = True

    def __init__(
        self,
        answers: Sequence[str] | Mapping[str, Sequence[str]],
        *,
        delay_s: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._answers = dict(answers) if isinstance(answers, Mapping) else {ANY: list(answers)}
        self._delay_s, self._sleep = delay_s, sleep
        self.asked: list[tuple[Prompt, Sampling]] = []
        """Every prompt so far, for tests that look at what was asked."""

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer every prompt in order; one without an answer fails alone."""
        return collect(self.stream(prompts, sampling), [_length(p) for p in prompts])

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """Yield one piece of each unfinished answer in turn."""
        self.asked.extend((prompt, sampling) for prompt in prompts)
        yield from by_turns((self._pieces(i, prompt, sampling) for i, prompt in enumerate(prompts)), self._pause)

    def close(self) -> None:
        """Nothing to give back."""

    def _pause(self) -> None:
        if self._delay_s:
            self._sleep(self._delay_s)

    def _pieces(self, index: int, prompt: Prompt, sampling: Sampling) -> Iterator[Delta]:
        answers = self._answers.get(prompt.text) or self._answers.get(ANY)
        if not answers:
            known = ", ".join(sorted(self._answers)) or "none"
            yield Delta(index, "", "error", error=f"no scripted answer for {prompt.text!r}; known: {known}")
            return
        stops = StopFilter(sampling.stop)
        pieces = _piece().findall(answers[index % len(answers)])
        for piece in pieces[: sampling.max_tokens]:
            yield Delta(index, stops.push(piece), "stop" if stops.stopped else "", 1)
            if stops.stopped:
                return
        yield Delta(index, stops.flush(), "length" if len(pieces) > sampling.max_tokens else "stop")


def _length(prompt: Prompt) -> int:
    return len(prompt.ids) or len(prompt.text.split())


def from_spec(spec: Spec) -> ScriptedEngine:
    """`scripted:FILE.json?delay_s=0.01`; the file holds a list of answers, or lists by prompt with `*` for the rest."""
    options = spec.read({"delay_s": float})
    hint = 'write a JSON file like {"arrow left": ["<svg ...>"], "*": ["<svg ...>"]}'
    if not spec.name:
        raise ConfigError("scripted needs a file of answers", hint=hint)
    try:
        answers = json.loads(Path(spec.name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read answers from {spec.name}: {error}", hint=hint) from error
    lists = answers.values() if isinstance(answers, dict) else [answers]
    if not all(isinstance(a, list) and a and all(isinstance(t, str) for t in a) for a in lists):
        raise ConfigError(f"{spec.name} holds no lists of texts", hint=hint)
    return ScriptedEngine(answers, **options)
