"""Makes the index agree with what lies on disk: after a kill, after a lost index, after a shard was taken away.

Refuses to pass over a damaged manifest, because its rows would silently be missing. The trade-off: shards are laid in
by sequence, so an older shard that reappears costs a whole rebuild (see `database` for the time).
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
from sqlmodel import Session, select

from text2svg.errors import StoreError
from text2svg.store import admission, artifacts, bulk, connect, index, shards
from text2svg.store.base import DUPLICATE, RAW, Manifest
from text2svg.store.merge import merge, read, start
from text2svg.store.models import ArtifactRow, RunRow, ShardRow


def folders(store: Path) -> tuple[list[Path], list[Path]]:
    """Shard folders that are whole (they have a manifest), and unfinished ones."""
    found = sorted(path for path in (store / "shards").glob("*/*") if path.is_dir())
    whole = [path for path in found if (path / shards.MANIFEST).is_file()]
    return whole, sorted(set(found) - set(whole))


def catch_up(store: Path, session: Session) -> bool:
    """Lays in whole shards the index lacks; rebuilds it when that is not a mere appending. Raises StoreError.

    Tells whether there was anything to do.
    """
    whole = {path.name: path for path in folders(store)[0]}
    known = dict(session.exec(select(ShardRow.id, ShardRow.sequence)).all())
    missing = [shards.read_manifest(path) for name, path in whole.items() if name not in known]
    latest = max(known.values(), default=0)
    placed = [manifest for manifest in missing if manifest.sequence]
    lost_records = not known and any((store / name).is_dir() for name in ("artifacts", "runs"))
    rebuilding = known.keys() - whole.keys() or lost_records or any(m.sequence <= latest for m in placed)
    if rebuilding:
        rebuild(store, session)
    else:
        for manifest in sorted(placed, key=lambda manifest: manifest.sequence):
            table = shards.read_table(shards.folder_of(store, manifest.key))
            index.lay_in(session, store, manifest, table)
    adopt(store, session, [manifest for manifest in missing if not manifest.sequence])
    return bool(rebuilding or missing)


def adopt(store: Path, session: Session, found: Sequence[Manifest]) -> None:
    """Gives shards that ranks made (sequence 0) their place, in the order of their inputs, and lays them in.

    A shard that no longer answers for its input, because that changed meanwhile, or whose data is not what its manifest
    says, loses its manifest and is made again.
    """
    order = dict(session.exec(select(ShardRow.id, ShardRow.sequence)).all()) if found else {}

    def place(manifest: Manifest) -> tuple[int, int]:
        folder = shards.folder_of(store, manifest.key)
        return order[manifest.key.input], (folder / shards.MANIFEST).stat().st_mtime_ns

    waiting = {manifest.id: manifest for manifest in found}
    while waiting:
        # Those whose input is placed already; a stage upon a stage comes in the next round.
        ready = [manifest for manifest in waiting.values() if manifest.key.input not in waiting]
        for manifest in sorted((one for one in ready if one.key.input in order), key=place):
            if (sequence := _adopt_one(store, session, manifest)) is not None:
                order[manifest.id] = sequence
        for manifest in ready:
            del waiting[manifest.id]
            if manifest.id not in order:
                (shards.folder_of(store, manifest.key) / shards.MANIFEST).unlink()


def _adopt_one(store: Path, session: Session, manifest: Manifest) -> int | None:
    folder = shards.folder_of(store, manifest.key)
    try:
        if shards.hash_file(folder / shards.DATA) != manifest.sha256:
            return None  # two ranks made it at once and not alike, as when one met a time limit
        table = shards.read_table(folder)
        root = admission.check_digests(session, store, manifest.key, table["digest"].to_pylist())
    except (OSError, StoreError):
        return None
    placed = dataclasses.replace(manifest, sequence=index.following(session, ShardRow.sequence), root=root)
    shards.write_manifest(folder, placed)
    index.lay_in(session, store, placed, table)
    return placed.sequence


def rebuild(store: Path, session: Session, on_shard: Callable[[int, int], None] | None = None) -> None:
    """Empties the index and fills it from disk; `on_shard(done, of)` after each raw shard's samples.

    Raises StoreError for a damaged manifest, shard or record.
    """
    found = [shards.read_manifest(path) for path in folders(store)[0]]
    found = sorted((m for m in found if m.sequence), key=lambda manifest: manifest.sequence)
    connection = session.connection()
    connect.bulk(connection)
    index.clear(session)
    bulk.drop_facets(connection)
    keys = bulk.drop_keys(connection)
    later: dict[str, dict[str, Manifest]] = defaultdict(dict)
    for manifest in found:
        index.enter_shard(session, manifest)
        if manifest.key.stage != RAW:
            later[manifest.root].pop(manifest.key.stage, None)  # the last one of a stage is current, in its own place
            later[manifest.root][manifest.key.stage] = manifest
    raw = [manifest for manifest in found if manifest.key.stage == RAW]
    if missing := later.keys() - {manifest.id for manifest in raw}:
        hint = "bring them back from a backup, or run `text2svg store verify --set-aside` and the stages again"
        raise StoreError(f"shards of later stages have lost their raw shards: {', '.join(sorted(missing))}", hint=hint)
    groups = [[manifest, *later[manifest.id].values()] for manifest in raw]
    for number, tables in enumerate(_read_ahead(store, groups), start=1):
        index.lay_in_samples(session, merge(raw[number - 1], groups[number - 1][1:], tables))
        if on_shard is not None:
            on_shard(number, len(raw))
    bulk.make_keys(connection, keys)
    # Every sample before any repeat: a raw shard that was made again comes after the shards that repeat its drawings.
    for manifest in raw:
        if any(reason == DUPLICATE for _, reason, _ in manifest.tally):
            index.lay_in_repeats(session, start(manifest, read(store, manifest)))
    bulk.make_facets(connection)
    kept = map(artifacts.artifact_row, artifacts.kept(store / "artifacts"))
    index.insert_rows(session, ArtifactRow, kept)
    runs = map(artifacts.run_row, artifacts.read_runs(store / "runs"))
    index.insert_rows(session, RunRow, runs)


def _read_ahead(store: Path, groups: Sequence[Sequence[Manifest]]) -> Iterator[list[pa.Table]]:
    """The tables of each group of shards; the next group is unpacked beside whatever is done with this one."""

    def tables(group: Sequence[Manifest]) -> list[pa.Table]:
        return [read(store, manifest) for manifest in group]

    with ThreadPoolExecutor(1) as reader:
        waiting: Future[list[pa.Table]] | None = None
        for group in groups:
            following = reader.submit(tables, group)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
