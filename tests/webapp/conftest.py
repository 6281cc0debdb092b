"""The demo runtime of the browser tests, without the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.demo import DemoRuntime
from tests.ui.serving import serving


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRuntime]:
    runtime = DemoRuntime(tmp_path_factory.mktemp("demo"))
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as address:
        yield address
