"""The executor seam: a Step is what to do to one item, an Executor is where it is done.

An executor returns exactly one Outcome an item, in input order, whatever the step does. Refuses to swallow what no row
is guilty of: a wrong setting, an absent dependency or an unreachable engine ends the run instead of failing every row.
The trade-off: results in order cost a bounded buffer behind a slow item, and let a shard be cut anywhere.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from text2svg.errors import (
    ConfigError,
    EngineUnavailable,
    MissingDependency,
    SvgError,
    Text2SVGError,
)

Item = Any
"""Anything picklable."""

FATAL = (ConfigError, MissingDependency, EngineUnavailable)
"""Errors that say the run cannot go on: they leave `Executor.run`, because no row is to blame."""

MAX_ERROR_CHARS = 500  # an error is stored beside its row; a parser can quote a whole drawing


class Step(Protocol):
    """One stage as a value: a frozen, picklable dataclass whose fields are its configuration.

    A field that changes no result (where a cache lies, a time limit) is declared with `field(compare=False)`.
    """

    name: str
    version: int
    """Raise it when the same input would now give another output."""

    def open(self) -> AbstractContextManager[Callable[[Item], Any]]:
        """Entered once a worker (load a model, start a process); gives the function of one item."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: a value, or why there is none."""

    index: int
    """Position in the input, from 0."""
    value: Any = None
    error: str = ""
    """A sentence, at most 500 characters; empty when the item is ok."""
    reason: str = ""
    """A stable lower-case code for statistics, e.g. `element-limit`, `timeout`, `worker-died`."""
    dropped: bool = False
    """True when the item itself was refused (an SvgError), False when the work on it failed."""

    @property
    def status(self) -> str:
        """`ok`, `dropped` or `failed`."""
        return "ok" if not self.error else "dropped" if self.dropped else "failed"


@dataclass(frozen=True, slots=True)
class Ping:
    """The step that gives back what it gets: whether an executor works at all."""

    name: str = "ping"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Item], Any]]:
        """See Step.open."""
        yield lambda item: item


class Executor(Protocol):
    """Runs a step over items, somewhere."""

    def run(self, step: Step, items: Iterable[Item]) -> Iterator[Outcome]:
        """One Outcome an item, in input order, lazily; closing the iterator stops the work.

        Raises ConfigError, MissingDependency or EngineUnavailable from the step, and Text2SVGError when the step
        cannot be opened.
        """
        ...


class SerialExecutor:
    """Runs the step in this process, one item after the other; has no time limit."""

    def run(self, step: Step, items: Iterable[Item]) -> Iterator[Outcome]:
        """See Executor.run."""
        with opened(step) as call:
            for index, item in enumerate(items):
                yield attempt(call, index, item)


class Window:
    """Items on their way through workers: taken from the source, queued, done in any order, given out in input order.

    At most `room` items are between the source and the reader, so a slow item holds back a bounded buffer.
    """

    def __init__(self, items: Iterable[Item], room: int) -> None:
        self.source = enumerate(items)
        self.room = room
        self.exhausted = False
        self.queue: deque[tuple[int, Item]] = deque()
        self.done: dict[int, Outcome] = {}
        self.next_out = 0
        self.taken = 0

    def take(self, count: int) -> None:
        """Fills the queue from the source up to `count` items, within the room."""
        wanted = min(count - len(self.queue), self.room - (self.taken - self.next_out))
        if self.exhausted or wanted <= 0:
            return
        fresh = list(islice(self.source, wanted))
        self.exhausted = len(fresh) < wanted
        self.taken += len(fresh)
        self.queue.extend(fresh)

    def chunk(self, size: int) -> dict[int, Item]:
        """Up to `size` items off the queue, by index."""
        return dict(self.queue.popleft() for _ in range(min(size, len(self.queue))))

    def next(self) -> Outcome | None:
        """The next outcome in input order, if it is there."""
        outcome = self.done.pop(self.next_out, None)
        self.next_out += outcome is not None
        return outcome

    @property
    def finished(self) -> bool:
        """Whether everything that the source had was given out."""
        return self.exhausted and self.next_out == self.taken


@contextmanager
def opened(step: Step) -> Iterator[Callable[[Item], Any]]:
    """`step.open()`, with an error outside the tree turned into Text2SVGError."""
    with ExitStack() as stack:
        try:
            call = stack.enter_context(step.open())
        except Text2SVGError:
            raise
        except Exception as error:
            raise Text2SVGError(f"step {step.name!r} cannot be opened: {error!r}") from error
        yield call


def attempt(call: Callable[[Item], Any], index: int, item: Item) -> Outcome:
    """Runs one item; every error but the FATAL ones becomes an Outcome."""
    try:
        return Outcome(index, call(item))
    except FATAL:
        raise
    except SvgError as error:
        return Outcome(index, None, _sentence(error), error.reason, dropped=True)
    except Text2SVGError as error:
        return Outcome(index, None, _sentence(error), _code(error))
    except Exception as error:  # a bug in a step costs its row, not the run; the row says so
        message = f"{type(error).__name__}: {error}"
        return Outcome(index, None, message[:MAX_ERROR_CHARS], f"unexpected-{_code(error)}")


def _sentence(error: Text2SVGError) -> str:
    return (error.message or type(error).__name__)[:MAX_ERROR_CHARS]


def _code(error: Exception) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(error).__name__).lower()
