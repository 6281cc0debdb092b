"""`text2svg evaluate ...`: figures and contact sheets of a generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin import benchmark, engines, evaluate_encoder, protocol
from admin.console import Ticker, facts, plain, say, show
from admin.opening import open_runtime

app = typer.Typer(help="Measure a generator.", no_args_is_help=True, rich_markup_mode=None)
protocol.register(app)
benchmark.register(app)
engines.register(app)
evaluate_encoder.register(app)
JSON = typer.Option(False, "--json", help="Print JSON.")
ENGINE = typer.Option("", help="Engine spec; default the bundled model.")


def _prompts() -> Any:
    from text2svg.evaluate.prompts import load_prompts
    from text2svg.runtime import ASSETS

    return load_prompts(ASSETS / "benchmark.json")


def _draw(runtime: Any, words: str, style: str, seed: int, n: int = 1) -> list[Any]:
    from dataclasses import replace

    from text2svg.generate.events import Finished
    from text2svg.generate.loop import generate
    from text2svg.generate.request import Request

    setup = replace(runtime.setup, max_fps=0.0)
    events = generate(Request(words, style, n, seed), runtime.engine, runtime.tokenizer, setup)
    return sorted((e for e in events if isinstance(e, Finished)), key=lambda e: e.index)


@app.command()
def core(
    n: int = typer.Option(1000, "-n", help="Drawings of held-out captions, most frequent first."),
    seed: int = typer.Option(0, help="Prompt i uses seed + i."),
    engine: str = ENGINE,
    out: Path | None = typer.Option(None, help="Also keep every drawing here, one JSON line each."),
    as_json: bool = JSON,
) -> None:
    """Draw captions the model never saw; parse, sanitise, render and judge each drawing.

    \b
    Example:
      text2svg evaluate core -n 1000 --json
    """
    import json

    from text2svg.evaluate.core import outcomes, report

    ticker = Ticker()
    with open_runtime(engine=engine) as runtime:

        def draw(words: str, style: str, seed: int) -> tuple[str, int]:
            found = _draw(runtime, words, style, seed)[0]
            return found.svg, found.tokens

        results = []
        captions = _prompts().heldout
        prompts = (captions * (n // len(captions) + 1))[:n]  # past the last caption, the first again with another seed
        for outcome in outcomes(prompts, draw, runtime.rasterizer, seed):
            results.append(outcome)
            ticker.tick(f"{len(results):,} of {len(prompts):,} drawings", final=len(results) == len(prompts))
        answer = report(results, runtime.encoder, (runtime.engine.name, runtime.rasterizer.name), seed)
    if out is not None:
        out.write_text("".join(json.dumps(plain(r)) + "\n" for r in results), encoding="utf-8")
    show(answer, as_json=as_json, text=lambda a: facts(_flat(plain(a))))


def _flat(answer: dict[str, Any]) -> dict[str, Any]:
    figures = answer.pop("figures")
    lines = {name: f"{f['value']} [{f['low']}, {f['high']}]" for name, f in figures.items()}
    return {**{k: v for k, v in answer.items() if k != "retrieval"}, **lines, **answer["retrieval"]}


@app.command()
def sheet(
    out: Path = typer.Argument(help="PNG to write."),
    which: str = typer.Option("frequent", help="frequent, heldout, or words separated by commas."),
    styles: str = typer.Option("outline,filled,duotone", help="One column a style."),
    n: int = typer.Option(64, "-n", help="How many words."),
    seed: int = typer.Option(1, help="Seed of the first candidate."),
    best: int = typer.Option(4, help="Candidates drawn a cell; the first ranked is shown."),
    engine: str = ENGINE,
) -> None:
    """Draw words side by side on one picture.

    \b
    Examples:
      text2svg evaluate sheet frequent.png
      text2svg evaluate sheet colour.png --which "red heart,sun,apple" --styles color
    """
    from text2svg.evaluate.sheet import contact_sheet
    from text2svg.generate.rank import rank

    columns = [s for s in styles.split(",") if s]
    with open_runtime(engine=engine) as runtime:
        prompts = _prompts()
        known = {"frequent": list(prompts.frequent), "heldout": [caption for caption, _ in prompts.heldout]}
        words = known.get(which) or [w.strip() for w in which.split(",") if w.strip()]
        cells = []
        for word in words[:n]:
            svgs = []
            for style in columns:
                found = _draw(runtime, word, style, seed, best)
                order = rank(word, found, runtime.setup.scorer)
                svgs.append(next((found[i].svg for i in order), ""))
            cells.append((word, svgs))
        picture = contact_sheet(cells, runtime.rasterizer, columns=max(1, 12 // max(1, len(columns))))
    out.write_bytes(picture)
    say(f"wrote {out}: {len(cells)} words in {', '.join(columns)}")


@app.command()
def speed(
    n: int = typer.Option(20, "-n", help="Requests."),
    engine: str = ENGINE,
    as_json: bool = JSON,
) -> None:
    """Time to the first shape and to four whole drawings, in a warm engine.

    \b
    Example:
      text2svg evaluate speed --json
    """
    import time

    from text2svg.generate.events import Partial
    from text2svg.generate.request import Request

    first, whole = [], []
    with open_runtime(engine=engine) as runtime:
        runtime.warm()
        words = (_prompts().frequent * (n // 64 + 1))[:n]
        for place, word in enumerate(("warm", *words)):
            began, seen = time.perf_counter(), 0.0
            for event in runtime.generate(Request(word, "outline", 4, place)):
                if isinstance(event, Partial) and not seen:
                    seen = time.perf_counter() - began
            if place:
                first.append(seen * 1000)
                whole.append((time.perf_counter() - began) * 1000)
    answer = {f"{name}_ms_{label}": round(_quantile(values, q), 1) for name, values in
              (("first_shape", first), ("four_drawings", whole)) for label, q in (("p50", 0.5), ("p95", 0.95))}  # fmt: skip
    show(answer, as_json=as_json, text=facts)


def _quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


@app.command("prompts")
def make_prompts(
    out: Path = typer.Argument(help="JSON to write."),
    count: int = typer.Option(1000, help="Held-out captions."),
) -> None:
    """Choose the benchmark's prompts from the corpus.

    \b
    Example:
      text2svg evaluate prompts text2svg/assets/benchmark.json
    """
    from text2svg.caption.keywords import is_heldout
    from text2svg.evaluate.prompts import choose_prompts

    with open_runtime() as runtime, runtime.store() as store:
        rows = (s for s in store.iter_samples(stage="optimize") if s.canonical and s.tokens <= 256)
        choose_prompts(rows, is_heldout, count).save(out)
    say(f"wrote {out}")
