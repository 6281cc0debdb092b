"""A tiny pair of towers, trained and exported for real (10 seconds), and the drawings it was trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import shapes

from text2svg import raster
from text2svg.sample import Sample


@pytest.fixture(scope="session")
def drawn() -> list[Sample]:
    """125 canonical drawings with captions of two words."""
    return shapes.samples()


@pytest.fixture(scope="session")
def prepared_folder(drawn: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawings as training input, in three parts."""
    pytest.importorskip("torch")
    from text2svg.train.encoder_data import prepare

    folder = tmp_path_factory.mktemp("prepared")
    counts = prepare(drawn, folder, raster.load("resvg"), rows=50)
    assert counts == {"kept": 125, "blank": 0, "failed": 0, "skipped": 0}
    return folder


@pytest.fixture(scope="session")
def trained(prepared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 60 steps."""
    from text2svg.train.encoder import train_encoder
    from text2svg.train.encoder_data import load_prepared

    run = tmp_path_factory.mktemp("run")
    train_encoder(shapes.recipe(), load_prepared(prepared_folder), run)
    return run


@pytest.fixture(scope="session")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as an ONNX folder."""
    pytest.importorskip("onnx")
    from text2svg.train.encoder_export import export_encoder

    folder = tmp_path_factory.mktemp("encoder")
    return export_encoder(trained, folder, name="shapes", facts={"drawings": 125})


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Callable[[], Path]:
    """Gives a private copy of the exported folder to spoil."""

    def copy() -> Path:
        for path in exported.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        return tmp_path

    return copy
