"""Errors as messages for people: which sentence of `strings` fits, what the error said, and what to do next.

Refuses errors outside the project's tree; those are defects and must reach the log. The trade-off: the detail of an
error is shown in English whatever the page's language, because it names files, options and limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from text2svg import errors
from webapp.views import ExploreView, Notice, OptimizeView

_KEYS: tuple[tuple[type[errors.Text2SVGError], str], ...] = (
    (errors.ConfigError, "error.config"),
    (errors.MissingDependency, "error.missing"),
    (errors.ParseError, "error.parse"),
    (errors.LimitError, "error.limit"),
    (errors.NotCanonical, "error.canonical"),
    (errors.SvgError, "error.refused"),
    (errors.RenderError, "error.render"),
    (errors.OptimizeError, "error.optimize"),
    (errors.EngineUnavailable, "error.busy"),
    (errors.EngineError, "error.engine"),
    (errors.StoreError, "error.store"),
    (errors.SourceError, "error.source"),
    (errors.TrainError, "error.train"),
)
"""First match wins, so a subclass stands before its base."""

View = TypeVar("View", ExploreView, OptimizeView)


def notice_of(error: errors.Text2SVGError) -> Notice:
    """The message for an error of the tree."""
    key = next((key for kind, key in _KEYS if isinstance(error, kind)), "error.unknown")
    return Notice(key, detail=error.message, hint=error.hint)


def error_view(view: View, error: errors.Text2SVGError) -> View:
    """The same view, failed."""
    return replace(view, state="error", notice=notice_of(error))
