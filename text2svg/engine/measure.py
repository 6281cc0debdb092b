"""Times an engine the way a visitor feels it: until the first shape can be shown, until all candidates are done.

Prompts are asked one after the other, each for `candidates` answers at once, after one warm-up that is not counted.
Refuses to judge what was drawn. The trade-off: medians of a few prompts on whatever else the machine does; CPU seconds
stand beside wall seconds because only they compare across a busy machine, and they count this process alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from text2svg.engine.base import Engine, Prompt, Sampling
from text2svg.errors import ConfigError, EngineError
from text2svg.svg.partial import close


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time comes from; tests bring their own."""

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True)
class Measurement:
    """Medians over prompts; seconds unless the name says milliseconds."""

    engine: str
    prompts: int
    candidates: int
    first_token_s: float
    first_shape_s: float | None
    """Until some candidate holds a whole shape; None when none of most prompts' ever did."""
    all_done_s: float
    tokens: int
    """Tokens of all prompts and candidates."""
    wall_ms_per_token: float
    cpu_ms_per_token: float
    failed: int
    """Candidates that ended in an error."""


def measure(
    engine: Engine,
    prompts: Sequence[Prompt],
    sampling: Sampling,
    *,
    candidates: int = 4,
    clocks: Clocks | None = None,
) -> Measurement:
    """Ask each prompt for `candidates` answers; seeds follow from `sampling.seed`, so a rerun asks the same.

    Raises ConfigError without prompts and EngineError when not a single token came.
    """
    if not prompts or candidates < 1:
        raise ConfigError("nothing to measure", hint="give at least one prompt and one candidate")
    clocks = clocks or Clocks()
    _run(engine, [prompts[0]] * candidates, sampling, clocks)  # loads the model, starts the server
    cpu, wall = clocks.cpu(), clocks.wall()
    runs = [
        _run(engine, [prompt] * candidates, replace(sampling, seed=sampling.seed + 1000 * i), clocks)
        for i, prompt in enumerate(prompts)
    ]
    cpu, wall = clocks.cpu() - cpu, clocks.wall() - wall
    tokens = sum(run.tokens for run in runs)
    if not tokens:
        raise EngineError(f"{engine.name} answered no prompt", hint="look at the error of one completion")
    shapes = sorted(run.first_shape_s for run in runs)
    shape = statistics.median(shapes)
    return Measurement(
        engine=engine.name,
        prompts=len(prompts),
        candidates=candidates,
        first_token_s=statistics.median(run.first_token_s for run in runs),
        first_shape_s=shape if shape < float("inf") else None,
        all_done_s=statistics.median(run.all_done_s for run in runs),
        tokens=tokens,
        wall_ms_per_token=1e3 * wall / tokens,
        cpu_ms_per_token=1e3 * cpu / tokens,
        failed=sum(run.failed for run in runs),
    )


@dataclass(slots=True)
class _Run:
    first_token_s: float = float("inf")
    first_shape_s: float = float("inf")
    all_done_s: float = 0.0
    tokens: int = 0
    failed: int = 0


def _run(engine: Engine, prompts: Sequence[Prompt], sampling: Sampling, clocks: Clocks) -> _Run:
    began, run = clocks.wall(), _Run()
    texts = [""] * len(prompts)
    for delta in engine.stream(prompts, sampling):
        run.tokens += delta.tokens
        run.failed += delta.finish == "error"
        if delta.text and run.first_shape_s == float("inf"):
            run.first_token_s = min(run.first_token_s, clocks.wall() - began)
            texts[delta.index] += delta.text
            if close(texts[delta.index]) is not None:
                run.first_shape_s = clocks.wall() - began
    run.all_done_s = clocks.wall() - began
    return run
