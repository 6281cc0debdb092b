"""One SVGO worker and one rasterizer for the whole folder, installed as a user's first run would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from text2svg.errors import MissingDependency
from text2svg.optimize import open_tools
from text2svg.optimize.ladder import Tools
from text2svg.optimize.svgo import SvgoOptions
from text2svg.optimize.svgo_install import install


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
