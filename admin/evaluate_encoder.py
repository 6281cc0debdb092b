"""`text2svg evaluate encoder`: retrieval of encoders side by side, with intervals, and their speed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin import super_glue
from admin.console import say, show, table
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.evaluate.encoder import Entrant
    from text2svg.runtime import Runtime

BUNDLED = "bundled"


def encoder(
    specs: list[str] = typer.Argument(
        None, help="Encoder specs; default the bundled one, hashed and an untrained one."
    ),
    captions: str = typer.Option("", help="Encoder spec of a sentence model that reads the stored captions instead."),
    queries: Path | None = typer.Option(
        None, help="Query words to ask of the starter corpus; default the shipped ones."
    ),
    timed: bool = typer.Option(True, "--speed/--no-speed", help="Also measure drawings and captions a CPU second."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Find held-out drawings by words and by drawings of another style; answer synonyms and Russian words.

    \b
    Examples:
      text2svg evaluate encoder
      text2svg evaluate encoder onnx:encoder/ hashed --captions sentence:all-MiniLM-L6-v2 --json
    """
    from text2svg.evaluate.encoder import evaluate, heldout, queries_of
    from text2svg.runtime import ASSETS
    from text2svg.store.starter import read_starter

    starter = list(read_starter(ASSETS / "starter" / "samples.parquet"))
    with open_runtime() as runtime:
        pool = heldout(_corpus(runtime, starter))
        entrants = _entrants(runtime, specs or [], captions)
        say(f"{len(pool):,} held-out drawings")
        answer: dict[str, Any] = {
            "retrieval": evaluate(pool, entrants),
            "queries": queries_of(starter, queries or ASSETS / "queries.json", entrants),
        }
        if timed:
            answer["speed"] = _speeds(runtime, entrants, starter[::7])
    show(answer, as_json=as_json, text=_text)


def _corpus(runtime: Runtime, starter: list[Any]) -> Any:
    from text2svg.errors import StoreError

    try:
        with runtime.store() as store:
            return [s for s in store.iter_samples(stage="optimize") if s.canonical and s.caption]
    except StoreError as error:
        say(f"note: {error.message}; the starter corpus only")
        return starter


def _entrants(runtime: Runtime, specs: list[str], captions: str) -> list[Entrant]:
    from text2svg.encode import load
    from text2svg.evaluate.encoder import Entrant

    if specs:
        made = [Entrant(spec, load(spec)) for spec in specs]
    else:
        made = [Entrant(BUNDLED, runtime.encoder), Entrant("hashed", load("hashed")), *_untrained()]
    if captions:
        made.append(Entrant(f"captions by {Path(captions).name}", load(captions), captions=True))
    return made


def _speeds(runtime: Runtime, entrants: list[Entrant], samples: list[Any]) -> dict[str, dict[str, float]]:
    """Of each encoder, and of the bundled one in torch, with the largest difference of its vectors from onnxruntime's."""
    import time

    from text2svg.evaluate.encoder import difference, speed
    from text2svg.runtime import ASSETS

    made = {e.name: speed(e.encoder, samples, time.process_time) for e in entrants if not e.captions}
    if BUNDLED in made and not runtime.settings.encoder and _can_train():
        from text2svg.raster import load
        from text2svg.train.encoder_twin import TorchTwin

        # In this process, as onnxruntime's side draws: a child's seconds would not count.
        twin = TorchTwin(ASSETS / "encoder", load("resvg"), [sample.optimized for sample in samples[:64]])
        apart = {"difference": difference(runtime.encoder, twin, samples)}
        made[f"{BUNDLED} in torch"] = speed(twin, samples, time.process_time) | apart
    return made


def _can_train() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None and find_spec("onnx") is not None


def _untrained() -> list[Entrant]:
    from text2svg.evaluate.encoder import Entrant
    from text2svg.runtime import ASSETS

    if not _can_train():
        say("note: without the train extra there is no untrained encoder to compare with")
        return []
    from text2svg.train.encoder_untrained import untrained

    return [Entrant("untrained", untrained(ASSETS / "encoder"))]


def _text(answer: dict[str, Any]) -> str:
    def cell(figure: Any) -> str:
        return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"

    rows = [
        (
            name,
            task,
            f"{one['queries']:,} / {one['candidates']:,}",
            *(cell(one[k]) for k in ("recall_1", "recall_10", "mrr")),
        )
        for name, tasks in answer["retrieval"].items()
        for task, one in tasks.items()
    ]
    asked = [
        (name, task, cell(one["query"]), cell(one["plain"]))
        for name, tasks in answer["queries"].items()
        for task, one in tasks.items()
    ]
    parts = [
        table(rows, ("encoder", "task", "queries / drawings", "R@1", "R@10", "MRR")),
        table(asked, ("encoder", "words", "R@10 of the query", "R@10 of the plain word")),
    ]
    if "speed" in answer:
        columns = ("encoder", "drawings per CPU second", "captions per CPU second", "largest difference")
        fast = [
            (name, f"{one['drawings_per_s']:,.0f}", f"{one['texts_per_s']:,.0f}", f"{one.get('difference', '')}")
            for name, one in answer["speed"].items()
        ]
        parts.append(table(fast, columns))
    return "\n\n".join(parts)


def search(
    rows: int = typer.Option(
        0, min=0, help="Vectors: the corpus' own, then changed copies of them; 0 for no more than it has."
    ),
    threads: int = typer.Option(0, min=0, help="Threads that build; 0 takes all cores."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Time searches of the corpus, and a graph over as many vectors as wanted: build, recall, p50 and p95, memory.

    \b
    Examples:
      text2svg evaluate search
      text2svg evaluate search --rows 1000000 --json
    """
    import json

    from text2svg.evaluate.encoder_search import measure_graph, measure_words
    from text2svg.runtime import ASSETS

    with open_runtime() as runtime:
        searcher = runtime.searcher
        pairs = json.loads((ASSETS / "queries.json").read_text(encoding="utf-8"))["synonyms"]
        answer = {
            "corpus": {"name": runtime.corpus.name, "rows": len(searcher.index), "graph": searcher.graph is not None},
            "words_ms": measure_words(searcher, [word for pair in pairs for word in pair]),
            "graph": measure_graph(searcher.index.matrix, rows or len(searcher.index), threads),
        }
    show(answer, as_json=as_json, text=lambda a: json.dumps(a, indent=1))


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (encoder, search):
        app.command()(command)
    super_glue.register(app)
