"""The curation and exchange commands as a person runs them, on one small corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
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


def test_ranks_share_a_folder_from_stage_to_stage(corpus: None, tmp_path: Path, own_data: Path) -> None:
    """Two ranks curate and caption beside the index; a command that writes lays in what they made, and all of it leaves."""
    for stage in (("curate", "--from", "raw"), ("caption", "--from", "curate")):
        told = [call(*stage, "--executor", "serial", "--rank", str(rank), "--world-size", "2") for rank in range(2)]
        assert sum(one["shards"] for one in told) == 3
    assert sum(one["ok"] for one in told) == 60
    again = call("caption", "--from", "curate", "--executor", "serial")
    assert (again["shards"], again["reused"]) == (3, 3)
    out = call("export", "parquet", str(tmp_path / "out"), "--from", "caption", "--split", "none")
    assert out["rows"] == {"train": 60}
    assert all(row["captions"] for row in pq.read_table(tmp_path / "out" / "train-00000.parquet").to_pylist())
    wrong = CliRunner().invoke(app, ["corpus", "curate", "--rank", "2", "--world-size", "2"])
    assert wrong.exit_code == 1 and "rank 2 of 2" in wrong.output + str(wrong.exception)


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
