"""Near-duplicate drawings: MinHash over canonical path tokens, found by banding, verified exactly.

A drawing is the set of its edges: paint, two neighbouring points on a 16 unit grid, straight or curved. Two drawings are
near when their sets overlap by `threshold` (Jaccard). Refuses drawings that are not canonical. The trade-off: banding
misses three pairs of Jaccard 0.6 in a hundred; crowded bands (more than 64 equal keys) are compared in a window instead of
all against all, so a thousand equal squares cost thousands of comparisons and not a million.

Memory: 200 bytes of signature and some 250 bytes of edges a drawing, in files under `work`; the rest is one band's keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

CELL = 16
"""Units of the 256 grid: a point that moves by one unit leaves its cell once in eight times."""
BANDS, ROWS = 25, 4
"""A pair of Jaccard 0.6 shares a band with probability 1 - (1 - 0.6^4)^25 = 0.97, one of 0.8 with 0.999998."""
CROWD, WINDOW = 64, 8
SLACK = 0.15  # below the threshold by the estimate: more than three standard deviations of 100 hashes at 0.8
_BLOCK = 4096  # edges hashed at a time: 3 MB of intermediate, so that it stays in the cache
_MINHASH_SEED = 20_261

_TAG = re.compile(r"<(/?)(\w+)([^>]*?)/?>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_SEGMENT = re.compile(r"([MLHVCSQTAZ])([^MLHVCSQTAZ]*)")
_GEOMETRY = frozenset({"d", "cx", "cy", "r", "rx", "ry", "x", "y", "width", "height"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two drawings by their position in the input, the earlier first."""

    first: int
    second: int
    similarity: float
    """Jaccard index of their edges, 0..1."""


def edges(canonical: str) -> NDArray[np.uint32]:
    """The sorted distinct edge hashes of a canonical drawing; at least one."""
    found: set[int] = set()
    above = ""
    for closing, name, text in _TAG.findall(canonical):
        if name == "g":
            above = "" if closing else _paint(dict(_ATTRIBUTE.findall(text)))
            continue
        if name == "svg" or closing:
            continue
        attributes = dict(_ATTRIBUTE.findall(text))
        paint = above + _paint(attributes)
        if name == "path":
            base = crc32(paint.encode())
            found.update(_path_edges(attributes.get("d", ""), base))
        else:
            place = " ".join(str(_cell(attributes[key])) for key in sorted(_GEOMETRY & attributes.keys()))
            found.add(crc32(f"{name} {place} {paint}".encode()))
    return np.array(sorted(found) or [0], np.uint32)


def _paint(attributes: dict[str, str]) -> str:
    return "".join(f" {key}={value}" for key, value in attributes.items() if key not in _GEOMETRY)


def _path_edges(d: str, base: int) -> Iterator[int]:
    """Of canonical path data: absolute, a letter each segment. Only end points count, so S and T need no resolving."""
    x = y = sx = sy = 0
    for kind, body in _SEGMENT.findall(d):
        if kind == "M":
            sx, sy = map(_cell, body.split())
            x, y = sx, sy
            continue
        if kind == "Z":
            nx, ny = sx, sy
        elif kind == "H":
            nx, ny = _cell(body), y
        elif kind == "V":
            nx, ny = x, _cell(body)
        else:
            end = body.rsplit(" ", 2)
            nx, ny = _cell(end[-2].rpartition(",")[2]), _cell(end[-1])
        straight = kind in "LHVZ"
        if not straight or nx != x or ny != y:
            # The same line drawn the other way round is the same edge; closing a path is a line.
            low, high = ((x, y), (nx, ny)) if (x, y) <= (nx, ny) else ((nx, ny), (x, y))
            yield crc32(b"%d,%d %d,%d %d" % (*low, *high, straight), base)
        x, y = nx, ny


def _cell(value: str) -> int:
    return (int(value) + CELL // 2) // CELL


class Signatures:
    """Signatures and edges of many drawings, in files of the folder `work`."""

    def __init__(self, work: Path) -> None:
        self.work = work
        work.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(_MINHASH_SEED)
        # Multiply-shift hashing (Dietzfelbinger 1996): odd 64-bit factors, the upper half of the product.
        self._factor = random.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._offset = random.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
        self.count = 0

    def write(self, drawings: Iterable[str]) -> None:
        """Signs canonical drawings in order."""
        ends, total, signed = [], 0, 0
        waiting: list[NDArray[np.uint32]] = []
        with (self.work / "edges.bin").open("wb") as edge_file, (self.work / "signatures.bin").open("wb") as file:
            for canonical in drawings:
                found = edges(canonical)
                edge_file.write(found.tobytes())
                total += len(found)
                ends.append(total)
                waiting.append(found)
                if total - signed >= _BLOCK:
                    file.write(self._sign(waiting).tobytes())
                    waiting, signed = [], total
            if waiting:
                file.write(self._sign(waiting).tobytes())
        self.count = len(ends)
        np.save(self.work / "ends.npy", np.array([0, *ends], np.int64))

    def _sign(self, sets: list[NDArray[np.uint32]]) -> NDArray[np.uint16]:
        """The least hash of each set under each function, its middle 16 bits kept: enough to tell equal from unequal."""
        flat = np.concatenate(sets).astype(np.uint64)
        starts = np.cumsum([0, *map(len, sets[:-1])])
        parts = []
        for column in range(0, BANDS * ROWS, 25):
            factor, offset = self._factor[column : column + 25], self._offset[column : column + 25]
            hashed = (flat[:, None] * factor + offset) >> np.uint64(32)
            parts.append(np.minimum.reduceat(hashed, starts, axis=0))
        return (np.concatenate(parts, axis=1) & np.uint64(0xFFFF)).astype(np.uint16)

    def pairs(self, threshold: float) -> list[Pair]:
        """Every near pair that a band shows, verified on the edges themselves, sorted."""
        if not self.count:
            return []
        shape = (self.count, BANDS * ROWS)
        signatures = np.memmap(self.work / "signatures.bin", np.uint16, "r", shape=shape)
        edge = np.memmap(self.work / "edges.bin", np.uint32, "r")
        ends = np.load(self.work / "ends.npy")
        seen: set[int] = set()
        found: list[Pair] = []
        for band in range(BANDS):
            fresh = [code for code in self._candidates(signatures, band, threshold).tolist() if code not in seen]
            seen.update(fresh)
            for first, second in (divmod(code, self.count) for code in fresh):
                similarity = _jaccard(edge[ends[first] : ends[first + 1]], edge[ends[second] : ends[second + 1]])
                if similarity >= threshold:
                    found.append(Pair(first, second, similarity))
        return sorted(found, key=lambda pair: (pair.second, pair.first))

    def _candidates(self, signatures: NDArray[np.uint16], band: int, threshold: float) -> NDArray[np.int64]:
        """Codes first * count + second of rows that agree in a band and, by estimate, nearly enough elsewhere."""
        keys = np.zeros(self.count, np.uint64)
        for column in range(band * ROWS, (band + 1) * ROWS):
            keys = keys * np.uint64(0x9E3779B97F4A7C15) + signatures[:, column]
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        crowded = np.zeros(self.count, bool)
        crowded[:-CROWD] = keys[:-CROWD] == keys[CROWD:]
        codes = [np.zeros(0, np.int64)]
        for step in range(1, min(CROWD, self.count)):
            same = keys[:-step] == keys[step:]
            if step > WINDOW:
                same &= ~crowded[:-step]
            if not same.any():
                break
            codes.append(_alike(signatures, (order[:-step][same], order[step:][same]), threshold - SLACK))
        return np.unique(np.concatenate(codes))


def _alike(
    signatures: NDArray[np.uint16], rows: tuple[NDArray[np.int64], NDArray[np.int64]], least: float
) -> NDArray[np.int64]:
    codes = []
    for start in range(0, len(rows[0]), 100_000):
        one, two = (side[start : start + 100_000] for side in rows)
        near = (signatures[one] == signatures[two]).mean(axis=1) >= least
        codes.append(np.minimum(one, two)[near] * len(signatures) + np.maximum(one, two)[near])
    return np.concatenate(codes)


def _jaccard(one: NDArray[np.uint32], two: NDArray[np.uint32]) -> float:
    shared = np.intersect1d(one, two, assume_unique=True).size
    return shared / (one.size + two.size - shared)
