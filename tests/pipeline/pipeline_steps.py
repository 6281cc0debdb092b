"""Steps and samples for the pipeline's tests; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from text2svg.errors import Refused, RenderError
from text2svg.sample import Provenance, Sample, digest_of


def make_sample(n: int, collection: str = "set") -> Sample:
    raw = f"<svg>{n}</svg>"
    provenance = Provenance("package", collection, f"n{n}", licence="MIT")
    return Sample(digest_of(raw), raw, provenance, caption=f"number {n}", tags=("t",))


def number_of(sample: Sample) -> int:
    return int(sample.raw[5:-6])


@dataclass(frozen=True)
class Shout:
    """Upper case as `optimized`; drops multiples of 7, fails on multiples of 11, logs each row it works on."""

    log: str = ""
    seconds: float = 0.0
    name: str = "shout"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        yield self.work

    def work(self, sample: Sample) -> Sample:
        number = number_of(sample)
        if self.log:
            # One write of a short line to a file opened for appending is not torn by others.
            file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, f"{number}\n".encode())
            os.close(file)
        time.sleep(self.seconds)
        if number % 7 == 0:
            raise Refused("seven", "a multiple of 7")
        if number % 11 == 0:
            raise RenderError("a multiple of 11")
        return replace(sample, optimized=sample.raw.upper(), rung="integer", tokens=number)


@dataclass(frozen=True)
class Forger:
    """Changes what it must not."""

    name: str = "forger"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], object]]:
        yield lambda sample: replace(sample, raw=sample.raw + " ")


@dataclass(frozen=True)
class Mute:
    """Returns no Sample."""

    name: str = "mute"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], object]]:
        yield lambda sample: sample.raw


class Loose:
    """No dataclass."""

    name = "loose"
    version = 1


@dataclass(frozen=True)
class Cache:
    """Where something lies; no part of what a step does."""

    place: str = field(compare=False)
    size: int = 1


@dataclass(frozen=True)
class Cached(Mute):
    """Has a setting that counts and one that does not."""

    word: str = ""
    cache: Cache = Cache("")


@dataclass(frozen=True)
class Moody:
    """Fails on multiples of 5 while `mood` lies there, refuses multiples of 7."""

    mood: str = field(compare=False)
    name: str = "moody"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sample], Sample]]:
        yield self.work

    def work(self, sample: Sample) -> Sample:
        number = number_of(sample)
        if number % 7 == 0:
            raise Refused("seven", "a multiple of 7")
        if number % 5 == 0 and os.path.exists(self.mood):
            raise RenderError("not today")
        return replace(sample, optimized=sample.raw.upper(), rung="integer", tokens=number)
