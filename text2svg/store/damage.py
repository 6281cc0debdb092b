"""Takes damaged shards out of the way, with everything that was made from them: whole folders move into `aside/`.

Works on the files alone, so an index that cannot be opened is no hindrance; the next opening for writing makes the index
follow, and imports and stages make again what is missing. Refuses to delete, so that a damaged disk block costs no more
than it must. The trade-off: what was made from a damaged shard goes too, although it is whole, because nothing could say
any more what it was made from.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from text2svg.errors import StoreError
from text2svg.store import shards
from text2svg.store.recover import folders
from text2svg.store.verify import check_data

ASIDE = "aside"


def set_aside(store: Path) -> list[str]:
    """Moves what is damaged or has lost its input; gives the places of the moved folders. Raises StoreError."""
    whole, _ = folders(store)
    made_from: dict[str, list[str]] = defaultdict(list)
    here = {folder.name: folder for folder in whole}
    lost: list[str] = []
    for folder in whole:
        try:
            manifest = shards.read_manifest(folder)
        except StoreError:
            lost.append(folder.name)
            continue
        made_from[manifest.key.input].append(folder.name)
        orphaned = manifest.root != manifest.id and manifest.key.input not in here
        if orphaned or any(check_data(folder, manifest)):
            lost.append(folder.name)
    moved: list[str] = []
    while lost:
        if (folder := here.pop(lost.pop(), None)) is not None:
            moved.append(_move(store, folder))
            lost += made_from[folder.name]
    return moved


def _move(store: Path, folder: Path) -> str:
    place = target = store / ASIDE / folder.parent.name / folder.name
    number = 1
    while target.exists():  # it was damaged before, too
        number += 1
        target = place.with_name(f"{place.name}.{number}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
    except OSError as error:
        raise shards.refused(target, error) from error
    return str(target.relative_to(store))
