"""`text2svg corpus caption`: words for drawings, by templates from what their source says, or by a vision model.

Refuses to mix: captions of another model or question grid need another output. The trade-off: vision captions go to a
file unless they are asked for as a stage, because they are the dearest data here and outlive any one corpus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, facts, plain, say, show
from admin.opening import open_runtime
from admin.stage import How, run_stage, staged

if TYPE_CHECKING:
    from text2svg.caption.vision import CaptionOptions
    from text2svg.runtime import Runtime

ENGINE = typer.Option("keywords", help="keywords, openai:URL, or vllm:MODEL?python=PATH.")
FILES = typer.Option("", help="Pattern of JSONL or Parquet files; default the store's drawings.")
STAGE = typer.Option("optimize", "--from", help="Stage whose drawings are captioned: optimize or curate.")
OUTPUT = typer.Option(None, "--output", help="JSONL to write; without it they become a stage, `caption` or `vision`.")
BATCH = typer.Option(64, help="Requests at once.")
TIMEOUT = typer.Option(1.0, help="Seconds a drawing may take to render before its process is killed.")
LEAST = typer.Option(0.5, help="Captions scored lower are dropped with their reasons; 0 keeps all that are not empty.")
TRIES = typer.Option(6, help="Requests for one answer, with doubling waits, before the server counts as gone.")
CACHE = typer.Option(None, "--cache", help="File of answers; default one a model in the cache folder.")
PRICES = typer.Option("", help="Price of a million prompt and answer tokens, e.g. 0.10,0.40; shown as cost.")


def register(app: typer.Typer) -> None:
    """Adds the command to `text2svg corpus`."""
    app.command()(caption)


@staged
def caption(
    how: How,
    engine: str = ENGINE,
    model: str = typer.Option("", help="Name the server knows; default the first it offers."),
    stage: str = STAGE,
    data_files: str = FILES,
    output: Path | None = OUTPUT,
    source: str = typer.Option("", help="Written into every line; default the model's short name."),
    resolution: int = typer.Option(224, help="Pixels of the square the model sees."),
    batch_size: int = BATCH,
    temperature: float = typer.Option(0.01),
    tp: int = typer.Option(1, help="Tensor parallel size; reaches a server started by vllm:..."),
    session_len: int = typer.Option(16384, help="Context of that server, in tokens."),
    timeout: float = TIMEOUT,
    start_index: int = typer.Option(0, help="Leave out so many drawings of the seeded shuffle."),
    max_samples: int = typer.Option(0, help="Caption so many; 0 captions all."),
    seed: int = typer.Option(12343, help="Decides questions, templates and shuffle."),
    captions: int = typer.Option(1, help="Captions a drawing, each to another question."),
    least_score: float = LEAST,
    rate: float = typer.Option(0.0, help="Most requests a minute; 0 sets no limit."),
    tries: int = TRIES,
    cache: Path | None = CACHE,
    prices: str = PRICES,
    retry_failed: bool = typer.Option(False, help="Ask again for what failed before."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Caption drawings. Stop it or kill it, and run it again to go on: no answer is asked for twice.

    \b
    Examples:
      text2svg corpus caption --engine keywords --from curate
      text2svg corpus caption --engine keywords --output keywords.jsonl
      text2svg corpus caption --engine openai:http://gpu:8000/v1 --model OpenGVLab/InternVL3-2B \\
        --data-files 'rows/*.jsonl' --output captions.jsonl --captions 3
      text2svg corpus caption --engine openai:http://gpu0:8000/v1 --rank 0 --world-size 4 --output captions-0.jsonl
      text2svg corpus caption --engine openai:http://gpu:8000/v1 --executor 'ray:head:6379?workers=64&timeout_s=600'
    """
    given = locals()
    answer = _keywords(given) if engine == "keywords" else _vision(given)
    show(answer, as_json=as_json, text=facts)
    if answer.get("interrupted"):
        raise typer.Exit(1)


def _keywords(given: dict[str, Any]) -> dict[str, Any]:
    from text2svg.caption.phrases import KeywordStep
    from text2svg.errors import ConfigError

    if given["data_files"]:
        raise ConfigError("keyword captions need the corpus, not files", hint="leave --data-files out")
    how: How = given["how"]
    if given["output"] is not None:
        if how != How():
            raise ConfigError("a file of keyword captions is written by one process", hint="leave --output out")
        return _keyword_file(given)
    with open_runtime() as runtime:
        # Sending a row to another process costs a third of captioning it here.
        how = replace(how, executor=how.executor or "serial")
        return plain(run_stage(runtime, KeywordStep(given["seed"]), how, given["stage"]))


def _keyword_file(given: dict[str, Any]) -> dict[str, Any]:
    from collections import Counter

    from text2svg.caption.journal import Entry, caption_line
    from text2svg.caption.phrases import phrases

    ticker, templates, rows = Ticker(), Counter[str](), 0
    with open_runtime() as runtime, runtime.store() as store, given["output"].open("w", encoding="utf-8") as file:
        for sample in store.iter_samples(given["stage"]):
            found = phrases(sample, given["seed"])
            rows += 1
            templates.update(phrase.template for phrase in found)
            entries = (Entry(sample.digest, 0, "ok", prompt=f"template: {p.template}", caption=p.text) for p in found)
            file.writelines(caption_line(entry, given["source"] or "keywords") for entry in entries)
            ticker.tick(f"captions: {templates.total():,} of {rows:,} rows")
    return {"rows": rows, "captions": templates.total(), "templates": dict(templates), "output": given["output"]}


def _drawings(given: dict[str, Any], store: Any) -> Iterable[Any]:
    from text2svg.caption.rows import Drawing, cut, read_drawings

    def rows() -> Iterable[Drawing]:
        stored = not given["data_files"]
        found = map(Drawing.of, store.iter_samples(given["stage"])) if stored else read_drawings(given["data_files"])
        return given["how"].share(found, lambda drawing: drawing.hash)

    return cut(rows, given["seed"], given["start_index"], given["max_samples"])


def _vision(given: dict[str, Any]) -> dict[str, Any]:
    from text2svg.caption.served import engine_spec
    from text2svg.caption.vision import CaptionOptions
    from text2svg.errors import ConfigError

    _prices(given["prices"])  # a wrong one is said before a server starts
    staged = bool(given["how"].executor)
    if staged == (given["output"] is not None) or (given["how"].retry and not staged):
        hint = "--output captions.jsonl for a file, or --executor ray:head:6379 for a stage of the store"
        raise ConfigError("vision captions need either --output or --executor", hint=hint)
    spec = engine_spec(given["engine"], given["model"], given["batch_size"], given["tp"], given["session_len"])
    with open_runtime(engine=spec) as runtime:
        model = given["model"] or _first_model(runtime.engine)
        options = CaptionOptions(
            model, given["source"] or model.rpartition("/")[2], given["resolution"], given["temperature"],
            seed=given["seed"], captions=given["captions"], least_score=given["least_score"],
            batch=given["batch_size"], tries=given["tries"],
        )  # fmt: skip
        place = given["cache"] or runtime.settings.cache / "captions" / f"{model.replace('/', '--')}.sqlite"
        if staged:
            return _vision_stage(given, runtime, options, place)
        return _vision_file(given, runtime, options, place)


def _vision_stage(given: dict[str, Any], runtime: Runtime, options: CaptionOptions, place: Path) -> dict[str, Any]:
    from text2svg.caption.step import VisionStep
    from text2svg.errors import ConfigError
    from text2svg.runtime import ASSETS

    for name in ("data_files", "start_index", "max_samples", "rate", "prices", "retry_failed"):
        if given[name]:
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} does not go with a stage of the store", hint="write to a file: --output FILE")
    if given["engine"].startswith("vllm"):
        raise ConfigError("every worker would start a server of its own", hint="start one, and name it: openai:URL")
    step = VisionStep(
        options, runtime.settings.engine, str(place), runtime.settings.api_key,
        runtime.settings.encoder or f"onnx:{ASSETS / 'encoder'}", f"resvg?timeout={given['timeout']}",
    )  # fmt: skip
    return plain(run_stage(runtime, step, given["how"], given["stage"]))


def _vision_file(given: dict[str, Any], runtime: Runtime, options: CaptionOptions, place: Path) -> dict[str, Any]:
    from contextlib import ExitStack

    from text2svg.caption.answers import Answers
    from text2svg.caption.journal import Journal
    from text2svg.caption.pace import Pace
    from text2svg.caption.step import agreement
    from text2svg.caption.vision import Tools
    from text2svg.caption.vision import caption as run
    from text2svg.raster import load

    with ExitStack() as stack:
        journal = stack.enter_context(Journal(given["output"], options.settings(), again=given["retry_failed"]))
        answers = stack.enter_context(Answers(place))
        rasterizer = load(f"resvg?timeout={given['timeout']}")
        stack.callback(rasterizer.close)  # type: ignore[attr-defined]
        store = None if given["data_files"] else stack.enter_context(runtime.store())
        tools = Tools(rasterizer, answers, Pace(given["rate"]), agreement(runtime.encoder))
        drawings = _drawings(given, store)
        return _watch(run(drawings, runtime.engine, journal, tools, options), journal, _prices(given["prices"]))


def _first_model(engine: Any) -> str:
    names = engine.models() if hasattr(engine, "models") else []
    return names[0] if names else str(engine.name)


def _prices(text: str) -> tuple[float, float]:
    from text2svg.errors import ConfigError

    try:
        read, written = (float(part) for part in text.split(",")) if text else (0.0, 0.0)
    except ValueError:
        raise ConfigError(f"--prices {text!r} are no two numbers", hint="--prices 0.10,0.40") from None
    return read, written


def _watch(entries: Iterable[Any], journal: Any, prices: tuple[float, float]) -> dict[str, Any]:
    """Runs, with a progress line; what is known is said even when the server goes."""
    from text2svg.caption.vision import Figures
    from text2svg.errors import EngineUnavailable

    ticker, figures = Ticker(), Figures(reused=len(journal.done))
    try:
        for entry in entries:
            figures.add(entry)
            ticker.tick(f"captions: {figures.new:,} new, {figures.reused:,} were there, {figures.calls:,} requests")
    except EngineUnavailable as error:
        say(f"the server is gone: {error.message}\nhint: bring it back and run the same command again")
        return figures.report(journal.tally, prices) | {"interrupted": True}
    return figures.report(journal.tally, prices)
