"""Golden pairs in SVGO's own format: input @@@ expected @@@ options, one file a case, each run twice.

`UPDATE_GOLDEN=1 pytest tests/golden` rewrites the expected parts; read the diff before keeping it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from text2svg.errors import MissingDependency
from text2svg.optimize import OptimizeOptions, open_tools, optimize
from text2svg.optimize.ladder import Tools
from text2svg.optimize.svgo import SvgoOptions
from text2svg.optimize.svgo_install import install

CASES = sorted(Path(__file__).with_name("optimize").glob("*.svg.txt"))


@pytest.fixture(scope="module")
def golden_tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    cache = tmp_path_factory.mktemp("golden-svgo")
    try:
        install(cache)
    except MissingDependency as error:
        pytest.skip(f"SVGO cannot be installed here: {error.hint}")
    with open_tools(SvgoOptions(cache=cache, backend="node")) as tools:
        yield tools


def test_there_are_cases() -> None:
    assert len(CASES) >= 24


@pytest.mark.parametrize("case", CASES, ids=[case.name.removesuffix(".svg.txt") for case in CASES])
def test_golden(case: Path, golden_tools: Tools) -> None:
    source, expected, given = (part.strip() for part in case.read_text(encoding="utf-8").split("@@@"))
    fields = json.loads(given)
    rung = fields.pop("rung")
    options = OptimizeOptions(**fields)
    once = optimize(source, options, golden_tools)
    if os.environ.get("UPDATE_GOLDEN"):
        given = json.dumps({**fields, "rung": once.rung})
        case.write_text(f"{source}\n\n@@@\n\n{once.text}\n\n@@@\n\n{given}\n", encoding="utf-8")
        return
    assert once.text == expected
    assert once.rung == rung
    # The second run starts from the first one's answer and must have nothing left to do.
    assert optimize(once.text, options, golden_tools).text == once.text
