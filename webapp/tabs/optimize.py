"""Optimize: an SVG in, the same picture in fewer bytes out, with the proof beside it.

Every switch runs again at once. Files are read by the browser and sent as text, so nothing of them is kept on the server;
several at once go through the API one after the other. Refuses files over 200 kB and text that is not UTF-8, in words.
"""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from text2svg.optimize.options import PROFILES
from webapp.api import client_of
from webapp.limits import UPLOAD_BYTES, ZIP_FILES
from webapp.service import Service
from webapp.tabs.parts import OPTIMIZER, QUIET, T, component
from webapp.tuning import GROUPS, Choice
from webapp.views import OptimizeView, as_json

PRECISIONS = ("auto", "0", "1", "2")
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


def build(service: Service) -> None:
    """Lays the tab out inside the open `gr.Tab`."""

    def run(svg: str, profile: str, decimals: str, groups: list[str], request: gr.Request) -> dict[str, Any]:
        view = service.optimize(client_of(request), svg or "", choice_of(profile, decimals, groups))
        return {**as_json(view), "at": time.time_ns()}

    def rerun(svg: str, profile: str, decimals: str, groups: list[str], request: gr.Request) -> dict[str, Any]:
        given = (svg or "").strip()
        return run(svg, profile, decimals, groups, request) if given else as_json(OptimizeView())

    with gr.Row(elem_id="optimize-page"):
        with gr.Column(scale=2, min_width=300, elem_id="optimize-in"):
            code, files, sample = _input()
            choices = _choices()
            go = gr.Button(T("optimize.go"), variant="primary", elem_id="optimize-go")
            usual = {"profile": PROFILES[0], "decimals": PRECISIONS[0], "groups": list(GROUPS)}
            steps = component("steps", usual, elem_id="optimize-steps", events=("went",))
        with gr.Column(scale=5, min_width=320, elem_id="optimize-out"):
            compare = component("compare", as_json(OptimizeView()), elem_id="optimize-compare")

    inputs = [code, *choices]
    given = (
        sample.click(lambda: SAMPLE, outputs=code, **QUIET),
        files.opened(_opened, outputs=code, **QUIET),
        steps.went(_went, outputs=inputs, **QUIET),
    )
    # Every run is a step that the page can go back to.
    wired = {"inputs": inputs, "outputs": compare, "js": "(...values) => Text2SVG.stepped(values)", **OPTIMIZER}
    for started in (
        go.click(run, **wired),
        *(choice.input(rerun, trigger_mode="always_last", **wired) for choice in choices),
        *(one.then(rerun, **wired) for one in given),
    ):
        started.failure(None, js="() => { Text2SVG.defect('#optimize-compare'); }")


def _opened(event: gr.EventData) -> str:
    return str(event.text)[:UPLOAD_BYTES]


def _went(event: gr.EventData) -> list[Any]:
    """Values of the fields from a step of the page's history; what is wrong becomes the usual."""
    svg, profile, decimals, groups = (*event.step, *[None] * 4)[:4]
    return [
        str(svg or "")[:UPLOAD_BYTES],
        profile if profile in PROFILES else PROFILES[0],
        decimals if decimals in PRECISIONS else PRECISIONS[0],
        [name for name in GROUPS if name in (groups if isinstance(groups, list) else GROUPS)],
    ]


def choice_of(profile: str, decimals: str, groups: list[str]) -> Choice:
    """What the fields hold, as the optimizer takes it."""
    off = tuple(name for name in GROUPS if name not in groups)
    return Choice(profile, int(decimals) if decimals in PRECISIONS[1:] else None, off)


def _input() -> tuple[gr.Textbox, gr.HTML, gr.Button]:
    code = gr.Textbox(
        label=T("optimize.paste"),
        placeholder=T("optimize.placeholder"),
        lines=10,
        max_lines=10,
        elem_id="optimize-code",
    )
    with gr.Row(elem_id="optimize-files"):
        limits = {"bytes": UPLOAD_BYTES, "files": ZIP_FILES}
        files = component("files", limits, elem_id="optimize-open", events=("opened",))
        sample = gr.Button(T("optimize.sample"), size="sm", elem_id="optimize-sample")
    return code, files, sample


def _choices() -> list[Any]:
    profile = gr.Radio(
        [(T(f"profile.{name}"), name) for name in PROFILES],
        value=PROFILES[0],
        label=T("optimize.profile"),
        elem_id="optimize-profile",
    )
    decimals = gr.Radio(
        [(T("optimize.auto"), PRECISIONS[0]), *((name, name) for name in PRECISIONS[1:])],
        value=PRECISIONS[0],
        label=T("optimize.decimals"),
        elem_id="optimize-decimals",
    )
    groups = gr.CheckboxGroup(
        [(T(f"group.{name}"), name) for name in GROUPS],
        value=list(GROUPS),
        label=T("optimize.groups"),
        elem_id="optimize-groups",
    )
    return [profile, decimals, groups]
