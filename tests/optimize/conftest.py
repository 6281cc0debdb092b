"""One SVGO worker and one rasterizer for the whole folder, installed as a user's first run would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from text2svg.errors import MissingDependency
from text2svg.optimize import open_tools
from text2svg.optimize.fidelity import Difference, difference
from text2svg.optimize.ladder import Tools
from text2svg.optimize.svgo import SvgoOptions
from text2svg.optimize.svgo_install import install
from text2svg.raster import load
from text2svg.raster.pixels import to_png


@pytest.fixture(scope="session")
def svgo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the pinned SVGO; skips, with npm's own words, where the registry cannot be reached."""
    cache = tmp_path_factory.mktemp("svgo-cache")
    try:
        install(cache)
    except MissingDependency as error:
        pytest.skip(f"SVGO cannot be installed here: {error.hint}")
    return cache


@pytest.fixture(scope="session")
def tools(svgo_cache: Path) -> Iterator[Tools]:
    with open_tools(SvgoOptions(cache=svgo_cache, backend="node")) as opened:
        yield opened


@pytest.fixture
def same_picture(tmp_path: Path) -> Callable[..., Difference]:
    """Compare two drawings at 256 px; on failure leave before, after and difference side by side as a PNG."""

    def check(before: str, after: str, allowed: float = 0.01) -> Difference:
        rasterizer = load("resvg")
        first, second = (rasterizer.render(text, 256) for text in (before, after))
        measured = difference(first, second)
        if measured.bad_fraction > allowed:
            apart = np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=2).astype(np.uint8)
            panel = np.dstack([apart] * 3 + [np.full_like(apart, 255)])
            path = tmp_path / "before-after-difference.png"
            path.write_bytes(to_png(np.ascontiguousarray(np.hstack([first, second, panel]))))
            pytest.fail(f"{measured.bad_fraction:.1%} of the pixels differ: {path}\n{after[:2000]}")
        return measured

    return check
