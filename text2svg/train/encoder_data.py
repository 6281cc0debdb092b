"""What the encoder trains on: small renders and words, prepared once, so that training needs only numpy and torch.

A folder of parts. Part K holds `alpha.npy` (N, S, S) uint8, `color.npy` (M, S, S, 3) uint8 for the M drawings that are
not plain black, `color_row.npy` (N,) int32 (-1: black) and, written last, `rows.jsonl` (digest, caption, tags, style,
key, heldout). A part with rows.jsonl is done; a rerun skips it. Refuses drawings that do not render or come out blank:
they are counted, not kept. The trade-off: 48 px lose hairlines, and one icon costs 2.3 kB instead of 9.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text2svg.caption.keywords import is_heldout
from text2svg.encode.words import key_of
from text2svg.errors import RenderError, TrainError
from text2svg.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from text2svg.raster import Rasterizer

SIZE = 48
ROWS = 20_000
"""Samples a part: 9 seconds of rendering, 50 MB."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All parts of a folder in memory: 2.3 kB a black drawing, 9.2 kB a coloured one."""

    alpha: NDArray[np.uint8]
    color: NDArray[np.uint8]
    color_row: NDArray[np.int32]
    rows: list[dict[str, Any]]
    heldout: NDArray[np.bool_] = field(repr=False)

    def pixels(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(len(at), S, S, 4) straight-alpha RGBA."""
        size = self.alpha.shape[1]
        out = np.zeros((len(at), size, size, 4), np.uint8)
        out[..., 3] = self.alpha[at]
        which = self.color_row[at]
        tinted = which >= 0
        out[tinted, :, :, :3] = self.color[which[tinted]]
        return out


def row_of(sample: Sample) -> dict[str, Any]:
    """What training and evaluation know of a drawing besides its pixels."""
    return {
        "digest": sample.digest,
        "caption": sample.caption,
        "tags": list(sample.tags),
        "style": sample.style,
        "collection": sample.provenance.collection,
        "key": key_of(sample.caption),
        "heldout": is_heldout(sample.caption),
    }


@dataclass(frozen=True, slots=True)
class Look:
    """How a drawing is kept: the side of its render in pixels, and what is known of it."""

    size: int = SIZE
    describe: Callable[[Sample], dict[str, Any]] = row_of


def prepare(
    samples: Iterable[Sample], folder: Path, rasterizer: Rasterizer, *, rows: int = ROWS, look: Look = Look()
) -> dict[str, int]:
    """Render `samples` into `folder`; returns counts of kept, blank and failed drawings of the parts made now."""
    counts = {"kept": 0, "blank": 0, "failed": 0, "skipped": 0}
    stream = iter(samples)
    for number, chunk in enumerate(iter(lambda: list(islice(stream, rows)), [])):
        place = folder / f"part-{number:05d}"
        if (place / "rows.jsonl").is_file():
            counts["skipped"] += len(chunk)
            continue
        place.mkdir(parents=True, exist_ok=True)
        _write_part(place, list(_rendered(chunk, (rasterizer, look.size), counts)), look)
    return counts


def _rendered(
    chunk: Sequence[Sample], sight: tuple[Rasterizer, int], counts: dict[str, int]
) -> Iterator[tuple[Sample, NDArray[np.uint8]]]:
    rasterizer, size = sight
    for sample in chunk:
        if not key_of(sample.caption):
            counts["blank"] += 1
            continue
        try:
            pixels = rasterizer.render(sample.optimized or sample.raw, size)
        except RenderError:
            counts["failed"] += 1
            continue
        kept = bool(pixels[..., 3].max() > 16)
        counts["kept" if kept else "blank"] += 1
        if kept:
            yield sample, pixels


def _write_part(place: Path, items: Sequence[tuple[Sample, NDArray[np.uint8]]], look: Look) -> None:
    alpha = np.zeros((len(items), look.size, look.size), np.uint8)
    color_row = np.full(len(items), -1, np.int32)
    colors: list[NDArray[np.uint8]] = []
    lines: list[str] = []
    for at, (sample, pixels) in enumerate(items):
        alpha[at] = pixels[..., 3]
        if pixels[..., :3][pixels[..., 3] > 0].any():
            color_row[at] = len(colors)
            colors.append(pixels[..., :3])
        lines.append(json.dumps(look.describe(sample), ensure_ascii=False))
    np.save(place / "alpha.npy", alpha)
    np.save(place / "color_row.npy", color_row)
    np.save(place / "color.npy", np.stack(colors) if colors else np.zeros((0, look.size, look.size, 3), np.uint8))
    partial = place / "rows.jsonl.part"
    partial.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    partial.replace(place / "rows.jsonl")


def load_prepared(folder: Path) -> Prepared:
    """Read every finished part of `folder`."""
    places = sorted(path.parent for path in folder.glob("part-*/rows.jsonl"))
    if not places:
        hint = "run `text2svg train encoder` on a store with optimized drawings, or call prepare()"
        raise TrainError(f"{folder} holds no prepared part", hint=hint)
    alphas, colors, color_rows, rows, before = [], [], [], [], 0
    for place in places:
        alphas.append(np.load(place / "alpha.npy"))
        colors.append(np.load(place / "color.npy"))
        which = np.load(place / "color_row.npy")
        color_rows.append(np.where(which >= 0, which + before, -1).astype(np.int32))
        before += len(colors[-1])
        text = (place / "rows.jsonl").read_text(encoding="utf-8")
        rows += [json.loads(line) for line in text.splitlines()]
    heldout = np.array([row["heldout"] for row in rows], bool)
    joined = np.concatenate(alphas), np.concatenate(colors), np.concatenate(color_rows)
    return Prepared(*joined, rows, heldout)
