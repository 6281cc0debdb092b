"""Explore: the licensed corpus by words, by a drawing, or simply looked through.

What was asked last is kept for the visitor, so that a filter narrows the present question. Refuses to fetch anything
on the visitor's behalf: source pages are links that open in a new tab without a referrer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from webapp import handlers
from webapp.tabs.parts import QUIET, T, component, styles
from webapp.views import ExploreView, Notice, Status, as_json

Asked = tuple[str, str]
"""`(kind, text)` of the last question: `browse`, `words` or `drawing`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What other tabs need of this one."""

    gallery: gr.HTML
    style: gr.Dropdown
    licence: gr.Dropdown
    asked: gr.State


def build(runtime: handlers.Runtime, status: Status) -> Parts:
    """Lays the tab out inside the open `gr.Tab`."""
    with gr.Row(elem_id="explore-bar"):
        query = gr.Textbox(
            label=T("explore.words"), placeholder=T("explore.placeholder"), container=False,
            show_label=False, max_length=handlers.MAX_PROMPT, lines=1, max_lines=1,
            elem_id="explore-words", scale=1,
        )  # fmt: skip
        go = gr.Button(T("explore.go"), variant="primary", elem_id="explore-go", scale=0)
    with gr.Row(elem_id="explore-filters"):
        style = gr.Dropdown(styles(), value="", label=T("explore.style"), elem_id="explore-style", min_width=140)
        licences = [(T("explore.any"), ""), *((name, name) for name in status.licences)]
        licence = gr.Dropdown(licences, value="", label=T("explore.licence"), elem_id="explore-licence", min_width=140)
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
        events=("similar", "words", "more"),
    )
    parts = Parts(gallery, style, licence, gr.State(("browse", "")))
    _connect(runtime, parts, query, (go, near, upload, code))
    return parts


def _connect(runtime: handlers.Runtime, parts: Parts, query: gr.Textbox, drawing: tuple[Any, ...]) -> None:
    go, near, upload, code = drawing
    filters = [parts.style, parts.licence]
    outputs = [parts.gallery, parts.asked]

    def words(text: str, style: str, licence: str) -> tuple[dict[str, Any], Asked]:
        return ask(runtime, ("words", text or ""), style, licence)

    def drawn(text: str, style: str, licence: str) -> tuple[dict[str, Any], Asked]:
        return ask(runtime, ("drawing", text or ""), style, licence)

    def again(asked: Asked, style: str, licence: str) -> dict[str, Any]:
        return ask(runtime, asked, style, licence)[0]

    def more(event: gr.EventData, style: str, licence: str) -> dict[str, Any]:
        chosen = handlers.Filters(style, licence)
        return as_json(handlers.browse(runtime, chosen, max(0, int(event.offset))))

    for start in (go.click, query.submit):
        start(words, inputs=[query, *filters], outputs=outputs, **QUIET)
    near.click(drawn, inputs=[code, *filters], outputs=outputs, **QUIET)
    upload.upload(read_upload, inputs=upload, outputs=[code, parts.gallery], **QUIET).success(
        drawn, inputs=[code, *filters], outputs=outputs, **QUIET
    )
    for choice in filters:
        choice.input(again, inputs=[parts.asked, *filters], outputs=parts.gallery, **QUIET)
    parts.gallery.more(more, inputs=filters, outputs=parts.gallery, **QUIET)


def ask(runtime: handlers.Runtime, asked: Asked, style: str, licence: str) -> tuple[dict[str, Any], Asked]:
    """The answer to a question under the present filters, and the question to remember."""
    kind, text = asked
    chosen = handlers.Filters(style or "", licence or "")
    if kind == "drawing":
        view = handlers.search_drawing(runtime, text, chosen)
    elif kind == "words":
        view = handlers.search_words(runtime, text, chosen)
    else:
        view = handlers.browse(runtime, chosen)
    return as_json(view), asked


def read_upload(data: bytes) -> tuple[Any, Any]:
    """The text of an uploaded file, or what was wrong with it."""
    try:
        return data.decode("utf-8-sig"), gr.skip()
    except UnicodeDecodeError:
        notice = Notice("error.text")
        return "", as_json(ExploreView("error", "drawing", notice=notice))
