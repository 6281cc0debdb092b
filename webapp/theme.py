"""The look: Gradio's variables set to our palette, and our style sheet and scripts for the page's head.

Warm paper, ink, one accent; drawings lie on white paper in both modes, because most of them are black ink. Refuses web
fonts: the page asks no other host for anything, and the system's own face is what a visitor reads best.
"""

from __future__ import annotations

import json
from importlib.resources import files

import gradio as gr

from webapp.strings import LANGUAGES

SANS = ("Inter", "ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")  # fmt: skip  # noqa: E501
MONO = ("ui-monospace", "SF Mono", "JetBrains Mono", "Cascadia Mono", "Menlo", "Noto Sans Mono", "monospace")  # fmt: skip  # noqa: E501
SHEETS = ("app.css", "parts.css", "tools.css", "groups.css")
SCRIPTS = (
    "base.js", "forms.js", "viewer.js", "editor.js", "kin.js", "cards.js", "compose.js", "header.js", "create.js",
    "recent.js", "optimize.js", "atlas.js", "explore.js", "measure.js",
)  # fmt: skip
"""In the order they need each other."""

LIGHT = {"paper": "#f7f5f1", "card": "#ffffff", "ink": "#1f1d1a", "soft": "#625d55", "line": "#e5e1d9",
         "accent": "#c2411b", "sunk": "#f0ede7", "accent-text": "#b83f1b"}  # fmt: skip
DARK = {"paper": "#161513", "card": "#1f1e1b", "ink": "#f2efe9", "soft": "#a8a297", "line": "#35322d",
        "accent": "#ff8157", "sunk": "#1a1917", "accent-text": "#ff8157"}  # fmt: skip

_VARIABLES: dict[str, str] = {
    "body_background_fill": "paper",
    "body_text_color": "ink",
    "body_text_color_subdued": "soft",
    "background_fill_primary": "card",
    "background_fill_secondary": "sunk",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "color_accent_soft": "sunk",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_label_background_fill": "card",
    "block_label_text_color": "soft",
    "block_title_text_color": "soft",
    "block_info_text_color": "soft",
    "input_background_fill": "card",
    "input_background_fill_focus": "card",
    "input_border_color": "line",
    "input_border_color_focus": "ink",
    "input_placeholder_color": "soft",
    "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_hover": "sunk",
    "checkbox_label_background_fill_selected": "ink",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "paper",
    "checkbox_label_border_color": "line",
    "checkbox_label_border_color_selected": "ink",
    "button_primary_background_fill": "ink",
    "button_primary_background_fill_hover": "accent",
    "button_primary_border_color": "ink",
    "button_primary_border_color_hover": "accent",
    "button_primary_text_color": "paper",
    "button_secondary_background_fill": "card",
    "button_secondary_background_fill_hover": "sunk",
    "button_secondary_text_color": "ink",
    "button_secondary_border_color": "line",
    "button_cancel_background_fill": "accent",
    "button_cancel_background_fill_hover": "accent",
    "button_cancel_border_color": "accent",
    "button_cancel_text_color": "paper",
    "slider_color": "accent",
    "link_text_color": "accent",
    "link_text_color_hover": "ink",
    "link_text_color_visited": "accent",
    "link_text_color_active": "accent",
    "error_background_fill": "card",
    "error_text_color": "accent",
    "error_border_color": "accent",
    "error_icon_color": "accent",
}


def theme() -> gr.themes.Base:
    """Gradio's theme in our palette, light and dark."""
    hue = gr.themes.Color(
        "#fdf4f0", "#fae5dc", "#f4c7b6", "#eda68c", "#e5835f", "#d9542b",
        "#c9461f", "#a63919", "#862f17", "#6d2816", "#3b140a",
    )  # fmt: skip
    base = gr.themes.Base(
        primary_hue=hue,
        secondary_hue=hue,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=SANS,
        font_mono=MONO,
    )
    colours = {name: LIGHT[tone] for name, tone in _VARIABLES.items()}
    colours |= {f"{name}_dark": DARK[tone] for name, tone in _VARIABLES.items()}
    return base.set(
        **colours,
        block_border_width="0px",
        block_shadow="none",
        block_shadow_dark="none",
        input_shadow="none",
        input_shadow_focus="none",
        input_border_width="1px",
        button_large_radius="12px",
        checkbox_label_shadow="none",
    )


def _read(name: str) -> str:
    return (files("webapp") / "static" / name).read_text(encoding="utf-8")


def css() -> str:
    """Our style sheet; its colours come from the same palette."""
    return "\n".join((_tones(":root", LIGHT), _tones(".dark", DARK), *(_read(name) for name in SHEETS)))


def _tones(selector: str, tones: dict[str, str]) -> str:
    return selector + " { " + " ".join(f"--{name}: {value};" for name, value in tones.items()) + " }"


def head() -> str:
    """Inline scripts: the words of both languages, then the code that draws our components."""
    # "<" written as an escape keeps any text from closing the script element.
    words = json.dumps(LANGUAGES, ensure_ascii=False).replace("<", "\\u003c")
    body = "\n".join(_read(name) for name in SCRIPTS)
    return f"<script>window.Text2SVGWords = {words};\n{body}</script>"
