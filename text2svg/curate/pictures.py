"""Small grey pictures of many drawings in one file, perceptual hashes of them, and whether two look the same.

A picture is 32 x 32 bytes, the drawing on white, its darkest point black. A hash says of its 128 lowest cosine
frequencies which are clearly positive and which clearly negative, 256 bits; icons are symmetric, and the sign of a
frequency near zero would be noise. Two pictures look the same when no 3 x 3 patch differs by more than a quarter of the
range: a missing dot of a die shows, a stroke moved by half a pixel does not. Refuses colour: a recoloured drawing looks the
same here. The trade-off: a kilobyte of disk a drawing, in a sparse file, so that only what is asked for is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text2svg.executor.base import Executor

SIDE = 32
LOW = 128  # frequencies in a hash, lowest sum of both directions first, without the mean
FAINT = 0.05  # of their root mean square: below it a frequency is no more than rounding
SAME = 0.25
"""Of the range from black to white, the mean over a 3 x 3 patch."""
FLUSH_ROWS = 5_000  # a killed run draws at most these again
_BLOCK = 2_048  # pictures hashed or compared at a time: 8 MB as floats

Rows = NDArray[np.int64]


class Pictures:
    """Pictures of `count` drawings by position, kept in the folder `work` from run to run."""

    def __init__(self, work: Path, count: int) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.count = count
        self._done_path = work / "drawn.npy"
        mode = "r+" if (work / "pictures.bin").is_file() and self._done_path.is_file() else "w+"
        self.pixels = np.memmap(work / "pictures.bin", np.uint8, mode, shape=(max(count, 1), SIDE, SIDE))
        self.drawn: NDArray[np.bool_] = np.load(self._done_path) if mode == "r+" else np.zeros(count, bool)

    def draw(self, wanted: NDArray[np.bool_], drawings: Iterable[str], executor: Executor) -> Iterator[int]:
        """Draws the wanted ones that are not there, of all `drawings` in order; yields how many were drawn so far.

        What cannot be drawn, or takes longer than the executor allows, is white.
        """
        missing = wanted & ~self.drawn
        places = np.flatnonzero(missing)
        items = (drawing for at, drawing in enumerate(drawings if len(places) else ()) if missing[at])
        for outcome in executor.run(PictureStep(), items):
            at = places[outcome.index]
            self.pixels[at] = 255 if outcome.error else np.frombuffer(outcome.value, np.uint8).reshape(SIDE, SIDE)
            self.drawn[at] = True
            if (outcome.index + 1) % FLUSH_ROWS == 0:
                self.flush()
            yield outcome.index + 1
        self.flush()

    def flush(self) -> None:
        """Writes what was drawn, then the note of it."""
        self.pixels.flush()
        temporary = self._done_path.with_suffix(".tmp.npy")
        np.save(temporary, self.drawn)
        temporary.replace(self._done_path)

    def hashes(self) -> NDArray[np.uint64]:
        """(count, 4): the perceptual hash of every picture; of those not drawn, noise."""
        found = np.zeros((self.count, 4), np.uint64)
        wave, lowest = _cosines(), _lowest()
        for start in range(0, self.count, _BLOCK):
            block = self.pixels[start : start + _BLOCK].astype(np.float32)
            waves = (wave @ block @ wave.T).reshape(len(block), -1)[:, lowest]
            middle = np.median(np.abs(waves), axis=1, keepdims=True)
            least = np.maximum(middle, FAINT * np.sqrt((waves**2).mean(axis=1, keepdims=True)))
            bits = np.concatenate([waves > least, waves < -least], axis=1)
            found[start : start + len(block)] = np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64)
        return found

    def differences(self, one: Rows, two: Rows) -> NDArray[np.float32]:
        """For each pair of positions the largest mean difference of a 3 x 3 patch, 0..1."""
        found = np.zeros(len(one), np.float32)
        for start in range(0, len(one), _BLOCK):
            part = slice(start, start + _BLOCK)
            gap = self.pixels[one[part]].astype(np.float32) - self.pixels[two[part]]
            rows = gap[:, :-2] + gap[:, 1:-1] + gap[:, 2:]
            patches = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
            found[part] = np.abs(patches).max(axis=(1, 2)) / (9 * 255)
        return found


def near_hashes(one: NDArray[np.uint64], two: NDArray[np.uint64], bits: int) -> tuple[Rows, Rows]:
    """Positions of all pairs whose hashes differ in at most `bits` of 256, by comparing every one with every two."""
    left, right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(one), 16):
        distance = np.zeros((len(one[start : start + 16]), len(two)), np.uint16)
        for word in range(4):
            distance += np.bitwise_count(one[start : start + 16, word, None] ^ two[None, :, word])
        rows, columns = np.nonzero(distance <= bits)
        left.append(rows + start)
        right.append(columns)
    return np.concatenate(left), np.concatenate(right)


@dataclass(frozen=True, slots=True)
class PictureStep:
    """An SVG text to its picture's bytes. A worker process that hangs on a bomb is killed by its executor."""

    name: str = "picture"
    version: int = 1
    rasterizer: str = "resvg"

    @contextmanager
    def open(self) -> Iterator[Callable[[str], bytes]]:
        """Hold one rasterizer."""
        from text2svg.raster import load

        rasterizer = load(self.rasterizer)

        def run(drawing: str) -> bytes:
            pixels = rasterizer.render(drawing, SIDE).astype(np.float32)
            light = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601 luma
            ink = (255 - light) * (pixels[..., 3] / 255)
            # A pale drawing is stretched to black, or it would look like every other pale one.
            return np.rint(255 - ink * (255 / max(1.0, float(ink.max())))).astype(np.uint8).tobytes()

        yield run


def _cosines() -> NDArray[np.float32]:
    """The orthonormal type II cosine transform of SIDE samples."""
    angles = [[math.pi * (2 * x + 1) * u / (2 * SIDE) for x in range(SIDE)] for u in range(SIDE)]
    waves = np.cos(np.array(angles, np.float64)) * math.sqrt(2 / SIDE)
    waves[0] /= math.sqrt(2)
    return waves.astype(np.float32)


def _lowest() -> NDArray[np.int64]:
    """Positions of the LOW lowest frequencies in a flat SIDE x SIDE transform."""
    u, v = np.indices((SIDE, SIDE))
    return np.argsort((u + v).ravel() * SIDE + u.ravel(), kind="stable")[1 : LOW + 1]
