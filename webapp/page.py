"""The one page: header, four tabs, footer, what the tabs ask of each other, and the names for Gradio's own client.

Refuses logic: a listener unpacks the browser's values, calls the service and packs its view. The wiring of the page is
private; `gradio_client` gets four functions of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from webapp import gallery, handlers
from webapp.api import client_of
from webapp.service import Service
from webapp.strings import LANGUAGES
from webapp.tabs import create, explore, measure, optimize
from webapp.tabs.parts import T, component
from webapp.tuning import Choice
from webapp.views import as_json


def i18n() -> gr.I18n:
    """The table that Gradio's own labels are translated from."""
    return gr.I18n(**LANGUAGES)


def blocks(service: Service) -> gr.Blocks:
    """The page over one service."""
    status = handlers.status(service.runtime)
    with gr.Blocks(title="Text2SVG", analytics_enabled=False, fill_width=True) as page:
        component("header", as_json(status), elem_id="header")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(T("tab.create"), id="create", elem_id="tab-create"):
                drawing = create.build(service)
            with gr.Tab(T("tab.optimize"), id="optimize", elem_id="tab-optimize"):
                optimize.build(service)
            with gr.Tab(T("tab.explore"), id="explore", elem_id="tab-explore"):
                corpus = explore.build(service, status)
            with gr.Tab(T("tab.measure"), id="measure", elem_id="tab-measure"):
                measure.build()
        component("footer", {}, elem_id="footer")
        _connect(service, tabs, drawing, corpus)
        _open(service, page, drawing, corpus)
        _name(service)
    return page


def _open(service: Service, page: gr.Blocks, drawing: create.Parts, corpus: explore.Parts) -> None:
    def link(request: gr.Request) -> list[Any]:
        asked = dict(request.query_params)
        return create.linked(asked) if asked.get("q") else [gr.skip()] * len(drawing.linked)

    # Who opens a link wants to see the drawing, not a filled form.
    page.load(link, outputs=drawing.linked, **explore.QUIET).then(None, js="() => { Text2SVG.linked(); }")
    page.load(
        lambda: as_json(gallery.browse(service.runtime, gallery.Filters())),
        outputs=corpus.gallery,
        **explore.QUIET,
    )


def _connect(service: Service, tabs: gr.Tabs, drawing: create.Parts, corpus: explore.Parts) -> None:
    def relatives(
        event: gr.EventData, style: str, licence: str, collection: str, request: gr.Request
    ) -> tuple[Any, ...]:
        asked = gallery.Question("drawing", str(event.svg))
        view = service.search(client_of(request), asked, gallery.Filters(style, licence, collection))
        return gr.Tabs(selected="explore"), as_json(view), asked

    def words(event: gr.EventData) -> tuple[Any, ...]:
        style = str(event.style)
        known = style if style in handlers.STYLES else ""
        return gr.Tabs(selected="create"), str(event.text)[: handlers.MAX_PROMPT], known

    def manner(event: gr.EventData) -> tuple[Any, ...]:
        return gr.Tabs(selected="create"), *create.taken(event)

    for source in (drawing.stage, corpus.gallery):
        source.manner(manner, outputs=[tabs, *drawing.like], **explore.QUIET)
        source.similar(
            relatives,
            inputs=corpus.filters,
            outputs=[tabs, corpus.gallery, corpus.asked],
            **explore.QUIET,
        )
    corpus.gallery.words(words, outputs=[tabs, drawing.prompt, drawing.style], **explore.QUIET)


def _name(service: Service) -> None:
    def generate(prompt: str, style: str, n: int, seed: int, request: gr.Request) -> Iterator[dict]:
        """Draws candidates; yields the view of each moment, the last one complete."""
        views = service.generate(client_of(request), handlers.Wish(prompt, style, n, seed))
        try:
            for view in views:
                yield as_json(view)
        finally:
            views.close()  # type: ignore[attr-defined]

    def optimized(svg: str, profile: str, request: gr.Request) -> dict:
        """Makes an SVG smaller and says how faithful it is."""
        return as_json(service.optimize(client_of(request), svg, Choice(profile)))

    def search(words: str, k: int, request: gr.Request) -> dict:
        """Finds the k drawings of the corpus nearest to some words."""
        filters = gallery.Filters(count=max(1, min(100, k)))
        return as_json(service.search(client_of(request), gallery.Question("words", words), filters))

    def composed(prompt: str, style: str, n: int, seed: int, request: gr.Request) -> dict:
        """Puts pictures together from licensed corpus drawings, and names them; no model draws these."""
        return as_json(service.compose(client_of(request), handlers.Wish(prompt, style, n, seed)))

    limit = service.bounds.concurrency
    gr.api(generate, api_name="generate", concurrency_limit=limit, concurrency_id="engine")
    gr.api(optimized, api_name="optimize")
    gr.api(search, api_name="search")
    gr.api(composed, api_name="compose")
