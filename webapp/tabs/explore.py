"""Explore: the licensed corpus by words, by a drawing, by both, or simply looked through.

What was asked last is kept for the visitor, so that a filter narrows the present question. Refuses to fetch anything
on the visitor's behalf: source pages are links that open in a new tab without a referrer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from webapp import handlers
from webapp.api import client_of
from webapp.gallery import Filters, Question
from webapp.service import Service
from webapp.tabs.parts import QUIET, T, component, styles
from webapp.views import ExploreView, Notice, Status, as_json


@dataclass(frozen=True, slots=True)
class Parts:
    """What other tabs need of this one."""

    gallery: gr.HTML
    filters: list[Any]
    """Style, licence and collection."""
    asked: gr.State


def build(service: Service, status: Status) -> Parts:
    """Lays the tab out inside the open `gr.Tab`."""
    with gr.Row(elem_id="explore-bar"):
        query = gr.Textbox(
            label=T("explore.words"), placeholder=T("explore.placeholder"), container=False,
            show_label=False, max_length=handlers.MAX_PROMPT, lines=1, max_lines=1,
            elem_id="explore-words", scale=1,
        )  # fmt: skip
        go = gr.Button(T("explore.go"), variant="primary", elem_id="explore-go", scale=0)
    with gr.Row(elem_id="explore-filters"):
        filters = [
            _filter("style", styles()),
            _filter("licence", _any(status.licences)),
            _filter("collection", _any(status.collections)),
        ]
        with gr.Accordion(T("explore.drawing"), open=False, elem_id="explore-drawing"):
            code = gr.Textbox(
                label=T("optimize.paste"), placeholder=T("optimize.placeholder"), lines=4, max_lines=4,
                elem_id="explore-code",
            )  # fmt: skip
            with gr.Row():
                upload = gr.UploadButton(
                    T("optimize.upload"), file_types=[".svg"], type="binary", size="sm",
                    elem_id="explore-upload",
                )  # fmt: skip
                near = gr.Button(T("explore.drawing.go"), size="sm", elem_id="explore-near")
    gallery = component(
        "gallery",
        as_json(ExploreView()),
        elem_id="explore-gallery",
        events=("similar", "manner", "words", "more"),
    )
    parts = Parts(gallery, filters, gr.State(Question()))
    _connect(service, parts, query, (go, near, upload, code))
    return parts


def _any(names: tuple[str, ...]) -> list[tuple[Any, str]]:
    return [(T("explore.any"), ""), *((name, name) for name in names)]


def _filter(name: str, choices: list[tuple[Any, str]]) -> gr.Dropdown:
    return gr.Dropdown(choices, value="", label=T(f"explore.{name}"), elem_id=f"explore-{name}", min_width=120)


def _chosen(style: str | None, licence: str | None, collection: str | None) -> Filters:
    return Filters(style or "", licence or "", collection or "")


def _connect(service: Service, parts: Parts, query: gr.Textbox, drawing: tuple[Any, ...]) -> None:
    go, near, upload, code = drawing
    filters, outputs = parts.filters, [parts.gallery, parts.asked]

    def put(asked: Question, chosen: Filters, request: gr.Request) -> tuple[dict[str, Any], Question]:
        return as_json(service.search(client_of(request), asked, chosen)), asked

    def words(text: str, style: str, licence: str, collection: str, request: gr.Request) -> tuple[Any, Question]:
        return put(Question("words", text or ""), _chosen(style, licence, collection), request)

    def drawn(
        svg: str, style: str, licence: str, collection: str, text: str, request: gr.Request
    ) -> tuple[Any, Question]:
        return put(Question("drawing", svg or "", text or ""), _chosen(style, licence, collection), request)

    def again(asked: Question, style: str, licence: str, collection: str, request: gr.Request) -> dict[str, Any]:
        return put(Question(*asked), _chosen(style, licence, collection), request)[0]

    def more(event: gr.EventData, style: str, licence: str, collection: str, request: gr.Request) -> dict[str, Any]:
        chosen = _chosen(style, licence, collection)
        return as_json(service.search(client_of(request), Question(), chosen, max(0, int(event.offset))))

    for start in (go.click, query.submit):
        start(words, inputs=[query, *filters], outputs=outputs, **QUIET)
    near.click(drawn, inputs=[code, *filters, query], outputs=outputs, **QUIET)
    upload.upload(read_upload, inputs=upload, outputs=[code, parts.gallery], **QUIET).success(
        drawn, inputs=[code, *filters, query], outputs=outputs, **QUIET
    )
    for choice in filters:
        choice.input(again, inputs=[parts.asked, *filters], outputs=parts.gallery, **QUIET)
    parts.gallery.more(more, inputs=filters, outputs=parts.gallery, **QUIET)


def read_upload(data: bytes) -> tuple[Any, Any]:
    """The text of an uploaded file, or what was wrong with it."""
    try:
        return data.decode("utf-8-sig"), gr.skip()
    except UnicodeDecodeError:
        notice = Notice("error.text")
        return "", as_json(ExploreView("error", "drawing", notice=notice))
