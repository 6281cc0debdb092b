"""A store as one of several ranks sees it: shards on a shared folder, without the index and without its lock.

Each rank takes the input shards that its number falls to by hash and writes later shards beside them with sequence 0;
the next process that opens the store for writing gives them their place (`recover.adopt`). So ranks need nothing but the
folder, and any number of them, any executor, goes on with the others' work. Refuses raw shards: which drawing is a
repeat is decided by the one writer. The trade-off: a rank that never comes back leaves its shards to be made by a run
with another world size, or without ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from text2svg.errors import StoreError
from text2svg.sample import Sample, check_rank, falls_to
from text2svg.store import shards
from text2svg.store.base import RAW, Manifest, Row, ShardKey
from text2svg.store.recover import folders


class RankStore:
    """What the pipeline asks of a store, for one rank."""

    def __init__(self, path: Path, rank: int, world_size: int) -> None:
        """Reads every manifest. Raises ConfigError for a rank outside 0..world_size-1, StoreError for no store."""
        check_rank(rank, world_size)
        if not (path / "shards").is_dir():
            raise StoreError(f"no store at {path}", hint="make one with `text2svg store init`")
        self.path = path
        self.rank = rank
        self.world_size = world_size
        self._found = {folder.name: shards.read_manifest(folder) for folder in folders(path)[0]}

    def shards(self, stage: str) -> list[Manifest]:
        """The stage's current shards that fall to this rank, in the order they were made."""
        latest: dict[str, Manifest] = {}
        for manifest in sorted(self._found.values(), key=self._order):
            if manifest.key.stage == stage:
                latest.pop(manifest.root, None)
                latest[manifest.root] = manifest
        return [one for one in latest.values() if falls_to(one.root, self.rank, self.world_size)]

    def stages(self) -> list[str]:
        """The stages that have shards, in the order they first ran."""
        return list(dict.fromkeys(one.key.stage for one in sorted(self._found.values(), key=self._order)))

    def reuse(self, key: ShardKey) -> Manifest | None:
        """The shard of that key, None when it is yet to be made."""
        folder = shards.folder_of(self.path, key)
        return shards.read_manifest(folder) if (folder / shards.MANIFEST).is_file() else None

    def add_shard(self, key: ShardKey, rows: Sequence[Row]) -> Manifest:
        """Writes one later shard; its place in the index is given later. Gives the one that another rank made meanwhile.

        Raises StoreError.
        """
        if (made := self.reuse(key)) is not None:
            return self._found.setdefault(made.id, made)
        before = self._found.get(key.input)
        if key.stage == RAW or before is None:
            raise StoreError(f"a rank makes later stages only, and {key.input!r} is no shard here")
        if [row.digest for row in rows] != shards.ok_digests(shards.folder_of(self.path, before.key)):
            raise StoreError(f"stage {key.stage!r} does not give its input's rows in order")
        table = shards.build_table(key.stage, rows)
        folder = shards.folder_of(self.path, key)
        made = shards.write_shard(folder, key, table, place=(0, before.root), final=True)
        self._found[made.id] = made
        return made

    def samples_of(self, manifest: Manifest) -> list[Sample]:
        """A shard's ok rows as samples, with everything its stages up to here set. Raises StoreError."""
        folder = shards.folder_of(self.path, manifest.key)
        table = shards.read_table(folder)
        if manifest.key.stage == RAW:
            found = shards.raw_samples(table)
        else:
            found = shards.later_samples(table, self.samples_of(self._found[manifest.key.input]), folder)
        return [sample for sample in found if sample is not None]

    def rows_of(self, manifest: Manifest) -> list[Row]:
        """A shard's rows as they were added. Raises StoreError."""
        return shards.read_rows(shards.folder_of(self.path, manifest.key), manifest.key.stage)

    def _order(self, manifest: Manifest) -> tuple[int, float, int]:
        if manifest.sequence:
            return 0, 0.0, manifest.sequence
        folder = shards.folder_of(self.path, manifest.key)
        return 1, (folder / shards.MANIFEST).stat().st_mtime, 0
