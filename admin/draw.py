"""`generate`: drawings from words, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin.compose import relative_row
from admin.console import plain, say, show
from admin.inputs import read_svg
from admin.opening import open_runtime
from text2svg.errors import ConfigError

REFERENCE = typer.Option(
    None, help="Draw in the manner of this SVG (- reads it): its style, detail, stroke width and colours."
)
REFERENCES = typer.Option(
    "none", help="Drawings the model reads first: auto finds some of these words in the corpus; or 1 or 2 SVG files."
)
RELATIVES = typer.Option(
    -1, help="Nearest corpus drawings named for each drawing, with licence and near-copy flag; default 3 with --json."
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(generate)


def generate(
    prompt: str = typer.Argument(help="What to draw, in a few words."),
    n: int = typer.Option(8, "-n", help="Candidates, 1 to 8; the best comes first."),
    seed: int = typer.Option(0, help="The same seed gives the same bytes; candidate i uses seed + i."),
    style: str = typer.Option("", help="outline, filled, duotone or color; empty mixes them."),
    out: Path | None = typer.Option(None, help="Folder for the files; without it the best one goes to stdout."),
    png: int = typer.Option(0, help="Also write PNG files of this many pixels."),
    temperature: float = typer.Option(0.4, help="0 to 2; lower is more usual."),
    top_p: float = typer.Option(0.9, help="Share of probability to sample from, 0.01 to 1."),
    guidance: float | None = typer.Option(None, help="1 to 6: how much louder the words are; default by style."),
    reference: Path | None = REFERENCE,
    references: str = REFERENCES,
    palette: str = typer.Option("", help="Colours by commas, the most used one first, e.g. navy,#fc1,white."),
    max_tokens: int = typer.Option(300, help="Longest drawing, in tokens."),
    max_bytes: int | None = typer.Option(None, help="Largest drawing; a longer one is closed at what fits."),
    max_seconds: float | None = typer.Option(None, help="Time for all candidates; unfinished ones are closed then."),
    engine: str = typer.Option("", help="Engine spec; default from TEXT2SVG_ENGINE, else the bundled model."),
    relatives: int = RELATIVES,
    as_json: bool = typer.Option(False, "--json", help="Print everything about each candidate."),
) -> None:
    """Draw words.

    \b
    Examples:
      text2svg generate "red heart" > heart.svg
      text2svg generate "left arrow" -n 4 --style outline --seed 1 --out arrows --json
      text2svg generate camera --reference logo.svg --json
      text2svg generate house --references auto --style outline --json
      text2svg generate house --references my-house.svg --style color > house.svg
      text2svg generate "a blue circular button with a power symbol" --engine compose --json
    """
    from text2svg.generate.request import Request, palette_of

    more = {"max_bytes": max_bytes, "max_seconds": max_seconds, "palette": palette_of(palette.split(",") if palette else ())}
    request = Request(prompt, style, n, seed, max_tokens, temperature, top_p, guidance, **more)
    with open_runtime(engine=engine) as runtime:
        if reference is not None:
            request = request.like(runtime.manner(read_svg(reference)))
        request = _behind(runtime, request, references)
        answer = _draw(runtime, request)
        _relate(runtime, answer, relatives if relatives >= 0 else 3 * as_json)
        if out is not None:
            _write(runtime, answer, out, png)
    _deliver(answer, out, as_json)


def _behind(runtime: Any, request: Any, references: str) -> Any:
    """The request with the references that are asked for before its candidates."""
    from dataclasses import replace

    if references == "none":
        return request
    if references == "auto":
        before = runtime.references(request)
        if not before:
            say("note: the corpus has no drawing of these words; drawn without references")
        return replace(request, references=before)
    drawings = [(Path(name).name, read_svg(Path(name))) for name in references.split(",") if name]
    if not drawings:
        raise ConfigError("--references names no drawing", hint="write auto, none, or an SVG file or two by commas")
    return replace(request, references=(runtime.read_references(drawings),))


def _deliver(answer: dict[str, Any], out: Path | None, as_json: bool) -> None:
    if as_json:
        show(answer, as_json=True)
    elif out is None:
        best = next((c for c in answer["candidates"] if c["valid"]), None)
        if best is None:
            say("error: no candidate is a drawing")
            raise typer.Exit(1)
        print(best["svg"])
    else:
        print("\n".join(c["file"] for c in answer["candidates"] if c.get("file")))


def _draw(runtime: Any, request: Any) -> dict[str, Any]:
    from text2svg.compose.pairs import source
    from text2svg.generate.events import Done, Finished, Ranked, Started

    answer: dict[str, Any] = {"prompt": request.prompt, "style": request.style, "seed": request.seed}
    if request.manner:
        answer["manner"] = plain(request.manner)
    if request.references:
        answer["references"] = [[_reference(one) for one in before] for before in request.references]
    finished: dict[int, Finished] = {}
    order: tuple[int, ...] = ()
    for event in runtime.generate(request):
        if isinstance(event, Finished):
            finished[event.index] = event
        elif isinstance(event, Ranked):
            order = event.order
        elif isinstance(event, Started):
            answer["substitutions"] = event.substitutions
        elif isinstance(event, Done):
            answer["seconds"] = round(event.seconds, 3)
    candidates = [finished[i] for i in (*order, *(i for i in finished if i not in order))]
    answer["candidates"] = [
        {
            "index": c.index,
            "seed": request.seed + c.index,
            "svg": c.svg,
            "tokens": c.tokens,
            "bytes": len(c.svg.encode()),
            "valid": c.valid,
            "warnings": c.warnings,
            "kind": c.kind,
            "sources": [source(sample) for sample in c.sources],
            "attribution": c.attribution,
        }
        for c in candidates
    ]
    return answer


def _reference(one: Any) -> dict[str, Any]:
    from text2svg.compose.pairs import source

    return {"words": one.words, "style": one.style, **(source(one.sample) if one.sample else {})}


def _relate(runtime: Any, answer: dict[str, Any], k: int) -> None:
    """Names the k nearest corpus drawings of each valid drawing, and says which of them it nearly copies."""
    for candidate in answer["candidates"]:
        if candidate["attribution"]:
            say(f"candidate {candidate['index']}: {candidate['attribution']}")
        if not k or not candidate["valid"]:
            continue
        candidate["relatives"] = [relative_row(one) for one in runtime.relatives(candidate["svg"], k)]
        for one in candidate["relatives"]:
            if one["near_copy"] and candidate["kind"] == "generated":
                named = f"{one['collection']}:{one['name']} ({one['licence']})"
                say(f"note: candidate {candidate['index']} nearly copies {named}")


def _write(runtime: Any, answer: dict[str, Any], out: Path, png: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for candidate in answer["candidates"]:
        if not candidate["valid"]:
            say(f"candidate {candidate['index']}: {'; '.join(candidate['warnings']) or 'no drawing'}")
            continue
        path = out / f"{candidate['seed']}.svg"
        path.write_text(candidate["svg"] + "\n", encoding="utf-8")
        candidate["file"] = str(path)
        if png:
            path.with_suffix(".png").write_bytes(runtime.png(candidate["svg"], png))
