"""The curation and exchange commands as a person runs them, on one small corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from admin.cli import app
from text2svg.errors import Text2SVGError
from text2svg.pipeline import import_samples
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store


def drawing(n: int) -> Sample:
    raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M{n % 7 + 1} 2h9v{n // 7 + 3}z"/></svg>'
    where = Provenance("package", "set", f"n{n}", f"https://example.org/set/n{n}/", "A. Nyone", ("MIT", "CC-BY-4.0")[n % 2])
    return Sample(digest_of(raw), raw, where, f"shape {n}")


@pytest.fixture
def corpus(own_data: Path) -> None:
    blank = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    rows = [*map(drawing, range(60)), Sample(digest_of(blank), blank, Provenance("package", licence="MIT"), "nothing")]
    with Store.create(own_data) as store:
        import_samples(store, [("a", rows)], {}, shard_rows=30)


def call(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["corpus", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.usefixtures("corpus")
def test_a_corpus_is_curated_measured_exported_and_taken_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = call("curate", "--from", "raw", "--executor", "serial")
    assert told["reasons"] == {"ok": 60, "dropped:blank": 1}
    found = call("duplicates", "-o", str(tmp_path / "d.parquet"), "--executor", "serial")
    assert found["rows"] == 60 and found["from"] == "curate"
    assert call("leaks", "-o", str(tmp_path / "l.parquet"), "--executor", "serial")["rows"] == 60
    grown = call("growth", "-o", str(tmp_path / "g.svg"))
    assert (grown["read"], grown["unique"]) == (61, 61) and (tmp_path / "g.svg").read_text().startswith("<svg")
    first = call("export", "hf", str(tmp_path / "hf"))
    assert sum(first["rows"].values()) == 60 and first["licences"] == {"MIT": 30, "CC-BY-4.0": 30}
    mit = call("export", "parquet", str(tmp_path / "mit"), "--licence-allow", "MIT", "--split", "none")
    assert (mit["rows"], mit["dropped"]) == ({"train": 30}, {"licence:not-selected": 30})
    call("export", "jsonl", str(tmp_path / "seed"), "--without", str(tmp_path / "d.parquet"))
    for kind, folder, rows in (("hf", "hf", 60), ("parquet", "mit", 30), ("jsonl", "seed", 60 - found["listed"])):
        monkeypatch.setenv("TEXT2SVG_DATA", str(tmp_path / f"back-{kind}"))
        assert call("import", kind, str(tmp_path / folder))["ok"] == rows
        assert call("import", kind, str(tmp_path / folder))["reused"] >= 1
    assert call("stats")["licence"] == {"NOASSERTION": 60 - found["listed"]}


@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "hf", "OUT", "--licence-allow", "MTI"), "not a known SPDX licence"),
        (("export", "hf", "OUT", "--split", "rows"), "unknown split"),
        (("export", "jsonl", "OUT", "--layout", "flat"), "unknown layout"),
        (("export", "parquet", "OUT", "--from", "caption"), "no shards"),
        (("import", "parquet", "OUT"), "no \\*.parquet"),
        (("import", "parquet", "OUT", "--licence", "MIT"), "needs evidence"),
        (("growth", "--against", "pages"), "rows or urls|no growth"),
    ],
)
def test_wrong_words_are_answered_with_a_sentence(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    given = [str(tmp_path / "out") if word == "OUT" else word for word in words]
    done = CliRunner().invoke(app, ["corpus", *given])
    said = done.output + (str(done.exception) if isinstance(done.exception, Text2SVGError) else "")
    assert done.exit_code == 1
    import re

    assert re.search(message, said), said
