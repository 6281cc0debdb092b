"""`text2svg evaluate generator|compare|disjoint`: a generator under a named protocol, and reports side by side.

Refuses to average over what failed: every prompt has an answer, a failure or an empty drawing. The trade-off: timings
go to a file of their own, so that the same command gives the same report.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from admin.console import Ticker, facts, say, show, table
from admin.drawers import Draw, Drawn, drawer, starter
from admin.opening import open_runtime

DATA = typer.Option("", help="heldout, frequent, prompts, starter, or a JSONL of caption, svg, id; default by protocol.")
CANDIDATES = typer.Option(1, min=1, max=8, help="Drawings a prompt; the one that the product ranks first is measured.")
BASELINE = typer.Option("", help="random-drawing, nearest-caption or reference instead of a model.")
REFERENCES = typer.Option("none", help="auto: the model first reads corpus drawings of the words, of no held-out caption.")
CORPUS = typer.Option("starter", help="starter or store: where baselines choose from.")
JUDGE = typer.Option(None, help="Folder of another judge than the bundled one, as `train judge` writes it.")
WEIGHTS = typer.Option(None, help="Folder of the weights that published metrics need; see the report for their names.")
RENDERER = typer.Option("", help="Another renderer than the protocol's; the report says so.")
OUT = typer.Option(None, help="Folder for report.json, report.md, sheet.html, drawings.jsonl and timing.json.")
JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands to `text2svg evaluate`."""
    for command in (generator, compare, disjoint):
        app.command()(command)


def generator(
    protocol: str = typer.Option("core", help="core, sarena-t2s or mmsvgbench-t2s."),
    n: int = typer.Option(100, "-n", help="Prompts, evenly from every category; 0 takes all."),
    data: str = DATA,
    seed: int = typer.Option(0, help="Prompt i is drawn with seed + i."),
    candidates: int = CANDIDATES,
    engine: str = typer.Option("", help="Engine spec; default the bundled model."),
    baseline: str = BASELINE,
    references: str = REFERENCES,
    corpus: str = CORPUS,
    judge: Path | None = JUDGE,
    weights: Path | None = WEIGHTS,
    renderer: str = RENDERER,
    out: Path | None = OUT,
    as_json: bool = JSON,
) -> None:
    """Measure a generator under a protocol: one drawing a prompt, unless --candidates lets the product choose among more.

    The same command gives the same report.

    \b
    Examples:
      text2svg evaluate generator --protocol core -n 0 --out runs/core
      text2svg evaluate generator --protocol core -n 300 --candidates 8 --out runs/best
      text2svg evaluate generator --protocol core -n 300 --references auto --out runs/behind
      text2svg evaluate generator --protocol core --baseline nearest-caption --out runs/nearest
      text2svg evaluate generator --protocol sarena-t2s --data sarena-icon.jsonl --weights weights/ --out runs/sarena
    """
    report, timing = _evaluate(locals())
    if out is not None:
        say(f"wrote {out}; it took {timing['seconds']:g} s")
    show(report, as_json=as_json, text=_text)


def _switch(references: str) -> bool:
    from text2svg.errors import ConfigError

    if references not in ("auto", "none"):
        raise ConfigError(f"unknown references {references!r}", hint="one of: auto, none")
    return references == "auto"


def _evaluate(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    from text2svg.evaluate.judge import load_judge, range_of
    from text2svg.evaluate.measure import Bench, measure
    from text2svg.evaluate.protocols import protocol_of
    from text2svg.evaluate.report import build_report
    from text2svg.raster import load
    from text2svg.runtime import ASSETS

    protocol = protocol_of(given["protocol"])
    spec = given["renderer"] or protocol.renderer
    with open_runtime(engine=given["engine"]) as runtime:
        tasks = _tasks(given["data"] or ("heldout" if protocol.name == "core" else "prompts")).first(given["n"])
        draw, about = drawer(runtime, given["baseline"], given["corpus"], given["candidates"],
                             references=_switch(given["references"]))  # fmt: skip
        core = protocol.name == "core"
        judge = load_judge(given["judge"] or ASSETS / "judge") if core else None
        bench = Bench(load(f"{spec}?timeout=60"), judge, _nearest(runtime) if core else None,
                      given["weights"], given["seed"])  # fmt: skip
        times: list[tuple[float, Drawn]] = []
        try:
            measured = measure(protocol, _answers(draw, tasks.tasks, given["seed"], times), bench)
        finally:
            bench.renderer.close()
        setting = {
            "generator": about, "seed": given["seed"], "renderer": _renderer(spec), "notes": _notes(protocol, spec, tasks),
            "judge": {"name": judge.name, "sha256": judge.digest, **_plain(range_of(judge, tasks, given["seed"]))}
                     if judge else None,
            "corpus": {"name": runtime.corpus.name, "rows": len(runtime.searcher.index)} if core else None,
            "tokenizer": "text2svg",
        }  # fmt: skip
        report = build_report(protocol, tasks, measured, setting)
    timing = _timing(times)
    if given["out"] is not None:
        _write(given["out"], protocol, (report, measured, timing))
    return report, timing


def judged_range(judge: Any, n: int, seed: int) -> dict[str, Any]:
    """What a judge says of real and of shuffled drawings of held-out captions."""
    from text2svg.evaluate.judge import range_of

    tasks = _tasks("heldout").first(n)
    return {"name": judge.name, "sha256": judge.digest, "n": len(tasks.tasks), **_plain(range_of(judge, tasks, seed))}


def _plain(ranges: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {kind: {name: figure._asdict() for name, figure in found.items()} for kind, found in ranges.items()}


def _tasks(data: str) -> Any:
    from text2svg.caption.keywords import is_heldout
    from text2svg.evaluate import tasks
    from text2svg.evaluate.prompts import load_prompts
    from text2svg.runtime import ASSETS
    from text2svg.store.starter import read_starter

    if data == "heldout":
        return tasks.heldout_tasks(
            load_prompts(ASSETS / "benchmark.json").heldout, read_starter(ASSETS / "benchmark.parquet")
        )
    if data == "frequent":
        return tasks.frequent_tasks(load_prompts(ASSETS / "benchmark.json").frequent, starter())
    if data == "prompts":
        return tasks.prompt_tasks(json.loads((ASSETS / "benchmark-prompts.json").read_text(encoding="utf-8")))
    if data == "starter":
        return tasks.corpus_tasks("starter-heldout", (s for s in starter() if is_heldout(s.caption)))
    return tasks.read_tasks(Path(data))


def _answers(draw: Draw, tasks: Sequence[Any], seed: int, times: list[tuple[float, Drawn]]) -> Iterator[Any]:
    from text2svg.evaluate.readings import Answer

    ticker = Ticker()
    for place, task in enumerate(tasks):
        began = time.perf_counter()
        drawn = draw(task, seed + place)
        times.append((time.perf_counter() - began, drawn))
        ticker.tick(f"{place + 1:,} of {len(tasks):,} prompts", final=place + 1 == len(tasks))
        yield Answer(task, drawn.svg, drawn.tokens, drawn.error)


def _nearest(runtime: Any) -> Callable[[str], list[str]]:
    return lambda svg: [hit.svg for hit in runtime.search_drawing(svg, 5)]


def _renderer(spec: str) -> dict[str, str]:
    from importlib.metadata import version

    return {"name": spec, "version": version({"resvg": "resvg-py", "cairo": "cairosvg"}.get(spec, spec))}


def _notes(protocol: Any, spec: str, tasks: Any) -> list[str]:
    """What makes this report another one than the protocol's usual."""
    from text2svg.evaluate.judge import POOL

    notes = []
    if spec != protocol.renderer:
        notes.append(f"rendered by {spec} instead of {protocol.renderer}")
    if protocol.name != "core" and tasks.name in ("heldout", "starter-heldout", "prompts-1"):
        notes.append(f"run on {tasks.name} instead of {protocol.data}: not comparable with published figures")
    if tasks.name == "frequent":
        notes.append("frequent words were learned by generator and judge: what is known, not what is new")
    if protocol.name == "core" and len(tasks.tasks) < POOL:
        notes.append(f"the judge chooses among {len(tasks.tasks)} words, not {POOL}")
    return notes


def _timing(times: list[tuple[float, Drawn]]) -> dict[str, Any]:
    import statistics

    first = [drawn.first_s for _, drawn in times if drawn.first_s]
    whole = [seconds for seconds, _ in times]
    return {
        "first_shape_ms_p50": round(1000 * statistics.median(first), 1) if first else None,
        "answer_ms_p50": round(1000 * statistics.median(whole), 1),
        "tokens_per_s": round(sum(drawn.drawn for _, drawn in times) / max(1e-9, sum(whole)), 1),
        "peak_mib": _peak_mib(),
        "seconds": round(sum(whole), 1),
    }


def _peak_mib() -> float | None:
    """Largest resident memory of this process; None on Windows, which has no such count."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _peers() -> list[dict[str, Any]]:
    from text2svg.runtime import ASSETS

    found: list[dict[str, Any]] = json.loads((ASSETS / "benchmark-peers.json").read_text(encoding="utf-8"))["figures"]
    return found


def _write(out: Path, protocol: Any, found: tuple[Any, Any, Any]) -> None:
    from text2svg.evaluate.page import contact_page
    from text2svg.evaluate.report import DRAWINGS, FIGURES, drawing_lines, markdown, peers

    report, measured, timing = found
    out.mkdir(parents=True, exist_ok=True)
    says = {metric.name: metric.says for metric in protocol.metrics}
    for name, text in {
        FIGURES: json.dumps(report, ensure_ascii=False, indent=1) + "\n",
        DRAWINGS: drawing_lines(measured),
        "report.md": markdown(report, says, peers(_peers(), protocol.id)),
        "sheet.html": contact_page(report, measured.readings),
        "timing.json": json.dumps(timing, indent=1) + "\n",
    }.items():
        (out / name).write_text(text, encoding="utf-8")


def _text(report: dict[str, Any]) -> str:
    from text2svg.evaluate.report import figure_text, judged

    head = {"protocol": report["protocol"]["id"], "generator": report["generator"]["name"],
            "data": f"{report['data']['name']}, n {report['data']['n']}", "seed": report["seed"],
            "renderer": " ".join(report["renderer"].values())}  # fmt: skip
    notes = {f"note {i + 1}": note for i, note in enumerate(report["notes"])}
    figures = {name: figure_text(figure) for name, figure in report["figures"].items()}
    figures |= {f"judge, {kind} drawings": text for kind, text in judged(report).items()}
    return facts({**head, **notes, **figures, **{f"not: {k}": why for k, why in report["skipped"].items()}})


def compare(
    reports: list[Path] = typer.Argument(help="Folders or report.json files of one protocol and data."),
    published: bool = typer.Option(True, help="Also show what peers reported under the protocol."),
    html: Path | None = typer.Option(None, help="Also write a page with every prompt's drawings in columns."),
    as_json: bool = JSON,
) -> None:
    """Put reports of one protocol side by side; what peers published stands below, with who reported it.

    \b
    Example:
      text2svg evaluate compare runs/core runs/nearest runs/random
      text2svg evaluate compare runs/core runs/nearest --html compared.html
    """
    from text2svg.evaluate.page import compared_page
    from text2svg.evaluate.report import judged, peers, read_drawings, read_report, side_by_side

    found = [(path.name, read_report(path)) for path in reports]
    rows = side_by_side(found)
    names = ("figure", *(f"{name} ({report['generator']['name']})" for name, report in found))
    if html is not None:
        html.write_text(compared_page(names[1:], rows, [read_drawings(path) for path in reports]), encoding="utf-8")
        say(f"wrote {html}")
    others = peers(_peers(), found[0][1]["protocol"]["id"]) if published else []
    if as_json:
        show({"columns": names, "rows": rows, "reported_by_others": others}, as_json=True)
        return
    print(table(rows, names))
    for kind, text in judged(found[0][1]).items():
        print(f"the judge on {kind} drawings: {text}")
    for peer in others:
        values = ", ".join(f"{k} {v:g}" for k, v in peer["figures"].items())
        print(f"{peer['system']} on {peer['data']}: {values}; reported by {peer['reported_by']}")


def disjoint(as_json: bool = JSON) -> None:
    """Check that no benchmark prompt is a caption the store's rows train on, in any order of its words.

    \b
    Example:
      text2svg evaluate disjoint --json
    """
    from text2svg.evaluate.disjoint import Overlap, overlap

    with open_runtime() as runtime, runtime.store() as store:
        found: Overlap = overlap((t.words for t in _tasks("prompts").tasks), store.iter_samples(stage="optimize"))
    show(
        found,
        as_json=as_json,
        text=lambda o: facts({"prompts": o.prompts, "rows": o.rows, "shared": o.shared or "none"}),
    )
    if found.shared:
        raise typer.Exit(1)
