"""Exports: what leaves and what stays, the original's bytes, resuming, and the way back in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from text2svg.caption.keywords import is_heldout
from text2svg.curate.exchange import fingerprint, iter_hub, iter_jsonl, iter_parquet, origin
from text2svg.curate.licences import LicencePolicy
from text2svg.curate.seed import line_of, place_of
from text2svg.errors import ConfigError, SourceError, StoreError
from text2svg.pipeline import export as module
from text2svg.pipeline import import_samples
from text2svg.pipeline.export import Selection, export, latest_stage, listed
from text2svg.pipeline.formats import HubFormat, ParquetFormat, SeedFormat
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store
from text2svg.store.takedown import Takedown, Takedowns

CANONICAL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><path d="M{} 21H128V85Z"/></svg>'
LICENCES = ("MIT", "CC-BY-4.0", "CC0-1.0")
WORDS = ("cat", "dog", "owl", "bell", "heart", "star", "left arrow", "bus", "bus tour", "pear", "plum", "kite")


def drawing(n: int) -> Sample:
    raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M{n} 2h9v6z"/><title>é {n}</title></svg>'
    where = Provenance(
        "url", f"set{n % 2}", f"n{n}", f"https://s{n % 3}.example.org/{n}/", "A. Nyone", LICENCES[n % 3], "a page",
        f"2026-01-01T00:00:{n % 60:02}.000001Z",
    )  # fmt: skip
    return Sample(
        digest_of(raw), raw, where, f"{WORDS[n % 12]} {n // 12}", ("tag", f"t{n}"), style=("outline", "")[n % 2],
        optimized=CANONICAL.format(n), rung="integer", tokens=9, difference=0.5,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "store") as store:
        import_samples(store, [("a", map(drawing, range(60))), ("b", map(drawing, range(60, 100)))], {"v": 1}, shard_rows=25)
        yield store


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 30)


def digests(folder: Path, split: str = "*") -> list[str]:
    files = sorted(folder.rglob(f"{split}-*.parquet"))
    return [digest for file in files for digest in pq.read_table(file).column("digest").to_pylist()]


def test_a_data_set_folder_holds_every_row_once_split_by_caption(store: Store, tmp_path: Path) -> None:
    done = export(store, tmp_path / "hf", HubFormat(name="Icons"), Selection("raw"))
    rows = [drawing(n) for n in range(100)]
    held = {row.digest for row in rows if is_heldout(row.caption)}
    assert held and set(digests(tmp_path / "hf", "heldout")) == held
    assert set(digests(tmp_path / "hf", "train")) == {row.digest for row in rows} - held
    assert done.rows == {"train": 100 - len(held), "heldout": len(held)} and done.parts == 3
    card = (tmp_path / "hf" / "README.md").read_text()
    assert "license:\n- mit\n- cc-by-4.0\n- cc0-1.0\n" in card
    assert "| [MIT](https://spdx.org/licenses/MIT.html) | 34 |" in card
    assert f"- name: heldout\n    num_bytes: {done.bytes['heldout']}\n    num_examples: {len(held)}" in card
    credits = (tmp_path / "hf" / "ATTRIBUTION.md").read_text()
    assert "16 drawings by A. Nyone, licence [CC-BY-4.0]" in credits and "## set1" in credits
    record = json.loads((tmp_path / "hf" / "export.json").read_text())
    assert record["licences"] == {"MIT": 34, "CC-BY-4.0": 33, "CC0-1.0": 33}
    assert not (tmp_path / "hf" / ".export").exists() and not list((tmp_path / "hf").rglob("*.tmp"))


def test_what_may_not_leave_stays_and_is_counted(store: Store, tmp_path: Path) -> None:
    blocked = Takedowns.of([
        Takedown.of("domain", "s0.example.org"),
        Takedown.of("digest", drawing(1).digest),
        Takedown.of("url", "https://s2.example.org/2/"),
    ])
    chosen = Selection("raw", LicencePolicy(only=frozenset({"MIT", "CC-BY-4.0"})), blocked, frozenset({drawing(4).digest}))
    done = export(store, tmp_path / "out", ParquetFormat(), chosen)
    assert done.dropped == {
        "takedown-domain": 34, "takedown-digest": 1, "takedown-url": 1, "licence:not-selected": 32, "listed": 1,
    }  # fmt: skip
    left = set(digests(tmp_path / "out"))
    assert left == {drawing(n).digest for n in range(7, 100, 3)}


def test_rows_that_cannot_be_credited_stay(tmp_path: Path) -> None:
    bare = replace(drawing(1), provenance=Provenance("url", licence="CC-BY-4.0"))
    with Store.create(tmp_path / "store") as store:
        import_samples(store, [("a", [bare, drawing(2)])], {})
        done = export(store, tmp_path / "out", ParquetFormat(), Selection("raw"))
    assert (done.dropped, sum(done.rows.values())) == ({"licence:no-credit": 1}, 1)


@pytest.mark.parametrize("layout", ["files", "prefix"])
def test_jsonl_is_the_originals_byte_for_byte_and_comes_back(layout: str, store: Store, tmp_path: Path) -> None:
    out = tmp_path / "seed"
    export(store, out, SeedFormat(layout), Selection("raw", by_caption=False))  # type: ignore[arg-type]
    one = drawing(0)
    md5 = hashlib.md5(one.raw.encode()).hexdigest()
    expected = (
        '{"url": "https://s0.example.org/0/", "timestamp": "2026-01-01T00:00:00.000001", "svg": "<svg xmlns=\\"http://www.w3'
        '.org/2000/svg\\" viewBox=\\"0 0 24 24\\"><path d=\\"M0 2h9v6z\\"/><title>\\u00e9 0</title></svg>"}\n'
    )
    if layout == "files":
        assert (out / md5[:2] / f"{md5}.jsonl").read_bytes() == expected.encode()
        assert len(list(out.rglob("*.jsonl"))) == 100
    else:
        assert expected in (out / f"{md5[:2]}.jsonl").read_text()
    with Store.create(tmp_path / "back") as back:
        summary = import_samples(back, iter_jsonl(out, origin("seed")), {})
        assert (summary.ok, summary.failed) == (100, 0)
        found = {sample.digest: sample for sample in back.iter_samples()}
    assert found.keys() == {drawing(n).digest for n in range(100)}
    assert found[one.digest].provenance.url == one.provenance.url
    assert found[one.digest].provenance.retrieved == one.provenance.retrieved
    assert place_of(one.raw) == (md5[:2], f"{md5}.jsonl") and line_of(found[one.digest]) == expected


def test_a_data_set_comes_back_whole(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "hf", HubFormat(), Selection("raw"))
    with Store.create(tmp_path / "back") as back:
        import_samples(back, iter_hub(tmp_path / "hf", origin("hf")), {})
        assert {s.digest: s for s in back.iter_samples()} == {s.digest: s for s in store.iter_samples()}
        assert back.histogram("licence") == store.histogram("licence")


def test_an_export_that_broke_goes_on_and_equals_an_undisturbed_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path / "whole", HubFormat(), Selection("raw"))
    written: list[int] = []

    def stumbling(*given: object) -> object:
        written.append(given[2][0])  # type: ignore[index]
        if len(written) == 2:
            raise KeyboardInterrupt
        return write_part(*given)

    write_part = module._write_part
    monkeypatch.setattr(module, "_write_part", stumbling)
    with pytest.raises(KeyboardInterrupt):
        export(store, tmp_path / "out", HubFormat(), Selection("raw"))
    assert not (tmp_path / "out" / "export.json").exists()
    done = export(store, tmp_path / "out", HubFormat(), Selection("raw"))
    assert (written, done.reused, done.parts) == ([0, 1, 1, 2], 1, 3)
    names = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file())
    for name in names:
        if name.name != "export.json":  # it says how many parts were there before
            assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    again = export(store, tmp_path / "out", HubFormat(), Selection("raw"))
    assert (again.rows, again.reused, len(written)) == (done.rows, 3, 4)


def test_two_exports_into_one_folder_do_not_mix(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def beside(*given: object) -> object:
        with pytest.raises(StoreError, match="another writer has the export") as caught:
            export(store, tmp_path / "out", HubFormat(), Selection("raw"))
        told.append(caught.value.hint)
        return write_part(*given)

    write_part = module._write_part
    monkeypatch.setattr(module, "_write_part", beside)
    assert export(store, tmp_path / "out", HubFormat(), Selection("raw")).parts == 3
    assert len(told) == 3 and "wait" in told[0]


def test_a_folder_of_something_else_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("keep me")
    with pytest.raises(ConfigError, match="not empty"):
        export(store, tmp_path / "mine", HubFormat(), Selection("raw"))
    export(store, tmp_path / "out", HubFormat(), Selection("raw"))
    later = Selection("raw", takedowns=Takedowns(digests=frozenset({drawing(1).digest})))
    with pytest.raises(ConfigError, match="another"):
        export(store, tmp_path / "out", HubFormat(), later)
    with pytest.raises(StoreError, match="no shards"):
        export(store, tmp_path / "none", HubFormat(), Selection("curate"))


def test_foreign_tables_and_bad_rows(tmp_path: Path) -> None:
    import pyarrow as pa

    raws = [drawing(1).raw, drawing(2).raw]
    pq.write_table(pa.table({"svg": raws, "caption": ["a", None], "licence": ["mit", "free"]}), tmp_path / "t.parquet")
    ((name, rows),) = iter_parquet(tmp_path / "t.parquet", origin("t"))
    one, two = rows
    assert (name, one.caption, two.caption) == ("t.parquet", "a", "")  # type: ignore[union-attr]
    assert [r.provenance.licence for r in (one, two)] == ["MIT", "NOASSERTION"]  # type: ignore[union-attr]
    assert two.provenance.licence_evidence == "column licence: free"  # type: ignore[union-attr]
    pq.write_table(pa.table({"raw": raws, "digest": [drawing(1).digest, "0" * 64]}), tmp_path / "u.parquet")
    _, bad = next(iter_parquet(tmp_path / "u.parquet", origin("u")))[1]
    assert (bad.status, bad.reason) == ("failed", "digest-mismatch")  # type: ignore[union-attr]
    pq.write_table(pa.table({"pixels": [1]}), tmp_path / "v.parquet")
    with pytest.raises(SourceError, match="no column holds drawings"):
        list(next(iter_parquet(tmp_path / "v.parquet", origin("v")))[1])
    with pytest.raises(SourceError, match="parquet"):
        list(iter_parquet(tmp_path / "absent", origin("x")))


def test_an_optimized_text_that_is_not_canonical_is_not_believed(tmp_path: Path) -> None:
    import pyarrow as pa

    row = {"raw": [drawing(1).raw], "optimized": ["<svg onload='x()'/>"], "rung": ["integer"], "tokens": [5]}
    pq.write_table(pa.table(row), tmp_path / "t.parquet")
    (sample,) = next(iter_parquet(tmp_path / "t.parquet", origin("t")))[1]
    assert (sample.optimized, sample.rung, sample.tokens) == ("", "", 0)  # type: ignore[union-attr]


def test_a_card_states_the_licence_of_rows_that_state_none(tmp_path: Path) -> None:
    import pyarrow as pa

    (tmp_path / "set" / "data").mkdir(parents=True)
    (tmp_path / "set" / "README.md").write_text("---\nlicense: cc0-1.0\n---\n")
    pq.write_table(pa.table({"svg": [drawing(1).raw]}), tmp_path / "set" / "data" / "train-0.parquet")
    (sample,) = next(iter_hub(tmp_path / "set", origin("set")))[1]
    assert (sample.provenance.licence, sample.provenance.licence_evidence) == ("CC0-1.0", "set README.md license: cc0-1.0")  # type: ignore[union-attr]


@pytest.mark.parametrize("line", ["{", "[]", '{"svg": 3}', '{"svg": "\\ud800"}', "[" * 100_000])
def test_bad_lines_fail_alone(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n" + line_of(drawing(1)))
    bad, good = next(iter_jsonl(tmp_path / "a.jsonl", origin("a")))[1]
    assert bad.reason == "bad-line" and good.digest == drawing(1).digest  # type: ignore[union-attr]


def test_small_things(tmp_path: Path) -> None:
    assert latest_stage(["raw", "optimize"]) == "optimize" and latest_stage([]) == "raw"
    (tmp_path / "list.txt").write_text("a\nb\n")
    assert listed(tmp_path / "list.txt") == {"a", "b"}
    with pytest.raises(ConfigError, match="cannot read the list"):
        listed(tmp_path / "absent.parquet")
    before = fingerprint(tmp_path)
    (tmp_path / "list.txt").write_text("a\n")
    assert fingerprint(tmp_path) != before
