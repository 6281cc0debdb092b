"""Language models behind one seam: embedded, openai (any compatible server), vllm (a managed server), scripted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from text2svg.engine.base import Completion, Delta, Engine, Prompt, Sampling
from text2svg.errors import UnknownKind
from text2svg.spec import Spec, load_kind, parse_spec

__all__ = ["Completion", "Delta", "Engine", "Prompt", "Sampling", "load"]

_KINDS = {
    "embedded": "text2svg.engine.embedded:from_spec",
    "openai": "text2svg.engine.openai:from_spec",
    "vllm": "text2svg.engine.vllm:from_spec",
    "scripted": "text2svg.engine.scripted:from_spec",
}


def load(
    spec: str, *, defaults: Mapping[str, str] | None = None, more: Mapping[str, Callable[[Spec], Engine]] | None = None
) -> Engine:
    """Build the engine that `kind:name?options` names; nothing heavy is loaded before its first prompt.

    `defaults` are options by `kind.option`, taken where the spec has none: they keep keys and paths out of specs. `more`
    are kinds built from what only the caller has. Raises ConfigError, UnknownKind, or EngineUnavailable when a model
    folder is not there.
    """
    parsed, built = parse_spec(spec), more or {}
    given = {key.partition(".")[2]: v for key, v in (defaults or {}).items() if v and key.startswith(f"{parsed.kind}.")}
    full = Spec(parsed.kind, parsed.name, given | dict(parsed.options))
    if parsed.kind in built:
        return built[parsed.kind](full)
    if parsed.kind not in _KINDS:
        raise UnknownKind("engine", parsed.kind, (*_KINDS, *built))
    engine: Engine = load_kind("engine", str(full), _KINDS)
    return engine
