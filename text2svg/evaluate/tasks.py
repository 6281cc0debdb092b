"""What a generator is asked in an evaluation: prompts with style, category and, where there is one, the real drawing.

Refuses prompts that are not text. The trade-off: a set of prompts is known by the hash of its prompts and drawings, not
by a name, so a set that was cut or edited can never pass for the whole one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from text2svg.errors import ConfigError
from text2svg.sample import Sample


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt."""

    id: str
    words: str
    style: str = ""
    category: str = ""
    svg: str = ""
    """The real drawing; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """A set of prompts under a name."""

    name: str
    tasks: tuple[Task, ...]

    @property
    def sha256(self) -> str:
        """Of all prompts and drawings, in order."""
        text = json.dumps([asdict(task) for task in self.tasks], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def first(self, count: int) -> Tasks:
        """The first `count`, evenly from every category; 0 takes all. Order is kept."""
        if not 0 < count < len(self.tasks):
            return self
        places: dict[str, int] = {}
        ranked = []
        for number, task in enumerate(self.tasks):
            place = places[task.category] = places.get(task.category, -1) + 1
            ranked.append((place, number))
        chosen = sorted(number for _, number in sorted(ranked)[:count])
        return Tasks(self.name, tuple(self.tasks[number] for number in chosen))

    @property
    def referenced(self) -> bool:
        """Whether every prompt has its real drawing."""
        return bool(self.tasks) and all(task.svg for task in self.tasks)


def heldout_tasks(pairs: Sequence[tuple[str, str]], real: Iterable[Sample] = ()) -> Tasks:
    """Held-out captions with the style they come in most, and among `real` the drawing of each."""
    drawings = {(sample.caption, sample.style): sample.optimized for sample in real}
    found = (
        Task(f"heldout-{i:04}", words, style, style, drawings.get((words, style), ""))
        for i, (words, style) in enumerate(pairs)
    )
    return Tasks("heldout", tuple(found))


def frequent_tasks(words: Sequence[str], corpus: Iterable[Sample], style: str = "outline") -> Tasks:
    """The words people type first in one style, with the corpus's first drawing of each: learned, not held out."""
    drawings: dict[str, str] = {}
    for sample in corpus:
        if sample.style == style:
            drawings.setdefault(sample.caption, sample.optimized)
    found = (Task(f"frequent-{i:02}", word, style, style, drawings.get(word, "")) for i, word in enumerate(words))
    return Tasks("frequent", tuple(found))


def prompt_tasks(data: Mapping[str, Any]) -> Tasks:
    """The benchmark prompts that ship with the package. Raises ConfigError for another file."""
    try:
        found = tuple(Task(p["id"], p["text"], "", p["category"]) for p in data["prompts"])
        return Tasks(f"prompts-{data['version']}", found)
    except (KeyError, TypeError) as error:
        raise ConfigError(f"no benchmark prompts: {error!r}", hint="reinstall text2svg") from error


def corpus_tasks(name: str, samples: Iterable[Sample]) -> Tasks:
    """One prompt a distinct caption, with the first drawing that has it."""
    chosen: dict[str, Task] = {}
    for sample in samples:
        key = sample.caption
        if key and key not in chosen:
            chosen[key] = Task(sample.digest[:16], key, sample.style, sample.style, sample.optimized or sample.raw)
    return Tasks(name, tuple(chosen.values()))


def read_tasks(path: Path) -> Tasks:
    """A JSONL file: `caption` or `text`, and optionally `id`, `style`, `category` and `svg`. Raises ConfigError."""
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        found = tuple(_task(record, place) for place, record in enumerate(records))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = 'one JSON object a line: {"id": "1", "caption": "a bell", "svg": "<svg ..."}'
        raise ConfigError(f"{path} holds no prompts: {error!r}", hint=hint) from error
    if not found:
        raise ConfigError(f"{path} is empty", hint="one JSON object a line")
    return Tasks(path.stem, found)


def _task(record: Mapping[str, Any], place: int) -> Task:
    words = record.get("caption") or record["text"]
    if not isinstance(words, str):
        raise ValueError(f"line {place + 1}: the caption is no text")
    style, category, svg = (record.get(name, "") for name in ("style", "category", "svg"))
    return Task(str(record.get("id", place)), words, style, category, svg)
