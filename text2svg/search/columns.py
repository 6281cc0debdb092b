"""What a search must know of every row before it looks any row up: the facets to filter by, and who is a duplicate.

Refuses to hold captions or drawings: those come through the caller's lookup for the few rows that are shown. The
trade-off: a facet value is a 16-bit code, so at most 65,536 collections.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text2svg.errors import StoreError
from text2svg.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACETS = ("style", "collection", "licence", "palette", "size")
SIZES = (("small", 64), ("medium", 160))
"""Names of drawings by their most tokens; longer ones, and those that are not canonical, are `large`."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Rows must have one of the named values in each facet that names any."""

    style: Sequence[str] = ()
    collection: Sequence[str] = ()
    licence: Sequence[str] = ()
    palette: Sequence[str] = ()
    """`one` colour or `many`, as the source says."""
    size: Sequence[str] = ()
    """`small`, `medium` or `large`, by tokens."""

    def __bool__(self) -> bool:
        return any(getattr(self, facet) for facet in FACETS)


@dataclass(frozen=True, slots=True)
class Columns:
    """`codes[f]` is a row's number in `names[f]`; rows of one `group` have the same canonical drawing."""

    names: dict[str, list[str]]
    codes: NDArray[np.uint16] = field(repr=False)
    groups: NDArray[np.int32] = field(repr=False)

    def allowed(self, filters: Filters) -> NDArray[np.bool_] | None:
        """(N,) bool, or None when everything is allowed. A value that no row has allows none."""
        if not filters:
            return None
        mask = np.ones(self.codes.shape[1], bool)
        for at, facet in enumerate(FACETS):
            wanted = set(getattr(filters, facet))
            if wanted:
                numbers = [i for i, name in enumerate(self.names[facet]) if name in wanted]
                mask &= np.isin(self.codes[at], numbers)
        return mask

    def save(self, folder: Path) -> None:
        """Write into an existing folder."""
        np.save(folder / "facets.npy", self.codes)
        np.save(folder / "groups.npy", self.groups)
        text = json.dumps(self.names, ensure_ascii=False)
        (folder / "facets.json").write_text(text, encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Columns:
        """Memory-maps what `save` wrote."""
        try:
            names = json.loads((folder / "facets.json").read_text(encoding="utf-8"))
            codes = np.load(folder / "facets.npy", mmap_mode="r")
            groups = np.load(folder / "groups.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            hint = "build the search index again"
            raise StoreError(f"{folder} holds no facets: {error}", hint=hint) from error
        if list(names) != list(FACETS) or codes.shape != (len(FACETS), len(groups)):
            hint = "build the search index again: text2svg corpus index"
            raise StoreError(f"{folder} has the facets of another version", hint=hint)
        return cls(names, codes, groups)


class ColumnsBuilder:
    """Takes samples in row order."""

    def __init__(self) -> None:
        self._codes = [array("H") for _ in FACETS]
        self._numbers: list[dict[str, int]] = [{} for _ in FACETS]
        self._groups = array("i")
        self._group_of: dict[bytes, int] = {}

    def add(self, sample: Sample) -> None:
        """The next row."""
        palette = "many" if sample.palette else "one"
        values = (sample.style, sample.provenance.collection, sample.provenance.licence, palette, size_of(sample))
        for codes, numbers, value in zip(self._codes, self._numbers, values, strict=True):
            codes.append(numbers.setdefault(value, len(numbers)))
        form = hashlib.blake2b((sample.optimized or sample.raw).encode(), digest_size=16).digest()
        self._groups.append(self._group_of.setdefault(form, len(self._group_of)))

    def finish(self) -> Columns:
        """The columns of all rows added."""
        codes = np.stack([np.frombuffer(one, np.uint16) for one in self._codes])
        names = {facet: list(self._numbers[at]) for at, facet in enumerate(FACETS)}
        return Columns(names, codes, np.frombuffer(self._groups, np.int32))


def size_of(sample: Sample) -> str:
    """The size facet of a drawing."""
    return next((name for name, most in SIZES if 0 < sample.tokens <= most), "large")
