"""Create: words in, candidates drawn side by side, compositions beside them, one kept, coloured, edited and taken away.

Stop closes the handler's generator (Gradio raises GeneratorExit in it), which closes the engine's stream. The page
shows "stopped" at once on its own, because frames already on their way still arrive after the click. The address bar
always holds the link to what is shown. Refuses to keep anything on the server: history lives in the visitor's browser.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from webapp import handlers
from webapp.api import client_of
from webapp.limits import BATCH_ROWS, UPLOAD_BYTES
from webapp.service import Service
from webapp.tabs.parts import OPTIMIZER, QUIET, T, component, styles
from webapp.views import CreateView, as_json

EXAMPLES = (
    ("star", "filled"),
    ("mail", "outline"),
    ("purple lock", "filled"),
    ("orange clock", "outline"),
    ("two trees above a house", ""),
    ("heart inside a shield", ""),
)
COUNTS = (1, 2, 4, handlers.MAX_CANDIDATES)
"""How many to draw: of eight the best is measurably better than of four, at twice the time (0.4 s on one core)."""
SAMPLING = {"temperature": 0.4, "top_p": 0.9, "max_tokens": 300}
"""What the sliders stand on; a link leaves these out."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What other tabs need of this one."""

    stage: gr.HTML
    prompt: gr.Textbox
    style: gr.Radio
    linked: list[Any]
    """The fields that a link fills, in the order of `linked`."""
    like: list[Any]
    """What `taken` fills."""


def build(service: Service) -> Parts:
    """Lays the tab out inside the open `gr.Tab`."""
    prompt, go, stop = _bar()
    with gr.Row(elem_id="create-examples-row"):
        examples = [{"text": text, "style": name} for text, name in EXAMPLES]
        chips = component("chips", {"examples": examples}, elem_id="create-examples", events=("pick",))
        component("counter", {"limit": handlers.MAX_PROMPT}, elem_id="create-counter")
    style, options = _options()
    like, reference = _reference()
    options = [*options, reference]
    events = ("optimize", "similar", "manner", "example")
    stage = component("stage", as_json(CreateView()), elem_id="create-stage", events=events)
    compare = component("compare", {}, elem_id="create-compare", quiet=True)
    recent = component("recent", {}, elem_id="create-recent", events=("recall",))
    with gr.Accordion(T("batch.title"), open=False, elem_id="create-batch"):
        component("batch", {"rows": BATCH_ROWS}, elem_id="create-batch-body")

    fields = [prompt, style, *options]
    picked = chips.pick(_example, outputs=[prompt, style], **QUIET)
    shown = stage.example(_shown, outputs=fields, **QUIET)
    starts = (go.click, prompt.submit, picked.then, shown.then)
    running = [_draws(start, service, fields, stage) for start in starts]
    stop.click(None, js="() => { Text2SVG.halt(); }", cancels=running)
    stage.optimize(_optimizer(service), outputs=compare, **OPTIMIZER)
    _recall(recent, fields)
    return Parts(stage, prompt, style, fields, [like, reference])


def _recall(recent: gr.HTML, fields: list[Any]) -> None:
    def recall(event: gr.EventData) -> list[Any]:
        return linked(event.asked)

    recent.recall(recall, outputs=fields, **QUIET)


def _draws(start: Callable[..., Any], service: Service, fields: list[Any], stage: gr.HTML) -> Any:
    event = start(
        _drawer(service),
        inputs=fields,
        outputs=stage,
        concurrency_limit=service.bounds.concurrency,
        concurrency_id="engine",
        trigger_mode="once",
        js="(...values) => { Text2SVG.begin(values); return values; }",
        **QUIET,
    )
    # Gradio runs `then` only after a run that ended well; a full queue or a defect arrives at `failure`.
    event.then(None, js="() => { Text2SVG.settle(); }")
    event.failure(None, js="() => { Text2SVG.failed(); }")
    return event


def _bar() -> tuple[gr.Textbox, gr.Button, gr.Button]:
    with gr.Row(elem_id="create-bar"):
        prompt = gr.Textbox(
            label=T("create.prompt"),
            placeholder=T("create.placeholder"),
            lines=1,
            max_lines=3,
            max_length=handlers.MAX_PROMPT,
            container=False,
            show_label=False,
            elem_id="create-prompt",
            scale=1,
        )
        go = gr.Button(T("create.go"), variant="primary", elem_id="create-go", scale=0)
        stop = gr.Button(T("create.stop"), variant="stop", elem_id="create-stop", scale=0)
    return prompt, go, stop


def _options() -> tuple[gr.Radio, list[Any]]:
    with gr.Row(elem_id="create-options"):
        style = gr.Radio(styles(), value="", label=T("create.style"), elem_id="create-style", scale=3)
        count = gr.Radio(
            list(COUNTS),
            value=handlers.MAX_CANDIDATES,
            label=T("create.count"),
            elem_id="create-count",
            scale=2,
        )
        with gr.Row(elem_id="create-seed-row", scale=2):
            seed = gr.Number(
                1, label=T("create.seed"), precision=0, minimum=0, maximum=handlers.MAX_SEED,
                elem_id="create-seed", min_width=80, scale=1,
            )  # fmt: skip
            dice = gr.Button(T("create.dice"), elem_id="create-dice", scale=0, min_width=44)
    dice.click(_roll, outputs=seed, queue=False, **QUIET)
    return style, [count, seed, *_advanced()]


def _advanced() -> list[gr.Slider]:
    with gr.Accordion(T("create.advanced"), open=False, elem_id="create-advanced"):
        with gr.Row():
            return [
                _slider("temperature", 0.1, 1.5, 0.05),
                _slider("top_p", 0.1, 1.0, 0.05),
                _slider("max_tokens", 60, handlers.MAX_TOKENS, 4),
            ]


def _reference() -> tuple[gr.Accordion, gr.Textbox]:
    with gr.Accordion(T("create.like"), open=False, elem_id="create-like") as like:
        reference = gr.Textbox(
            label=T("create.reference"), info=T("create.reference.info"), placeholder="<svg …>", lines=3, max_lines=3,
            max_length=UPLOAD_BYTES, elem_id="create-reference",
        )  # fmt: skip
    return like, reference


def taken(event: gr.EventData) -> tuple[Any, str]:
    """The fold of the reference, open, and the drawing whose manner is to be taken."""
    return gr.Accordion(open=True), str(event.svg)[:UPLOAD_BYTES]


def _slider(name: str, low: float, high: float, step: float) -> gr.Slider:
    return gr.Slider(
        low,
        high,
        value=SAMPLING[name],
        step=step,
        label=T(f"create.{name}"),
        info=T(f"create.{name}.info"),
        elem_id=f"create-{name}",
        min_width=200,
    )


def _drawer(service: Service) -> Callable[..., Iterator[dict[str, Any]]]:
    def draw(
        prompt: str, style: str, count: int, seed: int, temperature: float, top_p: float, max_tokens: int,
        reference: str, request: gr.Request,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        wish = handlers.Wish(prompt or "", style, count, seed, max_tokens, temperature, top_p, reference or "")
        views = service.generate(client_of(request), wish, run=time.time_ns() // 1_000_000)
        try:
            for view in views:
                yield as_json(view)
        finally:
            # Gradio closes this generator on Stop and when the tab is closed.
            views.close()  # type: ignore[attr-defined]

    return draw


def _optimizer(service: Service) -> Callable[[gr.EventData, gr.Request], dict[str, Any]]:
    # Not called `optimize`: that name is taken for gradio_client.
    def here(event: gr.EventData, request: gr.Request) -> dict[str, Any]:
        view = service.optimize(client_of(request), str(event.svg))
        # Asking twice for the same drawing must look like an answer both times.
        return {**as_json(view), "at": time.time_ns()}

    return here


def linked(asked: Mapping[str, Any]) -> list[Any]:
    """Values for the fields from a link's parameters, or from a drawing of the history; what is wrong is left out."""
    style = str(asked.get("style", ""))
    wish = handlers.Wish(
        str(asked.get("q", "")),
        n=_number(asked.get("n"), handlers.MAX_CANDIDATES),
        seed=_number(asked.get("seed"), 1),
        max_tokens=_number(asked.get("m"), SAMPLING["max_tokens"]),
        temperature=_number(asked.get("t"), SAMPLING["temperature"]),
        top_p=_number(asked.get("p"), SAMPLING["top_p"]),
    ).clamped()
    known = style if style in handlers.STYLES else ""
    count = next(count for count in COUNTS if count >= (wish.n or 1))
    return [wish.prompt, known, count, wish.seed, wish.temperature, wish.top_p, wish.max_tokens, ""]


def _number(value: object, default: float) -> float:
    try:
        return float(str(value)[:20]) if value is not None else default
    except ValueError:
        return default


def _example(event: gr.EventData) -> tuple[str, str]:
    style = str(event.style)
    return str(event.text)[: handlers.MAX_PROMPT], style if style in handlers.STYLES else ""


def _shown(event: gr.EventData) -> list[Any]:
    return linked({"q": event.text, "style": event.style, "seed": event.seed})


def _roll() -> int:
    return random.randrange(10_000)  # noqa: S311 - a seed a person may want to note down
