"""Vision captions as a stage of the store, on this machine's processes and on Ray: the same captions, none asked twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from admin.cli import app
from tests.caption.test_vision import HEAD, server
from text2svg.caption.journal import DROPPED, FAILED, OK, Entry
from text2svg.caption.step import captioned
from text2svg.errors import EngineError, Refused
from text2svg.pipeline import import_samples
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store.database import Store

ROWS = 24


def filled(folder: Path) -> None:
    """Drawings that look different, and one that shows nothing."""
    svgs = [f'{HEAD}<rect fill="#06{i:02d}9c" x="{4 * i}" width="{60 + i}" height="90"/></svg>' for i in range(ROWS - 1)]
    rows = [Sample(digest_of(svg), svg, Provenance("package"), f"bar {i}") for i, svg in enumerate([*svgs, f"{HEAD}</svg>"])]
    with Store.create(folder) as store:
        import_samples(store, [("rows", rows)], {"source": "test"}, shard_rows=8)


def command(url: str, cache: Path, executor: str) -> Result:
    words = ["--engine", f"openai:{url}", "--from", "raw", "--captions", "2", "--least-score", "0", "--resolution", "64"]
    words += ["--cache", str(cache), "--executor", executor, "--tries", "1", "--json"]
    return CliRunner().invoke(app, ["corpus", "caption", *words])


def caption(url: str, cache: Path, executor: str) -> dict:
    done = command(url, cache, executor)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def captions(folder: Path) -> dict[str, tuple[str, ...]]:
    with Store.open(folder, read_only=True) as store:
        return {sample.digest: sample.captions for sample in store.iter_samples("vision")}


@pytest.mark.parametrize("executor", ["processes:2", pytest.param("ray?workers=2", marks=pytest.mark.cluster)])
def test_captions_become_a_stage(own_data: Path, tmp_path: Path, executor: str) -> None:
    if executor.startswith("ray"):
        pytest.importorskip("ray", reason="needs the cluster extra: pip install '.[cluster]'")
    filled(own_data)
    log, cache = tmp_path / "answered", tmp_path / "answers.sqlite"
    with server(log) as url:
        made = caption(url, cache, executor)
        assert (made["ok"], made["dropped"], made["reasons"]["dropped:blank"]) == (ROWS - 1, 1, 1)
        asked = log.read_text().split()
        again = caption(url, cache, "serial")
        assert again["reused"] == 3 and log.read_text().split() == asked
    found = captions(own_data)
    assert len(found) == ROWS - 1 and {len(texts) for texts in found.values()} <= {1, 2}
    assert all("symbol on" in text for texts in found.values() for text in texts)
    assert len(asked) == len(set(asked)) == 2 * (ROWS - 1)


def test_a_server_that_goes_ends_the_run_and_its_answers_are_not_asked_for_again(own_data: Path, tmp_path: Path) -> None:
    filled(own_data)
    log, cache = tmp_path / "answered", tmp_path / "answers.sqlite"
    with server(log, die_after=20) as url:
        done = command(url, cache, "serial")
        assert done.exit_code == 1 and "127.0.0.1" in done.output
    with server(log) as url:
        assert caption(url, cache, "serial")["ok"] == ROWS - 1
    asked = log.read_text().split()
    assert len(asked) == len(set(asked)) == 2 * (ROWS - 1)


def test_what_no_caption_is_good_enough_for_is_dropped_with_the_faults() -> None:
    sample = Sample("d", "<svg/>", Provenance("package"))
    kept = [Entry("d", turn, OK, caption="a bell") for turn in (1, 2)]
    entries = [Entry("d", 0, DROPPED, "too-short,language", caption="x"), *kept]
    assert captioned(sample, entries).captions == ("a bell",)
    with pytest.raises(Refused) as refused:
        captioned(sample, entries[:1])
    assert refused.value.reason == "too-short" and "language" in refused.value.message
    with pytest.raises(EngineError, match="no-answer: cut"):
        captioned(sample, [*entries[:1], Entry("d", 1, FAILED, "no-answer", error="cut")])
