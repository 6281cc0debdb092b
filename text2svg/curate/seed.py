"""The first Text2SVG's JSONL: one line a drawing, `{"url": …, "timestamp": …, "svg": …}`, placed by the text's MD5.

Lines are byte for byte what its miner wrote: keys in that order, everything beyond ASCII escaped, a naive UTC time, one
newline. Refuses a line that is no such object. The trade-off: the format has no licence, so rows come back with what
their own metadata says, and NOASSERTION else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from text2svg.executor.base import Outcome
from text2svg.licence.evidence import with_licence
from text2svg.sample import Provenance, Sample, digest_of

MAX_LINE = 64 * 1024 * 1024
"""Characters of one line; a longer one is refused unparsed."""


def place_of(svg: str) -> tuple[str, str]:
    """(folder, file name) of a drawing: the first two hex digits of its MD5, and all of them with `.jsonl`."""
    digest = hashlib.md5(svg.encode(), usedforsecurity=False).hexdigest()
    return digest[:2], f"{digest}.jsonl"


def line_of(sample: Sample) -> str:
    """One line with its newline."""
    where = sample.provenance
    # An absent address is null there; the time has no zone.
    record = {"url": where.url or None, "timestamp": where.retrieved.removesuffix("Z"), "svg": sample.raw}
    return json.dumps(record) + "\n"


def read_lines(lines: Iterable[str], origin: Provenance) -> Iterator[Sample | Outcome]:
    """The rows of a file; a bad line comes as a failed Outcome, reason `bad-line`."""
    for line in lines:
        if line.strip():
            yield _read(line, origin)


def _read(line: str, origin: Provenance) -> Sample | Outcome:
    problem, record = "", None
    if len(line) > MAX_LINE:
        problem, line = f"{len(line)} characters", line[:200]
    else:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            problem = f"no JSON: {error}"
    svg = record.get("svg") if isinstance(record, dict) else None
    if not (svg := _text(svg)):
        text = line.encode(errors="replace").decode()
        bad = Sample(digest_of(text), text, origin)
        return Outcome(0, bad, problem or "no text under the key svg", "bad-line")
    where = replace(origin, url=_text(record.get("url")) or origin.url, retrieved=_zoned(_text(record.get("timestamp"))))
    return with_licence(Sample(digest_of(svg), svg, where))


def _zoned(time: str) -> str:
    return time if not time or time.endswith("Z") or "+" in time[10:] else f"{time}Z"


def _text(value: object) -> str:
    """A JSON text, or an empty one: JSON can spell lone surrogates, which no file can hold."""
    if not isinstance(value, str) or any("\ud800" <= letter <= "\udfff" for letter in value):
        return ""
    return value
