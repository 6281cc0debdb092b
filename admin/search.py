"""`text2svg search`: the nearest drawings of the corpus, by words, by a drawing, by both, or like one that it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import say, show, table
from admin.inputs import read_svg
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.search.columns import Filters
    from text2svg.search.searcher import Hit, Searcher

_NAMES = ("score", "caption", "collection", "name", "style", "licence", "url")


def search(
    words: str = typer.Argument("", help="What to look for."),
    svg: Path | None = typer.Option(
        None, help="A drawing to look like, beside words or instead of them; - reads stdin."
    ),
    like: str = typer.Option("", help="Digest of a corpus drawing: more like this one."),
    k: int = typer.Option(10, "-k", min=1, max=1000, help="How many."),
    style: str = typer.Option("", help="Only these styles, separated by commas."),
    licence: str = typer.Option("", help="Only these SPDX licences."),
    collection: str = typer.Option("", help="Only these collections."),
    palette: str = typer.Option("", help="Only drawings of `one` colour or of `many`."),
    size: str = typer.Option("", help="Only small, medium or large drawings, by tokens."),
    as_json: bool = typer.Option(False, "--json", help="Print the drawings too."),
) -> None:
    """Find the nearest drawings of the corpus.

    \b
    Examples:
      text2svg search "left arrow" -k 5
      text2svg search --svg heart.svg --json
      text2svg search "broken" --svg heart.svg --style outline --licence MIT,ISC
      text2svg search --like 3f1c0a...
    """
    import time

    from text2svg.errors import ConfigError
    from text2svg.search.columns import Filters

    if bool(like) == bool(words or svg):
        raise ConfigError("give words, --svg, both of them, or --like", hint='text2svg search "left arrow"')
    given = {"style": style, "licence": licence, "collection": collection, "palette": palette, "size": size}
    filters = Filters(**{name: tuple(part for part in text.split(",") if part) for name, text in given.items()})
    with open_runtime() as runtime:
        searcher = runtime.searcher
        drawn = read_svg(svg) if svg else ""
        began = time.perf_counter()
        hits = _found(searcher, (words, drawn, like), k, filters)
        seconds = time.perf_counter() - began
        rows = [_row(hit) for hit in hits]
        say(f"{len(rows)} of {len(searcher.index):,} drawings ({runtime.corpus.name}), {seconds * 1000:.1f} ms")
    show(rows, as_json=as_json, text=lambda found: table([tuple(r.values())[:7] for r in found], _NAMES))


def _found(searcher: Searcher, asked: tuple[str, str, str], k: int, filters: Filters) -> list[Hit]:
    from text2svg.svg.sanitize import sanitize

    words, svg, like = asked
    if like:
        return searcher.like(like, k, filters)
    if not svg:
        return searcher.words(words, k, filters)
    clean = sanitize(svg).text
    return searcher.both(words, clean, k, filters) if words else searcher.drawing(clean, k, filters)


def _row(hit: Hit) -> dict[str, Any]:
    p = hit.sample.provenance
    values = (f"{hit.score:.3f}", hit.caption, p.collection, p.name, hit.style, p.licence, p.url)
    return {**dict(zip(_NAMES, values, strict=True)), "author": p.author, "digest": hit.digest, "svg": hit.svg}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(search)
