"""Runs a protocol over answers: reads each, renders it, takes its features, and turns all of it into figures.

A figure whose weights or references are not here is left out with the reason; nothing takes its place. Refuses to
keep pictures: 32 are in memory at once, then only their features. The trade-off: a report's text is the same for the
same answers, so nothing in it is timed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import ConfigError, MissingDependency, RenderError, SvgError
from text2svg.evaluate import distances
from text2svg.evaluate.judge import verdict
from text2svg.evaluate.metrics import Figure, bootstrap, mean, share
from text2svg.evaluate.protocols import Metric, Protocol
from text2svg.evaluate.readings import Answer, Reading, on_white, read
from text2svg.evaluate.weights import Found, find

CHUNK = 32
NEAR = 0.02
"""Mean grey difference, 0..1, below which two drawings of 64 pixels are near copies: 18 of 120 drawings of the starter
corpus have another one that near, most of them the same glyph of another set."""
NEAR_SIZE = 64
RESAMPLES = 100
"""Of a distance between sets; 1,000 of a mean."""
_CLIP_L, _CLIP_B, _INCEPTION = "clip-vit-large-patch14", "clip-vit-base-patch32", "pt_inception-2015-12-05"
_LPIPS = "lpips-vgg"
_PICTURES = {_CLIP_L: "Clip", _CLIP_B: "Clip", _INCEPTION: "Inception", "dinov2-base": "Dino"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What a protocol is run with."""

    renderer: Any
    judge: Any = None
    """See `judge`; None leaves retrieval out."""
    near: Callable[[str], Sequence[str]] | None = None
    """The nearest corpus drawings of one; None leaves copies out."""
    weights: Path | None = None
    """Folder of published weights."""
    seed: int = 0


class Measured(NamedTuple):
    """What came out."""

    figures: dict[str, Figure]
    skipped: dict[str, str]
    """Metric to the reason why it is not here."""
    models: dict[str, str]
    """Model to the sha256 of its weights."""
    readings: list[Reading]
    """In the order of the prompts, without pixels."""


@dataclass(slots=True)
class _Rows:
    """Everything gathered drawing by drawing."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ours: dict[str, list[NDArray]] = field(default_factory=lambda: defaultdict(list))
    theirs: dict[str, list[NDArray]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, list[NDArray]] = field(default_factory=lambda: defaultdict(list))


def measure(protocol: Protocol, answers: Iterable[Answer], bench: Bench) -> Measured:
    """All figures of a protocol. Raises ConfigError when there is no answer or weights are not the known ones."""
    stream = iter(answers)
    first = list(islice(stream, CHUNK))
    if not first:
        raise ConfigError("nothing was drawn", hint="ask for at least one prompt")
    referenced = all(answer.task.svg for answer in first) and any(metric.reference for metric in protocol.metrics)
    skipped, found = _available(protocol, bench, referenced)
    models = {name: _open(name, one) for name, one in found.items() if name in _PICTURES}
    if _LPIPS in found:
        models[_LPIPS] = _paired(found)
    rows, readings = _Rows(), []
    while first:
        chunk = [read(answer, bench.renderer, protocol.size) for answer in first]
        _gather(protocol, chunk, rows, (models, bench, referenced))
        readings += [_light(reading) for reading in chunk]
        first = list(islice(stream, CHUNK))
    figures = {**_shares(readings, bench.seed), **_means(rows, bench.seed), **_sets(rows, bench.seed)}
    if bench.judge is not None:
        drawn = ["" if r.blank else r.answer.svg for r in readings]
        figures |= verdict(bench.judge, [r.answer.task.words for r in readings], drawn, bench.seed)
    if "aesthetic-l14-linearMSE" in found and _CLIP_L in models:
        figures["aesthetic"] = _aesthetic(found["aesthetic-l14-linearMSE"], rows, bench.seed)
    wanted = {metric.name: figures[metric.name] for metric in protocol.metrics
              if metric.name in figures and metric.name not in skipped}  # fmt: skip
    late = {m.name: "no drawing could be scored" for m in protocol.metrics if m.name not in {*wanted, *skipped}}
    return Measured(wanted, skipped | late, {name: one.sha256 for name, one in found.items()}, readings)


def _available(protocol: Protocol, bench: Bench, referenced: bool) -> tuple[dict[str, str], dict[str, Found]]:
    """Why metrics cannot be computed, and the weights of those that can."""
    skipped, found = {}, {}
    for metric in protocol.metrics:
        try:
            needed = {name: find(name, bench.weights) for name in metric.weights}
        except MissingDependency as error:
            skipped[metric.name] = f"needs {', '.join(metric.weights)}: {error.message}; {error.hint}"
            continue
        if why := _lacking(metric, bench, referenced):
            skipped[metric.name] = why
        else:
            found |= needed
    return skipped, found


def _lacking(metric: Metric, bench: Bench, referenced: bool) -> str:
    if metric.reference and not referenced:
        return "these prompts have no real drawings"
    if metric.name in ("r1", "r5", "r10", "own") and bench.judge is None:
        return "no judge was given"
    if metric.name in ("near_copy", "exact_copy") and bench.near is None:
        return "no corpus was given"
    return "no adapter for these weights" if metric.name == "hps" else ""


def _open(name: str, found: Found) -> Any:
    from text2svg.evaluate import features

    return getattr(features, _PICTURES[name])(found)


def _paired(found: Mapping[str, Found]) -> Any:
    from text2svg.evaluate.features import Lpips

    return Lpips(found["vgg16"], found[_LPIPS])


def _light(reading: Reading) -> Reading:
    """The same facts; of the pixels only whether there are any ink and any at all."""
    from dataclasses import replace

    if reading.pixels is None:
        return reading
    return replace(reading, pixels=np.full((1, 1, 3), 255 if reading.blank else 0, np.uint8))


def _gather(protocol: Protocol, chunk: Sequence[Reading], rows: _Rows, tools: tuple[dict[str, Any], Bench, bool]) -> None:
    models, bench, referenced = tools
    black = np.zeros((protocol.size, protocol.size, 3), np.uint8)
    scored = [r for r in chunk if r.rendered or protocol.black_failures]
    for reading in chunk:
        if reading.rendered:
            rows.values["tokens"].append(float(reading.answer.tokens))
        for name in ("bytes", "shapes", "segments"):
            rows.values[name].append(float(getattr(reading, name)))
        if bench.near is not None:
            copy = _copied(reading, bench)
            rows.values["near_copy"].append(float(copy[0]))
            rows.values["exact_copy"].append(float(copy[1]))
    if not scored:
        return
    pictures = [black if r.pixels is None else r.pixels for r in scored]
    real = [_real(r, bench.renderer, protocol.size) for r in scored] if referenced else []
    for ours, theirs in zip(pictures, real, strict=False):
        rows.values["ssim"].append(distances.ssim(ours / 255, theirs / 255))
        rows.values["psnr"].append(distances.psnr(ours / 255, theirs / 255))
    if real and _LPIPS in models:
        rows.values["lpips"] += models[_LPIPS].distances(np.stack(pictures), np.stack(real))
    for name in models.keys() & _PICTURES.keys():
        model = models[name]
        rows.ours[name].append(model.images(np.stack(pictures)))
        if real:
            rows.theirs[name].append(model.images(np.stack(real)))
        if hasattr(model, "texts"):
            rows.texts[name].append(model.texts([r.answer.task.words for r in scored]))


def _real(reading: Reading, renderer: Any, size: int) -> NDArray[np.uint8]:
    pixels = on_white(reading.answer.task.svg, renderer, size)
    if pixels is None:
        raise ConfigError(f"the real drawing of {reading.answer.task.id} does not render", hint="mend or leave it out")
    return pixels


def _copied(reading: Reading, bench: Bench) -> tuple[bool, bool]:
    """Whether an answer is nearly, and whether exactly, one of the corpus drawings nearest to it."""
    if not reading.rendered or reading.blank or bench.near is None:
        return False, False
    try:
        others = bench.near(reading.answer.svg)
    except (RenderError, SvgError):
        return False, False
    mine = on_white(reading.answer.svg, bench.renderer, NEAR_SIZE)
    pictures = [on_white(svg, bench.renderer, NEAR_SIZE) for svg in others]
    gaps = [float(np.abs(mine.astype(float) - one).mean()) / 255 for one in pictures if mine is not None and one is not None]
    exact = reading.answer.svg in others
    return exact or any(gap < NEAR for gap in gaps), exact


def _shares(readings: Sequence[Reading], seed: int) -> dict[str, Figure]:
    flags: dict[str, Callable[[Reading], bool]] = {
        "parse": lambda r: r.parsed, "render": lambda r: r.rendered, "success": lambda r: r.parsed and r.rendered,
        "not_blank": lambda r: not r.blank, "safe": lambda r: r.safe, "canonical": lambda r: r.canonical,
        "inside": lambda r: r.inside,
    }  # fmt: skip
    return {name: share([flag(r) for r in readings], seed) for name, flag in flags.items()}


def _means(rows: _Rows, seed: int) -> dict[str, Figure]:
    found = dict(rows.values)
    pairs = {
        "clip_t2i": (_CLIP_L, rows.texts, distances.clip_scores), "clip_i2i": (_CLIP_L, rows.theirs, distances.clip_scores),
        "clip_b32": (_CLIP_B, rows.texts, distances.cosines), "dino": ("dinov2-base", rows.theirs, distances.dino_scores),
    }  # fmt: skip
    for name, (model, others, score) in pairs.items():
        if others[model]:
            found[name] = score(np.concatenate(rows.ours[model]), np.concatenate(others[model])).tolist()
    return {name: mean(values, seed) for name, values in found.items() if values}


def _sets(rows: _Rows, seed: int) -> dict[str, Figure]:
    found = {}
    for name, model, distance in (
        ("fid", _INCEPTION, distances.frechet), ("fid_c", _CLIP_B, distances.frechet),
        ("kid_c", _CLIP_B, distances.kernel_distance),
    ):  # fmt: skip
        if rows.theirs[model]:
            ours, theirs = np.concatenate(rows.ours[model]), np.concatenate(rows.theirs[model])
            # The same rows of both sides: what would other prompts have given?
            times = RESAMPLES if ours.shape[1] <= 512 else RESAMPLES // 10
            found[name] = bootstrap(_between(distance, ours, theirs), len(ours), seed, times=times)
    return found


def _between(distance: Callable[[NDArray, NDArray], float], ours: NDArray, theirs: NDArray) -> Callable[[NDArray], float]:
    return lambda picks: distance(ours[picks], theirs[picks])


def _aesthetic(found: Found, rows: _Rows, seed: int) -> Figure:
    from text2svg.evaluate.features import Aesthetic

    return mean(Aesthetic(found).scores(np.concatenate(rows.ours[_CLIP_L])).tolist(), seed)
