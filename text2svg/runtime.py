"""The composition root: settings become an engine, an encoder, a rasterizer, a store and a searcher, each on first use.

Both doors, command line and browser, hold one Runtime. Everything below takes its tools as parameters. Refuses to fall
back in silence: when the store has no search index, the starter corpus serves and `describe()` says so. The trade-off:
everything lives in one process and is made once; a second configuration is a second Runtime.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from text2svg.settings import Settings

if TYPE_CHECKING:
    from text2svg.compose.compose import Composition
    from text2svg.compose.scene import Scene
    from text2svg.compose.shelf import Shelf
    from text2svg.encode.base import Encoder
    from text2svg.engine.base import Engine
    from text2svg.executor.base import Executor
    from text2svg.generate.edit import Edited
    from text2svg.generate.events import Event
    from text2svg.generate.loop import Setup
    from text2svg.generate.manner import Manner
    from text2svg.generate.references import Reference
    from text2svg.generate.relatives import Relative
    from text2svg.generate.request import Request
    from text2svg.mine.npm import Npm
    from text2svg.optimize.ladder import Tools
    from text2svg.optimize.options import Optimized, OptimizeOptions
    from text2svg.optimize.svgo import SvgoOptions
    from text2svg.raster.base import Rasterizer
    from text2svg.sample import Sample
    from text2svg.search.searcher import Hit, Searcher
    from text2svg.spec import Spec
    from text2svg.store.database import Store
    from text2svg.store.starter import Starter
    from text2svg.svg.tokenizer import Tokenizer

Made = TypeVar("Made")

ASSETS = Path(str(files("text2svg"))) / "assets"


class Once(Generic[Made]):
    """An attribute made on first use, by one thread while the others wait.

    functools.cached_property makes it twice when two visitors come first together (its lock left in Python 3.12).
    """

    def __init__(self, make: Callable[[Any], Made]) -> None:
        self.make = make
        self.name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, owner: Any, kind: type | None = None) -> Made:
        if owner is None:
            return self  # type: ignore[return-value]
        with owner._lock:
            if self.name not in owner.__dict__:
                owner.__dict__[self.name] = self.make(owner)
        made: Made = owner.__dict__[self.name]
        return made


class Runtime:
    """Tools by name. Thread-safe: each is built once, by whoever asks first."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.read()
        self._lock = threading.RLock()

    # Tools ------------------------------------------------------------------------------------------------------

    @Once
    def engine(self) -> Engine:
        """The engine the settings name, not yet loaded."""
        from text2svg.engine import load

        known = {"openai.api_key": self.settings.api_key, "vllm.python": self.settings.vllm_python}
        return load(self.settings.engine, defaults=known, more={"compose": self._composer})

    def _composer(self, spec: Spec) -> Engine:
        from text2svg.compose.engine import from_spec

        return from_spec(spec, self.find_drawings)

    @Once
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that ships with the package; every engine shares it."""
        from text2svg.svg.tokenizer import load_tokenizer

        return load_tokenizer()

    @Once
    def encoder(self) -> Encoder:
        """The encoder of the settings, or the bundled one."""
        from text2svg.encode import load

        return load(self.settings.encoder or f"onnx:{ASSETS / 'encoder'}")

    @Once
    def rasterizer(self) -> Rasterizer:
        """Draws untrusted SVG in a process that can be killed."""
        from text2svg.raster import load

        return load(self.settings.rasterizer)

    @Once
    def setup(self) -> Setup:
        """What a generation uses beside its engine."""
        from text2svg.generate.bring import brought
        from text2svg.generate.loop import Setup
        from text2svg.generate.rank import closeness
        from text2svg.generate.vocabulary import load_vocabulary

        return Setup(
            vocabulary=load_vocabulary(ASSETS / "words.json"),
            rasterizer=self.rasterizer,
            redraw=lambda svg: brought(svg, partial(self.optimize, profile="model"))[0],
            scorer=closeness(self.encoder),
        )

    @Once
    def tools(self) -> Tools:
        """One SVGO worker and a rasterizer, held for the life of the process."""
        from text2svg.optimize.ladder import Tools
        from text2svg.optimize.svgo import Svgo

        return Tools(Svgo(self.svgo), self.rasterizer)

    @property
    def svgo(self) -> SvgoOptions:
        """Where stage 2 installs and runs."""
        from text2svg.optimize.svgo import SvgoOptions

        return SvgoOptions(cache=self.settings.cache / "svgo")

    @property
    def npm(self) -> Npm:
        """The npm that brings icon packages into the cache."""
        from text2svg.mine.npm import Npm

        return Npm(self.settings.cache / "packages")

    def executor(self, spec: str = "") -> Executor:
        """Where steps run."""
        from text2svg.executor import load

        return load(spec or self.settings.executor)

    def store(self, *, write: bool = False) -> Store:
        """The corpus store: opened for reading, or made and opened for writing. Close it. Raises StoreError."""
        from text2svg.store.database import Store

        if write:
            return Store.create(self.settings.data, self.settings.database_url)
        return Store.open(self.settings.data, self.settings.database_url, read_only=True)

    # Search -----------------------------------------------------------------------------------------------------

    @Once
    def corpus(self) -> Corpus:
        """The searchable corpus: the store's when it has an index, else the starter corpus."""
        index = self.settings.data / "vectors" / "search"
        if (index / "index.json").is_file():
            return Corpus("store", index, self.store())
        from text2svg.store.starter import Starter

        return Corpus("starter", ASSETS / "starter" / "index", Starter(ASSETS / "starter" / "samples.parquet"))

    @Once
    def searcher(self) -> Searcher:
        """Searches `corpus`. Raises StoreError when the index was made by another encoder."""
        from text2svg.search.searcher import Searcher

        return Searcher.open(self.corpus.index, self.encoder, self.corpus.lookup)

    def search_words(self, query: str, k: int = 24, **filters: str) -> list[Hit]:
        """The k best drawings for words; filters are style, collection and licence."""
        return self.searcher.words(query, k, _filters(filters))

    def search_drawing(self, svg: str, k: int = 24, words: str = "", **filters: str) -> list[Hit]:
        """The k drawings most like one, and near to words if there are any. Raises SvgError, RenderError."""
        from text2svg.svg.sanitize import sanitize

        clean = sanitize(svg).text
        if words:
            return self.searcher.both(words, clean, k, _filters(filters))
        return self.searcher.drawing(clean, k, _filters(filters))

    def browse(self, k: int = 48, offset: int = 0, **filters: str) -> list[Hit]:
        """k drawings of the corpus in its own order, from `offset`."""
        import numpy as np

        from text2svg.search.searcher import Hit

        index, columns = self.searcher.index, self.searcher.columns
        allowed = columns.allowed(_filters(filters))
        rows = np.arange(len(index)) if allowed is None else np.flatnonzero(allowed)
        # A stride that shares no factor with the length mixes the sets, and visits every row once.
        stride = next((p for p in (9973, 7919, 7) if len(rows) % p), 1)
        places = range(offset, min(offset + k, len(rows)))
        digests = [index.digest(int(rows[(i * stride) % len(rows)])) for i in places]
        return [Hit(d, 0.0, sample) for d, sample in zip(digests, self.corpus.lookup(digests), strict=True) if sample]

    # Work -------------------------------------------------------------------------------------------------------

    def generate(self, request: Request) -> Iterator[Event]:
        """Draws; see `text2svg.generate`. Closing the iterator stops the engine."""
        from text2svg.generate.credited import draw

        return draw(request, self.engine, self.tokenizer, self.setup)

    @Once
    def shelf(self) -> Shelf:
        """The starter corpus by name, for composing."""
        from text2svg.compose.shelf import Shelf
        from text2svg.store.starter import read_starter

        return Shelf(read_starter(ASSETS / "starter" / "samples.parquet"))

    def find_drawings(self, words: str, style: str = "") -> Sequence[Sample]:
        """Corpus drawings of words that can be part of a picture, best first."""
        from text2svg.compose.shelf import usable

        if self.corpus.name == "starter":
            return self.shelf.find(words, style)
        return [hit.sample for hit in self.search_words(words, style=style) if usable(hit.sample)]

    def compose(self, scene: Scene, n: int = 1, seed: int = 0) -> list[Composition]:
        """Up to n pictures of a scene, put together from the corpus. Raises ConfigError."""
        from text2svg.compose.compose import several

        return several(scene, self.find_drawings, seed, n)

    def edit(self, svg: str, wish: str) -> Edited:
        """Changes a drawing as a sentence asks. Raises ConfigError, SvgError."""
        from text2svg.generate.edit import edit

        return edit(svg, wish, partial(self.optimize, profile="model"))

    def manner(self, svg: str) -> Manner:
        """How a drawing is drawn, for `Request.like`. Raises SvgError."""
        from text2svg.generate.manner import read_manner

        # Not rendered: a manner needs no proof that not one pixel moved, and a visitor's drawing may be slow to draw.
        return read_manner(svg, partial(self.optimize, profile="model", verify="off"), self.tokenizer)

    def references(
        self, request: Request, allowed: Callable[[Sample], bool] = bool
    ) -> tuple[tuple[Reference, ...], ...]:
        """Corpus drawings of a request's words, for its `references`; empty when there is none."""
        from text2svg.generate.references import choose_references

        words = " ".join(self.setup.vocabulary.read(request.text).words)
        return choose_references(filter(allowed, self.find_drawings(words, request.style)), request.n)

    def read_references(self, drawings: Sequence[tuple[str, str]]) -> tuple[Reference, ...]:
        """(name, SVG text) pairs as references before every candidate. Raises ConfigError, SvgError."""
        from text2svg.generate.references import read_references

        return read_references(drawings, partial(self.optimize, profile="model", verify="off"), self.tokenizer)

    def relatives(self, svg: str, k: int = 8) -> list[Relative]:
        """The k nearest corpus drawings, near copies flagged. Raises SvgError, RenderError."""
        from text2svg.generate.relatives import relatives

        return relatives(svg, self.searcher, self.rasterizer, k)

    def optimize(self, svg: str, *, profile: str = "web", **options: Any) -> Optimized:
        """Optimizes one drawing. Raises SvgError, ConfigError."""
        from text2svg.optimize.options import OptimizeOptions

        return self.optimize_with(svg, OptimizeOptions(profile=profile, **options))  # type: ignore[arg-type]

    def optimize_with(self, svg: str | bytes, options: OptimizeOptions) -> Optimized:
        """Optimizes one drawing with given options."""
        from text2svg.optimize import optimize

        return optimize(svg, options, self.tools)

    def png(self, svg: str, size: int = 512) -> bytes:
        """PNG bytes of a drawing, `size` pixels square."""
        from text2svg.svg.sanitize import sanitize

        return self.rasterizer.png(sanitize(svg).text, size)

    def describe(self) -> dict[str, Any]:
        """What is in use, for people: engine, corpus, rows, licences."""
        columns = self.searcher.columns
        return {
            "engine": self.settings.engine,
            "model": getattr(self.engine, "name", self.settings.engine),
            "corpus": self.corpus.name,
            "rows": len(self.searcher.index),
            "licences": sorted(columns.names["licence"]),
            "collections": sorted(columns.names["collection"]),
            "encoder": self.encoder.name,
        }

    def warm(self) -> None:
        """Loads what the first visitor would wait for."""
        for load in (getattr(self.engine, "warm", None), lambda: self.searcher, lambda: self.setup):
            if load is not None:
                load()

    def close(self) -> None:
        """Ends workers and closes the store; only what was made."""
        made = self.__dict__
        if "engine" in made:
            self.engine.close()
        if "tools" in made:
            self.tools.svgo.close()
        for name in ("rasterizer", "corpus"):
            close = getattr(made.get(name), "close", None)
            if close is not None:
                close()


class Corpus:
    """An index folder and the rows behind it."""

    def __init__(self, name: str, index: Path, rows: Store | Starter) -> None:
        self.name = name
        self.index = index
        self._rows = rows

    def lookup(self, digests: Sequence[str]) -> list[Sample | None]:
        """Samples in the order of the digests; None for rows that are gone."""
        return self._rows.lookup(digests)

    def close(self) -> None:
        """Closes the rows when they need it."""
        close: Callable[[], None] | None = getattr(self._rows, "close", None)
        if close is not None:
            close()


def _filters(named: dict[str, str]) -> Any:
    from text2svg.search.columns import Filters

    return Filters(**{name: (value,) for name, value in named.items() if value})
