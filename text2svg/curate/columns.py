"""Samples as columns and back: the one table that Parquet exports and data set folders share.

Column names are the fields of Sample and Provenance, so nothing has to be mapped and nothing is lost. Refuses rows
whose digest is not that of their text. The trade-off: reading keeps an optimized text only when it is canonical, which
is safe by construction; any other form is made again by the optimize stage instead of being believed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from text2svg.errors import SourceError
from text2svg.executor.base import Outcome
from text2svg.licence.spdx import NOASSERTION, spdx_of
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.svg.reader import is_canonical

_BLANK = Sample(digest="", raw="", provenance=Provenance(source=""))
_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), tuple: pa.list_(pa.string())}
_SAMPLE = {f.name: getattr(_BLANK, f.name) for f in dataclasses.fields(Sample) if f.name != "provenance"}
_PROVENANCE = {f.name: getattr(_BLANK.provenance, f.name) for f in dataclasses.fields(Provenance)}
DEFAULTS: Mapping[str, Any] = {**_SAMPLE, **_PROVENANCE}
SCHEMA = pa.schema([(name, _ARROW[type(value)]) for name, value in DEFAULTS.items()])
"""Every column, in order."""

RAW_NAMES = ("raw", "svg", "Svg", "SVG")
"""Columns that may hold the drawing's text in tables of others, first match."""

_MADE = ("optimized", "rung", "tokens", "difference")


def table_of(samples: Sequence[Sample]) -> pa.Table:
    """Samples as a table with SCHEMA. Raises SourceError for text that is not Unicode."""
    try:
        columns = [
            pa.array([getattr(sample if name in _SAMPLE else sample.provenance, name) for sample in samples], field.type)
            for name, field in zip(DEFAULTS, SCHEMA, strict=True)
        ]
    except UnicodeEncodeError as error:
        raise SourceError(f"a row holds text that is not Unicode: {error}") from error
    return pa.table(columns, schema=SCHEMA)


def samples_of(table: pa.Table | pa.RecordBatch, origin: Provenance) -> Iterator[Sample | Outcome]:
    """A table's rows; columns that are absent or null take `origin`'s values and the defaults of a Sample.

    A row whose `digest` is not that of its text comes as a failed Outcome, reason `digest-mismatch`. Raises SourceError
    when no column holds drawings.
    """
    names = table.schema.names
    raw = next((name for name in RAW_NAMES if name in names), None)
    if raw is None:
        raise SourceError(f"no column holds drawings: {', '.join(names)}", hint=f"expected {' or '.join(RAW_NAMES)}")
    columns = {name: table.column(name).to_pylist() for name in DEFAULTS if name in names and name not in ("digest", "raw")}
    digests = table.column("digest").to_pylist() if "digest" in names else None
    for at, text in enumerate(table.column(raw).to_pylist()):
        yield _row(text or "", digests[at] if digests else None, {n: c[at] for n, c in columns.items()}, origin)


def _row(raw: str, digest: str | None, values: dict[str, Any], origin: Provenance) -> Sample | Outcome:
    given = {name: value for name, value in values.items() if _fits(name, value)}
    provenance = _stated(dataclasses.replace(origin, **{n: v for n, v in given.items() if n in _PROVENANCE}))
    fields = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items() if n in _SAMPLE}
    if fields.get("rung") != "integer" or not is_canonical(fields.get("optimized", "")):
        fields = {name: value for name, value in fields.items() if name not in _MADE}
    sample = Sample(digest=digest_of(raw), raw=raw, provenance=provenance, **fields)
    if digest is not None and digest != sample.digest:
        return Outcome(0, sample, f"the row says {digest[:80]}, its text is {sample.digest}", "digest-mismatch")
    return sample


def _stated(where: Provenance) -> Provenance:
    """With its licence in SPDX's spelling; words that are no licence become evidence of NOASSERTION."""
    licence = spdx_of(where.licence)
    if licence != NOASSERTION or where.licence == NOASSERTION:
        return dataclasses.replace(where, licence=licence)
    return dataclasses.replace(where, licence=licence, licence_evidence=f"column licence: {where.licence[:200]}")


def _fits(name: str, value: object) -> bool:
    """Whether a value may stand in a field; foreign tables hold nulls and other types."""
    kind = type(DEFAULTS[name])
    if kind is tuple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is kind
