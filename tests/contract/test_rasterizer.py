"""One suite for every rasterizer: what each must do, whatever its engine."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from text2svg.errors import ConfigError, RenderError, UnknownKind
from text2svg.raster import KINDS, Rasterizer, load

WIDE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><rect width="200" height="100" fill="red"/></svg>'
TALL = '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="100"><rect width="50" height="100" fill="#00f"/></svg>'
HALF = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
    '<rect width="10" height="10" fill="#102030" fill-opacity=".5"/></svg>'
)
POINTS = '<svg xmlns="http://www.w3.org/2000/svg" width="60pt" height="60pt"><rect width="80" height="80"/></svg>'


@pytest.fixture(scope="module", params=["resvg", "cairo", "resvg?timeout=20", "cairo?timeout=20"])
def rasterizer(request: pytest.FixtureRequest) -> Iterator[Rasterizer]:
    if "cairo" in request.param:
        try:
            import cairosvg  # noqa: F401
        except OSError:
            pytest.skip("libcairo2 is not on this machine")
    opened = load(request.param)
    yield opened
    if hasattr(opened, "close"):
        opened.close()


def test_is_a_rasterizer_with_the_name_of_its_kind(rasterizer: Rasterizer) -> None:
    assert isinstance(rasterizer, Rasterizer)
    assert rasterizer.name in KINDS


@pytest.mark.parametrize("size", [1, 16, 65, 256])
def test_pixels_are_square_rgba(rasterizer: Rasterizer, size: int) -> None:
    pixels = rasterizer.render(WIDE, size)
    assert pixels.shape == (size, size, 4)
    assert pixels.dtype == np.uint8


def test_wide_and_tall_drawings_keep_their_aspect_in_the_middle(rasterizer: Rasterizer) -> None:
    wide = rasterizer.render(WIDE, 64)
    assert (wide[16:48, :, 3] == 255).all() and not wide[:16].any() and not wide[48:].any()
    assert (wide[32, 32] == (255, 0, 0, 255)).all()
    tall = rasterizer.render(TALL, 64)
    assert (tall[:, 16:48, 3] == 255).all() and not tall[:, :16].any() and not tall[:, 48:].any()
    assert (tall[32, 32] == (0, 0, 255, 255)).all()


def test_alpha_is_straight(rasterizer: Rasterizer) -> None:
    red, green, blue, alpha = rasterizer.render(HALF, 16)[8, 8].astype(int)
    assert abs(alpha - 128) <= 1
    assert max(abs(red - 0x10), abs(green - 0x20), abs(blue - 0x30)) <= 2


def test_absolute_units_resolve_at_96_dpi(rasterizer: Rasterizer) -> None:
    assert (rasterizer.render(POINTS, 32)[..., 3] == 255).all()


def test_png_shows_the_same_pixels(rasterizer: Rasterizer) -> None:
    with Image.open(io.BytesIO(rasterizer.png(WIDE, 48))) as picture:
        assert (np.asarray(picture.convert("RGBA")) == rasterizer.render(WIDE, 48)).all()


@pytest.mark.parametrize("bad", ["", "   ", "not svg", "<svg", "<svg xmlns='http://www.w3.org/2000/svg'><g></svg>"])
def test_unreadable_text_is_a_render_error(rasterizer: Rasterizer, bad: str) -> None:
    with pytest.raises(RenderError):
        rasterizer.render(bad, 32)


@pytest.mark.parametrize("size", [0, -1, 100_000])
def test_absurd_sizes_are_refused(rasterizer: Rasterizer, size: int) -> None:
    with pytest.raises(RenderError, match="size"):
        rasterizer.render(WIDE, size)


def test_works_after_an_error(rasterizer: Rasterizer) -> None:
    with pytest.raises(RenderError):
        rasterizer.render("<svg", 32)
    assert rasterizer.render(WIDE, 32).any()


def test_travels_into_worker_processes(rasterizer: Rasterizer) -> None:
    copy = pickle.loads(pickle.dumps(rasterizer))
    assert (copy.render(WIDE, 16) == rasterizer.render(WIDE, 16)).all()
    if hasattr(copy, "close"):
        copy.close()


def test_specs_name_what_is_known() -> None:
    with pytest.raises(UnknownKind, match="cairo, resvg"):
        load("skia")
    with pytest.raises(ConfigError, match="timeout"):
        load("resvg?dpi=96")
    for seconds in ("soon", "0", "-1", "nan", "9999"):
        with pytest.raises(ConfigError, match="timeout"):
            load(f"resvg?timeout={seconds}")


def test_engines_agree_on_simple_shapes() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><circle cx="50" cy="50" r="40" fill="#0a0"/>'
        '<path d="M20 70A40 20 30 1 1 80 60" fill="none" stroke="#000" stroke-width="4"/></svg>'
    )
    pytest.importorskip("cairosvg", exc_type=OSError)
    one, other = load("resvg").render(drawing, 128).astype(int), load("cairo").render(drawing, 128).astype(int)
    assert np.abs(one - other).mean() < 1.5
