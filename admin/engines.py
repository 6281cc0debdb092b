"""`text2svg evaluate engines`, `text2svg evaluate throughput`: engines over the same weights, side by side.

Refuses to compare what was drawn with what should have been drawn: that is `evaluate generator`. The trade-off: prompts are
the held-out captions of the benchmark, so the figures are of short words.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, facts, plain, say, show, table
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.engine.base import Prompt
    from text2svg.engine.measure import Measurement

SHOWN = 5
"""Differing pairs that are printed."""


def register(app: typer.Typer) -> None:
    """Adds the commands to `text2svg evaluate`."""
    app.command()(engines)
    app.command()(throughput)


def engines(
    one: str = typer.Argument(help="Engine spec, e.g. embedded?decoder=numpy"),
    other: str = typer.Argument(help="Engine spec, e.g. vllm:FOLDER"),
    n: int = typer.Option(200, "-n", min=1, help="Held-out prompts."),
    max_tokens: int = typer.Option(300, min=12, help="Budget of each drawing, in tokens."),
    out: Path | None = typer.Option(None, help="Also keep every pair of texts here, one JSON line each."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Draw the same held-out prompts greedily with two engines: how many texts are equal, how many valid.

    Exit code 1 when a text is invalid, or differs for another reason than the budget.

    \b
    Example:
      text2svg evaluate engines "embedded?decoder=numpy" "vllm:text2svg/assets/generator?python=vllm/bin/python"
    """
    import json

    from text2svg.evaluate.agreement import compare

    ticker = Ticker()
    with open_runtime(engine=one) as runtime, open_runtime(engine=other) as second:
        both = (runtime.engine, second.engine)
        found = compare(both, held_out(runtime, n), runtime.tokenizer, max_tokens, ticker.tick)
    if out is not None:
        out.write_text("".join(json.dumps(plain(pair)) + "\n" for pair in found.pairs), encoding="utf-8")
    summary = found.summary()
    show(summary, as_json=as_json, text=facts)
    wrong = [p for p in found.pairs if p.verdict == "different" or not all(p.valid)]
    for pair in wrong[:SHOWN]:
        say(
            f"{pair.words!r}: {pair.verdict} from token {pair.at}, {pair.finishes}\n  {pair.texts[0]}\n  {pair.texts[1]}"
        )
    if wrong:
        raise typer.Exit(1)


def held_out(runtime: Any, n: int) -> list[Prompt]:
    """Prompts of the first n held-out captions as the model reads them, without guidance."""
    from text2svg.engine.base import Prompt
    from text2svg.evaluate.prompts import load_prompts
    from text2svg.generate.prompt import build_prompts
    from text2svg.generate.request import Request
    from text2svg.runtime import ASSETS

    prompts = []
    for caption, style in load_prompts(ASSETS / "benchmark.json").heldout[:n]:
        request = Request(caption, style, 1)
        (made,) = build_prompts(request, runtime.setup.vocabulary.read(request.text), runtime.tokenizer)
        prompts.append(Prompt(made.text, ids=made.ids))
    return prompts


def throughput(
    specs: list[str] = typer.Argument(None, help="Engine specs; transformers and llamacpp are known too."),
    n: int = typer.Option(16, "-n", min=1, help="Held-out prompts."),
    candidates: str = typer.Option("1,4", help="Answers asked at once, by commas."),
    max_tokens: int = typer.Option(200, min=12, help="Budget of each drawing, in tokens."),
    as_json: bool = typer.Option(False, "--json", help="Print every figure."),
) -> None:
    """Tokens a second of several programs on the same weights, sampled at 0.7, one prompt after the other.

    Those that are not installed are said and left out. CPU milliseconds count this process alone, not vLLM's. Ours are timed
    with the grammar, the others without.

    \b
    Examples:
      text2svg evaluate throughput
      text2svg evaluate throughput embedded transformers llamacpp "vllm:text2svg/assets/generator"
    """
    from text2svg.engine.base import Sampling
    from text2svg.errors import EngineUnavailable, MissingDependency

    rows = []
    sampling = Sampling(max_tokens, 0.7, 0.9)
    with open_runtime() as runtime:
        prompts = held_out(runtime, n)
        for spec in specs or OURS_AND_OTHERS:
            try:
                rows += _timed(runtime, spec, prompts, sampling, candidates)
            except (MissingDependency, EngineUnavailable) as error:
                say(f"{spec} is left out: {error.message}; {error.hint}")
    show(rows, as_json=as_json, text=lambda found: table([_shown(m) for m in found], HEADER))


OURS_AND_OTHERS = ("embedded", "embedded?decoder=numpy", "transformers", "llamacpp", "llamacpp?half=on")
HEADER = ("engine", "at once", "tokens/s", "ms/token", "cpu ms/token", "first token ms", "all done ms", "failed")


def _timed(runtime: Any, spec: str, prompts: list[Prompt], sampling: Any, candidates: str) -> list[Measurement]:
    from contextlib import closing

    from text2svg.engine import load
    from text2svg.engine.measure import measure
    from text2svg.evaluate.peers import llamacpp_engine, transformers_engine

    others = {"transformers": transformers_engine, "llamacpp": llamacpp_engine}
    rows = []
    with closing(load(spec, defaults={"vllm.python": runtime.settings.vllm_python}, more=others)) as engine:
        for count in (int(text) for text in candidates.split(",")):
            say(f"{spec}, {count} at once")
            rows.append(measure(engine, prompts, sampling, candidates=count))
    return rows


def _shown(m: Measurement) -> tuple[str, ...]:
    times = (m.wall_ms_per_token, m.cpu_ms_per_token, 1e3 * m.first_token_s, 1e3 * m.all_done_s)
    return (
        m.engine,
        str(m.candidates),
        f"{1e3 / m.wall_ms_per_token:.0f}",
        *(f"{t:.2f}" for t in times),
        str(m.failed),
    )
