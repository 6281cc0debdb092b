"""Makes the index agree with what lies on disk: after a kill, after a lost index, after a shard was taken away.

Refuses to pass over a damaged manifest, because its rows would silently be missing. The trade-off: shards are laid in
by sequence, so an older shard that reappears costs a whole rebuild (see `database` for the time).
"""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, select

from text2svg.store import artifacts, index, shards
from text2svg.store.base import DUPLICATE, RAW, Manifest
from text2svg.store.models import ArtifactRow, RunRow, ShardRow


def folders(store: Path) -> tuple[list[Path], list[Path]]:
    """Shard folders that are whole (they have a manifest), and unfinished ones."""
    found = sorted(path for path in (store / "shards").glob("*/*") if path.is_dir())
    whole = [path for path in found if (path / shards.MANIFEST).is_file()]
    return whole, sorted(set(found) - set(whole))


def catch_up(store: Path, session: Session) -> None:
    """Lays in whole shards the index lacks; rebuilds it when that is not a mere appending. Raises StoreError."""
    whole = {path.name: path for path in folders(store)[0]}
    known = dict(session.exec(select(ShardRow.id, ShardRow.sequence)).all())
    missing = [shards.read_manifest(path) for name, path in whole.items() if name not in known]
    latest = max(known.values(), default=0)
    lost_records = not known and any((store / name).is_dir() for name in ("artifacts", "runs"))
    if known.keys() - whole.keys() or lost_records or any(m.sequence <= latest for m in missing):
        rebuild(store, session)
        return
    for manifest in sorted(missing, key=lambda manifest: manifest.sequence):
        table = shards.read_table(shards.folder_of(store, manifest.key))
        index.lay_in(session, manifest, table)


def rebuild(store: Path, session: Session) -> None:
    """Empties the index and fills it from disk. Raises StoreError for a damaged manifest, shard or record."""
    found = [shards.read_manifest(path) for path in folders(store)[0]]
    found.sort(key=lambda manifest: manifest.sequence)
    index.clear(session)
    raw = [manifest for manifest in found if manifest.key.stage == RAW]
    later = [manifest for manifest in found if manifest.key.stage != RAW]
    # Every sample before any duplicate: a raw shard that was made again comes after the shards that repeat its drawings.
    repeating = []
    for manifest in raw:
        table = _table(store, manifest)
        index.enter_shard(session, manifest)
        index.lay_in_samples(session, manifest, table)
        if any(reason == DUPLICATE for _, reason, _ in manifest.tally):
            repeating.append(manifest)
    for manifest in repeating:
        index.lay_in_sightings(session, manifest, _table(store, manifest))
    for manifest in later:
        index.lay_in(session, manifest, _table(store, manifest))
    kept = map(artifacts.artifact_row, artifacts.kept(store / "artifacts"))
    index.insert_rows(session, ArtifactRow, kept)
    runs = map(artifacts.run_row, artifacts.read_runs(store / "runs"))
    index.insert_rows(session, RunRow, runs)


def _table(store: Path, manifest: Manifest) -> shards.pa.Table:
    return shards.read_table(shards.folder_of(store, manifest.key))
