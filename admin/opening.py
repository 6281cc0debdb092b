"""How a command opens the house: settings from the environment, some replaced by its options.

Refuses to read the environment itself. The trade-off: an empty option means "as set", so no option can blank a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from admin.console import say

if TYPE_CHECKING:
    from text2svg.runtime import Runtime
    from text2svg.settings import Settings
    from text2svg.store.base import Run


def settings_with(**changes: str | int) -> Settings:
    """The settings with non-empty changes in their place. Raises ConfigError."""
    from dataclasses import replace

    from text2svg.settings import Settings

    return replace(Settings.read(), **{name: value for name, value in changes.items() if value})


def open_runtime(**changes: str | int) -> closing[Runtime]:
    """A Runtime that closes with its `with` block."""
    from text2svg.runtime import Runtime

    return closing(Runtime(settings_with(**changes)))


def record_run(run: Run, folders: Mapping[str, Path] | None = None) -> None:
    """Records a run in the store when there is one, with folders as artifacts by kind, and says so either way."""
    from text2svg.errors import StoreError
    from text2svg.pipeline.runs import record

    with open_runtime() as runtime:
        try:
            runtime.store().close()
        except StoreError as error:
            say(f"note: not recorded: {error.message}")
            return
        with runtime.store(write=True) as store:
            say(f"recorded as run {record(store, run, folders).id}")
