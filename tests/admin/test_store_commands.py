"""`text2svg store ...` and a stage by ranks and again, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from text2svg.pipeline import import_samples
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store


def text2svg(data: Path, *args: str, code: int = 0) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEXT2SVG_")}
    done = subprocess.run(
        [sys.executable, "-m", "admin", *args], capture_output=True, text=True, timeout=240, check=False,
        env=clean | {"TEXT2SVG_DATA": str(data)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def drawing(n: int) -> Sample:
    raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="{n + 3}"/></svg>'
    where = Provenance("url", "site", f"n{n}", f"https://{'a' if n < 3 else 'b'}.test/{n}", licence="MIT")
    return Sample(digest_of(raw), raw, where, caption=f"dot {n}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Store.create(tmp_path / "data") as store:
        import_samples(store, [("c", map(drawing, range(8)))], {"source": "test"}, shard_rows=2)
    return tmp_path / "data"


def test_a_site_is_taken_down_and_stays_down(data: Path, tmp_path: Path) -> None:
    gone = json.loads(text2svg(data, "store", "forget", "--domain", "A.test", "--note", "by mail", "--json"))
    assert (gone["value"], gone["rows"], gone["samples"], gone["moved"]) == ("a.test", 3, 3, 0)
    (kept,) = json.loads(text2svg(data, "store", "takedowns", "--json"))
    assert (kept["kind"], kept["note"]) == ("domain", "by mail")
    assert "a.test" in text2svg(data, "store", "takedowns")
    stats = json.loads(text2svg(data, "corpus", "stats", "--json"))
    assert {(row["status"], row["reason"]): row["rows"] for row in stats["funnel"]} == {
        ("ok", ""): 5, ("dropped", "takedown"): 3,
    }  # fmt: skip
    copy = tmp_path / "copy"
    assert json.loads(text2svg(data, "store", "backup", str(copy), "--json"))["copied"] == 4
    assert json.loads(text2svg(copy, "store", "rebuild", "--json"))["ok"]
    assert json.loads(text2svg(copy, "store", "takedowns", "--json")) == [kept]


def test_one_thing_is_taken_down_at_a_time(data: Path) -> None:
    assert "name one thing" in text2svg(data, "store", "forget", code=1)
    assert "is no digest" in text2svg(data, "store", "forget", "--digest", "12", code=1)


def test_leftovers_go(data: Path) -> None:
    leftover = data / "shards" / "optimize" / ("0" * 64)
    leftover.mkdir(parents=True)
    (leftover / "data.parquet.tmp").write_bytes(b"half")
    assert json.loads(text2svg(data, "store", "gc", "--json")) == []
    listed = text2svg(data, "store", "gc", "--hours", "-1", "--dry-run")
    assert "unfinished" in listed and "4 bytes would be freed" in listed
    assert leftover.is_dir()
    assert "4 bytes freed" in text2svg(data, "store", "gc", "--hours", "-1")
    assert not leftover.exists()


def test_a_stage_by_ranks_and_again(data: Path) -> None:
    optimize = ("corpus", "optimize", "--executor", "serial", "--json")
    made = [json.loads(text2svg(data, *optimize, "--rank", rank, "--world-size", "2")) for rank in "01"]
    assert sum(each["shards"] for each in made) == 4
    whole = json.loads(text2svg(data, *optimize))
    assert (whole["shards"], whole["reused"], whole["ok"]) == (4, 4, 8)
    again = json.loads(text2svg(data, *optimize, "--retry", "failed"))
    assert (again["rows"], again["interrupted"]) == (0, False)
    refused = text2svg(data, "corpus", "optimize", "--rank", "2", "--world-size", "2", code=1)
    assert "ranks count from 0" in refused


def test_the_corpus_becomes_token_shards(tmp_path: Path) -> None:
    def corner(n: int) -> Sample:
        raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 4h{n + 3}v9H4"/></svg>'
        return Sample(digest_of(raw), raw, Provenance("url", "site", f"n{n}", licence="MIT"), caption=f"arrow left{' ' * n}")

    data, shards = tmp_path / "data", tmp_path / "shards"
    with Store.create(data) as store:
        import_samples(store, [("c", map(corner, range(4)))], {"source": "test"})
    text2svg(data, "corpus", "optimize", "--executor", "serial")
    made = json.loads(text2svg(data, "train", "shards", str(shards), "--mirrored", "1", "--core", "0", "--json"))
    assert (made["solid.train"], made["solidmirror.train"]) == (4, 4)
    meta = json.loads((shards / "meta.json").read_text())
    assert meta["groups"]["solidmirror.train"]["documents"] == 4
    assert "--mirrored" in text2svg(data, "train", "shards", str(shards), "--mirrored", "2", code=2)
