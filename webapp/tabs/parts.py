"""What the three tabs share: translated labels and our own components.

Refuses Handlebars in templates: Gradio evaluates `${...}` found in data that a double-brace template inserted, so
every component has one fixed, empty template and is drawn by `static/*.js` from its JSON value.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.i18n import I18nData

TEMPLATE = '<div class="t2s"></div>'

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For every listener: our components show their own state, and the page's wiring is not an API."""

OPTIMIZER: dict[str, Any] = {**QUIET, "concurrency_limit": 1, "concurrency_id": "optimizer"}
"""For listeners that optimize: there is one SVGO worker, and it takes one drawing at a time."""

STYLE_CHOICES = ("", "outline", "filled", "duotone", "color")


def T(key: str) -> I18nData:  # noqa: N802 - reads as the word it stands for
    """A label that the browser translates."""
    return I18nData(key)


def component(kind: str, value: dict[str, Any], *, elem_id: str, events: tuple[str, ...] = (), **props: Any) -> gr.HTML:
    """One of our components: `kind` names its maker in `static/*.js`, `events` what it can trigger."""
    names = " ".join(repr(name) for name in events)
    # The script in the page's head may still be loading when the first component is born.
    script = (
        f"/* triggers {names} */ const parts = {{element, props, trigger, watch}};"
        f"(function start() {{ window.Text2SVG && Text2SVG.makers[{kind!r}]"
        f" ? Text2SVG.boot({kind!r}, parts) : setTimeout(start, 15); }})();"
    )
    return gr.HTML(
        value=value,
        html_template=TEMPLATE,
        js_on_load=script,
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["t2s-part"],
        **props,
    )


def styles() -> list[tuple[Any, str]]:
    """Choices of a style field."""
    return [(T(f"style.{name or 'auto'}"), name) for name in STYLE_CHOICES]
