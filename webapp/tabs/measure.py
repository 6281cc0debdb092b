"""Measure: reports of `text2svg evaluate` side by side, figure by figure and drawing by drawing.

The page asks the API for what it shows, as any program may. Refuses to run an evaluation from the browser: that holds the
engine for minutes, and is a command.
"""

from __future__ import annotations

from webapp.measure import MOST_COLUMNS
from webapp.tabs.parts import component


def build() -> None:
    """Lays the tab out inside the open `gr.Tab`."""
    component("board", {"columns": MOST_COLUMNS}, elem_id="measure-board")
