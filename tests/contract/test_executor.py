"""Every executor keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import pytest

from text2svg.errors import (
    ConfigError,
    EngineUnavailable,
    MissingDependency,
    Refused,
    RenderError,
    Text2SVGError,
    UnknownKind,
)
from text2svg.executor import Executor, load

SPECS = ["serial", "processes:2", pytest.param("ray?workers=2", marks=pytest.mark.cluster)]


@pytest.fixture(params=SPECS)
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param.startswith("ray"):
        pytest.importorskip("ray", reason="needs the cluster extra: pip install '.[cluster]'")
    return load(request.param)


@dataclass(frozen=True)
class Answer:
    """Doubles numbers; every other kind of item is a way to go wrong."""

    name: str = "answer"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[object], object]]:
        yield self.answer

    def answer(self, item: object) -> object:
        match item:
            case "refuse":
                raise Refused("blank", "nothing is drawn")
            case "render":
                raise RenderError("gave up")
            case "bug":
                raise ZeroDivisionError("by zero")
            case "long":
                raise RenderError("x" * 10_000)
            case "config":
                raise ConfigError("no such thing", hint="write another")
            case "missing":
                raise MissingDependency("node")
            case "down":
                raise EngineUnavailable("not there")
        return item * 2


@dataclass(frozen=True)
class Logged:
    """Writes what happens to it into a file."""

    path: str
    name: str = "logged"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[object], object]]:
        self.log("open")
        try:
            yield lambda item: item
        finally:
            self.log("close")

    def log(self, word: str) -> None:
        with Path(self.path).open("a") as file:
            file.write(word + "\n")


@dataclass(frozen=True)
class Shut:
    """Cannot be opened."""

    error: str
    name: str = "shut"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[object], object]]:
        if self.error == "missing":
            raise MissingDependency("node")
        raise OSError(self.error)
        yield


def test_outcomes_come_in_input_order(executor: Executor) -> None:
    found = list(executor.run(Answer(), range(1000)))
    assert [outcome.index for outcome in found] == list(range(1000))
    assert [outcome.value for outcome in found] == [2 * n for n in range(1000)]
    assert {outcome.status for outcome in found} == {"ok"}


def test_no_items_no_outcomes(executor: Executor) -> None:
    assert list(executor.run(Answer(), [])) == []


@pytest.mark.parametrize(
    ("item", "status", "reason"),
    [
        ("refuse", "dropped", "blank"),
        ("render", "failed", "render-error"),
        ("bug", "failed", "unexpected-zero-division-error"),
    ],
)
def test_a_bad_item_fails_alone(executor: Executor, item: str, status: str, reason: str) -> None:
    found = list(executor.run(Answer(), [1, item, 3]))
    assert [outcome.status for outcome in found] == ["ok", status, "ok"]
    assert found[1].reason == reason
    assert found[1].error
    assert found[1].value is None
    assert found[2].value == 6


def test_errors_are_bounded(executor: Executor) -> None:
    (found,) = executor.run(Answer(), ["long"])
    assert len(found.error) == 500


@pytest.mark.parametrize(
    ("item", "error"),
    [("config", ConfigError), ("missing", MissingDependency), ("down", EngineUnavailable)],
)
def test_what_no_item_is_guilty_of_ends_the_run(executor: Executor, item: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        list(executor.run(Answer(), [1, item, 3]))
    assert caught.value.message


def test_the_hint_survives(executor: Executor) -> None:
    with pytest.raises(ConfigError) as caught:
        list(executor.run(Answer(), ["config"]))
    assert caught.value.hint == "write another"


def test_a_step_that_cannot_open_says_why(executor: Executor) -> None:
    with pytest.raises(MissingDependency):
        list(executor.run(Shut("missing"), [1]))
    with pytest.raises(Text2SVGError, match="disk on fire"):
        list(executor.run(Shut("disk on fire"), [1]))


def test_a_step_is_closed(executor: Executor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert len(list(executor.run(Logged(str(log)), range(50)))) == 50
    words = log.read_text().split()
    assert words.count("open") == words.count("close") >= 1


def test_the_source_is_read_lazily_and_may_be_endless(executor: Executor) -> None:
    pulled = count()
    outcomes = executor.run(Answer(), (next(pulled) for _ in count()))
    assert [outcome.value for outcome in islice(outcomes, 20)] == list(range(0, 40, 2))
    outcomes.close()
    assert next(pulled) < 5000


def test_an_error_of_the_source_comes_through(executor: Executor) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise LookupError("source")

    with pytest.raises(LookupError):
        list(executor.run(Answer(), broken()))


def test_specs() -> None:
    with pytest.raises(UnknownKind, match="processes, ray, serial"):
        load("threads")
    for bad in ("processes:many", "processes:0", "processes:2?timeout_s=0", "serial?x=1", "processes?y=2"):
        with pytest.raises(ConfigError):
            load(bad)
