"""Language models behind one seam: embedded, openai (any compatible server), vllm (a managed server), scripted."""

from __future__ import annotations

from text2svg.engine.base import Completion, Delta, Engine, Prompt, Sampling
from text2svg.spec import Spec, load_kind, parse_spec

__all__ = ["Completion", "Delta", "Engine", "Prompt", "Sampling", "load"]

_KINDS = {
    "embedded": "text2svg.engine.embedded:from_spec",
    "openai": "text2svg.engine.openai:from_spec",
    "vllm": "text2svg.engine.vllm:from_spec",
    "scripted": "text2svg.engine.scripted:from_spec",
}


def load(spec: str, *, api_key: str = "") -> Engine:
    """Build the engine that `kind:name?options` names; nothing heavy is loaded before its first prompt.

    `api_key` reaches the openai engine without being written into a spec. Raises ConfigError, UnknownKind, or
    EngineUnavailable when a model folder is not there.
    """
    parsed = parse_spec(spec)
    if api_key and parsed.kind == "openai":
        spec = str(Spec(parsed.kind, parsed.name, {**parsed.options, "api_key": api_key}))
    engine: Engine = load_kind("engine", spec, _KINDS)
    return engine
