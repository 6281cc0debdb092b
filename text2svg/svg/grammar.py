"""The grammar of canonical SVG as a token automaton and as Lark text, both generated from the schema.

The automaton knows, for every state, how many tokens the shortest ending takes; a mask never allows a token whose ending
would not fit, so a decoder that follows it always closes its drawing within budget. It also knows which gradients exist,
so no reference dangles. The Lark text says the same without budgets or gradient order, for engines that bring their own
constrained decoding. Refuses ungrammatical steps with ValueError. The trade-off: a table of about 600 states by 1,125
tokens (1.4 MB) for one array look-up per step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from text2svg.svg.schema import GEOMETRY, GRADIENT_IDS
from text2svg.svg.vocabulary import classes

ROOT, GROUP, FADE, INNER = "R", "G", "F", "H"
"""Where a shape may stand: directly in svg, in a paint group, in a faded group, in a paint group inside one."""

_PARENT = {GROUP: ROOT, FADE: ROOT, INNER: FADE}
_MANY = len(GRADIENT_IDS)


class _Builder:
    """Collects edges between named states."""

    def __init__(self) -> None:
        self.ids: dict[str, list[int]] = {}
        at = 0
        for name, texts in classes():
            self.ids[name] = list(range(at, at + len(texts)))
            at += len(texts)
        self.size = at
        self.states: dict[str, int] = {}
        self.edges: list[tuple[int, list[int], int]] = []

    def state(self, name: str) -> int:
        return self.states.setdefault(name, len(self.states))

    def edge(self, source: str, kind: str, target: str, ids: list[int] | None = None) -> None:
        self.edges.append(
            (self.state(source), self.ids[kind] if ids is None else ids, self.state(target))
        )

    def chain(self, source: str, steps: list[str], target: str) -> None:
        """Edges source -steps-> target; a step ending in + leaves out the class's zero."""
        at = source
        for i, step in enumerate(steps):
            then = target if i == len(steps) - 1 else f"{source}>{i}{'.'.join(steps)}"
            kind = step.rstrip("+")
            self.edge(at, kind, then, self.ids[kind][1:] if step.endswith("+") else None)
            at = then


def _build() -> _Builder:
    b = _Builder()
    b.edge("start", "header", "R0")
    _gradients(b)
    for context in (ROOT, GROUP, FADE, INNER):
        for full in ("0", "1"):
            _items(b, context, full)
        for tag in GEOMETRY:
            _paint(b, tag, context)
            _geometry(b, tag, context)
    for context in (GROUP, INNER):
        _paint(b, "g", context)
        b.edge(f"{context}1", "close g", f"{_PARENT[context]}1")
    b.edge("F1", "close g", "R1")
    b.edge("R1", "footer", "end")
    b.edges.append((b.state("end"), [b.ids["special"][2]], b.state("done")))
    return b


def _items(b: _Builder, context: str, full: str) -> None:
    source = f"{context}{full}"
    for tag in GEOMETRY:
        b.edge(source, f"bare {tag}", f"{tag}/{context}/geometry")
        if context in (ROOT, FADE):
            b.edge(source, f"open {tag}", f"{tag}/{context}/paint")
    if context in (ROOT, FADE):
        b.edge(source, "open g", f"g/{GROUP if context == ROOT else INNER}/paint")
    if context == ROOT:
        b.edge(source, "open fade", "F0")


def _gradients(b: _Builder) -> None:
    b.edge("R0", "open linearGradient", "linear")
    b.chain(
        "linear",
        [
            "units linear",
            "bare",
            "next y1",
            "bare",
            "next x2",
            "bare",
            "next y2",
            "bare",
            "end gradient",
        ],
        "linear stops",
    )
    b.edge("R0", "open radialGradient", "radial")
    b.chain("radial", ["units radial", "bare", "next cy", "bare", "next r", "bare+"], "radial more")
    b.edge("radial more", "end gradient", "radial stops")
    b.chain("radial more", ["next fx", "bare", "next fy", "bare", "end gradient"], "radial stops")
    for kind in ("linear", "radial"):
        b.chain(f"{kind} stops", ["stop", "stop-color", "hex"], f"{kind} stop colored")
        b.edge(f"{kind} stop colored", "stop-opacity", f"{kind} stop full")
        b.edge(f"{kind} stop colored", "end stop", f"{kind} more stops")
        b.edge(f"{kind} stop full", "end stop", f"{kind} more stops")
        b.chain(f"{kind} more stops", ["stop", "stop-color", "hex"], f"{kind} stop colored")
        b.edge(f"{kind} more stops", f"close {kind}Gradient", "R0")


def _paint(b: _Builder, tag: str, context: str) -> None:
    """Paint attributes in order; at least one, and a stroke when there is no fill."""
    at = lambda stage: f"{tag}/{context}/paint" + (f"/{stage}" if stage else "")  # noqa: E731
    b.edge(at(""), "fill none", at("must"))
    b.chain(at(""), ["fill", "hex"], at("filled"))
    b.edge(at(""), "fill url", at("filled"))
    rule = tag in ("path", "g")
    if rule:
        b.edge(at(""), "fill-rule", at("ruled"))
        b.edge(at("filled"), "fill-rule", at("ruled"))
    for stage in ("", "filled", "ruled"):
        if stage != "ruled" or rule:
            b.edge(at(stage), "fill-opacity", at("faded"))
    for stage in ("", "must", "filled", "faded", *(["ruled"] if rule else [])):
        ending = "/alone" if stage == "must" else ""
        b.chain(at(stage), ["stroke", "hex"], at("stroked" + ending))
        b.edge(at(stage), "stroke url", at("stroked" + ending))
    for ending in ("", "/alone"):
        order = [
            "stroked",
            "stroke-width",
            "stroke-linecap",
            "stroke-linejoin",
            "stroke-opacity",
            "opacity",
        ]
        for i, source in enumerate(order):
            for name in order[max(1, i + 1) :]:
                if name != "opacity" or not (ending or tag == "g"):
                    b.edge(at(source + ending), name, at(name + ending))
            _end_paint(b, tag, context, at(source + ending))
    for stage in ("filled", "faded", *(["ruled"] if rule else [])):
        _end_paint(b, tag, context, at(stage))


def _end_paint(b: _Builder, tag: str, context: str, source: str) -> None:
    if tag == "g":
        b.edge(source, "end open", f"{context}0")
    else:
        b.edge(source, f"attribute {GEOMETRY[tag][0]}", f"{tag}/{context}/geometry")


def _geometry(b: _Builder, tag: str, context: str) -> None:
    start, after = f"{tag}/{context}/geometry", f"{context}1"
    if tag == "circle":
        b.chain(start, ["bare", "next cy", "bare", "next r", "bare+", "end shape"], after)
    elif tag == "ellipse":
        b.chain(
            start,
            ["bare", "next cy", "bare", "next rx", "bare+", "next ry", "bare+", "end shape"],
            after,
        )
    elif tag == "rect":
        box = f"{start}/box"
        b.chain(
            start, ["bare", "next y", "bare", "next width", "bare+", "next height", "bare+"], box
        )
        b.edge(box, "end shape", after)
        b.chain(box, ["next rx", "bare+", "end shape"], after)
    else:
        moved, drawn, closed = f"{start}/moved", f"{start}/drawn", f"{start}/closed"
        for source in (start, drawn, closed):
            b.chain(source, ["M", "bare", "spaced"], moved)
        for source in (moved, drawn):
            for letter, count in (
                ("L", 2),
                ("H", 1),
                ("V", 1),
                ("C", 6),
                ("S", 4),
                ("Q", 4),
                ("T", 2),
            ):
                b.chain(source, [letter, "bare", *["spaced"] * (count - 1)], drawn)
            turned = f"{source}/turned"
            b.chain(source, ["A", "bare+", "spaced+"], turned)
            b.edge(turned, "flags", f"{turned}/flagged")
            b.edge(turned, "spaced", f"{turned}/angle", b.ids["spaced"][1:180])
            b.edge(f"{turned}/angle", "turned flags", f"{turned}/flagged")
            b.chain(f"{turned}/flagged", ["spaced", "spaced"], drawn)
        b.edge(drawn, "Z", closed)
        b.edge(drawn, "end shape", after)
        b.edge(closed, "end shape", after)


class Automaton:
    """Deterministic automaton over drawing token ids; states are plain integers.

    A state is a table row plus the number of gradients defined so far, so it fits an int and needs no object.
    """

    def __init__(self) -> None:
        b = _build()
        self.width = b.size
        self.states = len(b.states)
        self.table: NDArray[np.int16] = np.full((self.states, self.width), -1, np.int16)
        for source, ids, target in b.edges:
            self.table[source, ids] = target
        self.start = b.states["start"]
        self.done = b.states["done"]
        self.eos_id = b.ids["special"][2]
        self._opening = np.array(b.ids["open linearGradient"] + b.ids["open radialGradient"])
        self._naming = np.array(b.ids["fill url"] + b.ids["stroke url"])
        self.need = self._distances()
        reachable = self.table >= 0
        self._cost = np.where(reachable, 1 + self.need[self.table], np.iinfo(np.int32).max).astype(
            np.int32
        )
        self._gradient_start = b.states["R0"]

    def _distances(self) -> NDArray[np.int32]:
        """Tokens from each state to the end of the shortest drawing, eos included."""
        before: dict[int, set[int]] = {}
        for source, target in {(int(s), int(t)) for s, t in zip(*self._pairs(), strict=True)}:
            before.setdefault(target, set()).add(source)
        need = np.full(self.states, 10_000, np.int32)
        need[self.done] = 0
        queue = deque([self.done])
        while queue:
            state = queue.popleft()
            for source in before.get(state, ()):
                if need[source] > need[state] + 1:
                    need[source] = need[state] + 1
                    queue.append(source)
        return need

    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.int16]]:
        """Edges that always exist; naming a gradient needs one, so no ending may count on it."""
        always = self.table >= 0
        always[:, self._naming] = False
        rows, columns = np.nonzero(always)
        return rows, self.table[rows, columns]

    def tokens_needed(self, state: int) -> int:
        """Tokens to the end of the shortest drawing from `state`, eos included."""
        return int(self.need[state % self.states])

    def mask(self, state: int, remaining: int) -> NDArray[np.bool_]:
        """Which ids (0..width-1) may follow so that the drawing still ends within `remaining` tokens, eos included."""
        row, gradients = state % self.states, state // self.states
        allowed = self._cost[row] <= remaining
        if row == self._gradient_start:
            keep = allowed[self._opening].reshape(2, _MANY) & (np.arange(_MANY) == gradients)
            allowed[self._opening] = keep.reshape(-1)
        elif gradients < _MANY:
            keep = allowed[self._naming].reshape(2, _MANY) & (np.arange(_MANY) < gradients)
            allowed[self._naming] = keep.reshape(-1)
        return allowed

    def step(self, state: int, token: int) -> int:
        """The state after `token`; ValueError when the grammar does not allow it."""
        row, gradients = state % self.states, state // self.states
        target = int(self.table[row, token]) if 0 <= token < self.width else -1
        if target < 0:
            raise ValueError(f"token {token} cannot follow in this state")
        if row == self._gradient_start and token in self._opening:
            if int(np.flatnonzero(self._opening == token)[0]) % _MANY != gradients:
                raise ValueError("gradients must be named in order")
            gradients += 1
        return target + gradients * self.states

    def accepts(self, ids: Iterable[int]) -> bool:
        """Whether ids are one whole drawing; the closing eos may be left out."""
        state = self.start
        try:
            for token in ids:
                allowed = self.mask(state, 10_000)
                if not 0 <= token < self.width or not allowed[token]:
                    return False
                state = self.step(state, token)
        except ValueError:
            return False
        return state % self.states == self.done or self.table[state % self.states, self.eos_id] >= 0


@lru_cache(maxsize=1)
def automaton() -> Automaton:
    """The one automaton; building it takes about 0.1 s."""
    return Automaton()
