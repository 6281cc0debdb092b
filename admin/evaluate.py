"""`text2svg evaluate ...`: figures and contact sheets of a generator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin import benchmark, engines, evaluate_encoder, judge, protocol
from admin.console import facts, plain, say, show
from admin.opening import open_runtime
from text2svg.errors import ConfigError

if TYPE_CHECKING:
    from text2svg.generate.events import Finished
    from text2svg.generate.request import Request

app = typer.Typer(help="Measure a generator.", no_args_is_help=True, rich_markup_mode=None)
protocol.register(app)
judge.register(app)
benchmark.register(app)
evaluate_encoder.register(app)
engines.register(app)
JSON = typer.Option(False, "--json", help="Print JSON.")
ENGINE = typer.Option("", help="Engine spec; default the bundled model.")


def _prompts() -> Any:
    from text2svg.evaluate.prompts import load_prompts
    from text2svg.runtime import ASSETS

    return load_prompts(ASSETS / "benchmark.json")


def _best(runtime: Any, request: Request) -> Finished | None:
    """The first ranked drawing, None when none is valid."""
    from dataclasses import replace

    from text2svg.generate.credited import draw
    from text2svg.generate.loop import best

    setup = replace(runtime.setup, max_fps=0.0)
    return best(list(draw(request, runtime.engine, runtime.tokenizer, setup)))


@app.command()
def sheet(
    out: Path = typer.Argument(help="PNG to write."),
    which: str = typer.Option("frequent", help="frequent, heldout, or words separated by commas."),
    styles: str = typer.Option("outline,filled,duotone", help="One column a style."),
    n: int = typer.Option(64, "-n", help="How many words."),
    seed: int = typer.Option(1, help="Seed of the first candidate."),
    best: int = typer.Option(8, help="Candidates drawn a cell; the first ranked is shown."),
    verdict: bool = typer.Option(False, help="Write beside each word the place the judge gives it among all of them."),
    engine: str = ENGINE,
) -> None:
    """Draw words side by side on one picture; with --verdict a number a column: 1 is read as its own word at once.

    \b
    Examples:
      text2svg evaluate sheet frequent.png --verdict
      text2svg evaluate sheet colour.png --which "red heart,sun,apple" --styles color
    """
    from text2svg.evaluate.sheet import contact_sheet
    from text2svg.generate.request import Request

    columns = [s for s in styles.split(",") if s]
    with open_runtime(engine=engine) as runtime:
        prompts = _prompts()
        known = {"frequent": list(prompts.frequent), "heldout": [caption for caption, _ in prompts.heldout]}
        words = known.get(which) or [w.strip() for w in which.split(",") if w.strip()]
        drawn = [(word, [_best(runtime, Request(word, style, best, seed)) for style in columns]) for word in words[:n]]
        credits = sorted({one.attribution for _, row in drawn for one in row if one and one.attribution})
        cells = [(word, [one.svg if one else "" for one in row]) for word, row in drawn]
        if verdict:
            cells = _judged(cells)
        picture = contact_sheet(
            cells, runtime.rasterizer, columns=max(1, 12 // max(1, len(columns))), credits=credits
        )
    out.write_bytes(picture)
    say("\n".join([*credits, f"wrote {out}: {len(cells)} words in {', '.join(columns)}"]))


def _judged(cells: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    from text2svg.evaluate.judge import load_judge, places
    from text2svg.runtime import ASSETS

    model, words = load_judge(ASSETS / "judge"), [word for word, _ in cells]
    columns = [places(model, words, svgs)[0] for svgs in zip(*(svgs for _, svgs in cells), strict=True)]
    if not all(len(column) == len(cells) for column in columns):
        raise ConfigError("the judge reads no words without a Latin letter", hint="leave --verdict or those words out")
    return [(f"{word} {' '.join(str(c[at] + 1) for c in columns)}", svgs) for at, (word, svgs) in enumerate(cells)]


@app.command()
def speed(
    n: int = typer.Option(20, "-n", min=1, help="Requests."),
    candidates: int = typer.Option(4, min=1, help="Drawings a request."),
    engine: str = ENGINE,
    as_json: bool = JSON,
) -> None:
    """Time to the first shape and to all drawings of a request, in a warm engine; medians over the frequent words.

    \b
    Example:
      text2svg evaluate speed --json
    """
    from text2svg.engine.base import Sampling
    from text2svg.engine.measure import measure
    from text2svg.generate.prompt import GUIDANCE, build_prompts
    from text2svg.generate.request import Request

    with open_runtime(engine=engine) as runtime:
        words = (_prompts().frequent * (n // 64 + 1))[:n]
        read = runtime.setup.vocabulary.read
        prompts = [build_prompts(Request(w, "outline"), read(w), runtime.tokenizer)[0] for w in words]
        one = Request("warm", "outline")
        sampling = Sampling(one.max_tokens, one.temperature, one.top_p, 0, guidance=GUIDANCE["outline"])
        answer = measure(runtime.engine, prompts, sampling, candidates=candidates)
    show(answer, as_json=as_json, text=lambda a: facts(plain(a)))


@app.command("prompts")
def make_prompts(
    out: Path = typer.Argument(help="JSON to write."),
    count: int = typer.Option(1000, help="Held-out captions."),
) -> None:
    """Choose the benchmark's prompts from the corpus, and a real drawing of each beside them as Parquet.

    \b
    Example:
      text2svg evaluate prompts text2svg/assets/benchmark.json
    """
    from text2svg.caption.keywords import is_heldout
    from text2svg.evaluate.prompts import choose_prompts, real_drawings
    from text2svg.store.starter import write_starter

    with open_runtime() as runtime, runtime.store() as store:

        def rows() -> Iterator[Any]:
            return (s for s in store.iter_samples(stage="optimize") if s.canonical and s.tokens <= 256)

        chosen = choose_prompts(rows(), is_heldout, count)
        chosen.save(out)
        drawn = write_starter(out.with_suffix(".parquet"), real_drawings(rows(), chosen))
    say(f"wrote {out} and {drawn:,} drawings")
