"""What a page shows, as plain values: handlers make them, the browser draws them, tests read them.

Refuses HTML: a view holds text and numbers only, and `webapp/static/*.js` puts every text into the page with
`textContent`, so nothing a visitor, a model or a corpus wrote can become markup. The trade-off is that the drawing
code lives in JavaScript, where Python tests cannot see it; the browser tests in `tests/ui` do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for people: `key` is translated in the browser, `detail` and `hint` are shown as they are."""

    key: str
    detail: str = ""
    hint: str = ""
    level: str = "error"
    """`error` or `info`."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One SVG that passed the sanitizer and the preview budget, with its sizes in bytes; 0 is not measured."""

    svg: str = ""
    size: int = 0
    gzip: int = 0
    brotli: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the drawings that a request asked for."""

    index: int
    state: str = "waiting"
    """`waiting`, `drawing`, `done`, `invalid` or `stopped`."""
    drawing: Drawing = Drawing()
    seed: int = 0
    tokens: int = 0
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A word of the prompt that the model reads as others; `used` is empty when it was left out."""

    word: str
    used: tuple[str, ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The numbers of a request as they were used: together with its words and style, and with the reference if there was
    one, they draw the same again."""

    n: int = 0
    seed: int = 0
    max_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 0.0
    manner: dict[str, Any] | None = None
    """What was taken over from the reference."""


@dataclass(frozen=True, slots=True)
class CreateView:
    """The Create page: `state` is `idle`, `running`, `done`, `stopped` or `error`."""

    state: str = "idle"
    prompt: str = ""
    style: str = ""
    run: int = 0
    """Changes with every request, so that the page knows when to forget the visitor's pick."""
    readings: tuple[Reading, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    order: tuple[int, ...] = ()
    """Indexes of candidates, best first; empty until ranked."""
    seconds: float = 0.0
    ahead: int = 0
    """Visitors who are drawn for first, while this request waits for the engine."""
    asked: Asked = Asked()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class CleanView:
    """An edited drawing after the sanitizer: `state` is `done` or `error`."""

    state: str
    drawing: Drawing = Drawing()
    removed: tuple[str, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class OptimizeView:
    """Before and after: `state` is `idle`, `done` or `error`; `saved` is a percentage of the raw bytes."""

    state: str = "idle"
    before: Drawing = Drawing()
    after: Drawing = Drawing()
    raw_bytes: int = 0
    raw_gzip: int = 0
    raw_brotli: int = 0
    saved: float = 0.0
    rung: str = ""
    difference: float = -1.0
    """Mean absolute difference of the two renderings, 0..255; -1 when not measured."""
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Relative:
    """A drawing of the corpus with everything its licence asks us to show."""

    digest: str
    drawing: Drawing
    score: float = 0.0
    caption: str = ""
    style: str = ""
    collection: str = ""
    name: str = ""
    licence: str = ""
    author: str = ""
    url: str = ""
    """Empty unless it is https."""
    evidence: str = ""
    """Why we believe the licence."""
    duplicates: int = 0
    """Rows with the same drawing that were folded into this one."""
    attribution: str = ""
    """One line to print beside the drawing, as most licences ask."""
    likeness: float = 0.0
    """Share of ink in common with the drawing that was asked about, 0..1; 0 when nobody compared them."""
    near_copy: bool = False
    """Whether that drawing is so near to this one that it counts as a copy."""
    row: int = -1
    """Its number in the index, for the map; -1 where nobody asked."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A picture put together from corpus drawings by rules; never one that a model drew."""

    index: int
    drawing: Drawing
    seed: int = 0
    style: str = ""
    notes: tuple[str, ...] = ()
    """What stood in for what was asked."""
    sources: tuple[Relative, ...] = ()
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class ComposeView:
    """Compositions for some words: `state` is `done` or `error`."""

    state: str
    prompt: str = ""
    composed: tuple[Composed, ...] = ()
    unread: tuple[str, ...] = ()
    """Words that mean nothing to the composer."""
    notes: tuple[str, ...] = ()
    """How doubtful words were read."""
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class RelativesView:
    """The corpus drawings nearest to one, near copies first: `state` is `done` or `error`."""

    state: str
    relatives: tuple[Relative, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class ExploreView:
    """A page of the corpus: `kind` is `browse`, `words`, `drawing` or `both`; `state` is `idle`, `done` or `error`."""

    state: str = "idle"
    kind: str = "browse"
    query: str = ""
    query_drawing: Drawing = Drawing()
    relatives: tuple[Relative, ...] = ()
    offset: int = 0
    """Where these drawings stand in the whole list; a page after the first is added to what is shown."""
    next: int = 0
    """Offset of the next page, 0 when there is none."""
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The line in the page's header."""

    engine: str = ""
    model: str = ""
    rows: int = 0
    licences: tuple[str, ...] = field(default=())
    collections: tuple[str, ...] = field(default=())
    pdf: str = ""
    """Why there is no PDF here; empty when there is."""


def as_json(view: object) -> dict[str, Any]:
    """A view as the JSON object that the browser receives."""
    return asdict(view)  # type: ignore[call-overload]
