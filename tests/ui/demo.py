"""A runtime for the browser tests: a small real corpus, real search, real optimizer and renderer, and a scripted hand.

`generate` replays drawings of the corpus stroke by stroke instead of running a model, so that a test can say which
drawing must appear and when. Some prompts misbehave on purpose: see `_MOODS`. Run this file to serve it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from text2svg.encode.hashed import HashedEncoder
from text2svg.errors import EngineUnavailable
from text2svg.generate.request import Done, Finished, Partial, Ranked, Request, Started
from text2svg.optimize import Optimized, OptimizeOptions, open_tools, optimize
from text2svg.raster import load as load_rasterizer
from text2svg.sample import digest_of
from text2svg.svg.path import parse_path, write_path

SVG = "http://www.w3.org/2000/svg"
STEP_S = 0.012
_MOODS = {"slow": 0.25, "fast": 0.0}
HOSTILE = "${window.__x=1}{{constructor}}`x`<img src=x onerror='window.__x=1'>"
"""Stands in a caption, an author and a collection, as a hostile corpus would have it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One drawing of the demo corpus, in the shape of the search package's hits."""

    digest: str
    score: float
    svg: str
    caption: str
    style: str
    collection: str
    name: str
    licence: str
    author: str
    url: str


def strokes(svg: str) -> Iterator[str]:
    """Every stage of a drawing, one path segment or shape more each time, always a whole document."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    shapes = [node for node in root.iter() if len(node) == 0 and node is not root]
    for index, shape in enumerate(shapes):
        segments = parse_path(shape.get("d", ""))
        for length in range(2, len(segments) + 1) if segments else (0,):
            partial = deepcopy(root)
            _trim(partial, index, write_path(segments[:length]) if segments else "")
            yield ElementTree.tostring(partial, encoding="unicode")


def _trim(root: ElementTree.Element, last: int, d: str) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    shapes = [node for node in root.iter() if len(node) == 0 and node is not root]
    if d:
        shapes[last].set("d", d)
    for shape in shapes[last + 1 :]:
        parents[shape].remove(shape)


class DemoRuntime:
    """What `text2svg.runtime.Runtime` offers the app, over 56 icons."""

    def __init__(self) -> None:
        rows = json.loads((Path(__file__).parent / "corpus.json").read_text(encoding="utf-8"))
        hostile = {"caption": HOSTILE, "author": HOSTILE, "url": "javascript:alert(1)", "name": HOSTILE}
        rows.append({**rows[0], **hostile, "collection": HOSTILE, "licence": HOSTILE})
        self.rows = [Hit(digest=digest_of(row["svg"] + row["caption"]), score=0.0, **row) for row in rows]
        self._encoder = HashedEncoder()
        self._texts = self._encoder.encode_text([row.caption for row in self.rows])
        self._drawings = self._encoder.encode_svg([row.svg for row in self.rows])
        self._rasterizer = load_rasterizer("resvg")
        self._tools = open_tools()
        self._lock = threading.Lock()
        self._open: Any = None
        self.closed: list[str] = []
        """Prompts whose stream was closed before its end, for tests of Stop."""

    def generate(self, request: Request) -> Iterator[object]:
        if request.prompt == "offline":
            raise EngineUnavailable("no answer from the engine", hint="start it with `text2svg serve`")
        delay = _MOODS.get(request.prompt, STEP_S)
        hits = self.search_words(request.prompt, request.n, style=request.style)
        hits = [*hits, *self.rows][: request.n]
        ended = False
        try:
            yield Started(request.n, request.seed)
            yield from self._replay(request, hits, delay)
            yield Ranked(tuple(range(len(hits))))
            yield Done(0.1)
            ended = True
        finally:
            if not ended:
                self.closed.append(request.prompt)

    def _replay(self, request: Request, hits: Sequence[Hit], delay: float) -> Iterator[object]:
        running = {index: strokes(hit.svg) for index, hit in enumerate(hits)}
        while running:
            for index in list(running):
                time.sleep(delay)
                frame = next(running[index], None)
                if frame is not None:
                    yield Partial(index, frame)
                    continue
                del running[index]
                broken = request.prompt == "broken" and index == 1
                svg = "<svg><path" if broken else hits[index].svg
                warnings = ("stopped at the token limit",) if index == 2 else ()
                yield Finished(index, svg, len(svg) // 3, not broken, warnings)

    def optimize(self, svg: str, *, profile: str = "web") -> Optimized:
        with self._lock:
            if self._open is None:
                self._open = self._tools.__enter__()
            return optimize(svg, OptimizeOptions(profile=profile), self._open)

    def search_words(self, query: str, k: int, **filters: str) -> list[Hit]:
        return self._nearest(self._texts @ self._encoder.encode_text([query])[0], k, filters)

    def search_drawing(self, svg: str, k: int, **filters: str) -> list[Hit]:
        return self._nearest(self._drawings @ self._encoder.encode_svg([svg])[0], k, filters)

    def _nearest(self, scores: Any, k: int, filters: dict[str, str]) -> list[Hit]:
        order = sorted(range(len(self.rows)), key=lambda row: -scores[row])
        found = [(self.rows[row], float(scores[row])) for row in order if _fits(self.rows[row], filters)]
        return [_scored(hit, score) for hit, score in found[:k]]

    def browse(self, k: int, offset: int, **filters: str) -> list[Hit]:
        return [hit for hit in self.rows if _fits(hit, filters)][offset : offset + k]

    def png(self, svg: str, size: int) -> bytes:
        return self._rasterizer.png(svg, size)

    def describe(self) -> dict[str, Any]:
        licences = sorted({row.licence for row in self.rows if row.licence != HOSTILE})
        return {"engine": "scripted", "model": "demo", "rows": len(self.rows), "licences": licences}


def _fits(hit: Hit, filters: dict[str, str]) -> bool:
    return all(not wanted or getattr(hit, name) == wanted for name, wanted in filters.items())


def _scored(hit: Hit, score: float) -> Hit:
    values = {name: getattr(hit, name) for name in Hit.__slots__}
    return Hit(**{**values, "score": score})


def main(port: int) -> None:
    """Serves the app on the loopback; `/demo/closed` tells which streams were cut short."""
    import uvicorn
    from fastapi import FastAPI

    from webapp.app import build

    runtime = DemoRuntime()
    outer = FastAPI()
    outer.get("/demo/closed")(lambda: runtime.closed)
    app = build(runtime)
    # Before the page, which is mounted at the root and would answer first.
    app.router.routes.insert(0, outer.router.routes[-1])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
