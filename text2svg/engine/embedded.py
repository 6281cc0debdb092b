"""The engine that runs a model folder in this process, on one CPU core unless told otherwise.

The folder is what training exports: config.json, model.safetensors, tokenizer.json and onnx/ (the int8 graph). The
graph is used when it is there and ONNX Runtime is installed, else numpy; `reason` says which and why. Requests of
several threads take turns token by token, in the order of asking, so a second visitor's drawing starts at once and
both run at half speed. Refuses images and other architectures. The trade-off: no threads of its own; the model works
only while somebody reads the stream.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from text2svg.engine.base import Completion, Delta, Prompt, Sampling, collect
from text2svg.engine.batch import Batch, FreeGrammar, Grammar, Model
from text2svg.engine.decoder import Decoder
from text2svg.engine.guidance import Ids
from text2svg.engine.turns import Turns
from text2svg.engine.weights import ModelConfig, read_config, read_safetensors
from text2svg.errors import ConfigError, EngineError, EngineUnavailable
from text2svg.spec import Spec

BUNDLED = Path(__file__).parent.parent / "assets" / "generator"
"""The model that comes with the package."""

MAX_ROWS = 8
"""Largest batch, and the largest whose exactness is probed; further candidates wait for a free row."""


class Vocabulary(Protocol):
    """What the engine asks of a tokenizer."""

    vocab_size: int
    svg_vocab: int
    """Ids below this one are drawing tokens, the only ones the model may say."""
    pad_id: int
    bos_id: int
    eos_id: int

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids."""
        ...

    def encode_prompt(self, words: Any) -> Sequence[int]:  # noqa: ANN401
        """The ids that ask for a drawing of some words."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How to run the folder."""

    decoder: Literal["auto", "onnx", "numpy"] = "auto"
    graph: str = "onnx"
    """Sub-folder of the ONNX graph."""
    threads: int = 1
    """Of one matrix product; more than one rarely helps models of this size."""
    rows: int = MAX_ROWS
    """Most candidates in one batch."""
    grammar: bool = True
    """Hold the model to canonical SVG; off only to measure what the model does alone."""


class EmbeddedEngine:
    """An Engine over a model folder. Construction reads config.json; the weights wait for the first prompt."""

    reads_images = False
    streams = True

    def __init__(
        self,
        folder: Path,
        options: EmbeddedOptions | None = None,
        *,
        tokenizer: Vocabulary | None = None,
        grammar: Grammar | None = None,
    ) -> None:
        self.folder = folder
        self.options = options or EmbeddedOptions()
        self.config: ModelConfig = read_config(folder)
        if not 1 <= self.options.rows <= MAX_ROWS or self.options.threads < 1:
            raise ConfigError(f"rows must be 1 to {MAX_ROWS} and threads at least 1: {self.options}")
        self._decoder_kind, self.reason = _decide(folder, self.options)
        self.name = f"embedded:{folder.name}/{self._decoder_kind}"
        self._tokenizer, self._grammar = tokenizer, grammar
        self._model: Model | None = None
        self._loading = threading.Lock()
        self._turns = Turns()

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer every prompt; one that does not fit the context fails alone."""
        ids = self._encode(prompts)
        return collect(self._deltas(ids, sampling, _blanks(ids, prompts)), [len(p) for p in ids])

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """Yield a delta for each token of each prompt; the model is loaded before the first."""
        ids = self._encode(prompts)
        return self._deltas(ids, sampling, _blanks(ids, prompts))

    def warm(self) -> None:
        """Load the weights now, so that the first visitor does not wait (0.1 to 0.4 s)."""
        self._load()

    def digest(self) -> str:
        """sha256 of the weights and of the graph in use: what an evaluation must name."""
        files = [self.folder / "model.safetensors"]
        if self._decoder_kind == "onnx":
            files += sorted((self.folder / self.options.graph).glob("*.onnx*"))
        total = hashlib.sha256()
        for path in files:
            with path.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()

    def close(self) -> None:
        """Forget the weights; streams that still run keep them until they end."""
        with self._loading:
            self._model = None

    def _deltas(self, ids: Sequence[Ids], sampling: Sampling, blanks: Mapping[Ids, Ids]) -> Iterator[Delta]:
        model = self._load()
        return Batch(model, sampling, self._turns, self.options.rows, blanks).run(ids)

    def _encode(self, prompts: Sequence[Prompt]) -> list[tuple[int, ...]]:
        if any(prompt.images for prompt in prompts):
            raise EngineError(f"{self.name} reads no images", hint="use the openai engine with a vision model")
        return [p.ids or tuple(self.tokenizer.encode_prompt(p.text)) for p in prompts]

    @property
    def tokenizer(self) -> Vocabulary:
        """The folder's own tokenizer."""
        if self._tokenizer is None:
            from text2svg.svg.tokenizer import load_tokenizer

            self._tokenizer = load_tokenizer(self.folder / "tokenizer.json")
        return self._tokenizer

    def _load(self) -> Model:
        with self._loading:
            if self._model is None:
                self._model = self._open()
            return self._model

    def _open(self) -> Model:
        tokenizer, config = self.tokenizer, self.config
        if tokenizer.vocab_size > config.vocab_size:
            raise EngineError(
                f"{self.folder}: {tokenizer.vocab_size} tokens, {config.vocab_size} rows in the model",
                hint="tokenizer.json and model.safetensors must come from one export",
            )
        decoder = self._open_decoder()
        self.name = f"embedded:{self.folder.name}/{decoder.name}"
        pieces = tuple(tokenizer.decode([i]) for i in range(tokenizer.svg_vocab))
        return Model(decoder, self._open_grammar(), pieces, tokenizer.eos_id, config.context)

    def _open_decoder(self) -> Decoder:
        if self._decoder_kind == "onnx":
            from text2svg.engine.graph import OnnxDecoder

            return OnnxDecoder(self.folder / self.options.graph, self.config, threads=self.options.threads)
        from text2svg.engine.reference import NumpyDecoder

        return NumpyDecoder(self.config, read_safetensors(self.folder / "model.safetensors"))

    def _open_grammar(self) -> Grammar:
        if self._grammar is not None:
            return self._grammar
        if not self.options.grammar:
            names = self.tokenizer
            return FreeGrammar(names.svg_vocab, forbidden=(names.pad_id, names.bos_id))
        from text2svg.svg.grammar import automaton

        return automaton()


def _blanks(ids: Sequence[Ids], prompts: Sequence[Prompt]) -> dict[Ids, Ids]:
    return {own: prompt.blank for own, prompt in zip(ids, prompts, strict=True) if prompt.blank}


def _decide(folder: Path, options: EmbeddedOptions) -> tuple[str, str]:
    """Which decoder runs the folder, and the sentence that says why."""
    graph = folder / options.graph / "genai_config.json"
    if options.decoder == "numpy":
        return "numpy", "numpy in float32: asked for"
    installed = importlib.util.find_spec("onnxruntime") is not None
    if installed and graph.is_file():
        return "onnx", f"ONNX Runtime on {options.graph}/, {options.threads} thread(s)"
    missing = f"{graph} is missing" if installed else "onnxruntime is not installed"
    if options.decoder == "onnx":
        raise EngineUnavailable(missing, hint="install onnxruntime and export the graph, or use decoder=numpy")
    return "numpy", f"numpy in float32, about four times slower than the graph: {missing}"


def _flag(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("write on or off")
    return text == "on"


def _decoder(text: str) -> str:
    if text not in ("auto", "onnx", "numpy"):
        raise ValueError("write auto, onnx or numpy")
    return text


def from_spec(spec: Spec) -> EmbeddedEngine:
    """`embedded`, `embedded:FOLDER`, with decoder=auto|onnx|numpy, graph=, threads=, rows=, grammar=on|off."""
    known = {"decoder": _decoder, "graph": str, "threads": int, "rows": int, "grammar": _flag}
    options = EmbeddedOptions(**spec.read(known))
    return EmbeddedEngine(Path(spec.name) if spec.name else BUNDLED, options)
