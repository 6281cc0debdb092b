"""Options that several commands share, written once as the fields of a dataclass.

Refuses fields without a default: an option may always be left out. The trade-off: `collected` builds a command's signature
by hand, so that Typer shows the shared options with each command.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_type_hints

Command = Callable[..., None]


def collected(kind: type, into: str) -> Callable[[Command], Command]:
    """Gives a command the options of `kind`, a dataclass with Annotated fields, collected into its parameter `into`."""

    def decorate(command: Command) -> Command:
        hints = get_type_hints(kind, include_extras=True)
        shared = [
            inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
            for f in fields(kind)
        ]
        own_hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=own_hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(command).parameters.items()
            if name != into
        ]

        @functools.wraps(command)
        def wrapped(**given: Any) -> None:
            values = {parameter.name: given.pop(parameter.name) for parameter in shared}
            command(**given, **{into: kind(**values)})

        wrapped.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
        del wrapped.__wrapped__  # type: ignore[attr-defined]
        return wrapped

    return decorate
