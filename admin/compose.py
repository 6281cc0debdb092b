"""`compose`, `compose-pairs`, `edit`, `relatives`: pictures from corpus drawings, changes by sentence, and whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, say, show, table
from admin.inputs import read_svg
from admin.opening import open_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from text2svg.compose.pairs import Pair
    from text2svg.generate.relatives import Relative

JSON = typer.Option(False, "--json", help="Print everything as JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(compose)
    app.command("compose-pairs")(compose_pairs)
    app.command()(edit)
    app.command()(relatives)


def compose(
    prompt: str = typer.Argument(help="What to show: things, colours, a shape behind, marks, outline or filled."),
    n: int = typer.Option(4, "-n", min=1, max=24, help="Compositions, 1 to 24; fewer when the corpus has no more."),
    seed: int = typer.Option(0, min=0, help="The same seed gives the same bytes."),
    out: Path | None = typer.Option(None, help="Folder for the files; without it the first one goes to stdout."),
    as_json: bool = JSON,
) -> None:
    """Put a picture together from licensed corpus drawings; it is always labelled as composed, with its sources.

    \b
    Examples:
      text2svg compose "a blue circular button with a power symbol" -n 4 --seed 1 --out buttons --json
      text2svg compose "three red hearts in a row" > hearts.svg
    """
    from text2svg.compose.read import read_prompt

    reading = read_prompt(prompt)
    with open_runtime() as runtime:
        made = runtime.compose(reading.scene, n, seed)
    rows = [_composition(one) for one in made]
    if out is not None:
        for row in rows:
            row["file"] = _write(out, f"{row['seed']}.svg", row["svg"])
    if len(rows) < n:
        say(f"note: the corpus has drawings for {len(rows)} of {n}")
    for note in (*(f"not understood: {word}" for word in reading.unread), *reading.notes, *rows[0]["notes"]):
        say(f"note: {note}")
    answer = {"kind": "composed", "prompt": prompt, "scene": reading.scene, "unread": reading.unread,
              "notes": reading.notes, "compositions": rows}  # fmt: skip
    if as_json:
        show(answer, as_json=True)
    else:
        print("\n".join(row["file"] for row in rows) if out else rows[0]["svg"])
        say(rows[0]["attribution"])


def _composition(made: Any) -> dict[str, Any]:
    from text2svg.compose.pairs import source

    return {
        "kind": made.kind,
        "seed": made.seed,
        "svg": made.svg,
        "bytes": len(made.svg.encode()),
        "style": made.scene.style,
        "notes": made.notes,
        "sources": [source(sample) for sample in made.sources],
        "attribution": made.attribution,
    }


def _write(folder: Path, name: str, svg: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(svg + "\n", encoding="utf-8")
    return str(path)


def compose_pairs(
    out: Path = typer.Argument(help="JSON Lines file; an existing one is gone on with."),
    n: int = typer.Option(10_000, "-n", min=1, help="Pairs the file shall have."),
    seed: int = typer.Option(0, min=0, help="The same seed and corpus give the same lines."),
    whole: bool = typer.Option(False, "--store", help="Use the whole store in place of the starter corpus."),
) -> None:
    """Write training pairs: sentences, a composed drawing, and the licences of what it is made of.

    Captions that are held out from training are left out. A stopped run goes on where it was.

    \b
    Example:
      text2svg compose-pairs pairs.jsonl -n 10000 --seed 1
    """
    import json

    from text2svg.compose.pairs import row

    done, first = _written(out)
    ticker = Ticker()
    with open_runtime() as runtime, out.open("a", encoding="utf-8") as file:
        for pair in _pairs(runtime, seed, first, whole=whole) if done < n else ():
            file.write(json.dumps(row(pair), ensure_ascii=False, separators=(",", ":")) + "\n")
            done += 1
            ticker.tick(f"{done:,} of {n:,} pairs", final=done == n)
            if done == n:
                break
    say(f"{out}: {done:,} pairs")


def _written(out: Path) -> tuple[int, int]:
    """Lines a file holds, and the scene after the last one; a torn last line is cut off."""
    import json

    from text2svg.errors import SourceError

    if not out.exists():
        return 0, 0
    data = out.read_bytes()
    data = data[: data.rfind(b"\n") + 1]
    try:
        lines = data.splitlines()
        last = json.loads(lines[-1])["index"] if lines else -1
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{out} holds no composed pairs: {error}", hint="name another file") from error
    out.write_bytes(data)
    return len(lines), last + 1


def _pairs(runtime: Any, seed: int, first: int, *, whole: bool) -> Iterator[Pair]:
    from text2svg.caption.keywords import is_heldout, natural_order
    from text2svg.compose.pairs import pairs
    from text2svg.compose.shelf import Shelf

    shelf = runtime.shelf
    if whole:
        with runtime.store() as store:
            shelf = Shelf(store.iter_samples(stage="optimize"))
    spoken = [" ".join(natural_order(c.split())) for c in shelf.captions() if not is_heldout(c)]
    return pairs(spoken, shelf.find, seed, first)


def edit(
    source: Path = typer.Argument(help="An SVG file, or - for stdin."),
    wish: str = typer.Argument(help="What to change, in a sentence."),
    out: Path | None = typer.Option(None, "-o", "--out", help="File to write; default stdout."),
    as_json: bool = JSON,
) -> None:
    """Change a drawing: colours, strokes, outline or filled, mirror, rotate, remove the background.

    \b
    Examples:
      text2svg edit heart.svg "make it blue" -o blue.svg
      text2svg edit logo.svg "red to #08f, thicker, flip it"
    """
    with open_runtime() as runtime:
        edited = runtime.edit(read_svg(source), wish)
    if out is not None:
        out.write_text(edited.text + "\n", encoding="utf-8")
    if as_json:
        show(edited, as_json=True)
    elif out is None:
        print(edited.text)
    for note in edited.notes:
        say(f"note: {note}")
    say(f"{', '.join(edited.done)}{'; the original was brought into canonical form first' if edited.lossy else ''}")


def relatives(
    source: Path = typer.Argument(help="An SVG file, or - for stdin."),
    k: int = typer.Option(8, "-k", min=1, max=100, help="How many."),
    as_json: bool = JSON,
) -> None:
    """Find the corpus drawings nearest to one, with their licences, and say which it nearly copies.

    \b
    Example:
      text2svg relatives heart.svg --json
    """
    with open_runtime() as runtime:
        found = runtime.relatives(read_svg(source), k)
        say(f"nearest of {len(runtime.searcher.index):,} drawings ({runtime.corpus.name})")
    rows = [relative_row(one) | {"svg": one.sample.optimized} for one in found]
    show(rows, as_json=as_json, text=lambda rows: table([tuple(r.values())[:7] for r in rows], _COLUMNS))


_COLUMNS = ("near copy", "similarity", "likeness", "caption", "collection", "licence", "author")


def relative_row(one: Relative) -> dict[str, Any]:
    """What must be said of a relative, as plain values."""
    p = one.sample.provenance
    values = (
        one.near_copy,
        round(one.similarity, 3),
        round(one.likeness, 3),
        one.sample.caption,
        p.collection,
        p.licence,
    )
    row: dict[str, Any] = dict(zip([c.replace(" ", "_") for c in _COLUMNS], (*values, p.author), strict=True))
    return row | {"name": p.name, "url": p.url, "digest": one.sample.digest}
