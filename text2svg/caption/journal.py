"""What became of every caption, beside the file that holds the captions; together they survive a kill anywhere.

    captions.jsonl            {"hash", "caption", "source", "prompt"}, as the first Text2SVG wrote it
    captions.jsonl.outcomes   a line with the run's settings, then one line a caption: status, reason, tokens, score

An outcome carries the length of the output after it, so a line that was half written, or written without its outcome,
is cut off and done again. Refuses to go on with another run's settings. The trade-off: both files are flushed, not
synced; a power cut costs the last seconds, whose answers are in the cache.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from text2svg.errors import ConfigError, SourceError

FORMAT = "text2svg-captions-1"
OK, DROPPED, FAILED = "ok", "dropped", "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """The outcome of one caption of one drawing."""

    hash: str
    turn: int
    """0 for a drawing's first caption."""
    status: str
    """`ok` (in the output), `dropped` (refused with a reason) or `failed` (no answer)."""
    reason: str = ""
    prompt: str = ""
    caption: str = ""
    score: float = 0.0
    cached: bool = False
    """Whether the answer was there before anybody asked."""
    tries: int = 0
    """Requests sent for it."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    error: str = ""


@dataclass(slots=True)
class Tally:
    """Counts over outcomes."""

    status: Counter[str]
    reasons: Counter[str]
    cached: int = 0
    tries: int = 0
    prompt_tokens: int = 0
    """Of answers that were asked for, not of cached ones."""
    completion_tokens: int = 0

    @classmethod
    def empty(cls) -> Tally:
        """Nothing counted yet."""
        return cls(Counter(), Counter())

    def add(self, entry: Entry) -> None:
        """Counts one outcome."""
        self.status[entry.status] += 1
        for reason in filter(None, entry.reason.split(",")):
            self.reasons[reason] += 1
        self.cached += entry.cached
        self.tries += entry.tries
        if not entry.cached:
            self.prompt_tokens += entry.prompt_tokens
            self.completion_tokens += entry.completion_tokens


def caption_line(entry: Entry, source: str) -> str:
    """One line of the output, newline included: keys in this order, nothing escaped that JSON can hold."""
    record = {"hash": entry.hash, "caption": entry.caption, "source": source, "prompt": entry.prompt}
    return json.dumps(record, ensure_ascii=False) + "\n"


class Journal:
    """The two files of a run. Raises ConfigError for another run's files, SourceError for damaged ones."""

    def __init__(self, output: Path, settings: Mapping[str, Any], *, again: bool = False) -> None:
        self.output, self.settings = output, dict(settings)
        self.path = output.with_name(output.name + ".outcomes")
        self.tally = Tally.empty()
        self.done: set[tuple[str, int]] = set()
        """(hash, turn) of every outcome; with `again`, without the failed ones."""
        self._again = again
        output.parent.mkdir(parents=True, exist_ok=True)
        output.touch()
        kept, length = self._recover()
        if not kept:
            length = self._adopt(output.stat().st_size)
        self._captions = _open_at(output, length)
        self._outcomes = _open_at(self.path, kept)
        if not kept:
            head = {"format": FORMAT, "settings": self.settings, "length": length}
            self._write(self._outcomes, json.dumps(head, sort_keys=True) + "\n")

    def add(self, entry: Entry) -> None:
        """Writes one outcome, and its caption when it is ok."""
        if entry.status == OK:
            self._write(self._captions, caption_line(entry, self.settings["source"]))
        record = asdict(entry) | {"length": self._captions.tell()}
        self._write(self._outcomes, json.dumps(record, ensure_ascii=False) + "\n")
        self._count(entry)

    def close(self) -> None:
        """Closes both files."""
        self._captions.close()
        self._outcomes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count(self, entry: Entry) -> None:
        self.tally.add(entry)
        self.done.add((entry.hash, entry.turn))

    @staticmethod
    def _write(file: BinaryIO, text: str) -> None:
        file.write(text.encode("utf-8", "surrogatepass"))
        file.flush()

    def _adopt(self, length: int) -> int:
        """Captions that lay there before any outcome, e.g. of the first Text2SVG, count as done; gives their length."""
        turns: Counter[str] = Counter()
        for line in self.output.read_bytes()[:length].splitlines():
            try:
                key = str(json.loads(line)["hash"])
            except (ValueError, KeyError, TypeError) as error:
                raise SourceError(f"{self.output} holds a line that is no caption: {line[:80]!r}") from error
            self.done.add((key, turns[key]))
            turns[key] += 1
        return length

    def _recover(self) -> tuple[int, int]:
        """Reads outcomes up to the last one whose caption is there; gives the lengths to keep, of outcomes and captions."""
        size = self.output.stat().st_size
        kept, length = 0, 0
        entries: dict[tuple[str, int], Entry] = {}
        for number, record in enumerate(_whole_lines(self.path)):
            if number == 0:
                self._check(record)
            if record["length"] > size:
                break
            kept, length = record.pop("end"), record.pop("length")
            if number == 0:
                self._adopt(length)
            else:
                entry = Entry(**record)
                entries[entry.hash, entry.turn] = entry
        for entry in entries.values():
            if not (self._again and entry.status == FAILED):
                self._count(entry)
        return kept, length

    def _check(self, head: Mapping[str, Any]) -> None:
        theirs = head.get("settings")
        if head.get("format") != FORMAT or theirs != self.settings:
            changed = [k for k in self.settings if not isinstance(theirs, dict) or theirs.get(k) != self.settings[k]]
            raise ConfigError(
                f"{self.path} belongs to another run; different: {', '.join(changed) or 'format'}",
                hint="name another --output, or repeat that run's options",
            )


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines up to the first half one, each with its `end` in the file: the process died while it wrote that one."""
    end = 0
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            try:
                yield json.loads(line) | {"end": end}
            except ValueError as error:
                raise SourceError(f"{path} is damaged at byte {end - len(line)}: {error}") from error


def _open_at(path: Path, length: int) -> BinaryIO:
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(length)
    file.seek(0, os.SEEK_END)
    return file
