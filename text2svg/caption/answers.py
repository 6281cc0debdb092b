"""Every answer a model ever gave, by the hash of all that was asked: nothing is paid for twice.

The key covers model, question, picture, temperature, length and seed, not the server's address. Refuses failed
answers. The trade-off: one commit an answer (0.1 ms with a write-ahead log), so that a kill loses none that arrived.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any, Self

from text2svg.engine.base import Completion, Prompt, Sampling
from text2svg.errors import ConfigError


def payload_key(model: str, prompt: Prompt, sampling: Sampling) -> str:
    """sha256 over everything that decides an answer."""
    pictures = [hashlib.sha256(image).hexdigest() for image in prompt.images]
    asked = [model, prompt.system, prompt.text, pictures, sampling.temperature, sampling.top_p, sampling.max_tokens]
    return hashlib.sha256(json.dumps([*asked, sampling.seed]).encode()).hexdigest()


class Answers:
    """An SQLite file; safe to share between threads and, for reading what others wrote, between processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            columns = "key TEXT PRIMARY KEY, text TEXT, finish TEXT, prompt_tokens INT, completion_tokens INT"
            self._file.execute(f"CREATE TABLE IF NOT EXISTS answer ({columns}) WITHOUT ROWID")
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path} is no file of answers: {error}", hint="name another --cache file") from error

    def get(self, key: str) -> Completion | None:
        """The answer to that payload, None when nobody asked yet."""
        row = self._do("SELECT text, finish, prompt_tokens, completion_tokens FROM answer WHERE key = ?", key).fetchone()
        return None if row is None else Completion(*row)

    def put(self, key: str, answer: Completion) -> None:
        """Keeps an answer; one that failed is not kept."""
        if answer.finish in ("stop", "length"):
            values = (key, answer.text, answer.finish, answer.prompt_tokens, answer.completion_tokens)
            self._do("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", *values)

    def __len__(self) -> int:
        return int(self._do("SELECT count(*) FROM answer").fetchone()[0])

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, statement: str, *values: Any) -> sqlite3.Cursor:
        with self._lock:
            return self._file.execute(statement, values)
