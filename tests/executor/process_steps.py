"""Steps that harm their own process; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fragile:
    """Does to its own process what the item says."""

    name: str = "fragile"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[object], object]]:
        yield self.work

    def work(self, item: object) -> object:
        match item:
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(3600)
            case "exit":
                os._exit(3)
            case "unpicklable":
                return lambda: None
            case "big":
                return "x" * 3_000_000
            case "pid":
                return os.getpid()
            case Path():
                # A program of the step's own, as busy as the step itself.
                child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
                item.write_text(str(child.pid))
                time.sleep(3600)
            case float():
                time.sleep(item)
        return item


@dataclass(frozen=True)
class Stillborn:
    """Kills its process while opening."""

    name: str = "stillborn"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[object], object]]:
        os._exit(7)
        yield
