"""Other programs that run the same weights, behind our own door, so that one clock times them all.

`transformers:FOLDER` is `model.generate`; `llamacpp:FOLDER` is llama.cpp's server in this process (package xllamacpp),
spoken to as any server. Refuses to constrain them: without a grammar they are at their fastest. The trade-off: transformers
answers at once, when all is done, so its first token is its last.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from text2svg.engine.base import Completion, Delta, Prompt, Sampling, collect
from text2svg.engine.embedded import BUNDLED
from text2svg.engine.llamacpp import write_gguf
from text2svg.engine.openai import OpenAIEngine
from text2svg.engine.wire import ServerOptions
from text2svg.errors import ConfigError, MissingDependency
from text2svg.spec import Spec


class TransformersEngine:
    """`AutoModelForCausalLM.generate` on the CPU, all candidates in one batch."""

    reads_images = False
    streams = False

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.name = f"transformers:{folder.name}"
        self._folder, self._threads = folder, threads
        self._model: Any = None

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer prompts of equal length. Raises ConfigError for others."""
        return collect(self.stream(prompts, sampling), [len(prompt.ids) for prompt in prompts])

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Delta]:
        """One piece a prompt, when all are done."""
        import torch

        if len({len(prompt.ids) for prompt in prompts}) > 1:
            raise ConfigError("prompts of several lengths", hint="ask candidates of one prompt")
        model, tokenizer = self._load()
        ids = torch.tensor([prompt.ids for prompt in prompts])
        chance = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        torch.manual_seed(sampling.seed)
        with torch.inference_mode():
            out = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=sampling.max_tokens,
                **chance if sampling.temperature else {"do_sample": False},
            )
        for index, row in enumerate(out[:, ids.shape[1] :].tolist()):
            end = row.index(tokenizer.eos_id) + 1 if tokenizer.eos_id in row else len(row)
            yield Delta(
                index,
                tokenizer.decode(row[:end]),
                "stop" if end < len(row) or row[-1] == tokenizer.eos_id else "length",
                end,
            )

    def close(self) -> None:
        """Forget the weights."""
        self._model = None

    def _load(self) -> tuple[Any, Any]:
        if self._model is None:
            try:
                import torch
                from transformers import AutoModelForCausalLM
            except ImportError as error:
                raise MissingDependency("transformers", extra="train") from error
            from text2svg.svg.tokenizer import load_tokenizer

            torch.set_num_threads(self._threads)
            model = AutoModelForCausalLM.from_pretrained(self._folder, dtype=torch.float32, use_safetensors=True)
            self._model = model.eval(), load_tokenizer(self._folder / "tokenizer.json")
        return self._model


class LlamaCppEngine(OpenAIEngine):
    """llama.cpp's server on a GGUF file made for it, float32 or quantized by nobody."""

    def __init__(self, folder: Path, threads: int = 1, *, half: bool = False) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingDependency("xllamacpp") from error
        self._scratch = tempfile.TemporaryDirectory(prefix="text2svg-llamacpp-")
        options = xllamacpp.CommonParams()
        options.model.path = str(write_gguf(folder, Path(self._scratch.name) / "model.gguf", half=half))
        options.n_ctx, options.n_parallel, options.verbosity = 4 * 512, 4, 0
        options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
        self._server = xllamacpp.Server(options)
        super().__init__(f"{self._server.listening_address}/v1", ServerOptions(model="model"))
        self.name = f"llamacpp:{folder.name}/{'f16' if half else 'f32'}"

    def close(self) -> None:
        """End the server and drop its file."""
        super().close()
        self._server = None
        self._scratch.cleanup()


def transformers_engine(spec: Spec) -> TransformersEngine:
    """`transformers`, `transformers:FOLDER?threads=1`."""
    return TransformersEngine(_folder(spec), **spec.read({"threads": int}))


def llamacpp_engine(spec: Spec) -> LlamaCppEngine:
    """`llamacpp`, `llamacpp:FOLDER?threads=1&half=on`."""
    return LlamaCppEngine(_folder(spec), **spec.read({"threads": int, "half": lambda text: text == "on"}))


def _folder(spec: Spec) -> Path:
    return Path(spec.name) if spec.name else BUNDLED
