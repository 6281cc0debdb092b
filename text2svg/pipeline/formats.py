"""The file forms of an export; each writes one part at a time, whole or not at all.

Refuses to choose rows: it writes what it is given. The trade-off: a part is one Parquet file a split, so a resumed
export never opens a file again, and a data set of a million rows has some fifty files.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow.parquet as pq

from text2svg.curate.attribution import Credit, Credits, credits_text
from text2svg.curate.card import CardFacts, card_text
from text2svg.curate.columns import SCHEMA, table_of
from text2svg.curate.seed import line_of, place_of
from text2svg.sample import Sample
from text2svg.store.shards import write_whole

SPLITS = ("train", "heldout")
CHANGES = "`optimized` puts each drawing on a 256 unit grid; `raw` is the drawing as it was found."
_WORK = ".export"
_PLAIN = [name for name in SCHEMA.names if name not in ("digest", "raw", "optimized")]

Write = Callable[[str, Sequence[Sample]], None]
"""Takes a split's name and rows."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    rows: Mapping[str, int] = field(default_factory=dict)
    """By split."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """By reason."""
    licences: Mapping[str, int] = field(default_factory=dict)
    styles: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    """Of the data files, by split."""
    credits: tuple[Credit, ...] = ()
    parts: int = 0
    reused: int = 0
    """Parts that were there before this run."""
    interrupted: bool = False

    def adding(self, other: Exported) -> Exported:
        """Both together."""
        credits = Credits()
        credits.merge([*self.credits, *other.credits])
        summed = {
            name: dict(Counter(getattr(self, name)) + Counter(getattr(other, name)))
            for name in ("rows", "dropped", "licences", "styles", "bytes")
        }
        parts, reused = self.parts + other.parts, self.reused + other.reused
        return Exported(**summed, credits=tuple(credits.all()), parts=parts, reused=reused)

    def report(self) -> dict[str, Any]:
        """Without the credits, most frequent first."""
        told = {name: value for name, value in asdict(self).items() if name != "credits"}
        return {n: dict(Counter(v).most_common()) if isinstance(v, dict) else v for n, v in told.items()}


class Format(Protocol):
    """A frozen dataclass of plain data; its fields take part in an export's identity."""

    def open_part(self, out: Path, number: int) -> contextmanager[Write]:
        """Opens one part; when the block ends well, its files are whole."""
        ...

    def sizes(self, out: Path, number: int) -> dict[str, int]:
        """Bytes of a part's files by split."""
        ...

    def finish(self, out: Path, total: Exported) -> None:
        """Writes what belongs to the whole."""
        ...


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """`train-00000.parquet`, ... and `heldout-00000.parquet`, ..., zstd, in `folder` of the export."""

    folder: str = ""
    name: str = "Text2SVG corpus"

    @contextmanager
    def open_part(self, out: Path, number: int) -> Iterator[Write]:
        """See Format."""
        writers: dict[str, pq.ParquetWriter] = {}

        def write(split: str, samples: Sequence[Sample]) -> None:
            if split not in writers:
                path = self._path(out, split, number)
                path.parent.mkdir(parents=True, exist_ok=True)
                writers[split] = pq.ParquetWriter(
                    path.with_suffix(".tmp"), SCHEMA, compression="zstd", compression_level=3, use_dictionary=_PLAIN
                )
            writers[split].write_table(table_of(samples))

        try:
            yield write
        finally:
            for writer in writers.values():
                writer.close()
        for split in writers:
            path = self._path(out, split, number)
            _rename(path.with_suffix(".tmp"), path)

    def sizes(self, out: Path, number: int) -> dict[str, int]:
        """See Format."""
        paths = {split: self._path(out, split, number) for split in SPLITS}
        return {split: path.stat().st_size for split, path in paths.items() if path.is_file()}

    def finish(self, out: Path, total: Exported) -> None:
        """Writes the credits."""
        text = credits_text(total.credits, changes=CHANGES)
        write_whole(out / "ATTRIBUTION.md", lambda path: path.write_text(text, encoding="utf-8"))

    def _path(self, out: Path, split: str, number: int) -> Path:
        return out / self.folder / f"{split}-{number:05}.parquet"


@dataclass(frozen=True, slots=True)
class HubFormat(ParquetFormat):
    """A Hugging Face data set folder: `data/`, a card with front matter, credits."""

    folder: str = "data"

    def finish(self, out: Path, total: Exported) -> None:
        """Writes the credits and the card."""
        ParquetFormat.finish(self, out, total)
        told = total.report()
        rows = {split: total.rows[split] for split in SPLITS if total.rows.get(split)}
        facts = CardFacts(
            self.name, rows, total.bytes, told["licences"], told["styles"], told["dropped"], "heldout" in rows
        )
        write_whole(out / "README.md", lambda path: path.write_text(card_text(facts), encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class SeedFormat:
    """The first Text2SVG's JSONL. Layout `files`, as there: `ab/<md5>.jsonl`, a drawing each; `prefix`: `ab.jsonl`."""

    layout: Literal["files", "prefix"] = "files"

    @contextmanager
    def open_part(self, out: Path, number: int) -> Iterator[Write]:
        """See Format."""
        lines: dict[str, list[str]] = defaultdict(list)

        def write(_: str, samples: Sequence[Sample]) -> None:
            for sample in samples:
                prefix, name = place_of(sample.raw)
                if self.layout == "prefix":
                    lines[prefix].append(line_of(sample))
                    continue
                (out / prefix).mkdir(exist_ok=True)
                # No sync a file: 300,000 of them would take an hour, and a part without its note is written again.
                temporary = out / _WORK / "line.tmp"
                temporary.write_text(line_of(sample), encoding="ascii")
                temporary.replace(out / prefix / name)

        yield write
        for prefix, found in lines.items():
            path = out / _WORK / prefix / f"{number:05}.jsonl"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(found), encoding="ascii")

    def sizes(self, out: Path, number: int) -> dict[str, int]:
        """Unknown: the files of a part lie among those of others."""
        return {}

    def finish(self, out: Path, total: Exported) -> None:
        """Joins each prefix's lines, part after part, when the layout asks for it."""
        for folder in sorted((out / _WORK).iterdir()) if self.layout == "prefix" else []:
            if folder.is_dir():
                write_whole(out / f"{folder.name}.jsonl", lambda path, folder=folder: _join(sorted(folder.iterdir()), path))


def _join(parts: Sequence[Path], path: Path) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())


def _rename(temporary: Path, path: Path) -> None:
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
