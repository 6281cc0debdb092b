"""How a command opens the house: settings from the environment, some replaced by its options.

Refuses to read the environment itself. The trade-off: an empty option means "as set", so no option can blank a setting.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from text2svg.runtime import Runtime
    from text2svg.settings import Settings


def settings_with(**changes: str | int) -> Settings:
    """The settings with non-empty changes in their place. Raises ConfigError."""
    from dataclasses import replace

    from text2svg.settings import Settings

    return replace(Settings.read(), **{name: value for name, value in changes.items() if value})


def open_runtime(**changes: str | int) -> closing[Runtime]:
    """A Runtime that closes with its `with` block."""
    from text2svg.runtime import Runtime

    return closing(Runtime(settings_with(**changes)))
