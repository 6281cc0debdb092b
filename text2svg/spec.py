"""Spec texts: how a person names an implementation behind a seam, `kind:name?key=value&key=value`.

`openai:http://127.0.0.1:8000/v1?timeout_s=30` is kind `openai`, that address as name, one option. Refuses a text
without a kind, an option without a value and an option given twice. The trade-off: the first `?` starts the options, so
a name cannot hold one; option values may hold anything, percent-encoded.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from text2svg.errors import ConfigError, UnknownKind

_KIND = re.compile(r"[a-z][a-z0-9_-]*\Z")
_HINT = "write kind, kind:name or kind:name?key=value&key=value"


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed spec; `str(spec)` writes it back."""

    kind: str
    name: str = ""
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def read(self, known: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
        """The given options, each converted by `known[key]`; absent ones are left out.

        Raises ConfigError for an option that is not in `known` or that its converter refuses with ValueError.
        """
        values: dict[str, Any] = {}
        for key, text in self.options.items():
            if key not in known:
                names = ", ".join(sorted(known)) or "none"
                raise ConfigError(f"{self.kind!r} has no option {key!r}", hint=f"known: {names}")
            try:
                values[key] = known[key](text)
            except ValueError as error:
                raise ConfigError(f"option {key}={text!r} of {self.kind!r}: {error}") from error
        return values

    def __str__(self) -> str:
        text = f"{self.kind}:{self.name}" if self.name else self.kind
        pairs = "&".join(f"{key}={quote(value, safe=_SAFE_IN_VALUE)}" for key, value in self.options.items())
        return f"{text}?{pairs}" if pairs else text


_SAFE_IN_VALUE = "/:,.@?="  # readable, and none of them ends a value


def parse_spec(text: str) -> Spec:
    """Reads a spec text. Raises ConfigError when it has no kind or a malformed or repeated option."""
    head, _, tail = text.strip().partition("?")
    kind, _, name = head.partition(":")
    if not _KIND.match(kind):
        raise ConfigError(f"bad spec {text!r}: it does not begin with a kind", hint=_HINT)
    options: dict[str, str] = {}
    for pair in tail.split("&") if tail else ():
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise ConfigError(f"bad spec {text!r}: option {pair!r} is not key=value", hint=_HINT)
        if key in options:
            raise ConfigError(f"bad spec {text!r}: option {key!r} is given twice", hint=_HINT)
        options[key] = unquote(value)
    return Spec(kind, name, options)


def load_kind(seam: str, spec_text: str, known: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Builds what a spec names: imports `known[kind]` (`package.module:factory`) and returns `factory(spec)`.

    Only the chosen module is imported. Raises ConfigError for bad text, UnknownKind for a kind not in `known`, and
    whatever the factory raises.
    """
    spec = parse_spec(spec_text)
    if spec.kind not in known:
        raise UnknownKind(seam, spec.kind, known)
    module, _, factory = known[spec.kind].partition(":")
    return getattr(importlib.import_module(module), factory)(spec)
