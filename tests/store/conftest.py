"""Every test of the store that takes `db` runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import KINDS, Database


@pytest.fixture(params=KINDS)
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = KINDS[request.param]()
    yield database
    database.close()
