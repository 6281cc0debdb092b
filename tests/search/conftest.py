"""A small corpus with duplicates and facets, and its search folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from text2svg.encode import Encoder, load
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.search.build import BuildOptions, build
from text2svg.search.searcher import Searcher

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
ARROW_LEFT = '<path d="M200 128H40M90 78L40 128L90 178"/>'
ROWS = (
    # caption, tags, style, collection, licence, body
    ("arrow left", ("back",), "outline", "lucide", "ISC", ARROW_LEFT),
    ("arrow left", ("back",), "outline", "copycat", "MIT", ARROW_LEFT),
    ("arrow left circle", (), "outline", "lucide", "ISC", ARROW_LEFT + '<circle cx="128" cy="128" r="96"/>'),
    ("arrow right", ("next",), "outline", "lucide", "ISC", '<path d="M40 128H200M150 78L200 128"/>'),
    ("left", ("arrow",), "filled", "mdi", "Apache-2.0", '<path d="M40 128L200 40V216Z"/>'),
    ("house", ("home", "building"), "filled", "mdi", "Apache-2.0", '<path d="M40 128L128 40L216 128V216H40Z"/>'),
    ("windows", (), "color", "logos", "CC0-1.0", '<rect fill="#0af" x="40" y="40" width="80" height="80"/>'),
)  # fmt: skip


def rows() -> list[Sample]:
    """Seven samples, the second one a copy of the first in another set."""
    made = []
    for caption, tags, style, collection, licence, body in ROWS:
        svg = f"{HEAD}{body}</svg>"
        raw = svg.replace("<svg", f'<svg data-set="{collection}"')
        provenance = Provenance("package", collection, caption, licence=licence)
        made.append(Sample(digest_of(raw), raw, provenance, caption, tags, style=style, optimized=svg))
    return made


@pytest.fixture(scope="session")
def corpus() -> list[Sample]:
    return rows()


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return load("hashed?dim=128")


@pytest.fixture(scope="session")
def folder(corpus: list[Sample], encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("search") / "index"
    built = build(place, corpus, encoder, BuildOptions(rows=3))
    assert (built.rows, built.failed, built.reused) == (7, 0, 0)
    return place


@pytest.fixture(scope="session")
def searcher(folder: Path, encoder: Encoder, corpus: list[Sample]) -> Searcher:
    known = {sample.digest: sample for sample in corpus}
    return Searcher.open(folder, encoder, lambda digests: [known.get(d) for d in digests])
