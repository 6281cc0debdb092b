"""Writes a stage's rows as files for others: the first Text2SVG's JSONL, Parquet, or a Hugging Face data set folder.

A row leaves only when no takedown names it, its licence may leave and the credit it asks for can be given; every other
row is counted by reason. Part after part is written whole and noted in `.export`, so an export that was stopped or
killed goes on where it was; `export.json` comes last and says that all is there. Refuses a folder that holds something
else. The trade-off: an export with any other setting, corpus or takedown needs a folder of its own.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from text2svg.caption.keywords import is_heldout
from text2svg.curate.attribution import Credit, Credits, creditable
from text2svg.curate.licences import LicencePolicy
from text2svg.errors import ConfigError, StoreError
from text2svg.licence.evidence import with_licence
from text2svg.licence.spdx import NOASSERTION
from text2svg.pipeline.drain import Drain
from text2svg.pipeline.formats import Exported, Format
from text2svg.pipeline.progress import OnProgress, Progress
from text2svg.sample import Sample
from text2svg.store.base import OK, Manifest, canonical_json
from text2svg.store.connect import lock_folder
from text2svg.store.shards import refused, write_whole
from text2svg.store.takedown import Takedowns

if TYPE_CHECKING:
    from text2svg.store.database import Store

VERSION = 1
PART_ROWS = 20_000  # a part is lost when a process is killed; 20,000 rows are some 10 seconds
RECORD, WORK = "export.json", ".export"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of which stage leave, and under which split."""

    stage: str
    policy: LicencePolicy = LicencePolicy()
    takedowns: Takedowns = Takedowns()
    without: frozenset[str] = frozenset()
    """Digests that stay, e.g. duplicates."""
    by_caption: bool = True
    """Splits `train` and `heldout` by caption; False puts all into `train`."""

    def judge(self, sample: Sample) -> tuple[Sample, str]:
        """The row as it would leave, and why it stays; an empty reason lets it go."""
        if sample.provenance.licence == NOASSERTION:
            sample = with_licence(sample)
        where = sample.provenance
        if why := self.takedowns.blocks(where.url, sample.digest) or self.policy.reason(where.licence):
            return sample, why
        if not creditable(where):
            return sample, "licence:no-credit"
        return sample, "listed" if sample.digest in self.without else ""

    def split(self, sample: Sample) -> str:
        """`train` or `heldout`; a row without a caption is never held out."""
        return "heldout" if self.by_caption and sample.caption.strip() and is_heldout(sample.caption) else "train"


def export(
    store: Store, out: Path, form: Format, selection: Selection, on_progress: OnProgress | None = None
) -> Exported:
    """Writes the selected rows into the folder `out`, going on where an earlier call was stopped.

    The first Ctrl-C ends after the part in flight. Raises ConfigError when `out` holds something else, StoreError for an
    unknown stage or a disk that refuses.
    """
    manifests = store.shards(selection.stage)
    if not manifests:
        raise StoreError(f"stage {selection.stage!r} has no shards", hint=f"stages here: {', '.join(store.stages())}")
    identity = _identity(form, selection, manifests)
    if (done := _prepare(out, identity)) is not None:
        return done
    parts = list(_parts(manifests))
    total = Exported()
    progress = Progress("export", shards_total=len(parts), rows_total=sum(one.count(OK) for one in manifests))
    unlock = lock_folder(out / WORK, "export")
    try:
        with Drain() as drain:
            for number, part in enumerate(parts):
                found = _reuse(out, number) or _write_part(store, out, (number, part), form, selection)
                total = total.adding(found)
                kept, lost = sum(total.rows.values()), sum(total.dropped.values())
                progress = replace(
                    progress, shards=number + 1, rows=kept + lost, ok=kept, dropped=lost, reused=total.reused,
                    stopping=drain.requested,
                )  # fmt: skip
                (on_progress or (lambda _: None))(progress)
                if drain.requested and number + 1 < len(parts):
                    return replace(total, interrupted=True)
        form.finish(out, total)
        _write_json(out / RECORD, {"identity": identity, **asdict(total)})
        unlock()
        shutil.rmtree(out / WORK)
    except OSError as error:
        raise refused(out, error) from error
    finally:
        unlock()
    return total


def _identity(form: Format, selection: Selection, manifests: Sequence[Manifest]) -> str:
    text = canonical_json([VERSION, type(form).__name__, form, selection, [manifest.id for manifest in manifests]])
    return sha256(text.encode()).hexdigest()


def _prepare(out: Path, identity: str) -> Exported | None:
    """Makes the folder; gives the finished export when it is there already. Raises ConfigError."""
    hint = "name another folder, or remove this one"
    if (out / RECORD).is_file():
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        if record.pop("identity", "") != identity:
            raise ConfigError(f"{out} holds another export, or one of another state of the corpus", hint=hint)
        found = _exported(record)
        return replace(found, reused=found.parts)
    state = out / WORK / "identity"
    if state.is_file():
        if state.read_text(encoding="utf-8") != identity:
            raise ConfigError(f"{out} holds the beginning of another export", hint=hint)
        return None
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty", hint=hint)
    state.parent.mkdir(parents=True, exist_ok=True)
    write_whole(state, lambda path: path.write_text(identity, encoding="utf-8"))
    return None


def _parts(manifests: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    part: list[Manifest] = []
    for manifest in manifests:
        part.append(manifest)
        if sum(one.count(OK) for one in part) >= PART_ROWS:
            yield part
            part = []
    if part:
        yield part


def _write_part(
    store: Store, out: Path, part: tuple[int, list[Manifest]], form: Format, selection: Selection
) -> Exported:
    number, manifests = part
    rows, dropped, licences, styles = Counter(), Counter(), Counter(), Counter()
    credits = Credits()
    with form.open_part(out, number) as write:
        for manifest in manifests:
            chosen: dict[str, list[Sample]] = {"train": [], "heldout": []}
            for sample in store.samples_of(manifest):
                row, why = selection.judge(sample)
                if why:
                    dropped[why] += 1
                    continue
                chosen[selection.split(row)].append(row)
                licences[row.provenance.licence] += 1
                styles[row.style] += 1
                credits.add(row.provenance)
            for split, samples in chosen.items():
                rows[split] += len(samples)
                if samples:
                    write(split, samples)
    counts = {"rows": +rows, "dropped": dropped, "licences": licences, "styles": styles}
    found = Exported(
        **{name: dict(count) for name, count in counts.items()},
        bytes=form.sizes(out, number), credits=tuple(credits.all()), parts=1,
    )  # fmt: skip
    _write_json(out / WORK / f"part-{number:05}.json", asdict(found))
    return found


def _reuse(out: Path, number: int) -> Exported | None:
    path = out / WORK / f"part-{number:05}.json"
    return replace(_exported(json.loads(path.read_text(encoding="utf-8"))), reused=1) if path.is_file() else None


def _exported(record: dict[str, Any]) -> Exported:
    credits = [Credit(**{**one, "names": tuple(one["names"])}) for one in record.pop("credits")]
    return Exported(**record, credits=tuple(credits))


def _write_json(path: Path, value: object) -> None:
    write_whole(path, lambda temporary: temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8"))


def listed(path: Path) -> frozenset[str]:
    """The digests of a list: the `digest` column of a Parquet file, or one digest a line. Raises ConfigError."""
    try:
        if path.suffix == ".parquet":
            return frozenset(pq.read_table(path, columns=["digest"]).column(0).to_pylist())
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        hint = "make one with `text2svg corpus duplicates`"
        raise ConfigError(f"cannot read the list {path}: {error}", hint=hint) from error


def latest_stage(stages: Collection[str]) -> str:
    """The stage whose rows are nearest to done: curate, else optimize, else raw."""
    return next((name for name in ("curate", "optimize") if name in stages), "raw")
