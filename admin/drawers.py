"""Who answers the prompts of an evaluation: a model, once a prompt or the first ranked of several; or a baseline.

Refuses several candidates of a baseline, which has one answer. The trade-off: candidates are ranked by the product's own
ranker, so a report with `candidates` measures model and ranker together, and says so beside the generator's digest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from text2svg.errors import ConfigError


class Drawn(NamedTuple):
    """One answer."""

    svg: str
    tokens: int
    error: str = ""
    first_s: float = 0.0
    """To the first shape of any candidate; 0 when none was shown."""
    drawn: int = 0
    """Tokens of all candidates."""


Draw = Callable[[Any, int], Drawn]
"""Task and seed to the answer."""


def drawer(
    runtime: Any, baseline: str, corpus: str, candidates: int, *, references: bool = False
) -> tuple[Draw, dict[str, Any]]:
    """Who draws, and what a report says of it. Raises ConfigError."""
    if not baseline:
        about = {"name": runtime.engine.name, **_digest(runtime.engine), "candidates": candidates}
        if candidates > 1:
            about["ranked_by"] = runtime.encoder.name
        if references:
            about["references"] = f"auto, {runtime.corpus.name}"
        return _model(runtime, candidates, references=references), about
    if references:
        raise ConfigError(f"the baseline {baseline} reads no references", hint="leave --references out")
    if candidates > 1:
        raise ConfigError(f"the baseline {baseline} has one answer to a prompt", hint="leave --candidates out")
    return _baseline(runtime, baseline, corpus)


def starter() -> Iterator[Any]:
    """The corpus that ships with the package."""
    from text2svg.runtime import ASSETS
    from text2svg.store.starter import read_starter

    return read_starter(ASSETS / "starter" / "samples.parquet")


def _baseline(runtime: Any, name: str, corpus: str) -> tuple[Draw, dict[str, Any]]:
    from text2svg.evaluate.baselines import Baseline, rows_of

    if corpus == "store":
        with runtime.store() as store:
            rows = rows_of(store.iter_samples(stage="optimize"))
    else:
        rows = rows_of(starter())
    choose = Baseline(name, rows)

    def draw(task: Any, seed: int) -> Drawn:
        svg, tokens = choose(task, seed)
        length = tokens or len(runtime.tokenizer.encode(svg))
        return Drawn(svg, length, drawn=length)

    return draw, {"name": name, "corpus": corpus, "rows": len(rows)}


def _model(runtime: Any, candidates: int, *, references: bool) -> Draw:
    from text2svg.caption.keywords import is_heldout
    from text2svg.generate.events import Done, Finished, Partial
    from text2svg.generate.loop import best
    from text2svg.generate.request import Request

    def asked(task: Any, seed: int) -> Request:
        request = Request(task.words, task.style, candidates, seed)
        if not references:
            return request
        # Drawings of held-out captions would hand over the answer.
        return replace(request, references=runtime.references(request, lambda sample: not is_heldout(sample.caption)))

    def draw(task: Any, seed: int) -> Drawn:
        began, first, said = time.perf_counter(), 0.0, []
        try:
            for event in runtime.generate(asked(task, seed)):
                if isinstance(event, Partial) and not first:
                    first = time.perf_counter() - began
                said.append(event)
        except ConfigError as error:  # a prompt this generator does not take counts as a failure, not as an end
            return Drawn("", 0, error.message)
        drawn = sum(event.tokens for event in said if isinstance(event, Done))
        # Without a valid drawing the first answer is measured as it came.
        chosen = best(said) or next((event for event in said if isinstance(event, Finished)), None)
        if chosen is None:
            return Drawn("", 0, "no drawing came", first, drawn)
        return Drawn(chosen.svg, chosen.tokens, "" if chosen.svg else "; ".join(chosen.warnings), first, drawn)

    return draw


def _digest(engine: Any) -> dict[str, str]:
    """sha256 over the model's files, for engines that have a folder."""
    import hashlib

    folder = getattr(engine, "folder", None)
    if folder is None:
        return {}
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return {"sha256": digest.hexdigest()}
