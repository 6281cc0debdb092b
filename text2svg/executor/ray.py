"""Steps on a Ray cluster: `ray` starts one on this machine, `ray:ADDRESS` joins one.

One actor a worker, and in each actor a `ProcessExecutor` of one process: so time limits, crashes and kills cost the same
one item with the same reason as locally, and Ray decides only on which machine that happens. Refuses a step that cannot
be pickled. Ray keeps nothing: no object outlives its chunk, no result is checkpointed, the store's manifests own the state.
The trade-off: a local Ray takes 5 to 15 s to start, two processes a worker and one more hop an item, so that on one
machine `processes` is always the better choice. An actor that dies (its machine went) is replaced, its items go again.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from text2svg.errors import ConfigError, MissingDependency, Text2SVGError
from text2svg.executor.base import Item, Outcome, Step, Window
from text2svg.executor.processes import Pool, ProcessExecutor
from text2svg.spec import Spec

if TYPE_CHECKING:
    from types import ModuleType

CHUNK_SECONDS = 0.25  # a call costs Ray about 2 ms
MAX_CHUNK = 256
FIRST_CHUNK = 4  # nothing is known of the cost yet
AHEAD = 2  # calls an actor holds, so that it never waits for the driver
WINDOW_PER_WORKER = 1024  # items between input and output; bounds memory behind one slow item
MAX_LOSSES = 3  # actors that may die in a row without an answer between
OBJECT_STORE_BYTES = 128 * 1024 * 1024  # of a local Ray; chunks are small, and its default is a third of the memory


def from_spec(spec: Spec) -> RayExecutor:
    """`ray:ADDRESS?workers=N&timeout_s=SECONDS`. Raises ConfigError, MissingDependency without the extra."""
    given = spec.read({"workers": int, "timeout_s": float})
    load_ray()
    return RayExecutor(spec.name, **given)


def load_ray() -> ModuleType:
    """The package, told first that nothing here is to be reported to anybody. Raises MissingDependency."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else every task warns of a change to come
    try:
        import ray
    except ImportError as error:
        raise MissingDependency("ray", extra="cluster") from error
    return ray


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Runs a step in `workers` actors; an item that takes longer than `timeout_s` seconds fails alone."""

    address: str = ""
    """`host:port`, `auto` or `ray://host:port`; empty starts Ray on this machine."""
    workers: int = 0
    """0 is one for each CPU of the cluster."""
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if self.workers < 0 or not self.timeout_s > 0:
            raise ConfigError(f"{self.workers} workers with {self.timeout_s} s: both must be > 0")

    def run(self, step: Step, items: Iterable[Item]) -> Iterator[Outcome]:
        """See Executor.run. An Outcome's reason is `timeout` or `worker-died` when its worker had to go."""
        ray = load_ray()
        try:
            packed = pickle.dumps(step, protocol=5)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise ConfigError(f"step {step.name!r} cannot be pickled: {error}") from error
        self._connect(ray)
        fleet = _Fleet(ray, self, packed, items)
        try:
            yield from fleet.outcomes()
            fleet.dismiss()
        finally:
            fleet.kill()

    def _connect(self, ray: ModuleType) -> None:
        """Starts or joins Ray, once a process; it ends with the process."""
        if ray.is_initialized():
            return
        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        with _signals_kept():
            try:
                if self.address:
                    ray.init(address=self.address, **quiet)
                    return
                cpus = self.workers or os.cpu_count() or 1
                quiet |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
                ray.init(num_cpus=cpus, _node_ip_address="127.0.0.1", **quiet)
            except (ConnectionError, ValueError, RuntimeError) as error:
                where = self.address or "this machine"
                raise ConfigError(f"no Ray at {where}: {error}", hint="write ray or ray:HOST:6379") from error

    def count(self, ray: ModuleType) -> int:
        """How many actors a run hires at most; a cluster that grows by itself is asked for all of `workers`."""
        cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        if self.workers and self.address:
            return self.workers
        return min(self.workers or cpus, cpus)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; here the pipeline decides how a run ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Worker:
    """What an actor is: one process that works on chunks, one after the other."""

    def __init__(self, packed: bytes, timeout_s: float, paths: list[str]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the driver decides
        sys.path.extend(path for path in paths if path not in sys.path)
        self.packed = packed
        self.executor = ProcessExecutor(1, timeout_s)
        self.pool: Pool | None = None

    def _open(self) -> Pool:
        try:
            step = pickle.loads(self.packed)  # noqa: S301 - the driver's own step
        except (ImportError, AttributeError) as error:
            hint = "install the same text2svg on every machine of the cluster"
            raise ConfigError(f"a worker of Ray does not know the step: {error}", hint=hint) from error
        return Pool(self.executor, step).__enter__()

    def work(self, chunk: list[tuple[int, Item]]) -> tuple[list[Outcome], float] | Text2SVGError:
        """(outcomes, seconds), or the error that ends the run."""
        started = time.monotonic()
        try:
            self.pool = self.pool or self._open()
            found = list(self.pool.outcomes(item for _, item in chunk))
        except Text2SVGError as error:
            return error
        outcomes = [replace(one, index=index) for one, (index, _) in zip(found, chunk, strict=True)]
        return outcomes, time.monotonic() - started

    def close(self) -> None:
        """Lets the step close."""
        if self.pool is not None:
            self.pool.__exit__(None, None, None)


@dataclass(slots=True, eq=False)
class _Actor:
    """An actor and the calls it has not answered."""

    handle: Any
    calls: dict[Any, dict[int, Item]] = field(default_factory=dict)


class _Fleet:
    """The driver's side: keeps every actor busy and puts the answers in order."""

    def __init__(self, ray: ModuleType, executor: RayExecutor, packed: bytes, items: Iterable[Item]) -> None:
        self.ray = ray
        self.executor = executor
        self.packed = packed
        self.workers = executor.count(ray)
        self.window = Window(items, WINDOW_PER_WORKER * self.workers)
        self.losses = 0
        self.cost = CHUNK_SECONDS / FIRST_CHUNK
        self.actors: list[_Actor] = []

    def outcomes(self) -> Iterator[Outcome]:
        """Yields in input order until the source and every actor are empty."""
        while True:
            self._feed()
            if self.window.next_out not in self.window.done:
                if self.window.finished:
                    return
                self._collect()
            while (outcome := self.window.next()) is not None:
                yield outcome

    def _feed(self) -> None:
        size = max(1, min(MAX_CHUNK, int(CHUNK_SECONDS / self.cost)))
        for ahead in range(AHEAD):
            for number in range(self.workers):
                if number < len(self.actors) and len(self.actors[number].calls) > ahead:
                    continue
                self.window.take(size)
                if not self.window.queue:
                    return
                actor = self.actors[number] if number < len(self.actors) else self._hire()
                chunk = self.window.chunk(size)
                actor.calls[actor.handle.work.remote(list(chunk.items()))] = chunk

    def _hire(self) -> _Actor:
        remote = self.ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Worker)
        self.actors.append(_Actor(remote.remote(self.packed, self.executor.timeout_s, sys.path)))
        return self.actors[-1]

    def _collect(self) -> None:
        """Waits for the next answer."""
        owners = {call: actor for actor in self.actors for call in actor.calls}
        ready, _ = self.ray.wait(list(owners), num_returns=1, timeout=1.0)
        for call in ready:
            actor = owners[call]
            if call not in actor.calls:
                continue  # it went with its actor
            try:
                answer = self.ray.get(call)
            except self.ray.exceptions.RayActorError as error:
                self._replace(actor, error)
                continue
            except self.ray.exceptions.RayError as error:
                raise Text2SVGError(f"Ray cannot go on: {error}") from error
            if isinstance(answer, Text2SVGError):
                raise answer
            self._enter(actor.calls.pop(call), *answer)

    def _enter(self, chunk: dict[int, Item], outcomes: list[Outcome], seconds: float) -> None:
        self.losses = 0
        self.window.done.update((outcome.index, outcome) for outcome in outcomes)
        self.cost += 0.3 * (max(seconds, 1e-6) / len(chunk) - self.cost)

    def _replace(self, actor: _Actor, error: Exception) -> None:
        """An actor went, with its machine or by force: its items go to others, first ones first."""
        self.losses += 1
        if self.losses > MAX_LOSSES:
            raise Text2SVGError(f"{self.losses} actors in a row died without an answer: {error}") from error
        self.actors.remove(actor)
        lost = [pair for chunk in actor.calls.values() for pair in chunk.items()]
        self.window.queue.extendleft(reversed(lost))

    def dismiss(self) -> None:
        """Lets every step close, at most 10 s long."""
        closing = [actor.handle.close.remote() for actor in self.actors]
        if closing:
            self.ray.wait(closing, num_returns=len(closing), timeout=10.0)

    def kill(self) -> None:
        """Ends whatever still lives; an actor's process ends with its actor."""
        if self.ray.is_initialized():  # else they ended with Ray, as when the interpreter is going
            for actor in self.actors:
                self.ray.kill(actor.handle)
        self.actors.clear()
