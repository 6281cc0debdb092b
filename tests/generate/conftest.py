"""A small tokenizer and a model folder with random weights that speaks canonical SVG."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from text2svg.svg.tokenizer import Tokenizer, train_tokenizer

CAPTIONS = ["arrow left", "arrow right", "bell off", "calendar", "light bulb", "car", "triangle"] * 3
COLLECTIONS = ("lucide", "tabler", "ic", "solar", "twemoji")


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Drawing tokens, five collections and a few hundred pieces."""
    return train_tokenizer(CAPTIONS, COLLECTIONS, words=300)


@pytest.fixture(scope="session")
def folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as training exports it, without a graph: numpy runs it."""
    tiny = _tiny_model()
    out = tmp_path_factory.mktemp("model")
    config = tiny.CONFIG | {"vocab_size": tokenizer.vocab_size, "max_position_embeddings": 512}
    (out / "config.json").write_text(json.dumps(config))
    tiny.write_safetensors(out / "model.safetensors", tiny.weights(config, seed=1))
    tokenizer.inner.save(str(out / "tokenizer.json"))
    return out


def _tiny_model() -> ModuleType:
    """The helper of the engine's tests, loaded by path since test folders are no packages."""
    path = Path(__file__).parents[1] / "engine" / "tiny_model.py"
    spec = importlib.util.spec_from_file_location("tiny_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
