"""The words between store and pipeline: keys, rows, manifests and runs, as plain values without a foreign package.

Refuses a configuration that is not plain data, because a shard's identity would then change from process to process.
The trade-off: an identity is the hash of all of a step's fields, so a field that changes nothing still makes new shards.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from text2svg.errors import ConfigError, StoreError
from text2svg.sample import Provenance, Sample

OK, DROPPED, FAILED = STATUSES = ("ok", "dropped", "failed")
DUPLICATE = "duplicate"
"""Reason of a raw row whose drawing is already a sample: it adds a sighting, not a sample."""
RAW = "raw"
"""The stage that imports write; every other stage has an input shard."""

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")
_DEFAULTS = Sample(digest="", raw="", provenance=Provenance(source=""))
DEFAULTS: Mapping[str, Any] = {
    f.name: getattr(_DEFAULTS, f.name)
    for f in dataclasses.fields(Sample)
    if f.name not in ("digest", "raw", "provenance")
}
"""What a Sample holds before a stage sets it, by field: exactly the fields a later stage may set."""


def canonical_json(value: object) -> str:
    """One text for one value: sorted keys, no spaces. Takes plain data, dataclasses and paths; raises ConfigError."""
    try:
        return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"not plain data, so it cannot identify a shard: {error}") from error


def settings_of(value: Any) -> dict[str, Any]:
    """A dataclass' fields, without those that do not take part in its equality (`field(compare=False)`)."""
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return settings_of(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} value {value!r}")


@dataclass(frozen=True, slots=True)
class ShardKey:
    """What a shard is made of; equal keys are the same shard."""

    stage: str
    """Lower-case letters, digits and hyphens."""
    version: int
    config: str
    """Canonical JSON of the step's or source's configuration."""
    input: str
    """Id of the input shard; for stage `raw`, the name of the source's chunk and part."""

    def __post_init__(self) -> None:
        if not _STAGE.match(self.stage):
            raise ConfigError(f"bad stage name {self.stage!r}", hint="use lower-case letters, digits, hyphens")

    @property
    def id(self) -> str:
        """Lower-case hex sha256 (64 characters)."""
        text = canonical_json([self.stage, self.version, self.config, self.input])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Row:
    """One row's outcome at one stage, and what the stage found out."""

    digest: str
    status: str = OK
    reason: str = ""
    error: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Sample fields set by this stage; a later stage leaves out what it did not change."""
    raw: str = ""
    """The SVG as found; only stage `raw` has it."""
    provenance: Provenance | None = None
    """Only stage `raw` has it."""


def changes(before: Sample, after: Sample) -> Mapping[str, Any]:
    """The fields a stage set. Raises StoreError when it changed what identifies the row."""
    if after.digest != before.digest or after.raw != before.raw:
        raise StoreError(f"a step changed the digest or raw text of sample {before.digest}")
    if after.provenance != before.provenance:
        raise StoreError(f"a step changed the provenance of sample {before.digest}")
    return {name: value for name in DEFAULTS if (value := getattr(after, name)) != getattr(before, name)}


class Count(NamedTuple):
    """One line of the funnel."""

    stage: str
    status: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record beside a shard's data; its presence means the shard is whole."""

    key: ShardKey
    sequence: int
    """Order in which shards take effect in the index, from 1; 0 until a writer has given a rank's shard its place."""
    root: str
    """Id of the raw shard this one descends from; its own id at stage `raw`."""
    rows: int
    tally: tuple[tuple[str, str, int], ...]
    """(status, reason, rows), sorted; adds up to `rows`."""
    columns: tuple[str, ...]
    """Sample fields held here."""
    bytes: int
    """Size of `data.parquet`."""
    sha256: str
    """Of `data.parquet`."""
    final: bool = True
    """Whether a source's chunk ends with this shard."""

    @property
    def id(self) -> str:
        """The shard's id."""
        return self.key.id

    def count(self, status: str) -> int:
        """Rows with that status."""
        return sum(rows for found, _, rows in self.tally if found == status)


class Verdict(NamedTuple):
    """The latest outcome of a sample."""

    stage: str
    status: str
    reason: str
    sightings: int


class Artifact(NamedTuple):
    """A model or other folder kept by the store."""

    digest: str
    """sha256 over the folder's file names and contents."""
    kind: str
    """What it is, e.g. `generator`."""
    card: Mapping[str, Any]
    bytes: int
    path: Path
    sequence: int


@dataclass(frozen=True, slots=True)
class Run:
    """One training or evaluation."""

    kind: str
    """`train` or `evaluate`."""
    name: str
    """Recipe or protocol."""
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    started: str = ""
    """UTC time as ISO 8601 with a Z."""
    seconds: float = 0.0
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """Artifact digest by kind."""

    @property
    def id(self) -> str:
        """The first 16 hex digits of the sha256 of everything above."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Report:
    """What `Store.verify` found."""

    problems: tuple[str, ...]
    """One sentence each; empty when shards, index and artifacts agree."""
    unfinished: tuple[str, ...]
    """Shard folders without a manifest, which a killed run left and the next makes again, and those that a rank made
    and the next writer lays in."""
    shards: int
    rows: int
    """Rows of all shards, each stage's counted."""
    samples: int
    """Drawings in the index."""
    bytes: int

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems
