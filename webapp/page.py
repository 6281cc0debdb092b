"""The one page: header, three tabs, footer, and what the tabs ask of each other.

Refuses logic: a listener unpacks the browser's values, calls a handler and packs its view. Events are private, because
the REST interface is made of the same handlers and not of the page's wiring.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from webapp import handlers
from webapp.strings import LANGUAGES
from webapp.tabs import create, explore, optimize
from webapp.tabs.parts import T, component
from webapp.views import as_json


def i18n() -> gr.I18n:
    """The table that Gradio's own labels are translated from."""
    return gr.I18n(**LANGUAGES)


def blocks(runtime: handlers.Runtime, *, concurrency: int) -> gr.Blocks:
    """The page over one runtime."""
    status = handlers.status(runtime)
    with gr.Blocks(title="Text2SVG", analytics_enabled=False, fill_width=True) as page:
        component("header", as_json(status), elem_id="header")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(T("tab.create"), id="create", elem_id="tab-create"):
                drawing = create.build(runtime, concurrency)
            with gr.Tab(T("tab.optimize"), id="optimize", elem_id="tab-optimize"):
                optimize.build(runtime)
            with gr.Tab(T("tab.explore"), id="explore", elem_id="tab-explore"):
                corpus = explore.build(runtime, status)
        component("footer", {}, elem_id="footer")
        _connect(runtime, tabs, drawing, corpus)
        page.load(
            lambda: as_json(handlers.browse(runtime, handlers.Filters())),
            outputs=corpus.gallery,
            **explore.QUIET,
        )
    return page


def _connect(runtime: handlers.Runtime, tabs: gr.Tabs, drawing: create.Parts, corpus: explore.Parts) -> None:
    def relatives(event: gr.EventData, style: str, licence: str) -> tuple[Any, ...]:
        svg = str(event.svg)
        view = handlers.search_drawing(runtime, svg, handlers.Filters(style, licence))
        return gr.Tabs(selected="explore"), as_json(view), ("drawing", svg)

    def words(event: gr.EventData) -> tuple[Any, ...]:
        style = str(event.style)
        known = style if style in handlers.STYLES else ""
        return gr.Tabs(selected="create"), str(event.text)[: handlers.MAX_PROMPT], known

    for source in (drawing.stage, corpus.gallery):
        source.similar(
            relatives,
            inputs=[corpus.style, corpus.licence],
            outputs=[tabs, corpus.gallery, corpus.asked],
            **explore.QUIET,
        )
    corpus.gallery.words(words, outputs=[tabs, drawing.prompt, drawing.style], **explore.QUIET)
