"""The demo runtime of the browser tests, without the browser, and a running server for what HTTP has to show."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.ui.demo import DemoRuntime
from tests.ui.serving import serving
from webapp.tuning import Tuner


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRuntime]:
    runtime = DemoRuntime(tmp_path_factory.mktemp("demo"))
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def tuner(runtime: DemoRuntime) -> Iterator[Tuner]:
    tuner = Tuner(runtime)
    yield tuner
    tuner.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client
