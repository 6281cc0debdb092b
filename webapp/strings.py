"""Every word of the page, by language.

Gradio's labels are translated by `gr.I18n`; the texts inside our own components by `Text2SVG.t` in `static/base.js`,
from the same table. Both follow the browser's language until the visitor chooses one. Refuses a key that only one
language has: a test compares them.
"""

from __future__ import annotations

from webapp.english import ENGLISH
from webapp.russian import RUSSIAN

LANGUAGES: dict[str, dict[str, str]] = {"en": ENGLISH, "ru": RUSSIAN}
"""The first is what a key falls back to."""
