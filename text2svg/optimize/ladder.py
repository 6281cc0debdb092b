"""The fidelity ladder: each drawing takes the first rung that draws it faithfully, and says which one that was.

A batch climbs together, so stage 2 sees many texts in one message. Refuses only what the sanitizer refuses: the last rung
is the sanitised drawing itself. The trade-off: `original` may be as large as the input, but it is never a wrong picture.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from text2svg.errors import NotCanonical, OptimizeError, Refused, RenderError, SvgError
from text2svg.optimize.options import SAMPLE_EVERY, Optimized, OptimizeOptions, Rung
from text2svg.optimize.wrap import wrap
from text2svg.sample import digest_of
from text2svg.svg.document import SvgDocument, parse
from text2svg.svg.sanitize import sanitize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from text2svg.optimize.fidelity import Difference, Threshold
    from text2svg.optimize.geometry import GeometryOptions, Normalized
    from text2svg.optimize.svgo import Svgo
    from text2svg.raster.base import Rasterizer

_T = TypeVar("_T")

CONTENT = frozenset(["foreign-object", "image", "external-reference", "text"])
"""Removals that a viewer would miss; a model must not learn the rest as if it were the drawing."""

PAINTED = re.compile("<(?:path|rect|circle|ellipse|line|polyline|polygon|text|image|use)[ />]")

PAINT = frozenset(
    ["css-error", "css-rule", "css-selector", "css-property", "css-value", "value", "attribute", "element"]
)
"""Removals that may or may not show; rendering decides."""

NOT_SMALLER = 0.9
"""Share of the sanitised text above which `web` also asks SVGO alone: stage 1 copies what `use` repeats."""

SEED_DECIMALS = 14
"""Stage 2 got floats from the first Text2SVG; a control point at 158.5 rounds by what it rounds by there."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the ladder stands on. The rasterizer may be None when nothing is verified."""

    svgo: Svgo
    rasterizer: Rasterizer | None = None


@dataclass(slots=True)
class _Climb:
    """One drawing on its way down; mutable, and private to this module."""

    raw_bytes: int
    clean: str
    drawing: SvgDocument
    """`clean` as a tree."""
    warnings: list[str]
    judged: bool
    before: NDArray[np.uint8] | None = None
    alone: str | None = None
    """What SVGO makes of the sanitised drawing, once somebody asked."""
    done: Optimized | None = None
    rejected: list[str] = field(default_factory=list)


def climb(svgs: Sequence[str | bytes], options: OptimizeOptions, tools: Tools) -> list[Optimized | SvgError]:
    """Optimize a batch; one that cannot even be sanitised comes back as its error."""
    results: list[Optimized | SvgError | None] = [None] * len(svgs)
    active: list[tuple[int, _Climb]] = []
    for index, svg in enumerate(svgs):
        try:
            active.append((index, _begin(svg, options, tools)))
        except SvgError as error:
            results[index] = error
    rungs = options.rungs()
    for position, rung in enumerate(rungs):
        pending = [state for _, state in active if state.done is None]
        if pending:
            _rung(pending, rung, options, tools, first=position == 0)
    for index, state in active:
        results[index] = state.done
    return [result for result in results if result is not None]


def stage_one(svg: str | bytes, options: OptimizeOptions) -> str:
    """The sanitised drawing on the first rung's grid, before SVGO. Raises ParseError, LimitError, NotCanonical."""
    drawing = sanitize(svg, keep_images=True).document
    return _normalize(drawing, _stage_one_options(options.rungs()[0], options)).text


def _begin(svg: str | bytes, options: OptimizeOptions, tools: Tools) -> _Climb:
    cleaned = sanitize(svg, keep_images=True)
    judged = options.verify == "all"
    if options.verify == "sample":
        judged = int(digest_of(cleaned.text)[:8], 16) % SAMPLE_EVERY == 0
    removed = [f"removed {what}" for what in cleaned.removed]
    size = len(svg if isinstance(svg, bytes) else svg.encode(errors="replace"))
    state = _Climb(size, cleaned.text, cleaned.document, removed, judged)
    kinds = {reason.partition(":")[0] for reason in cleaned.removed}
    if options.profile == "model" and kinds & CONTENT:
        lost = ", ".join(sorted(kinds & CONTENT))
        raise Refused("lost-content", f"the sanitizer had to remove: {lost}")
    if kinds & (CONTENT | {"element"}) and not PAINTED.search(cleaned.text):
        raise Refused("lost-content", f"nothing is left to draw: {', '.join(removed)}")
    if options.verify != "off" and tools.rasterizer is not None and kinds & PAINT and not kinds & CONTENT:
        _check_cleaning(svg, state, options, tools.rasterizer)
    return state


def _check_cleaning(svg: str | bytes, state: _Climb, options: OptimizeOptions, rasterizer: Rasterizer) -> None:
    """Refuse a drawing that lost a style rule or a value which showed.

    The raw text renders here after a bounded parse and only if nothing in it pointed outside, so nothing is fetched.
    """
    from text2svg.optimize.fidelity import EXACT, difference

    try:
        raw = rasterizer.render(parse(svg).text, options.verify_size)
        state.before = rasterizer.render(state.clean, options.verify_size)
    except RenderError as error:
        state.warnings.append(f"not verified: the input does not render ({error.message})")
        return
    if not EXACT.accepts(difference(raw, state.before)):
        raise Refused("lost-paint", f"without what had to go the picture differs: {', '.join(state.warnings)}")


def _rung(states: list[_Climb], rung: Rung, options: OptimizeOptions, tools: Tools, *, first: bool) -> None:
    """Try one rung for every drawing that still needs one."""
    attempts = _attempts(states, rung, options, tools)
    for state, text in zip(states, attempts, strict=True):
        if text is None:
            continue
        verdict = _judge(state, text, rung, options, tools, first)
        if isinstance(verdict, str):
            state.rejected.append(f"{rung}: {verdict}")
            continue
        _accept(state, text, rung, verdict)
    if options.profile == "web" and rung in ("integer", "decimal1", "decimal2"):
        _prefer_smaller(states, options, tools)


def _attempts(states: list[_Climb], rung: Rung, options: OptimizeOptions, tools: Tools) -> list[str | None]:
    """The text of one rung for each drawing; None where it does not apply (the reason is noted)."""
    if rung == "original":
        return [state.clean for state in states]
    if rung == "svgo":
        return _stage2_alone(states, tools)
    if rung == "wrap":
        wrapped = [_guard(state, rung, lambda s: wrap(s.clean)) for state in states]
        return _stage2(states, wrapped, "default", tools)
    drawn = _geometry(states, rung, options)
    texts = [each.text if each is not None else None for each in drawn]
    if rung == "integer" and options.profile == "model":
        return texts
    variants = [_variant(each, rung, options) if each is not None else "" for each in drawn]
    out: list[str | None] = [None] * len(states)
    for variant in sorted(set(variants) - {""}):
        chosen = [index for index, each in enumerate(variants) if each == variant]
        answers = _stage2([states[i] for i in chosen], [texts[i] for i in chosen], variant, tools)
        for index, answer in zip(chosen, answers, strict=True):
            out[index] = answer
    return out


def _variant(drawn: Normalized, rung: Rung, options: OptimizeOptions) -> str:
    """The export of svgo.config.mjs for a text of stage 1: by its decimals, and by whether it kept foreign markup."""
    if options.profile == "seed" and rung == "integer":
        return "seed"
    return f"{'kept' if drawn.kept else 'flat'}{drawn.decimals}"


def _geometry(states: list[_Climb], rung: Rung, options: OptimizeOptions) -> list[Normalized | None]:
    """Stage 1. The sanitizer has resolved style sheets already."""
    chosen = _stage_one_options(rung, options)
    return [_guard(state, rung, lambda s: _normalize(s.drawing, chosen)) for state in states]


def _normalize(drawing: SvgDocument, chosen: GeometryOptions) -> Normalized:
    from text2svg.optimize.geometry import normalize

    try:
        return normalize(drawing, chosen)
    except (ArithmeticError, ValueError) as error:
        # `1e308` or 400 digits become infinite, or no number at all, somewhere between a matrix and a rounding.
        raise NotCanonical("not-finite", f"a coordinate left the range of numbers: {error}") from error


def _stage_one_options(rung: Rung, options: OptimizeOptions) -> GeometryOptions:
    from text2svg.optimize.geometry import GeometryOptions

    decimals = {"integer": 0, "decimal1": 1, "decimal2": 2}[rung]
    if options.profile == "web":
        return GeometryOptions(decimals, canonical=False, shortest=True, names=True)
    if options.profile == "model":
        return GeometryOptions(decimals, canonical=rung == "integer", square=True)
    return GeometryOptions(
        decimals=SEED_DECIMALS if rung == "integer" and options.decimals is None else decimals,
        cubic_only=options.cubic_only,
        normalize_points=options.normalize_points,
        normalize_scale=options.normalize_scale,
        canonical=False,
        plain=True,
    )


def _guard(state: _Climb, rung: Rung, make: Callable[[_Climb], _T]) -> _T | None:
    try:
        return make(state)
    except SvgError as error:
        state.rejected.append(f"{rung}: {error.reason}")
        return None


def _stage2(states: list[_Climb], texts: list[str | None], variant: str, tools: Tools) -> list[str | None]:
    """SVGO over those texts that exist; a failure falls back to the text without it, and says so."""
    present = [text for text in texts if text is not None]
    answers = iter(tools.svgo.optimize(present, variant) if present else [])
    out: list[str | None] = []
    for state, text in zip(states, texts, strict=True):
        if text is None:
            out.append(None)
            continue
        answer = next(answers)
        if isinstance(answer, OptimizeError):
            state.warnings.append(answer.message)
            answer = text
        out.append(answer)
    if present and tools.svgo.notice:
        for state in states:
            if tools.svgo.notice not in state.warnings:
                state.warnings.append(tools.svgo.notice)
    return out


def _stage2_alone(states: list[_Climb], tools: Tools) -> list[str | None]:
    """SVGO over the sanitised drawings, asked once per drawing."""
    missing = [state for state in states if state.alone is None]
    answers = _stage2(missing, [state.clean for state in missing], "default", tools)
    for state, answer in zip(missing, answers, strict=True):
        state.alone = answer
    return [state.alone for state in states]


def _judge(
    state: _Climb, text: str, rung: Rung, options: OptimizeOptions, tools: Tools, first: bool
) -> Difference | None | str:
    """The measured difference, None when this drawing is not rendered, or why the rung is refused."""
    from text2svg.optimize.fidelity import difference

    # A drawing that left the first rung is unusual, so sampling does not excuse it.
    if options.verify == "off" or tools.rasterizer is None or (first and not state.judged):
        return None
    try:
        if state.before is None:
            state.before = tools.rasterizer.render(state.clean, options.verify_size)
    except RenderError as error:
        state.warnings.append(f"not verified: the input does not render ({error.message})")
        return None
    if rung == "original":
        return difference(state.before, state.before)
    try:
        after = tools.rasterizer.render(text, options.verify_size)
    except RenderError as error:
        return f"does not render ({error.message})"
    measured = difference(state.before, after)
    threshold = _threshold(rung)
    if not threshold.accepts(measured):
        measured = _difference_on_grid(state, after, measured, options, tools.rasterizer)
    if threshold.accepts(measured):
        return measured
    return f"differs ({measured.bad_fraction:.1%} of the pixels, mean {measured.mean_abs_64:.1f})"


def _difference_on_grid(
    state: _Climb,
    after: NDArray[np.uint8],
    measured: Difference,
    options: OptimizeOptions,
    rasterizer: Rasterizer,
) -> Difference:
    """Compare once more with the input inside a square, where that is the same drawing.

    A 640 x 512 drawing fills 51.2 of 64 rows; the rasterizer rounds its height to 51 and shifts every edge.
    """
    from text2svg.optimize.fidelity import GRID, difference

    try:
        square = rasterizer.render(wrap(state.clean), options.verify_size)
    except (SvgError, RenderError):
        return measured
    if not GRID.accepts(difference(state.before, square)):
        return measured
    return min(measured, difference(square, after))


def _threshold(rung: Rung) -> Threshold:
    from text2svg.optimize.fidelity import EXACT, GRID

    return GRID if rung == "integer" else EXACT


def _prefer_smaller(states: list[_Climb], options: OptimizeOptions, tools: Tools) -> None:
    """For `web`: SVGO on the drawing as it came wins when it is faithful and smaller."""
    accepted = [
        state for state in states if state.done is not None and state.done.bytes > NOT_SMALLER * len(state.clean)
    ]
    for state, text in zip(accepted, _stage2_alone(accepted, tools), strict=True):
        if text is None or len(text.encode()) >= state.done.bytes:
            continue
        verdict = _judge(state, text, "svgo", options, tools, first=True)
        if not isinstance(verdict, str):
            _accept(state, text, "svgo", verdict)


def _accept(state: _Climb, text: str, rung: Rung, measured: Difference | None) -> None:
    if text.replace("Z", "z") == state.clean.replace("Z", "z"):
        # SVGO writes z or Z by the command before it, in turns; a text that has nothing else to gain stays.
        text = state.clean
    data = text.encode()
    state.done = Optimized(
        text=text,
        rung=rung,
        raw_bytes=state.raw_bytes,
        bytes=len(data),
        gzip_bytes=len(gzip.compress(data, compresslevel=9, mtime=0)),
        difference=measured,
        warnings=(*state.warnings, *state.rejected),
    )
