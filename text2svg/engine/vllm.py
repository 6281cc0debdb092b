"""Starts a vLLM server in an environment of its own and speaks to it.

vLLM and the web app cannot share an environment (they need different majors of pillow), so the interpreter is given
and vLLM is never imported here. The server listens on the loopback address only, writes to a log file, and ends with
this engine. A server that dies while it answers is an EngineUnavailable with the end of its log, and the next prompt
starts another; one that dies MAX_DEATHS times without an answer between is left dead, since a loop of 80-second starts
helps nobody. The trade-off: the first prompt waits for the start, 11 s (eager) to 80 s (compiled) on two CPU cores.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from text2svg.engine.base import Completion, Delta, Prompt, Sampling
from text2svg.engine.openai import OPTIONS, OpenAIEngine
from text2svg.engine.token_lark import speaks_drawing_tokens
from text2svg.engine.wire import ServerOptions
from text2svg.errors import ConfigError, EngineError, EngineUnavailable
from text2svg.spec import Spec

TAIL_LINES = 25
"""How much of the log a crash message shows."""

MAX_LOG_BYTES = 1_000_000
"""How much of the log is searched for the cause of a crash."""

_CAUSE = re.compile(r"\b[A-Z]\w*(?:Error|Exception): .+")
_HARMLESS = re.compile(r"\b(?:WARNING|INFO)\b")

MAX_DEATHS = 3
"""Servers that may die in a row."""

DYING_S = 5.0
"""How long a server whose connections broke may take to be gone: its parts end one after the other."""

STOP_S = 15.0
"""How long the server may take to end before it is killed."""

TOKEN_TEXT = {"spaces_between_special_tokens": False, "skip_special_tokens": True}
"""vLLM's own fields: text is the plain concatenation of tokens."""


LARK = ("--structured-outputs-config.backend", "guidance")
"""llguidance reads Lark; the default backend first translates it, and not all of it."""

QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""vLLM reports usage to its makers unless told not to."""


OURS = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"})
"""Variables of this environment that would put our packages into the other one."""


@dataclass(frozen=True, slots=True)
class VllmOptions:
    """How to start the server."""

    python: str
    """Interpreter of the environment that holds vLLM."""
    arguments: tuple[str, ...] = ()
    """More command line arguments, e.g. `--enforce-eager`."""
    log: Path | None = None
    """Log file; a temporary one when None."""
    start_s: float = 600.0
    """Longest wait for the server to answer."""


class VllmEngine:
    """An Engine over a server it owns. Construction starts nothing; `start` or the first prompt does."""

    streams = True

    def __init__(
        self,
        model: str,
        options: VllmOptions,
        server: ServerOptions | None = None,
        *,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.model, self.options = model, options
        extra = TOKEN_TEXT | dict(server.extra if server else {})
        self._server = replace(server or ServerOptions(), model="text2svg", extra=extra)
        self._progress = progress or (lambda _: None)
        self.name = f"vllm:{model}"
        self.reads_images = self._server.images
        self.log = options.log or Path()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: OpenAIEngine | None = None
        self._deaths = 0

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer every prompt in order; starts the server when it is not up. EngineUnavailable when it died meanwhile."""
        client = self.start()
        with self._watch(client):
            answers = client.complete(prompts, sampling)
        if any(answer.finish == "error" for answer in answers):
            self._mourn(client)
        self._deaths = 0
        return answers

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """Yield pieces as they arrive; starts the server when it is not up. EngineUnavailable when it died meanwhile."""
        client = self.start()
        with self._watch(client), contextlib.closing(client.stream(prompts, sampling)) as deltas:
            for delta in deltas:
                if delta.finish == "error":
                    self._mourn(client)
                yield delta
        self._deaths = 0

    def start(self) -> OpenAIEngine:
        """Start the server, or another one when it died, and wait until it answers.

        Raises EngineError with the end of its log when it dies at once, EngineUnavailable when too many died before.
        """
        with self._guard:
            if self._client is not None and self._code() is not None:
                self._deaths += 1
                self._progress(f"the server ended with code {self._code()}; starting another")
                self._drop()
            if self._client is None:
                if self._deaths >= MAX_DEATHS:
                    raise EngineUnavailable(
                        f"vLLM died {self._deaths} times without an answer between: {self._cause()}",
                        hint=f"read {self.log}, then begin with a new engine",
                    )
                try:
                    self._client = self._launch()
                except BaseException:
                    self._stop()
                    raise
            return self._client

    def close(self) -> None:
        """End the server and every process it started."""
        with self._guard:
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._stop()

    def _code(self) -> int | None:
        """The exit code of a server that ended, None while it runs."""
        return self._process.poll() if self._process else None

    def _launch(self) -> OpenAIEngine:
        port = _free_port()
        command = [self.options.python, "-m", "vllm.entrypoints.openai.api_server", "--model", self.model]
        command += ["--served-model-name", self._server.model, "--host", "127.0.0.1", "--port", str(port)]
        if self._server.grammar:
            _check_tokenizer(Path(self.model))
            command += LARK
        if not self.options.log:
            self.log = Path(tempfile.mkdtemp(prefix="text2svg-vllm-")) / "server.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as out:
            try:
                self._process = subprocess.Popen(
                    [*command, *self.options.arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env={name: value for name, value in os.environ.items() if name not in OURS} | QUIET,
                    start_new_session=True,  # its workers end with it, by one signal to the group
                )
            except OSError as error:
                hint = "give the python of an environment where vllm is installed"
                raise ConfigError(f"cannot run {self.options.python}: {error}", hint=hint) from error
        client = OpenAIEngine(f"http://127.0.0.1:{port}/v1", self._server)
        try:
            self._wait(client)
        except BaseException:
            client.close()
            raise
        return client

    def _wait(self, client: OpenAIEngine) -> None:
        began, said = time.monotonic(), ""
        while True:
            self._check_alive()
            try:
                client.models()
                return
            except EngineUnavailable:
                waited = time.monotonic() - began
            if waited > self.options.start_s:
                raise EngineUnavailable(
                    f"vLLM did not answer within {self.options.start_s:g} s\n{self._tail()}",
                    hint="raise start_s, or add --enforce-eager",
                )
            line = self._tail(1)
            if line != said:
                self._progress(f"{waited:.0f} s: {line}")
                said = line
            time.sleep(0.3)

    def _check_alive(self) -> None:
        if self._code() is not None:
            raise EngineError(
                f"vLLM ended with code {self._code()}: {self._cause()}\nthe end of {self.log}:\n{self._tail()}",
                hint="memory is the usual cause: try arguments=--gpu-memory-utilization 0.3 --max-model-len 512",
            )

    @contextlib.contextmanager
    def _watch(self, client: OpenAIEngine) -> Iterator[None]:
        """A request that fails because the server died says so, with the log."""
        try:
            yield
        except EngineError:
            self._mourn(client)
            raise

    def _mourn(self, client: OpenAIEngine) -> None:
        """Raise EngineUnavailable when a request failed because the server died; return when it lives."""
        until = time.monotonic() + DYING_S
        while self._code() is None:
            try:
                client.models()
                return
            except EngineUnavailable:
                if time.monotonic() > until:
                    return
            time.sleep(0.05)
        told = f"vLLM ended with code {self._code()} while it answered: {self._cause()}"
        raise EngineUnavailable(
            f"{told}\nthe end of {self.log}:\n{self._tail()}", hint="ask again: another server starts"
        )

    def _tail(self, lines: int = TAIL_LINES) -> str:
        with self.log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 16_384))
            text = stream.read().decode("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-lines:])

    def _cause(self) -> str:
        """The first exception in the log: its processes report one another's deaths, the last line blames nobody."""
        with self.log.open("rb") as stream:
            lines = stream.read(MAX_LOG_BYTES).decode("utf-8", "replace").splitlines()
        told = (_CAUSE.search(line) for line in lines if not _HARMLESS.search(line))
        return next((found.group() for found in told if found), "no exception in its log")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # gone between the check and the signal
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):  # whatever of the group is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _check_tokenizer(folder: Path) -> None:
    """Without tokenizer_config.json vLLM invents an end token beyond the vocabulary, and every grammar fails with it."""
    if folder.is_dir() and not (folder / "tokenizer_config.json").is_file():
        raise ConfigError(
            f"{folder} has no tokenizer_config.json, which a grammar needs in vLLM",
            hint="export the model again, or add one that names bos_token, eos_token and pad_token",
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def from_spec(spec: Spec) -> VllmEngine:
    """`vllm:FOLDER?python=/path/to/python`, with log=, start_s=, arguments=, and options of openai.

    Without grammar= the drawing is held to our tokens when FOLDER speaks them, else to the grammar of canonical SVG.
    """
    own = {"python": str, "log": Path, "start_s": float, "arguments": lambda text: tuple(text.split())}
    shared = {
        name: read for name, read in OPTIONS.items() if name not in ("model", "api_key", "api_key_file", "connect_s")
    }
    if not spec.name or "python" not in spec.options:
        raise ConfigError(
            "vllm needs a model and the python of its own environment",
            hint="write vllm:FOLDER?python=/path/to/vllm-environment/bin/python, or set TEXT2SVG_VLLM_PYTHON",
        )
    values = spec.read(own | shared)
    if "grammar" not in values:
        values["grammar"] = OPTIONS["grammar"]("tokens" if speaks_drawing_tokens(Path(spec.name)) else "svg")
    started = VllmOptions(**{name: values.pop(name) for name in own if name in values})
    return VllmEngine(spec.name, started, ServerOptions(**values))
