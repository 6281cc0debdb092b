"""Broken and altered drawings: never a crash, never a hang, never another picture than the sanitised input's."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from text2svg.errors import RenderError, SvgError
from text2svg.optimize import OptimizeOptions, optimize
from text2svg.optimize.fidelity import EXACT, difference
from text2svg.optimize.geometry.fastpath import read_path
from text2svg.optimize.ladder import Tools
from text2svg.raster import load
from text2svg.svg.path import parse_path
from text2svg.svg.sanitize import sanitize

TRAPS = [trap["svg"] for trap in json.loads(Path(__file__).with_name("traps.json").read_text(encoding="utf-8"))]
VALUES = st.sampled_from(
    ["0", "-1", "1e9", "50%", "none", "url(#g)", "url(#missing)", "rotate(30)", "scale(0)", "scale(1 -3)", "evenodd",
     "0 0 0 0", "5 5 50 20", "hidden", "NaN", "", "M1 1", "xMaxYMin slice", "currentColor", ".5"]
)  # fmt: skip
ATTRIBUTES = st.sampled_from(
    "viewBox width height x r d fill stroke stroke-width transform opacity clip-path mask overflow fill-rule "
    "preserveAspectRatio stroke-dasharray visibility display paint-order".split()
)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A drawing with bytes flipped, a tail cut off, parts doubled, or an attribute set."""
    data = bytearray(draw(st.sampled_from(TRAPS)).encode())
    for _ in range(draw(st.integers(1, 3))):
        kind, at = draw(st.integers(0, 3)), draw(st.integers(0, len(data) - 1))
        if kind == 0:
            data[at] = draw(st.integers(0, 255))
        elif kind == 1:
            del data[at : at + draw(st.integers(1, 12))]
        elif kind == 2:
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        else:
            name, value = draw(ATTRIBUTES), draw(VALUES)
            end = data.find(b" ", at)
            data[end:end] = f' {name}="{value}"'.encode() if end > 0 else b""
        if not data:
            break
    return bytes(data)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutants(), profile=st.sampled_from(["web", "model", "seed"]))
def test_mutants_end_in_the_same_picture_or_a_reason(data: bytes, profile: str, tools: Tools) -> None:
    started = time.process_time()
    try:
        result = optimize(data, OptimizeOptions(profile), tools)
    except SvgError as error:
        assert error.reason
        return
    assert time.process_time() - started < 5
    rasterizer = load("resvg")
    try:
        before = rasterizer.render(sanitize(data, keep_images=True).text, 128)
        after = rasterizer.render(result.text, 128)
    except RenderError:
        return  # what cannot be drawn cannot be drawn wrongly; the warnings say so
    if result.rung not in ("integer", "wrap"):
        measured = difference(before, after)
        assert EXACT.accepts(measured) or result.difference is not None, (result.rung, measured, result.text)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="MmLlHhVvCcSsQqTtAaZz0123456789 .,-+e", max_size=60))
@example("Z.H0")
def test_the_fast_reader_reads_what_the_careful_one_reads(d: str) -> None:
    assert read_path("M1 2" + d) == parse_path("M1 2" + d)
    assert read_path(d) == parse_path(d)
