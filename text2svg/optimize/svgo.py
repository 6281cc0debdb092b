"""Stage 2: the real SVGO in a long-lived process, or its Python port when Node is not to be had.

One text that hangs or kills the process gets an error; the process is started again and the others go on. Refuses to
fall back in silence: `backend` and `notice` say which SVGO answered and why. The trade-off: 0.4 s to start a worker, and
then 100 times the speed of a process per file.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from text2svg.errors import ConfigError, MissingDependency, OptimizeError
from text2svg.optimize.svgo_install import install, node, user_cache

WORKER = Path(__file__).with_name("worker.mjs")
PYTHON_WORKER = Path(__file__).with_name("svgo_python.py")

START_S = 60.0
"""Node needs 0.3 s, svgo-py 0.5 s; a machine at load 12 was 20 times slower."""

HEAP_MB = 768
"""V8's limit for one worker; the largest of 620 sample files needed 219 MB."""

BATCH = 64
"""Texts in one message: past 32 the pipe's share of the time is below 1 %."""

SLICE = 100_000
"""Characters that the time limit allows for once."""


@dataclass(frozen=True, slots=True)
class SvgoOptions:
    """How stage 2 runs. `config` None means the project's own svgo.config.mjs."""

    config: Path | None = None
    cache: Path = field(default_factory=user_cache, compare=False)  # where, not what: no part of a step's identity
    """Where npm installs the pinned SVGO on first use."""
    backend: Literal["auto", "node", "python"] = "auto"
    timeout_s: float = field(default=5.0, compare=False)
    """Longest time for one text, and as much again for each further 100 kB: SVGO is linear, 8,000 paths take 3 s idle."""
    recycle: int = field(default=5000, compare=False)
    """Texts after which a worker is replaced, so that no leak lives long."""


def project_config() -> Path:
    """Path of the project's svgo.config.mjs: in the installed package's assets, or at the repository's root."""
    package = Path(__file__).parent.parent
    for path in (package / "assets" / "svgo.config.mjs", package.parent / "svgo.config.mjs"):
        if path.is_file():
            return path
    raise ConfigError("svgo.config.mjs is missing from this installation", hint="reinstall text2svg")


class Svgo:
    """A pool of one SVGO worker. A context manager; safe to share between threads (they take turns)."""

    def __init__(self, options: SvgoOptions | None = None) -> None:
        self._options = options or SvgoOptions()
        self._lock = threading.RLock()
        self._process: _Process | None = None
        self._backend = ""
        self._notice = ""

    @property
    def backend(self) -> str:
        """`node` or `python`. Starts the worker if it has not run yet."""
        with self._lock:
            self._ready()
            return self._backend

    @property
    def notice(self) -> str:
        """Why the Python port answers instead of SVGO; empty when SVGO itself does."""
        with self._lock:
            self._ready()
            return self._notice

    def optimize(self, texts: Sequence[str], variant: str = "default") -> list[str | OptimizeError]:
        """Optimize each text with a named export of the config; one bad text fails alone.

        Raises MissingDependency when no backend can be had, ConfigError when the config cannot be loaded.
        """
        results: list[str | OptimizeError] = []
        with self._lock:
            for start in range(0, len(texts), BATCH):
                self._batch(texts[start : start + BATCH], variant, results)
        return results

    @property
    def options(self) -> SvgoOptions:
        """How this pool runs."""
        return self._options

    def cpu_seconds(self) -> float:
        """What the worker has computed since it started, for benchmarks. Starts it if it has not run yet."""
        with self._lock:
            process = self._ready()
            failure = process.send({"cpu": True})
            reply = failure or process.receive(self._options.timeout_s)
            if isinstance(reply, str):
                raise OptimizeError(f"SVGO {reply}")
            return float(reply["cpu"])

    def close(self) -> None:
        """End the worker; the next call starts one again."""
        with self._lock:
            if self._process is not None:
                self._process.stop()
                self._process = None

    def __enter__(self) -> Svgo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batch(self, texts: Sequence[str], variant: str, results: list[str | OptimizeError]) -> None:
        remaining = list(texts)
        while remaining:
            process = self._ready()
            failure = process.send({"variant": variant, "texts": remaining})
            done = 0
            while not failure and done < len(remaining):
                reply = process.receive(self._options.timeout_s * (1 + len(remaining[done]) // SLICE))
                if isinstance(reply, str):
                    failure = reply
                else:
                    results.append(_result(reply))
                    done += 1
            remaining = remaining[done:]
            if failure:
                # The text being worked on is at fault; the rest goes to a fresh worker.
                results.append(OptimizeError(f"SVGO {failure}", hint="the drawing is kept without stage 2"))
                remaining = remaining[1:]
                self.close()

    def _ready(self) -> _Process:
        process = self._process
        if process is not None and process.served < self._options.recycle:
            return process
        self.close()
        self._process = self._start()
        return self._process

    def _start(self) -> _Process:
        if self._options.backend != "python" and self._backend != "python":
            try:
                started = _Process(_node_command(self._options))
            except MissingDependency as error:
                if self._options.backend == "node":
                    raise
                self._notice = f"stage 2 is svgo-py, not SVGO: {error.message} ({error.hint})"
            else:
                self._backend = "node"
                return started
        # -P: the script's own folder holds a module called svgo too.
        started = _Process([sys.executable, "-P", str(PYTHON_WORKER)])
        self._backend = "python"
        self._notice = self._notice or "stage 2 is svgo-py, as asked"
        if self._options.config is not None and "config" not in self._notice:
            self._notice += f"; the config {self._options.config} was not read"
        return started


def _node_command(options: SvgoOptions) -> list[str]:
    config = options.config or project_config()
    if not config.is_file():
        raise ConfigError(f"no SVGO config at {config}", hint="give the path of a .mjs or .js file")
    flags = [f"--max-old-space-size={HEAP_MB}"]
    if options.config is None:
        # Our own config needs no file but the modules themselves; a caller's may do anything.
        flags += ["--permission", "--allow-fs-read=*"]
    return [str(node()), *flags, str(WORKER), str(install(options.cache)), str(config)]


def _result(reply: dict[str, str]) -> str | OptimizeError:
    text = reply.get("text", "")
    if text.startswith("<"):
        return text
    # SVGO answers some broken texts with an empty string and no error.
    return OptimizeError(f"SVGO: {reply.get('error') or 'nothing came back'}")


class _Process:
    """One worker and the thread that reads its answers."""

    def __init__(self, command: list[str]) -> None:
        self.served = 0
        self._errors = tempfile.TemporaryFile()
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )
        threading.Thread(target=self._pump, daemon=True).start()
        first = self.receive(START_S)
        answer = first if isinstance(first, dict) else {}
        if "ready" not in answer:
            message = self._last_words()
            self.stop()
            if "config" in answer:
                raise ConfigError(f"SVGO cannot load its config: {answer['config']}", hint="run it with node")
            raise MissingDependency("svgo", hint=f"the worker did not start: {message or first}")
        self.served = 0

    def send(self, message: dict[str, object]) -> str:
        """Write one message; return why it could not be written, or an empty string."""
        try:
            self._child.stdin.write(json.dumps(message).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return "worker died"
        return ""

    def receive(self, timeout_s: float) -> dict[str, Any] | str:
        """Return the next answer, or why there is none."""
        try:
            line = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return f"gave no answer in {timeout_s:g} s"
        if line is None:
            return "worker died"
        self.served += 1
        return json.loads(line)

    def stop(self) -> None:
        """Kill the worker."""
        self._child.kill()
        self._child.wait()
        try:
            self._child.stdin.close()
        except OSError:
            pass  # Its buffer held a message for a process that is gone.
        self._errors.close()

    def _pump(self) -> None:
        with self._child.stdout as lines:
            for line in lines:
                self._answers.put(line.decode())
        self._answers.put(None)

    def _last_words(self) -> str:
        self._child.kill()
        self._child.wait()
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if "rror" in line]
        return (lines or [text.strip()])[0][:300]
