"""Every error this package raises on purpose, as one tree.

    Text2SVGError                 carries `hint`: what to do next
    ├── ConfigError               a setting, spec or recipe is wrong
    │   └── UnknownKind           a spec names an implementation nobody registered
    ├── MissingDependency         an optional package, binary or network is absent
    ├── SvgError                  carries `reason`: a stable code for statistics
    │   ├── ParseError            not well-formed, or not SVG
    │   ├── LimitError            a budget (bytes, elements, depth, use expansion) is exceeded
    │   ├── Refused               well-formed, but not something we keep
    │   └── NotCanonical          outside the canonical subset or the 256 grid
    ├── RenderError               a rasterizer gave up
    ├── OptimizeError             a stage failed and nothing faithful could be returned
    ├── EngineError               a language model or its server failed
    │   └── EngineUnavailable     (Retryable) not reachable now
    ├── StoreError                shards, index or artifacts disagree
    ├── SourceError               a corpus source cannot be read
    └── TrainError                training cannot start, continue or export

`Retryable` is a mixin, so a retry policy asks one question. Refuses to know anything else: this module imports nothing.
"""

from __future__ import annotations

from collections.abc import Iterable


class Text2SVGError(Exception):
    """Base of the tree. `hint` says what to do next, in one sentence without a full stop."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process pools; the default pickling loses keyword arguments.
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[Text2SVGError], state: dict[str, object]) -> Text2SVGError:
    error = kind.__new__(kind)
    Exception.__init__(error, state.get("message", ""))
    error.__dict__.update(state)
    return error


class Retryable:
    """Mixin: trying again later may succeed."""


class ConfigError(Text2SVGError):
    """A setting, spec or recipe is wrong."""


class UnknownKind(ConfigError):
    """A spec names an implementation nobody registered; the message lists the known ones."""

    def __init__(self, seam: str, kind: str, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known))
        super().__init__(f"unknown {seam} {kind!r}; known: {names}", hint=f"write one of: {names}")


class MissingDependency(Text2SVGError):
    """An optional package is not installed."""

    def __init__(self, package: str, *, extra: str = "", hint: str = "") -> None:
        default = f"pip install 'text2svg[{extra}]'" if extra else f"install {package}"
        super().__init__(f"{package} is not available", hint=hint or default)
        self.package = package


class SvgError(Text2SVGError):
    """Something about an SVG text. `reason` is a stable, lower-case code such as `element-limit`."""

    def __init__(self, reason: str, message: str = "", *, hint: str = "") -> None:
        super().__init__(f"{reason}: {message}" if message else reason, hint=hint)
        self.reason = reason


class ParseError(SvgError):
    """Not well-formed XML, or its root is not `svg`."""


class LimitError(SvgError):
    """A budget (bytes, elements, depth, `use` expansion) is exceeded."""


class Refused(SvgError):
    """Well-formed, but not something this project keeps."""


class NotCanonical(SvgError):
    """Outside the canonical subset or the 256 grid."""


class RenderError(Text2SVGError):
    """A rasterizer gave up on a drawing."""


class OptimizeError(Text2SVGError):
    """A stage failed and nothing faithful could be returned."""


class EngineError(Text2SVGError):
    """A language model or its server failed."""


class EngineUnavailable(EngineError, Retryable):
    """An engine is not reachable now."""

    retry_after_s: float = 0.0
    """Seconds the server asked to be left alone; 0 when it did not say."""


class StoreError(Text2SVGError):
    """Shards, index or artifacts disagree."""


class SourceError(Text2SVGError):
    """A corpus source cannot be read."""


class TrainError(Text2SVGError):
    """Training cannot start, continue or export."""
