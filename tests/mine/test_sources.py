from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from text2svg.errors import ConfigError, SourceError
from text2svg.mine.addresses import AddressPolicy
from text2svg.mine.folder import folder_chunks
from text2svg.mine.hub import dataset_chunks
from text2svg.mine.reading import Where
from text2svg.mine.refusal import MineRefusal
from text2svg.mine.sources import batches, dataset_rows, share, urls_of, window
from text2svg.sample import Sample

URLS = [f"https://example.org/{n}" for n in range(5)]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 {}"/></svg>'


def test_lists_in_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("# comment\n" + "\n\n".join(URLS))
    (tmp_path / "b.csv").write_text("id,url\n" + "\n".join(f"{n},{url}" for n, url in enumerate(URLS)))
    (tmp_path / "c.jsonl").write_text("\n".join(json.dumps({"url": url}) for url in URLS))
    (tmp_path / "d.tsv.gz").write_bytes(gzip.compress(("url\n" + "\n".join(URLS)).encode()))
    pq.write_table(pa.table({"url": URLS, "more": URLS}), tmp_path / "e.parquet")
    for name in ("a.txt", "b.csv", "c.jsonl", "d.tsv.gz", "e.parquet"):
        assert list(urls_of(str(tmp_path / name))) == URLS, name
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(URLS)))
    assert list(urls_of("-")) == URLS
    assert list(urls_of(URLS[0])) == URLS[:1]


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    pq.write_table(pa.table({"link": URLS}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("link\nx\n")
    (tmp_path / "c.jsonl").write_text('{"link": "x"}\n')
    for name in ("a.parquet", "b.csv", "c.jsonl"):
        with pytest.raises(SourceError) as caught:
            list(urls_of(str(tmp_path / name)))
        assert "link" in caught.value.hint
    with pytest.raises(SourceError, match="cannot open"):
        list(urls_of(str(tmp_path / "none.txt")))
    (tmp_path / "d.jsonl").write_text("{\n")
    with pytest.raises(SourceError, match="line 1 is no JSON"):
        list(urls_of(str(tmp_path / "d.jsonl")))


def test_batches_are_named_by_what_they_hold() -> None:
    first = list(batches(URLS, 2))
    assert [len(batch.urls) for batch in first] == [2, 2, 1]
    assert list(batches([*URLS, "https://example.org/more"], 2))[:2] == first[:2]
    assert list(window(["", *URLS], 1, 3)) == URLS[1:4]
    assert [batch.urls for batch in batches([URLS[0]] * 3, 10)] == [(URLS[0],)]


def test_damaged_lists_are_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress("\n".join(f"https://example.org/{n}" for n in range(3000)).encode()))
    packed[200:230] = b"\xff" * 30
    (tmp_path / "a.txt.gz").write_bytes(packed)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress("\n".join(URLS).encode())[:-9])
    (tmp_path / "c.csv").write_text(f'url\n"{"x" * 200_000}"\n')
    (tmp_path / "d.txt").write_bytes(b"https://example.org/\xff\n")
    for name in ("a.txt.gz", "b.txt.gz", "c.csv", "d.txt"):
        with pytest.raises(SourceError, match=name) as caught:
            list(urls_of(str(tmp_path / name)))
        assert "UTF-8" in caught.value.hint


def test_half_a_surrogate_is_a_bad_url_and_not_the_end_of_the_run() -> None:
    ((batch,),) = [list(batches(window(["https://e.org/\ud800", " https://e.org/b "]), 9))]
    assert batch.urls == ("https://e.org/\ufffd\ufffd\ufffd", "https://e.org/b")
    with pytest.raises(MineRefusal, match="no URL holds"):
        AddressPolicy().url(batch.urls[0])


def test_ranks_share_a_list_by_host() -> None:
    urls = [f"https://h{n % 40}.example.org/{n}" for n in range(400)]
    parts = [list(share(urls, rank, 3)) for rank in range(3)]
    assert sorted(url for part in parts for url in part) == sorted(urls) and all(parts)
    hosts = [{url.split("/")[2] for url in part} for part in parts]
    assert not (hosts[0] & hosts[1] or hosts[1] & hosts[2] or hosts[0] & hosts[2])
    for rank, world in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ConfigError, match="rank"):
            share(urls, rank, world)


@pytest.mark.train
def test_a_local_data_set_streams_in_seeded_order(tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="needs the train extra")
    for part in range(2):
        lines = [json.dumps({"url": f"https://example.org/{part}/{n}", "text": "x"}) for n in range(50)]
        (tmp_path / f"train-{part}.jsonl").write_text("\n".join(lines))
    plain = [row["url"] for row in dataset_rows(str(tmp_path), ["url"])]
    one, again, other = ([r["url"] for r in dataset_rows(str(tmp_path), ["url"], seed=s)] for s in (7, 7, 8))
    assert len(plain) == 100 and one == again != plain and sorted(one) == sorted(other) == sorted(plain)
    with pytest.raises(SourceError) as caught:
        list(dataset_rows(str(tmp_path), ["nope"]))
    assert "url" in caught.value.hint
    with pytest.raises(SourceError, match="no split"):
        list(dataset_rows(str(tmp_path), ["url"], split="test"))


def test_svg_texts_of_a_data_set() -> None:
    given = [{"svg": SVG.format(1), "text": "Red  heart"}, {"svg": "no", "text": None}, {"svg": SVG.format(3), "text": "b"}]
    ((name, rows),) = dataset_chunks(given, Where("", "dataset", collection="some/set"), ("svg", "text"))
    first, bad, last = rows
    assert name == "some/set/svg/0/all"
    assert (first.caption, first.provenance.name, first.provenance.collection) == ("red heart", "row 0", "some/set")
    assert bad.reason == "not-well-formed" and isinstance(last, Sample)
    ((_, part),) = dataset_chunks(given, Where("", "dataset", collection="x"), ("svg", ""), offset=2, most=1)
    assert [row.provenance.name for row in part] == ["row 2"]


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b-arrow.svg").write_text(SVG.format(1))
    (tmp_path / "sub" / "a.SVG").write_text(SVG.format(2))
    (tmp_path / "sub" / "bad.svg").write_text("<svg>")
    (tmp_path / "huge.svg").write_bytes(b"x" * 1_000_001)
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "outside.svg").symlink_to("/etc/passwd")
    where = Where("", "folder", collection="mine", licence="CC0-1.0", licence_evidence="stated")
    ((name, rows),) = folder_chunks(tmp_path, where)
    found = {row.provenance.name if isinstance(row, Sample) else row.value.provenance.name: row for row in rows}
    assert set(found) == {"b-arrow.svg", "sub/a.SVG", "sub/bad.svg", "huge.svg"}
    arrow = found["b-arrow.svg"]
    assert (arrow.caption, arrow.provenance.licence, arrow.provenance.url) == ("b arrow", "CC0-1.0", "")
    assert (found["huge.svg"].reason, found["sub/bad.svg"].reason) == ("byte-limit", "not-well-formed")
    assert next(folder_chunks(tmp_path, where))[0] == name
    (tmp_path / "b-arrow.svg").write_text(SVG.format(11))
    assert next(folder_chunks(tmp_path, where))[0] != name
    with pytest.raises(SourceError, match="no folder"):
        next(folder_chunks(tmp_path / "none", where))
