"""What the app shows of the corpus: a page of it, what a search finds, and a drawing's relatives.

Every drawing goes through the preview's gate and carries what its licence asks to be shown. Refuses to show a row that
the gate refuses: it is left out of the page. The trade-off: such a page is shorter than it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from text2svg.errors import Text2SVGError
from webapp.handlers import MAX_PROMPT, Runtime
from webapp.notices import error_view, notice_of
from webapp.preview import shown
from webapp.views import Drawing, ExploreView, Notice, Relative, RelativesView

PAGE = 42
"""Drawings on one page of Explore: whole rows of seven on a desk and of three on a phone."""
RELATIVES = 8
"""Relatives of one drawing."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What Explore narrows down to; an empty text means everything."""

    style: str = ""
    licence: str = ""
    collection: str = ""
    count: int = PAGE


class Question(NamedTuple):
    """What a visitor looks for: `kind` is `browse`, `words`, or `drawing`, which words may narrow."""

    kind: str = "browse"
    text: str = ""
    """Words, or the drawing."""
    words: str = ""
    """Words beside the drawing."""


def browse(runtime: Runtime, filters: Filters, offset: int = 0) -> ExploreView:
    """A page of the corpus, before anybody searched."""
    return _page(
        ExploreView("done", "browse", offset=offset),
        lambda: runtime.browse(filters.count, offset, **_narrow(filters)),
        filters,
    )


def search_words(runtime: Runtime, query: str, filters: Filters) -> ExploreView:
    """The drawings nearest to some words; no words means browsing."""
    words = _spoken(query)
    if not words:
        return browse(runtime, filters)
    return _page(
        ExploreView("done", "words", words),
        lambda: runtime.search_words(words, filters.count, **_narrow(filters)),
        filters,
    )


def search_drawing(runtime: Runtime, svg: str, filters: Filters, words: str = "") -> ExploreView:
    """The drawings nearest to a drawing, and to words as much, if there are any."""
    words = _spoken(words)
    kind = "both" if words else "drawing"
    if not svg.strip():
        return ExploreView("error", kind, words, notice=Notice("error.nothing", level="info"))
    try:
        drawing = shown(svg).drawing
    except Text2SVGError as error:
        return error_view(ExploreView(kind=kind, query=words), error)
    return _page(
        ExploreView("done", kind, words, drawing),
        lambda: runtime.search_drawing(drawing.svg, filters.count, words, **_narrow(filters)),
        filters,
    )


def _spoken(text: str) -> str:
    return " ".join(text.split())[:MAX_PROMPT]


def _narrow(filters: Filters) -> dict[str, str]:
    named = {"style": filters.style, "licence": filters.licence, "collection": filters.collection}
    return {name: value for name, value in named.items() if value}


def _page(view: ExploreView, find: Callable[[], Sequence[Any]], filters: Filters) -> ExploreView:
    try:
        hits = find()
        relatives = tuple(_relatives(hits))
    except Text2SVGError as error:
        return error_view(view, error)
    notice = None if relatives else Notice("explore.none", level="info")
    more = view.kind == "browse" and len(hits) >= filters.count
    following = view.offset + len(hits) if more else 0
    return replace(view, relatives=relatives, next=following, notice=notice)


def _relatives(hits: Sequence[Any]) -> Iterator[Relative]:
    for hit in hits:
        try:
            drawing = shown(hit.svg).drawing
        except Text2SVGError:
            # A corpus row that the preview refuses is left out of the page, never shown unclean.
            continue
        yield replace(relative(hit.sample, drawing), score=round(float(hit.score), 4), duplicates=hit.duplicates)


def relative(sample: Any, drawing: Drawing, *, row: int = -1) -> Relative:
    """A corpus row as the page shows it; `row` is its number in the index, where that is known."""
    origin = sample.provenance
    found = Relative(
        digest=sample.digest,
        drawing=drawing,
        caption=sample.caption,
        style=sample.style,
        collection=origin.collection,
        name=origin.name,
        licence=origin.licence,
        author=origin.author,
        url=origin.url if origin.url.startswith("https://") else "",
        evidence=origin.licence_evidence,
        row=row,
    )
    return replace(found, attribution=attribution(found))


def relatives(runtime: Runtime, svg: str, k: int = RELATIVES) -> RelativesView:
    """The k corpus drawings nearest to one, and which of them it nearly copies."""
    if not svg.strip():
        return RelativesView("error", notice=Notice("error.nothing", level="info"))
    try:
        found = runtime.relatives(shown(svg, measured=False).drawing.svg, k)
        return RelativesView("done", tuple(_compared(found)))
    except Text2SVGError as error:
        return RelativesView("error", notice=notice_of(error))


def _compared(found: Sequence[Any]) -> Iterator[Relative]:
    for one in found:
        try:
            drawing = shown(one.sample.optimized or one.sample.raw).drawing
        except Text2SVGError:
            continue
        near = {"likeness": round(float(one.likeness), 3), "near_copy": bool(one.near_copy)}
        yield replace(relative(one.sample, drawing), score=round(float(one.similarity), 4), **near)


def attribution(one: Relative) -> str:
    """Title, author, source and licence in one line, as Creative Commons recommends."""
    by = f" by {one.author}" if one.author else ""
    return ", ".join(filter(None, (f"“{one.name or one.caption}” from {one.collection}{by}", one.licence, one.url)))
