"""Optimize: an SVG in, the same picture in fewer bytes out, with the proof beside it.

Refuses files over 200 kB and text that is not UTF-8; both are said in words. Changing the profile runs again at once.
"""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from text2svg.optimize.options import PROFILES
from webapp import handlers
from webapp.tabs.parts import OPTIMIZER, QUIET, T, component
from webapp.views import Notice, OptimizeView, as_json

SAMPLE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with a drawing program that likes to talk -->
<svg xmlns="http://www.w3.org/2000/svg" width="512px" height="512px" viewBox="0 0 512.000000 512.000000" version="1.1">
  <title>weather</title>
  <desc>A sun behind a cloud, exported the usual way.</desc>
  <metadata><rdf xmlns="urn:example">one two three</rdf></metadata>
  <defs></defs>
  <g id="Layer_1" transform="translate(16.000000, 16.000000)">
    <g id="Group-7" fill="none" stroke="none" stroke-width="1" fill-rule="evenodd">
      <circle id="Oval" fill="#FFB400" cx="176.000000" cy="176.000000" r="96.000000"></circle>
      <g stroke="#ffb400" stroke-width="24.000000" stroke-linecap="round">
        <path d="M 176.000000,16.000000 L 176.000000,40.000000"></path>
        <path d="M 16.000000,176.000000 L 40.000000,176.000000"></path>
        <path d="M 62.862915,62.862915 L 79.833478,79.833478"></path>
        <path d="M 289.137085,62.862915 L 272.166522,79.833478"></path>
        <path d="M 62.862915,289.137085 L 79.833478,272.166522"></path>
      </g>
      <path d="M 384.000000,416.000000 C 437.019336,416.000000 480.000000,373.019336 480.000000,320.000000
        C 480.000000,266.980664 437.019336,224.000000 384.000000,224.000000 C 376.100000,224.000000 368.400000,224.950000
        361.050000,226.750000 C 342.600000,187.100000 302.400000,160.000000 256.000000,160.000000 C 192.150000,160.000000
        140.400000,211.750000 140.400000,275.600000 C 98.200000,278.700000 64.000000,313.900000 64.000000,346.900000
        C 64.000000,385.100000 94.900000,416.000000 133.100000,416.000000 Z" id="Cloud" fill="#5B8DEF"
        style="stroke:#ffffff;stroke-width:16.000000"></path>
    </g>
  </g>
</svg>
"""


def build(runtime: handlers.Runtime) -> None:
    """Lays the tab out inside the open `gr.Tab`."""

    def run(svg: str, profile: str) -> dict[str, Any]:
        return {**as_json(handlers.optimize(runtime, svg or "", profile)), "at": time.time_ns()}

    def rerun(svg: str, profile: str) -> dict[str, Any]:
        return run(svg, profile) if (svg or "").strip() else as_json(OptimizeView())

    with gr.Row(elem_id="optimize-page"):
        with gr.Column(scale=2, min_width=300, elem_id="optimize-in"):
            code = gr.Textbox(
                label=T("optimize.paste"),
                placeholder=T("optimize.placeholder"),
                lines=12,
                max_lines=12,
                elem_id="optimize-code",
            )
            with gr.Row(elem_id="optimize-files"):
                upload = gr.UploadButton(
                    T("optimize.upload"), file_types=[".svg"], type="binary", size="sm",
                    elem_id="optimize-upload",
                )  # fmt: skip
                sample = gr.Button(T("optimize.sample"), size="sm", elem_id="optimize-sample")
            profile = gr.Radio(
                [(T(f"profile.{name}"), name) for name in PROFILES],
                value=PROFILES[0],
                label=T("optimize.profile"),
                elem_id="optimize-profile",
            )
            go = gr.Button(T("optimize.go"), variant="primary", elem_id="optimize-go")
        with gr.Column(scale=5, min_width=320, elem_id="optimize-out"):
            compare = component("compare", as_json(OptimizeView()), elem_id="optimize-compare")

    inputs = [code, profile]
    go.click(run, inputs=inputs, outputs=compare, **OPTIMIZER)
    profile.input(rerun, inputs=inputs, outputs=compare, trigger_mode="always_last", **OPTIMIZER)
    sample.click(lambda: SAMPLE, outputs=code, **QUIET).then(run, inputs=inputs, outputs=compare, **OPTIMIZER)
    upload.upload(read_upload, inputs=upload, outputs=[code, compare], **QUIET).success(
        rerun, inputs=inputs, outputs=compare, **OPTIMIZER
    )


def read_upload(data: bytes) -> tuple[Any, Any]:
    """The text of an uploaded file, or what was wrong with it."""
    try:
        return data.decode("utf-8-sig"), gr.skip()
    except UnicodeDecodeError:
        return "", as_json(OptimizeView("error", notice=Notice("error.text")))
