"""A runtime for the browser tests: a small real corpus, index, optimizer, renderer and generation loop.

Only the hand that draws is scripted: the engine replays drawings that the search finds for the prompt, so that a test
can say what must appear and when. Some prompts misbehave on purpose. Run this file with a port to serve it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text2svg.compose.compose import Composition, several
from text2svg.compose.scene import Scene
from text2svg.compose.shelf import Shelf
from text2svg.encode.hashed import HashedEncoder
from text2svg.engine.scripted import ScriptedEngine
from text2svg.errors import EngineUnavailable
from text2svg.generate import Event, Request, Setup, generate
from text2svg.generate.manner import Manner, read_manner
from text2svg.generate.relatives import Relative, relatives
from text2svg.optimize import Optimized, OptimizeOptions, optimize
from text2svg.optimize.ladder import Tools
from text2svg.optimize.svgo import Svgo, SvgoOptions
from text2svg.raster import load as load_rasterizer
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.search.build import build as build_index
from text2svg.search.columns import Filters
from text2svg.search.searcher import Hit, Lookup, Searcher
from text2svg.svg.tokenizer import load_tokenizer

BUNDLED = Path(__file__).resolve().parents[2] / "webapp" / "reports"
DELAYS = {"slow": 0.1, "red heart": 0.01, "fast rocket": 0.0}
"""Seconds between tokens for some prompts; the others take STEP_S."""
STEP_S = 0.003
HOSTILE = "${window.__x=1}{{constructor}}`x`<img src=x onerror='window.__x=1'>"
"""Stands in a caption, an author and a licence, as a hostile corpus would have it."""


def samples() -> list[Sample]:
    """The corpus: 50-odd permissive icons in canonical form, and one row with hostile texts."""
    rows = json.loads((Path(__file__).parent / "corpus.json").read_text(encoding="utf-8"))
    texts = dict.fromkeys(("caption", "author", "name", "collection", "licence"), HOSTILE)
    rows.append({**rows[0], **texts, "url": "javascript:alert(1)"})
    tokenizer = load_tokenizer()
    return [_sample(row, len(tokenizer.encode(row["svg"]))) for row in rows]


def _sample(row: dict[str, str], tokens: int) -> Sample:
    origin = Provenance("package", row["collection"], row["name"], row["url"], row["author"], row["licence"])
    return Sample(
        digest_of(row["svg"] + row["caption"]),
        row["svg"],
        origin,
        caption=row["caption"],
        style=row["style"],
        optimized=row["svg"],
        rung="integer",
        tokens=tokens,
    )


@dataclass(frozen=True)
class Folder:
    """An index folder and its rows, as the map asks for them."""

    index: Path
    lookup: Lookup


class DemoRuntime:
    """What `text2svg.runtime.Runtime` offers the app."""

    def __init__(self, folder: Path) -> None:
        self.samples = samples()
        known = {sample.digest: sample for sample in self.samples}
        self.encoder = HashedEncoder()
        build_index(folder / "index", self.samples, self.encoder)
        self.corpus = Folder(folder / "index", lambda digests: [known.get(digest) for digest in digests])
        self.searcher = Searcher.open(folder / "index", self.encoder, self.corpus.lookup)
        self._shelf = Shelf(self.samples[:-1])
        self._tokenizer = load_tokenizer()
        self.rasterizer = load_rasterizer("resvg")
        cache = os.environ.get("TEXT2SVG_CACHE")
        self.svgo = SvgoOptions(cache=Path(cache) / "svgo") if cache else SvgoOptions()
        self._tools = Tools(Svgo(self.svgo), self.rasterizer)
        self.closed: list[str] = []
        """Prompts whose stream was closed before its end, for tests of Stop."""

    def generate(self, request: Request) -> Iterator[Event]:
        if request.prompt == "offline":
            raise EngineUnavailable("no answer from the engine", hint="start it with `text2svg serve`")
        if request.prompt == "defect":
            raise ZeroDivisionError("a defect that no handler expects")
        found = self.search_words(request.prompt, request.n, style=request.style)
        answers = [*(hit.svg for hit in found), *(sample.optimized for sample in self.samples)]
        if request.prompt == "broken":
            answers[1:3] = ["this is no drawing", answers[2][: len(answers[2]) // 2]]
        engine = ScriptedEngine(answers[: request.n], delay_s=DELAYS.get(request.prompt, STEP_S))
        ended = False
        try:
            yield from generate(request, engine, self._tokenizer, Setup(rasterizer=self.rasterizer))
            ended = True
        finally:
            if not ended:
                self.closed.append(request.prompt)

    def close(self) -> None:
        self._tools.svgo.close()

    def optimize(self, svg: str, *, profile: str = "web", decimals: int | None = None) -> Optimized:
        return optimize(svg, OptimizeOptions(profile=profile, decimals=decimals), self._tools)

    def search_words(self, query: str, k: int, **filters: str) -> list[Hit]:
        return self.searcher.words(query, k, _filters(filters))

    def search_drawing(self, svg: str, k: int, words: str = "", **filters: str) -> list[Hit]:
        if words:
            return self.searcher.both(words, svg, k, _filters(filters))
        return self.searcher.drawing(svg, k, _filters(filters))

    def compose(self, scene: Scene, n: int = 1, seed: int = 0) -> list[Composition]:
        return several(scene, self._shelf.find, seed, n)

    def relatives(self, svg: str, k: int = 8) -> list[Relative]:
        return relatives(svg, self.searcher, self.rasterizer, k)

    def manner(self, svg: str) -> Manner:
        unseen = OptimizeOptions(profile="model", verify="off")
        return read_manner(svg, lambda given: optimize(given, unseen, self._tools), self._tokenizer)

    def browse(self, k: int, offset: int, **filters: str) -> list[Hit]:
        hits = [Hit(sample.digest, 0.0, sample) for sample in self.samples]
        kept = [hit for hit in hits if all(getattr(hit, n) == v for n, v in filters.items() if v)]
        return kept[offset : offset + k]

    def png(self, svg: str, size: int) -> bytes:
        return self.rasterizer.png(svg, size)

    def describe(self) -> dict[str, Any]:
        licences = sorted({s.provenance.licence for s in self.samples} - {HOSTILE})
        collections = sorted({s.provenance.collection for s in self.samples} - {HOSTILE})
        return {
            "engine": "scripted",
            "model": "demo",
            "rows": len(self.samples),
            "licences": licences,
            "collections": collections,
        }


def _filters(named: dict[str, str]) -> Filters:
    return Filters(**{name: (value,) for name, value in named.items() if value})


def hostile_report(folder: Path) -> Path:
    """A folder of reports: a bundled one with hostile names, words and drawings."""
    place = folder / "hostile"
    place.mkdir(parents=True)
    for name in ("report.json", "drawings.jsonl"):
        text = (BUNDLED / "bundled" / name).read_text(encoding="utf-8")
        (place / name).write_text(text, encoding="utf-8")
    report = json.loads((place / "report.json").read_text(encoding="utf-8"))
    report["generator"]["name"] = report["renderer"]["name"] = HOSTILE
    report["notes"] = [HOSTILE]
    (place / "report.json").write_text(json.dumps(report), encoding="utf-8")
    lines = [json.loads(line) for line in (place / "drawings.jsonl").read_text(encoding="utf-8").splitlines()]
    hostile = {"words": HOSTILE, "svg": "<svg xmlns='http://www.w3.org/2000/svg'><script>window.__x=1</script></svg>"}
    lines[0] |= hostile
    (place / "drawings.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def main(port: int) -> None:
    """Serves the app on the loopback; `/demo/closed` tells which streams were cut short."""
    from fastapi import APIRouter

    from webapp import app as web
    from webapp.measure import Reports
    from webapp.metrics import log_to_stderr
    from webapp.service import Service

    with tempfile.TemporaryDirectory() as folder:
        runtime = DemoRuntime(Path(folder))
        service = Service(runtime, reports=Reports([hostile_report(Path(folder) / "reports")]))
        router = APIRouter(include_in_schema=False)
        router.get("/demo/closed")(lambda: runtime.closed)
        router.get("/demo/process")(os.getpid)
        built = web.build(service)
        # Before the page, which is mounted at the root and would answer first.
        built.router.routes[:0] = router.routes
        log_to_stderr()
        web.run(built, ("127.0.0.1", port), service)
        runtime.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
