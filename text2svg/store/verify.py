"""Checks a store: every shard's and artifact's hash, and that the index says what the shards say.

Refuses to repair: a report changes nothing. The trade-off: it reads every byte (130 MB in 0.16 s of CPU) instead of
trusting sizes and dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection

from text2svg.errors import StoreError
from text2svg.store import artifacts, queries, shards
from text2svg.store.base import DUPLICATE, OK, RAW, Manifest, Report
from text2svg.store.recover import folders


def verify(store: Path, connection: Connection, on_shard: Callable[[int, int], None] | None) -> Report:
    """See Store.verify."""
    whole, unfinished = folders(store)
    indexed = {manifest.id: manifest for manifest in queries.manifests(connection)}
    problems: list[str] = []
    found: list[Manifest] = []
    for number, folder in enumerate(whole, start=1):
        try:
            manifest = shards.read_manifest(folder)
        except StoreError as error:
            problems.append(error.message)
        else:
            found.append(manifest)
            problems += check_data(folder, manifest)
            if manifest.sequence:
                problems += _check_entry(manifest, indexed.get(manifest.id))
            else:
                unfinished.append(folder)  # a rank made it; the next writer gives it its place
        if on_shard is not None:
            on_shard(number, len(whole))
    here = {folder.name for folder in whole}
    problems += [
        f"shard {manifest.key.stage}/{manifest.id} is in the index and not on disk"
        for manifest in indexed.values()
        if manifest.id not in here
    ]
    totals = queries.totals(connection)
    problems += _check_totals(found, totals)
    problems += _check_artifacts(store, queries.artifacts(connection, store / "artifacts", None))
    return Report(
        problems=tuple(problems),
        unfinished=tuple(str(folder.relative_to(store)) for folder in unfinished),
        shards=len(found),
        rows=sum(manifest.rows for manifest in found),
        samples=totals[0],
        bytes=sum(manifest.bytes for manifest in found),
    )


def check_data(folder: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong with a shard's file, one sentence each."""
    name = f"shard {manifest.key.stage}/{manifest.id}"
    try:
        if shards.hash_file(folder / shards.DATA) != manifest.sha256:
            yield f"{name} is damaged: its data does not have the sha256 of its manifest"
            return
        rows = shards.read_table(folder, ["status"]).num_rows
    except (OSError, StoreError) as error:
        yield f"{name} cannot be read: {error}"
        return
    counted = sum(count for _, _, count in manifest.tally)
    if not rows == manifest.rows == counted:
        yield f"{name} has {rows} rows, its manifest {manifest.rows}, its outcomes {counted}"


def _check_entry(manifest: Manifest, entry: Manifest | None) -> Iterator[str]:
    name = f"shard {manifest.key.stage}/{manifest.id}"
    if entry is None:
        yield f"{name} is on disk and not in the index"
    elif entry != manifest:
        yield f"{name} has another manifest in the index"


def _check_totals(found: list[Manifest], totals: tuple[int, int]) -> Iterator[str]:
    samples, sightings = totals
    raw = [manifest for manifest in found if manifest.key.stage == RAW]
    expected = sum(manifest.count(OK) for manifest in raw)
    repeats = sum(rows for manifest in raw for _, reason, rows in manifest.tally if reason == DUPLICATE)
    if samples != expected:
        yield f"the index has {samples} samples, the shards {expected}"
    if sightings != expected + repeats:
        hint = "; bring back what was set aside, then run `text2svg store rebuild`" if sightings < expected + repeats else ""
        yield f"the index has {sightings} sightings, the shards {expected + repeats}{hint}"


def _check_artifacts(store: Path, indexed: list[artifacts.Artifact]) -> Iterator[str]:
    try:
        kept = list(artifacts.kept(store / "artifacts"))
    except StoreError as error:
        yield error.message
        return
    known = {artifact.digest for artifact in indexed}
    for digest in known ^ {artifact.digest for artifact in kept}:
        yield f"artifact {digest} is only {'in the index' if digest in known else 'on disk'}"
    for artifact in kept:
        try:
            digest = artifacts.digest_of_folder(artifact.path)[0]
        except StoreError as error:
            yield f"artifact {artifact.digest}: {error}"
            continue
        if digest != artifact.digest:
            yield f"artifact {artifact.digest} is damaged: its contents have sha256 {digest}"
