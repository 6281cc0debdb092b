"""A shelf of drawings made for these tests."""

from __future__ import annotations

import pytest

from text2svg.compose.shelf import Shelf
from text2svg.raster.resvg import Resvg
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.svg.schema import HEADER

LINE = '<g fill="none" stroke="#000" stroke-width="20" stroke-linecap="round" stroke-linejoin="round">'
DRAWINGS = {
    ("house", "outline"): LINE + '<path d="M32 120L128 32L224 120V224H32Z"/></g>',
    ("house", "filled"): '<path d="M24 120L128 20L232 120V232H24Z"/>',
    ("power", "outline"): LINE + '<path d="M128 32V120M84 60A88 88 0,1,0 172 60"/></g>',
    ("heart", "filled"): '<path d="M128 224L40 136A52 52 0,0,1 128 64A52 52 0,0,1 216 136Z"/>',
    ("heart", "outline"): LINE + '<path d="M128 224L40 136A52 52 0,0,1 128 64A52 52 0,0,1 216 136Z"/></g>',
    ("star", "filled"): '<path d="M128 16L160 96H244L176 148L202 232L128 180L54 232L80 148L12 96H96Z"/>',
    ("bell", "outline"): LINE + '<path d="M48 184C80 160 60 112 80 80A56 56 0,0,1 176 80C196 112 176 160 208 184Z"/>'
    '<path d="M108 216H148"/></g>',
    ("bell", "filled"): '<path d="M40 190C80 160 60 112 80 80A56 56 0,0,1 176 80C196 112 176 160 216 190Z"/>'
    '<rect x="104" y="200" width="48" height="24" rx="12"/>',
    ("pause", "filled"): '<rect x="56" y="40" width="48" height="176"/><rect x="152" y="40" width="48" height="176"/>',
    ("leaf", "duotone"): '<path opacity=".3" d="M40 216C40 80 120 40 216 40C216 136 176 216 40 216Z"/>'
    '<path fill="none" stroke="#000" stroke-width="12" d="M40 216L160 96"/>',
    ("ball", "color"): '<linearGradient id="a" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="256">'
    '<stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#f30"/></linearGradient>'
    '<circle fill="url(#a)" cx="128" cy="128" r="100"/><circle fill="#fff" cx="96" cy="96" r="20"/>',
}  # fmt: skip


def sample(caption: str, style: str, body: str) -> Sample:
    """A finished row."""
    text = f"{HEADER}{body}</svg>"
    origin = Provenance("package", "tiny", caption, "", "A. Author", "MIT", "made for the tests")
    return Sample(digest_of(text + style), "", origin, caption, (), style=style, optimized=text, rung="integer", tokens=40)


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """Eleven drawings of nine things."""
    return Shelf([sample(caption, style, body) for (caption, style), body in DRAWINGS.items()])


@pytest.fixture(scope="session")
def rasterizer() -> Resvg:
    """The default rasterizer, in this process."""
    return Resvg()
