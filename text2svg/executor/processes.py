"""A pool of spawned processes that survives what a step does: crashes, hangs, kills.

Items travel in chunks sized by measured cost (about 50 ms of work, at most 256 items). A worker receives only when it
is idle, so no two ends ever block on a full pipe; it publishes the item it works on in shared memory, so a hang or a
death costs that one item and the rest of its chunk is given to others. Each worker leads a process group, so what a step
starts (Node, a rasterizer) ends with its worker and never hears a terminal's Ctrl-C. Refuses a step that cannot be
pickled. The trade-off: spawning costs a Python start a worker (0.1 s bare, seconds with a model), and buys no fork after
threads.
Measured (2 shared cores): 31 us of CPU in all processes for a Sample of 700 bytes, there and back.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from types import TracebackType
from typing import Any, Self

from text2svg.errors import ConfigError, Text2SVGError
from text2svg.executor.base import Item, Outcome, Step, Window, attempt, opened
from text2svg.spec import Spec

CHUNK_SECONDS = 0.05  # work a message; at 1 ms an item IPC is then below 1 %
MAX_CHUNK = 256
FIRST_CHUNK = 4  # nothing is known of the cost yet
WINDOW_PER_WORKER = 512  # items between input and output; bounds memory behind one slow item
OPEN_SECONDS = 300.0  # a model may load this long
PUMP_SECONDS = 0.01  # while results are taken, workers are refilled this often
MAX_BLAMELESS_DEATHS = 3  # in a row, with no item at work: the step kills its process while opening
IDLE = -1.0


def from_spec(spec: Spec) -> ProcessExecutor:
    """`processes:WORKERS?timeout_s=SECONDS`; without WORKERS, one a core. Raises ConfigError."""
    try:
        workers = int(spec.name) if spec.name else os.cpu_count() or 1
    except ValueError as error:
        hint = "write processes:4"
        raise ConfigError(f"{spec.name!r} is not a number of workers", hint=hint) from error
    return ProcessExecutor(workers, **spec.read({"timeout_s": float}))


@dataclass(frozen=True, slots=True)
class ProcessExecutor:
    """Runs a step in `workers` processes; an item that takes longer than `timeout_s` seconds fails alone."""

    workers: int
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if self.workers < 1 or not self.timeout_s > 0:
            raise ConfigError(f"{self.workers} workers with {self.timeout_s} s: both must be > 0")

    def run(self, step: Step, items: Iterable[Item]) -> Iterator[Outcome]:
        """See Executor.run. An Outcome's reason is `timeout` or `worker-died` when its worker had to go."""
        with Pool(self, step) as pool:
            yield from pool.outcomes(items)


@dataclass(slots=True, eq=False)
class _Worker:
    """A process and what it was given."""

    process: BaseProcess
    connection: Connection
    progress: Any  # shared doubles: index of the item at work or IDLE, monotonic seconds of its start
    born: float
    chunk: dict[int, Item] = field(default_factory=dict)
    ready: bool = False


class Pool:
    """The parent's side: feeds idle workers, collects, judges the slow and buries the dead.

    A context manager; workers are hired with the first items and stay from one `outcomes` to the next. Leaving it after
    an error kills them at once, else they close their step first.
    """

    def __init__(self, executor: ProcessExecutor, step: Step) -> None:
        self.executor = executor
        self.step = step
        self.cost = CHUNK_SECONDS / FIRST_CHUNK
        self.blameless = 0
        self.workers: list[_Worker] = []
        self._start(())

    def __enter__(self) -> Self:
        # Workers are no daemons (a step may start processes), so they must go before multiprocessing joins them.
        self.at_exit = Finalize(self, Pool.kill, args=(self.workers,), exitpriority=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.at_exit.cancel()
        try:
            if kind is None:
                self.dismiss()
        finally:
            Pool.kill(self.workers)

    def _start(self, items: Iterable[Item]) -> None:
        self.window = Window(items, WINDOW_PER_WORKER * self.executor.workers)

    def outcomes(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Yields in input order until the source and every worker are empty."""
        self._start(items)
        self.window.take(self.executor.workers)
        for _ in range(min(self.executor.workers, len(self.window.queue)) - len(self.workers)):
            self._hire()
        last_pump = 0.0
        while True:
            outcome = self.window.next()
            if outcome is None and self.window.finished:
                return
            if outcome is None or time.monotonic() - last_pump > PUMP_SECONDS:
                self._pump(block=outcome is None)
                last_pump = time.monotonic()
            if outcome is not None:
                yield outcome

    def _hire(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        progress = context.RawArray("d", [IDLE, 0.0])
        process = context.Process(target=_work, args=(theirs, progress, self.step))
        try:
            process.start()
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            ours.close()
            raise ConfigError(f"step {self.step.name!r} cannot be pickled: {error}") from error
        finally:
            theirs.close()
        self.workers.append(_Worker(process, ours, progress, time.monotonic()))

    def _pump(self, *, block: bool) -> None:
        self._feed()
        if not block:
            timeout = 0.0
        else:
            timeout = min(0.25, self.executor.timeout_s / 4)
        for connection in wait([worker.connection for worker in self.workers], timeout):
            worker = next(w for w in self.workers if w.connection is connection)
            try:
                self._receive(worker)
            except (EOFError, OSError):
                self._bury(worker, "worker-died", blamed=None)
        self._judge()
        self._feed()

    def _feed(self) -> None:
        for worker in self.workers:
            if not worker.ready or worker.chunk:
                continue
            size = max(1, min(MAX_CHUNK, int(CHUNK_SECONDS / self.cost)))
            self.window.take(size)
            if not self.window.queue:
                return
            worker.chunk = self.window.chunk(size)
            try:
                worker.connection.send_bytes(pickle.dumps(list(worker.chunk.items()), protocol=5))
            except OSError:  # it died idle; the next wait() sees that and gives the chunk to another
                continue

    def _receive(self, worker: _Worker) -> None:
        kind, payload, seconds = pickle.loads(worker.connection.recv_bytes())  # noqa: S301 - our own child
        if kind == "fatal":
            raise payload
        if kind == "ready":
            worker.ready = True
            return
        self.blameless = 0
        for outcome in payload:
            del worker.chunk[outcome.index]
            self.window.done[outcome.index] = outcome
        # An average over about ten messages, so that one slow drawing does not shrink every chunk.
        self.cost += 0.1 * (max(seconds, 1e-6) / max(len(payload), 1) - self.cost)

    def _judge(self) -> None:
        now = time.monotonic()
        for worker in list(self.workers):
            index, started = int(worker.progress[0]), worker.progress[1]
            if index >= 0 and now - started > self.executor.timeout_s:
                self._bury(worker, "timeout", blamed=index)
            elif not worker.ready and now - worker.born > OPEN_SECONDS:
                raise Text2SVGError(f"step {self.step.name!r} did not open in {OPEN_SECONDS:.0f} s")

    def _bury(self, worker: _Worker, reason: str, *, blamed: int | None) -> None:
        """Ends a worker, fails the item it was at, gives its other items to a new worker."""
        self.workers.remove(worker)
        _end(worker.process)
        worker.process.join()
        try:
            while worker.connection.poll():
                self._receive(worker)
        except (EOFError, OSError):
            pass  # the normal end: all that it sent has been read
        worker.connection.close()
        at_work = int(worker.progress[0])
        # A worker condemned for being slow may have moved on before it died: then nobody is to blame.
        if at_work in worker.chunk and blamed in (None, at_work):
            del worker.chunk[at_work]
            self.window.done[at_work] = Outcome(at_work, None, self._epitaph(worker, reason), reason)
        elif reason == "worker-died":
            self._count_blameless(worker)
        self.window.queue.extendleft(reversed(worker.chunk.items()))
        if self.window.queue or not self.window.exhausted:
            self._hire()

    def _epitaph(self, worker: _Worker, reason: str) -> str:
        if reason == "timeout":
            return f"took longer than {self.executor.timeout_s:g} s"
        return f"the worker process died (exit code {worker.process.exitcode})"

    def _count_blameless(self, worker: _Worker) -> None:
        self.blameless += 1
        if self.blameless >= MAX_BLAMELESS_DEATHS:
            code = worker.process.exitcode
            raise Text2SVGError(
                f"worker processes of step {self.step.name!r} die before they work (exit code {code})",
                hint="run it with the serial executor to see why; a script needs `if __name__ == '__main__':`",
            )

    def dismiss(self) -> None:
        """Lets idle workers close what the step opened, for up to 10 s in all."""
        for worker in self.workers:
            try:
                worker.connection.send_bytes(pickle.dumps(None))
            except OSError:
                continue
        deadline = time.monotonic() + 10
        for worker in self.workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))

    @staticmethod
    def kill(workers: list[_Worker]) -> None:
        """Ends whatever still lives and frees the pipes."""
        for worker in workers:
            _end(worker.process)
        for worker in workers:
            worker.process.join()
            worker.connection.close()
        workers.clear()


def _end(process: BaseProcess) -> None:
    """Kills a worker with everything that its step started."""
    process.kill()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        return  # no groups here, or it ended before it led one


def _work(connection: Connection, progress: Any, step: Step) -> None:  # noqa: ANN401
    """A worker's whole life."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        with opened(step) as call:
            _send(connection, "ready", None, 0.0)
            while (chunk := pickle.loads(connection.recv_bytes())) is not None:  # noqa: S301
                _work_chunk(connection, progress, call, chunk)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone or no longer listens
    except Exception as error:
        if not isinstance(error, Text2SVGError):
            error = Text2SVGError(f"step {step.name!r} cannot go on: {error!r}")
        progress[0] = IDLE
        _send(connection, "fatal", error, 0.0)


def _work_chunk(
    connection: Connection,
    progress: Any,  # noqa: ANN401
    call: Callable[[Item], Any],
    chunk: list[tuple[int, Item]],
) -> None:
    outcomes: list[Outcome] = []
    flushed = time.monotonic()
    for position, (index, item) in enumerate(chunk, start=1):
        progress[1] = time.monotonic()
        progress[0] = index
        outcomes.append(attempt(call, index, item))
        now = time.monotonic()
        progress[1] = now  # sending has a time limit of its own: the parent may be busy
        if position == len(chunk) or now - flushed > CHUNK_SECONDS:
            progress[0] = IDLE
            _send_outcomes(connection, outcomes, now - flushed)
            outcomes, flushed = [], time.monotonic()
    progress[0] = IDLE


def _send_outcomes(connection: Connection, outcomes: list[Outcome], seconds: float) -> None:
    try:
        _send(connection, "outcomes", outcomes, seconds)
    except (pickle.PicklingError, TypeError, AttributeError):
        _send(connection, "outcomes", [_portable(outcome) for outcome in outcomes], seconds)


def _portable(outcome: Outcome) -> Outcome:
    try:
        pickle.dumps(outcome, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        return Outcome(outcome.index, None, f"its result cannot be pickled: {error}", "unpicklable")
    return outcome


def _send(connection: Connection, kind: str, payload: object, seconds: float) -> None:
    connection.send_bytes(pickle.dumps((kind, payload, seconds), protocol=5))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)  # with what the step started
        os._exit(1)
