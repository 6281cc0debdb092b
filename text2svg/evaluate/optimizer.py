"""How good and how fast the optimizer is, pack by pack, with SVGO alone beside it.

Fidelity is judged the way the published comparisons judge it: 256 px on white, before and after, by the given rasterizer.
Speeds are files per CPU-second (this process, and the worker's own count), so a busy machine changes them little. Refuses
nothing: a drawing the optimizer refuses is a figure too. The trade-off: SVGO's process per file is timed on a few files
only, since each costs about a CPU-second.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import OptimizeError, RenderError, SvgError
from text2svg.optimize import Optimized, OptimizeOptions, optimize_many
from text2svg.optimize.fidelity import BAD_STEP, COARSE
from text2svg.optimize.ladder import Tools, stage_one
from text2svg.optimize.svgo import Svgo, SvgoOptions
from text2svg.optimize.svgo_install import install, node

SIZE = 256
"""Side in pixels of the judged renders."""

BATCH = 32
"""Drawings in one call of the optimizer, as the batch command makes them."""

ALONE = "export default { multipass: true };"
"""SVGO as its users run it: its own preset, several passes."""


@dataclass(frozen=True, slots=True)
class PackFigures:
    """One pack of drawings after the optimizer."""

    pack: str
    files: int
    refused: int
    reasons: tuple[tuple[str, int], ...]
    """Why drawings were refused, the most frequent reason first."""
    rungs: tuple[tuple[str, int], ...]
    """How many drawings each rung of the ladder kept."""
    unjudged: int
    """Drawings whose input does not render."""
    bad: int
    """Drawings with more than 1 % of their pixels off by more than 16 of 255."""
    broken: int
    """The same with more than 5 %."""
    coarse: int
    """Drawings whose mad64 exceeds 2."""
    mad64: tuple[float, float, float]
    """Mean absolute difference after averaging to 64 x 64, of 255: median, 95th and 99th percentile."""
    input_bytes: int
    output_bytes: int
    svgo_bytes: int
    """What SVGO alone makes of the same files."""
    median_ratio: float
    """Median of output size by input size, file by file."""
    stage1: float
    """Files per CPU-second: sanitizer and geometry."""
    both: float
    """Files per CPU-second: everything, verification as the options say."""
    svgo: float
    """Files per CPU-second: SVGO alone, multipass, in a warm worker."""
    process: float
    """Files per CPU-second: one SVGO process per file."""


def measure(
    files: Mapping[str, Sequence[str]], options: OptimizeOptions, tools: Tools, *, processes: int = 5
) -> list[PackFigures]:
    """Figures for each pack in order, and for `all` of them last when there is more than one.

    `processes` SVGO processes are timed per pack; 0 times none. `tools.rasterizer` must not be None.
    """
    rows: list[PackFigures] = []
    outcomes: list[_Outcome] = []
    with _alone(tools.svgo.options) as alone:
        for pack, texts in files.items():
            _warm(texts, options, tools, alone)
            row, found = _pack(pack, texts, options, tools, alone)
            rows.append(replace(row, process=_process_speed(texts[:processes], tools.svgo.options)))
            outcomes += found
    if len(rows) > 1:
        rows.append(_together(rows, outcomes))
    return rows


@dataclass(frozen=True, slots=True)
class _Outcome:
    before: int
    after: int
    reason: str
    rung: str
    bad: float
    mad64: float


@contextmanager
def _alone(options: SvgoOptions) -> Iterator[Svgo]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alone.config.mjs"
        config.write_text(ALONE, encoding="utf-8")
        with Svgo(replace(options, config=config)) as svgo:
            yield svgo


def _warm(texts: Sequence[str], options: OptimizeOptions, tools: Tools, alone: Svgo) -> None:
    """Let the just-in-time compilers of the workers see the kind of text before the clock starts."""
    some = list(texts[: 2 * BATCH])
    optimize_many(some, options, tools)
    alone.optimize(some)


def _pack(
    pack: str, texts: Sequence[str], options: OptimizeOptions, tools: Tools, alone: Svgo
) -> tuple[PackFigures, list[_Outcome]]:
    first, _ = _timed(lambda: [_stage_one(text, options) for text in texts], [])
    both, answers = _timed(
        lambda: [
            answer
            for start in range(0, len(texts), BATCH)
            for answer in optimize_many(texts[start : start + BATCH], options, tools)
        ],
        [tools.svgo],
    )
    single, plain = _timed(lambda: alone.optimize(texts), [alone])
    sizes = [
        len((text if isinstance(answer, OptimizeError) else answer).encode())
        for text, answer in zip(texts, plain, strict=True)
    ]
    outcomes = [_outcome(text, answer, tools) for text, answer in zip(texts, answers, strict=True)]
    count = len(texts)
    row = _figures(pack, outcomes)
    return replace(
        row, svgo_bytes=sum(sizes), stage1=count / first, both=count / both, svgo=count / single
    ), outcomes


def _stage_one(text: str, options: OptimizeOptions) -> None:
    try:
        stage_one(text, options)
    except SvgError:
        return  # a refusal takes time too


def _timed(work: Callable[[], list[Any]], workers: Sequence[Svgo]) -> tuple[float, list[Any]]:
    """CPU-seconds of this process and of the workers, and what the work returned."""
    before = time.process_time() + sum(worker.cpu_seconds() for worker in workers)
    value = work()
    after = time.process_time() + sum(worker.cpu_seconds() for worker in workers)
    return max(after - before, 1e-9), value


def _process_speed(texts: Sequence[str], options: SvgoOptions) -> float:
    """Files per CPU-second when each file pays for a process; 0.0 when none was timed."""
    if not texts:
        return 0.0
    program = install(options.cache) / "node_modules" / "svgo" / "bin" / "svgo.js"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for text in texts:
        subprocess.run(
            [str(node()), str(program), "--multipass", "-i", "-", "-o", "-"],
            input=text.encode(errors="replace"), capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return len(texts) / (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def _outcome(text: str, answer: Optimized | SvgError, tools: Tools) -> _Outcome:
    size = len(text.encode(errors="replace"))
    if isinstance(answer, SvgError):
        return _Outcome(size, size, answer.reason, "", 0.0, 0.0)
    try:
        bad, mad64 = on_white(tools.rasterizer.render(text, SIZE), tools.rasterizer.render(answer.text, SIZE))
    except RenderError:
        bad = mad64 = float("nan")
    return _Outcome(size, answer.bytes, "", answer.rung, bad, mad64)


def on_white(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[float, float]:
    """Share of bad pixels 0..1, and the mean absolute difference of 255 after averaging to 64 x 64, both on white."""
    if np.array_equal(before, after):
        return 0.0, 0.0
    first, second = (
        255 - (255 - picture[..., :3].astype(np.float32)) * (picture[..., 3:] / np.float32(255))
        for picture in (before, after)
    )
    delta = first - second
    step = delta.shape[0] // COARSE
    cells = delta.reshape(COARSE, step, COARSE, step, 3).mean(axis=(1, 3))
    return float((np.abs(delta).max(axis=2) > BAD_STEP).mean()), float(np.abs(cells).mean())


def _figures(pack: str, outcomes: Sequence[_Outcome]) -> PackFigures:
    kept = [each for each in outcomes if not each.reason]
    judged = [each for each in kept if each.mad64 == each.mad64]
    coarse = np.quantile([each.mad64 for each in judged] or [0.0], (0.5, 0.95, 0.99))
    ratios = [each.after / each.before for each in kept]
    return PackFigures(
        pack=pack,
        files=len(outcomes),
        refused=len(outcomes) - len(kept),
        reasons=tuple(Counter(each.reason for each in outcomes if each.reason).most_common()),
        rungs=tuple(Counter(each.rung for each in kept).most_common()),
        unjudged=len(kept) - len(judged),
        bad=sum(each.bad > 0.01 for each in judged),
        broken=sum(each.bad > 0.05 for each in judged),
        coarse=sum(each.mad64 > 2 for each in judged),
        mad64=(float(coarse[0]), float(coarse[1]), float(coarse[2])),
        input_bytes=sum(each.before for each in kept),
        output_bytes=sum(each.after for each in kept),
        svgo_bytes=0,
        median_ratio=float(np.median(ratios)) if ratios else 1.0,
        stage1=0.0,
        both=0.0,
        svgo=0.0,
        process=0.0,
    )


def _together(rows: Sequence[PackFigures], outcomes: Sequence[_Outcome]) -> PackFigures:
    """The sum of all packs; CPU times add up, so speeds are weighted by files."""
    count = sum(row.files for row in rows)

    def speed(name: str) -> float:
        seconds = [row.files / getattr(row, name) for row in rows if getattr(row, name)]
        return count / sum(seconds) if len(seconds) == len(rows) else 0.0

    return replace(
        _figures("all", outcomes),
        svgo_bytes=sum(row.svgo_bytes for row in rows),
        **{name: speed(name) for name in ("stage1", "both", "svgo", "process")},
    )
