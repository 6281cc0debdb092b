"""A folder of drawings through the optimizer: mirrored, in parallel, resumable, one row in the report per file.

What is done is known by the digests of input and options in the report, never by dates. Files are written under another
name and renamed, so a kill leaves whole files and at most the groups in flight to do again. Refuses an output folder
that overlaps the input, and one that holds files no report accounts for. The trade-off: small files travel in groups,
which is faster; when a group fails or is too slow, its files are tried again one by one, so each is judged alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from text2svg.errors import ConfigError, RenderError, SourceError, SvgError
from text2svg.executor import Executor, Outcome
from text2svg.optimize import files, open_tools, optimize_many
from text2svg.optimize.files import Found
from text2svg.optimize.journal import Journal, Row
from text2svg.optimize.ladder import Tools
from text2svg.optimize.options import Optimized, OptimizeOptions
from text2svg.optimize.svgo import SvgoOptions, project_config

GROUP_FILES = 32
GROUP_BYTES = 200_000
"""A group takes about a tenth of a second; a larger file travels alone."""
FIRST_GROUPS = 8
"""These hold four files each, so that a small folder keeps every worker busy."""

WARM = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 1h6v6z"/></svg>'


@dataclass(frozen=True, slots=True)
class Folder:
    """A run as a value: where from, where to, and how."""

    source: Path
    target: Path
    options: OptimizeOptions = OptimizeOptions()
    report: Path | None = None
    """The JSONL report; None means `report.jsonl` in `target`."""
    svgo: SvgoOptions = field(default_factory=SvgoOptions)
    rasterizer: str = "resvg?timeout=10"
    """In a killable process: folders hold bombs."""
    overwrite: bool = False
    """Do again what the report says is done, and write into a folder that holds other files."""

    @property
    def journal(self) -> Path:
        """Where the report lies."""
        return self.report or self.target / "report.jsonl"

    def identity(self) -> str:
        """Sixteen hex digits that change whenever the same file could come out differently."""
        config = self.svgo.config or project_config()
        try:
            text = config.read_bytes()
        except OSError as error:
            raise ConfigError(f"no SVGO config at {config}", hint="give the path of a .mjs or .js file") from error
        parts = (repr(self.options), self.svgo.backend, self.rasterizer.partition("?")[0], version("text2svg"))
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + text).hexdigest()[:16]

    def check(self) -> None:
        """Raise ConfigError when the folders cannot serve."""
        source, target = Path(os.path.realpath(self.source)), Path(os.path.realpath(self.target))
        if not source.is_dir():
            raise ConfigError(f"no folder {self.source}", hint="name a folder that holds .svg files")
        if source.is_relative_to(target):
            raise ConfigError(
                f"the output folder {self.target} is or holds the input folder", hint="name another output folder"
            )
        try:
            target.mkdir(parents=True, exist_ok=True)
            strangers = any(True for _ in target.iterdir())
        except OSError as error:
            raise ConfigError(f"cannot use {self.target}: {error.strerror}", hint="name another output folder") from error
        if strangers and not self.overwrite and not self.journal.exists():
            raise ConfigError(
                f"{self.target} holds files and {self.journal} does not say which",
                hint="name an empty folder or the report of the earlier run, or say --overwrite",
            )


def optimize_folder(folder: Folder, executor: Executor, stop: Callable[[], bool] = bool) -> Iterator[Row]:
    """One row for each file as it is decided; rows of an earlier run come with `skipped`.

    When `stop()` turns true, what is in flight ends and the rest is left for the next run. Raises ConfigError,
    MissingDependency and what else ends every file's run.
    """
    folder.check()
    identity = folder.identity()
    with Journal(folder.journal) as journal, _scratch(folder) as scratch:
        step = OptimizeFiles(
            os.path.realpath(folder.source), os.path.realpath(folder.target), scratch, folder.options, identity,
            folder.svgo, folder.rasterizer,
        )  # fmt: skip
        feed = _Feed(walk_groups(folder, journal, identity), stop)
        while True:
            for outcome in executor.run(step, feed.groups()):
                for row in feed.settle(outcome, identity):
                    if not row.skipped:
                        journal.add(row)
                    yield row
            if not feed.again or stop():
                return


@contextmanager
def _scratch(folder: Folder) -> Iterator[str]:
    """A folder beside the output for unfinished files; what a killed run left in it goes."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder.journal))).hexdigest()[:12]
    path = Path(os.path.realpath(folder.target)) / f".unfinished-{name}"
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.mkdir()
    except OSError as error:
        raise ConfigError(f"cannot write into {folder.target}: {error.strerror}", hint="name another folder") from error
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Task(NamedTuple):
    """A file and what the report says about it."""

    found: Found
    known: Row | None


def walk_groups(folder: Folder, journal: Journal, identity: str) -> Iterator[tuple[Task, ...]]:
    """The files of the input folder, some at a time."""
    group: list[Task] = []
    size = count = 0
    for found in files.walk(folder.source, folder.target):
        known = None if folder.overwrite else journal.get(found.name)
        if known is not None and known.options != identity:
            known = replace(known, input="")  # it says only that the output file is ours
        if group and (size + found.size > GROUP_BYTES or len(group) >= (GROUP_FILES if count >= FIRST_GROUPS else 4)):
            yield tuple(group)
            group, size, count = [], 0, count + 1
        group.append(Task(found, known))
        size += found.size
    if group:
        yield tuple(group)


class _Feed:
    """What goes to the workers, what is there now, and what has to go again alone."""

    def __init__(self, source: Iterator[tuple[Task, ...]], stop: Callable[[], bool]) -> None:
        self.source = source
        self.stop = stop
        self.again: deque[Task] = deque()
        self.flying: deque[tuple[Task, ...]] = deque()

    def groups(self) -> Iterator[tuple[Task, ...]]:
        """Suspects first and alone, then fresh groups."""
        while not self.stop():
            group = (self.again.popleft(),) if self.again else next(self.source, None)
            if group is None:
                return
            self.flying.append(group)
            yield group

    def settle(self, outcome: Outcome, identity: str) -> list[Row]:
        """The rows of a group; outcomes come in the order of the groups."""
        group = self.flying.popleft()
        if not outcome.error:
            return outcome.value
        if len(group) > 1:
            self.again.extend(group)
            return []
        found = group[0].found
        kind = "timeout" if outcome.reason == "timeout" else "refused" if outcome.dropped else "failed"
        return [Row(found.name, kind, outcome.reason, outcome.error, before=found.size, options=identity)]


@dataclass(frozen=True, slots=True)
class OptimizeFiles:
    """The step: reads a group of files, writes their optimized forms, gives their rows."""

    source: str
    target: str
    scratch: str = field(compare=False)
    options: OptimizeOptions
    identity: str
    svgo: SvgoOptions
    rasterizer: str
    name: str = "optimize-files"
    version: int = 1

    @contextmanager
    def open(self) -> Iterator[Callable[[Sequence[Task]], list[Row]]]:
        """Starts SVGO and the rasterizer first, so that no file's time limit pays for that."""
        with open_tools(self.svgo, self.rasterizer) as tools:
            _ = tools.svgo.backend
            if self.options.verify != "off":
                try:
                    tools.rasterizer.render(WARM, 64)
                except RenderError as error:
                    raise ConfigError(f"the rasterizer does not work: {error.message}", hint="text2svg doctor") from error

            def run(group: Sequence[Task]) -> list[Row]:
                return self.run(group, tools)

            yield run

    def run(self, group: Sequence[Task], tools: Tools) -> list[Row]:
        """The rows of the group in its order."""
        began = time.perf_counter()
        rows = [self.begin(task) for task in group]
        open_ = [i for i, row in enumerate(rows) if isinstance(row, _Ready)]
        answers = optimize_many([rows[i].data for i in open_], self.options, tools) if open_ else []
        for i, answer in zip(open_, answers, strict=True):
            rows[i] = self.finish(rows[i].row, answer)
        seconds = round((time.perf_counter() - began) / max(1, len(open_)), 4)
        for i in open_:
            rows[i] = replace(rows[i], seconds=seconds)
        for task, row in zip(group, rows, strict=True):
            self.forget(task, row)
        return rows

    def begin(self, task: Task) -> Row | _Ready:
        """A row when nothing is left to do, else the drawing."""
        found, known = task
        row = Row(found.name, "failed", before=found.size, options=self.identity)
        try:
            raw = files.read(self.source, found)
            row = replace(row, before=len(raw), input=files.digest(raw))
            if known is not None and known.input == row.input and self.there(known):
                return replace(known, skipped=True)
            return _Ready(row, files.unpack(raw))
        except (SvgError, SourceError) as error:
            return _blamed(row, error)

    def there(self, known: Row) -> bool:
        """Whether an earlier verdict still holds: refused for good, or ok with its file in place."""
        if known.outcome == "refused":
            return True
        try:
            return known.outcome == "ok" and os.stat(self.path(known.file)).st_size == known.on_disk
        except OSError:
            return False

    def finish(self, row: Row, answer: Optimized | SvgError) -> Row:
        """Writes the file and completes its row."""
        if isinstance(answer, SvgError):
            return _blamed(row, answer)
        try:
            files.write(self.path(row.file), files.pack(row.file, answer.text), self.scratch)
        except SourceError as error:
            return _blamed(row, error)
        difference = None if answer.difference is None else answer.difference._asdict()
        return replace(
            row, outcome="ok", rung=answer.rung, after=answer.bytes, gzip=answer.gzip_bytes, difference=difference,
            warnings=tuple(answer.warnings),
        )  # fmt: skip

    def forget(self, task: Task, row: Row) -> None:
        """Take away the output of an earlier run when the drawing is refused now: it tells of other options or input."""
        if row.outcome != "ok" and task.known is not None and task.known.outcome == "ok":
            Path(self.path(row.file)).unlink(missing_ok=True)

    def path(self, name: str) -> str:
        """Where a file's optimized form lies."""
        return os.path.join(self.target, name)


class _Ready(NamedTuple):
    row: Row
    data: bytes


def _blamed(row: Row, error: SvgError | SourceError) -> Row:
    if isinstance(error, SvgError):
        return replace(row, outcome="refused", reason=error.reason, message=error.message[:500])
    return replace(row, outcome="failed", reason=error.message.partition(":")[0], message=error.message[:500])


@dataclass(slots=True)
class Tally:
    """The sum of rows; takes no more memory for millions of them."""

    ok: int = 0
    refused: int = 0
    failed: int = 0
    timeout: int = 0
    skipped: int = 0
    """Of the above, those that an earlier run did."""
    before: int = 0
    after: int = 0
    gzip: int = 0
    """Bytes of the files that are ok."""
    rungs: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def files(self) -> int:
        """All that had an outcome."""
        return self.ok + self.refused + self.failed + self.timeout

    def add(self, row: Row) -> None:
        """Counts one row."""
        setattr(self, row.outcome, getattr(self, row.outcome) + 1)
        self.skipped += row.skipped
        if row.outcome != "ok":
            self.reasons[row.reason] = self.reasons.get(row.reason, 0) + 1
            return
        self.before += row.before
        self.after += row.after
        self.gzip += row.gzip
        self.rungs[row.rung] = self.rungs.get(row.rung, 0) + 1


def tally(rows: Iterable[Row]) -> Tally:
    """The sum of `rows`."""
    total = Tally()
    for row in rows:
        total.add(row)
    return total
