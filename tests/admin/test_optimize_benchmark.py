"""`text2svg evaluate optimizer` on a small folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from text2svg.errors import MissingDependency
from text2svg.optimize.svgo_install import install, user_cache


def test_each_folder_is_a_line_and_all_of_them_the_last(tmp_path: Path) -> None:
    try:
        install(user_cache() / "svgo")
    except MissingDependency as error:
        pytest.skip(f"SVGO cannot be installed here: {error.hint}")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for n in range(3):
            text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M {n} 3.000 L 9 9 h 8.0 z"/></svg>'
            (tmp_path / name / f"{n}.svg").write_text(text)
    (tmp_path / "two" / "bad.svg").write_text("<svg")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEXT2SVG_")}
    command = [sys.executable, "-m", "admin", "evaluate", "optimizer", "--processes", "0"]
    done = [
        subprocess.run([*command, *more, str(tmp_path / "one"), str(tmp_path / "two")], capture_output=True, text=True,
                       env=environment, timeout=240, check=True)
        for more in (["--json", "-n", "4"], ["--decimals", "2"])
    ]  # fmt: skip
    figures = json.loads(done[0].stdout)
    assert [(f["pack"], f["files"], f["refused"], f["bad"]) for f in figures] == [
        ("one", 3, 0, 0), ("two", 4, 1, 0), ("all", 7, 1, 0),
    ]  # fmt: skip
    assert figures[1]["reasons"] == [["not-well-formed", 1]]
    assert 0 < figures[0]["output_bytes"] < figures[0]["input_bytes"] and figures[0]["both"] > 0
    assert "median" in done[1].stdout and "two: " in done[1].stdout
