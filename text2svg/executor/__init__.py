"""Where steps run: `serial` in this process, `processes:4` in four others, `ray:ADDRESS` on a cluster."""

from __future__ import annotations

from text2svg.executor.base import Executor, Item, Outcome, SerialExecutor, Step
from text2svg.spec import Spec, load_kind

__all__ = ["Executor", "Item", "Outcome", "SerialExecutor", "Step", "load"]

_KNOWN = {
    "serial": "text2svg.executor:_serial",
    "processes": "text2svg.executor.processes:from_spec",
    "ray": "text2svg.executor.ray:from_spec",
}


def load(spec: str) -> Executor:
    """`serial`, `processes:WORKERS?timeout_s=60` or `ray:ADDRESS?workers=N`. Raises ConfigError or UnknownKind."""
    return load_kind("executor", spec, _KNOWN)


def _serial(spec: Spec) -> SerialExecutor:
    spec.read({})
    return SerialExecutor()
