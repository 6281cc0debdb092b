"""A function made again from its own source with one part altered, for tests that must notice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


def altered(module: ModuleType, name: str, old: str, new: str) -> Callable[..., Any]:
    """`module.name` with the first `old` of its body, docstring left out, replaced by `new`."""
    source = inspect.getsource(getattr(module, name))
    body = source.rpartition('"""')[2] if '"""' in source else source.partition(":\n")[2]
    assert old in body, "the mutation does not apply any more"
    space = dict(vars(module))
    exec(compile(source[: len(source) - len(body)] + body.replace(old, new, 1), f"{name} altered", "exec"), space)
    made: Callable[..., Any] = space[name]
    return made
