"""Settings from the environment, read once: where things lie and which implementations to use.

The only reader of `TEXT2SVG_*`. Refuses unknown `TEXT2SVG_` names, because a misspelt setting that is ignored costs an
evening. The trade-off: no configuration file; a shell, a Dockerfile and a systemd unit all set variables already.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from text2svg.errors import ConfigError

PREFIX = "TEXT2SVG_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is read from `TEXT2SVG_` and its name in capitals."""

    data: Path = Path("~/.local/share/text2svg")
    """Folder of the store: shards, index, artifacts."""
    cache: Path = Path("~/.cache/text2svg")
    """Folder of what can be fetched again: SVGO, icon packages."""
    engine: str = "embedded"
    """Engine spec: `embedded`, `embedded:FOLDER`, `openai:http://host:8000/v1?model=NAME`, `vllm:FOLDER?python=PATH`."""
    vllm_python: str = ""
    """Interpreter of vLLM's own environment, for engine specs `vllm:FOLDER` without `python=`."""
    encoder: str = ""
    """Encoder spec; empty is the bundled encoder."""
    rasterizer: str = "resvg?timeout=10"
    """Rasterizer spec: `resvg` or `cairo`, with `timeout` seconds in a killable process."""
    executor: str = "processes"
    """Executor spec: `serial`, `processes:N` or `ray:ADDRESS`."""
    database_url: str = ""
    """PostgreSQL database of the store's index, `postgresql://user@host/database`; empty is SQLite in the folder."""
    api_key: str = ""
    """Key for the openai engine."""
    host: str = "127.0.0.1"
    """Address the app listens on."""
    port: int = 7860
    """Port the app listens on."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """From the environment. Raises ConfigError for an unknown name or a port that is no number."""
        given = os.environ if environment is None else environment
        names = {f.name.upper(): f.name for f in fields(cls)}
        values: dict[str, object] = {}
        for key in sorted(k for k in given if k.startswith(PREFIX)):
            name = names.get(key.removeprefix(PREFIX))
            if name is None:
                known = ", ".join(PREFIX + n for n in names)
                raise ConfigError(f"unknown setting {key}", hint=f"known: {known}")
            values[name] = _value(name, given[key])
        settings = cls(**values)  # type: ignore[arg-type]
        return settings.expanded()

    def expanded(self) -> Settings:
        """With `~` resolved."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Settings(**values | {"data": self.data.expanduser(), "cache": self.cache.expanduser()})


def _value(name: str, text: str) -> object:
    if name in ("data", "cache"):
        return Path(text)
    if name != "port":
        return text
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"{PREFIX}PORT={text!r} is no port", hint="a number from 1 to 65535")
    return int(text)
