"""Create: words in, candidates drawn side by side, one of them kept.

Stop closes the handler's generator (Gradio raises GeneratorExit in it), which closes the engine's stream. The page
shows "stopped" at once on its own, because frames already on their way still arrive after the click.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from webapp import handlers
from webapp.tabs.parts import OPTIMIZER, QUIET, T, component, styles
from webapp.views import CreateView, as_json

EXAMPLES = (
    ("red heart", "color"),
    ("arrow left", "outline"),
    ("shopping bag", "outline"),
    ("rocket", "filled"),
    ("cloud rain", "duotone"),
    ("lock", "outline"),
    ("coffee cup", "outline"),
)
PROFILE = "web"
"""What "optimize here" uses; the Optimize tab offers the others."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What other tabs need of this one."""

    stage: gr.HTML
    prompt: gr.Textbox
    style: gr.Radio


def build(runtime: handlers.Runtime, concurrency: int) -> Parts:
    """Lays the tab out inside the open `gr.Tab`."""
    prompt, go, stop = _bar()
    with gr.Row(elem_id="create-examples-row"):
        examples = [{"text": text, "style": name} for text, name in EXAMPLES]
        chips = component("chips", {"examples": examples}, elem_id="create-examples", events=("pick",))
        component("counter", {"limit": handlers.MAX_PROMPT}, elem_id="create-counter")
    style, options = _options()
    stage = component("stage", as_json(CreateView()), elem_id="create-stage", events=("optimize", "similar"))
    compare = component("compare", {}, elem_id="create-compare", quiet=True)

    picked = chips.pick(_example, outputs=[prompt, style], **QUIET)
    running = []
    for start in (go.click, prompt.submit, picked.then):
        event = start(
            _drawer(runtime),
            inputs=[prompt, style, *options],
            outputs=stage,
            concurrency_limit=concurrency,
            concurrency_id="engine",
            trigger_mode="once",
            js="(...values) => { Text2SVG.begin(); return values; }",
            **QUIET,
        )
        # Gradio runs `then` only after a run that ended well; a full queue or a defect arrives at `failure`.
        event.then(None, js="() => { Text2SVG.settle(); }")
        event.failure(None, js="() => { Text2SVG.failed(); }")
        running.append(event)
    stop.click(None, js="() => { Text2SVG.halt(); }", cancels=running)
    stage.optimize(_optimizer(runtime), outputs=compare, **OPTIMIZER)
    return Parts(stage, prompt, style)


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
            list(range(1, handlers.MAX_CANDIDATES + 1)),
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
                _slider("temperature", 0.1, 1.5, 0.05, 0.4),
                _slider("top_p", 0.1, 1.0, 0.05, 0.9),
                _slider("max_tokens", 60, handlers.MAX_TOKENS, 4, 300),
            ]


def _slider(name: str, low: float, high: float, step: float, value: float) -> gr.Slider:
    return gr.Slider(
        low,
        high,
        value=value,
        step=step,
        label=T(f"create.{name}"),
        info=T(f"create.{name}.info"),
        elem_id=f"create-{name}",
        min_width=200,
    )


def _drawer(runtime: handlers.Runtime) -> Callable[..., Iterator[dict[str, Any]]]:
    def draw(prompt: str, style: str, count: int, seed: int, *sampling: float) -> Iterator[dict[str, Any]]:
        temperature, top_p, max_tokens = sampling
        wish = handlers.Wish(prompt or "", style, count, seed, max_tokens, temperature=temperature, top_p=top_p)
        views = handlers.generate(runtime, wish, run=time.time_ns() // 1_000_000)
        try:
            for view in views:
                yield as_json(view)
        finally:
            # Gradio closes this generator on Stop and when the tab is closed.
            views.close()

    return draw


def _optimizer(runtime: handlers.Runtime) -> Callable[[gr.EventData], dict[str, Any]]:
    def optimize(event: gr.EventData) -> dict[str, Any]:
        view = handlers.optimize(runtime, str(event.svg), PROFILE)
        # Asking twice for the same drawing must look like an answer both times.
        return {**as_json(view), "at": time.time_ns()}

    return optimize


def _example(event: gr.EventData) -> tuple[str, str]:
    style = str(event.style)
    return str(event.text)[: handlers.MAX_PROMPT], style if style in handlers.STYLES else ""


def _roll() -> int:
    return random.randrange(10_000)  # noqa: S311 - a seed a person may want to note down
