"""A folder through the optimizer: every file one outcome, nothing half written, nothing done twice."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_files import HEAD, starter_texts, write_hostile

from text2svg.errors import ConfigError
from text2svg.executor import load
from text2svg.optimize import files
from text2svg.optimize.batch import GROUP_FILES, Folder, Tally, optimize_folder, tally
from text2svg.optimize.journal import Journal, Row
from text2svg.optimize.options import OptimizeOptions
from text2svg.optimize.svgo import SvgoOptions

MODEL = OptimizeOptions("model")


def icon(n: int) -> str:
    return f'{HEAD}<path fill="red" d="M {n}.00 3 L {20 + n}.000 40.0 h 11 z"/></svg>'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "deep" / "er").mkdir(parents=True)
    for n in range(6):
        (folder / ("deep" if n % 2 else "deep/er") / f"{n}.svg").write_text(icon(n))
    (folder / "top.SVG").write_text(icon(9))
    (folder / "notes.txt").write_text("no drawing")
    return folder


def rows(source: Path, target: Path, cache: Path, executor: str = "serial", **changes: object) -> list[Row]:
    folder = Folder(source, target, **{"options": MODEL, "svgo": SvgoOptions(cache=cache), "rasterizer": "resvg", **changes})
    return list(optimize_folder(folder, load(executor)))


def lines(report: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in report.read_bytes().splitlines()]


def test_the_tree_is_mirrored_and_each_file_has_its_line(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    out = tmp_path / "out"
    found = rows(source, out, svgo_cache, "processes:2", rasterizer="resvg?timeout=10")
    assert sorted(row.file for row in found) == [
        "deep/1.svg", "deep/3.svg", "deep/5.svg", "deep/er/0.svg", "deep/er/2.svg", "deep/er/4.svg", "top.SVG",
    ]  # fmt: skip
    assert all(row.outcome == "ok" and row.rung == "integer" and row.difference for row in found)
    for row in found:
        text = (out / row.file).read_text()
        assert text.startswith("<svg") and len(text) == row.after and row.before == (source / row.file).stat().st_size
    assert {p.name for p in out.iterdir()} == {"deep", "top.SVG", "report.jsonl"}
    assert [line["file"] for line in lines(out / "report.jsonl")] == [row.file for row in found]


def test_a_second_run_does_nothing_and_says_so(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    (source / "bad.svg").write_text("<svg")
    out = tmp_path / "out"
    first = rows(source, out, svgo_cache)
    report = (out / "report.jsonl").read_bytes()
    stamp = (out / "top.SVG").stat().st_mtime_ns
    again = rows(source, out, svgo_cache)
    assert all(row.skipped for row in again)
    assert Counter(row.outcome for row in again) == Counter(row.outcome for row in first) == {"ok": 7, "refused": 1}
    assert (out / "report.jsonl").read_bytes() == report
    assert (out / "top.SVG").stat().st_mtime_ns == stamp


def test_what_changed_is_done_again_and_nothing_else(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    out = tmp_path / "out"
    rows(source, out, svgo_cache)
    (source / "deep/1.svg").write_text(icon(30))  # new input
    os.utime(source / "deep/3.svg", (1, 1))  # only a date
    (out / "deep/5.svg").unlink()  # output lost
    (out / "top.SVG").write_text("")  # output torn
    again = rows(source, out, svgo_cache)
    assert sorted(row.file for row in again if not row.skipped) == ["deep/1.svg", "deep/5.svg", "top.SVG"]
    assert len(lines(out / "report.jsonl")) == 7
    other = rows(source, out, svgo_cache, options=OptimizeOptions("web"))
    assert not any(row.skipped for row in other)
    assert len(lines(out / "report.jsonl")) == 7
    assert all(row.skipped for row in rows(source, out, svgo_cache, options=OptimizeOptions("web")))
    assert not any(row.skipped for row in rows(source, out, svgo_cache, options=OptimizeOptions("web"), overwrite=True))


def test_an_output_of_other_options_goes_when_the_drawing_is_refused_now(tmp_path: Path, svgo_cache: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.svg").write_text(f'{HEAD}<foreignObject width="9" height="9"/><path d="M1 1h9v9z"/></svg>')
    assert rows(source, out, svgo_cache, options=OptimizeOptions("web"))[0].outcome == "ok"
    assert rows(source, out, svgo_cache)[0].reason == "lost-content"
    assert not (out / "a.svg").exists()


def test_a_custom_config_is_part_of_what_was_done(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    config = tmp_path / "own.mjs"
    config.write_text("export default { plugins: [] };")
    svgo = SvgoOptions(cache=svgo_cache, config=config)
    options = OptimizeOptions("seed", verify="off")
    rows(source, tmp_path / "out", svgo_cache, options=options, svgo=svgo)
    assert all(row.skipped for row in rows(source, tmp_path / "out", svgo_cache, options=options, svgo=svgo))
    config.write_text("export default { plugins: ['removeTitle'] };")
    assert not any(row.skipped for row in rows(source, tmp_path / "out", svgo_cache, options=options, svgo=svgo))


def test_odd_files_have_an_outcome_each(tmp_path: Path, svgo_cache: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "folder.svg").mkdir(parents=True)
    (source / "folder.svg" / "inside.svg").write_text(icon(1))
    (source / "empty.svg").write_bytes(b"")
    (source / "noise.svg").write_bytes(bytes(range(256)))
    (source / "line\nbreak ümläut 日本.svg").write_text(icon(2))
    with open(os.fsencode(source) + b"/\xff\xfe.svg", "wb") as file:
        file.write(icon(3).encode())
    (tmp_path / "secret.svg").write_text(icon(4))
    (source / "leaves.svg").symlink_to(tmp_path / "secret.svg")
    (source / "stays.svg").symlink_to(source / "folder.svg" / "inside.svg")
    (source / "broken.svg").symlink_to("nowhere.svg")
    (source / "round.svg").symlink_to("round.svg")
    (source / "away").symlink_to(tmp_path)
    os.mkfifo(source / "pipe.svg")
    (source / "packed.svgz").write_bytes(gzip.compress(icon(5).encode()))
    (source / "bomb.svgz").write_bytes(gzip.compress(b" " * 50_000_000))
    (source / "cut.svgz").write_bytes(gzip.compress(icon(6).encode())[:40])
    with open(source / "giant.svg", "wb") as file:
        file.truncate(200_000_000)
    found = {row.file: (row.outcome, row.reason) for row in rows(source, out, svgo_cache)}
    assert found == {
        "folder.svg": ("refused", "not-a-file"), "folder.svg/inside.svg": ("ok", ""), "stays.svg": ("ok", ""),
        "empty.svg": ("refused", "not-well-formed"), "noise.svg": ("refused", "encoding"),
        "line\nbreak ümläut 日本.svg": ("ok", ""), "\udcff\udcfe.svg": ("ok", ""),
        "leaves.svg": ("refused", "link-outside"), "broken.svg": ("failed", "unreadable"),
        "round.svg": ("failed", "unreadable"), "pipe.svg": ("refused", "not-a-file"), "packed.svgz": ("ok", ""),
        "bomb.svgz": ("refused", "byte-limit"), "cut.svgz": ("refused", "gzip"), "giant.svg": ("refused", "byte-limit"),
    }  # fmt: skip
    assert gzip.decompress((out / "packed.svgz").read_bytes()).startswith(b"<svg")
    assert os.path.exists(os.fsencode(out) + b"/\xff\xfe.svg")
    assert {line["file"] for line in lines(out / "report.jsonl")} == set(found)
    again = rows(source, out, svgo_cache)
    assert {row.file: (row.outcome, row.reason) for row in again} == found
    assert all(row.skipped for row in again if row.outcome == "ok" or row.input)
    assert len(lines(out / "report.jsonl")) == len(found)


def test_the_output_may_lie_inside_the_input_but_not_around_it(source: Path, svgo_cache: Path) -> None:
    assert len(rows(source, source / "deep" / "small", svgo_cache)) == 7
    assert len(rows(source, source / "deep" / "small", svgo_cache)) == 7
    for target in (source, source.parent, source / "deep" / ".."):
        with pytest.raises(ConfigError, match="is or holds the input"):
            Folder(source, target).check()


def test_folders_that_cannot_serve_are_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        Folder(tmp_path / "none", tmp_path / "out").check()
    with pytest.raises(ConfigError, match="cannot use"):
        Folder(source, source / "top.SVG").check()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.svg").write_text("precious")
    with pytest.raises(ConfigError, match="holds files"):
        Folder(source, tmp_path / "full").check()
    Folder(source, tmp_path / "full", overwrite=True).check()
    with pytest.raises(ConfigError, match="no SVGO config"):
        Folder(source, tmp_path / "out", svgo=SvgoOptions(config=tmp_path / "none.mjs")).identity()


def test_an_empty_folder_gives_an_empty_report(tmp_path: Path, svgo_cache: Path) -> None:
    (tmp_path / "in").mkdir()
    assert rows(tmp_path / "in", tmp_path / "out", svgo_cache) == []
    assert (tmp_path / "out" / "report.jsonl").read_bytes() == b""


def test_a_place_that_cannot_be_written_fails_its_file_alone(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    out = tmp_path / "out"
    (out / "top.SVG").mkdir(parents=True)
    found = {row.file: row for row in rows(source, out, svgo_cache, overwrite=True)}
    assert (found["top.SVG"].outcome, found["top.SVG"].reason) == ("failed", "unwritable")
    assert sum(row.outcome == "ok" for row in found.values()) == 6


def test_stopping_lets_go_of_the_rest_and_the_next_run_finds_it(tmp_path: Path, svgo_cache: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    count = 10 * GROUP_FILES
    for n in range(count):
        (source / f"{n}.svg").write_text(icon(n % 70))
    folder = Folder(source, tmp_path / "out", OptimizeOptions("model", verify="off"), svgo=SvgoOptions(cache=svgo_cache))
    seen: list[Row] = []
    for row in optimize_folder(folder, load("serial"), lambda: bool(seen)):
        seen.append(row)
    assert 0 < len(seen) < count
    rest = list(optimize_folder(folder, load("serial")))
    assert Counter(row.skipped for row in rest) == {True: len(seen), False: count - len(seen)}
    assert len(lines(folder.journal)) == len({line["file"] for line in lines(folder.journal)}) == count


class _Flaky:
    """An executor whose groups fail and whose single files answer, as after a timeout or a crash."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def run(self, step: object, groups: Iterator[object]) -> Iterator[object]:
        from text2svg.executor import Outcome

        for index, group in enumerate(groups):
            name = group[0].found.name
            if len(group) == 1 and name != "deep/1.svg":
                yield Outcome(index, [Row(name, "ok")])
            else:
                yield Outcome(index, None, "too slow", self.reason)


@pytest.mark.parametrize(("reason", "outcome"), [("timeout", "timeout"), ("worker-died", "failed")])
def test_a_group_that_fails_is_judged_file_by_file(source: Path, tmp_path: Path, reason: str, outcome: str) -> None:
    found = {row.file: row.outcome for row in optimize_folder(Folder(source, tmp_path / "out"), _Flaky(reason))}
    assert found.pop("deep/1.svg") == outcome
    assert len(found) == 6 and set(found.values()) == {"ok"}


def test_a_hang_costs_its_own_file_only(source: Path, tmp_path: Path, svgo_cache: Path) -> None:
    config = tmp_path / "hangs.mjs"
    hang = "{ name: 'hang', fn: () => ({ element: { enter: (n) => { if (n.attributes.fill === '#123456') for (;;); } } }) }"
    config.write_text(f"export default {{ plugins: [{hang}] }};")
    (source / "slow.svg").write_text(icon(1).replace("red", "#123456"))
    svgo = SvgoOptions(cache=svgo_cache, config=config, timeout_s=600)
    folder = Folder(source, tmp_path / "out", OptimizeOptions("web", verify="off"), svgo=svgo)
    found = {row.file: row.outcome for row in optimize_folder(folder, load("processes:1?timeout_s=6"))}
    assert found.pop("slow.svg") == "timeout"
    assert set(found.values()) == {"ok"} and len(found) == 7


def test_tallies_add_up() -> None:
    found = [Row("a", "ok", rung="svgo", before=10, after=5, gzip=4), Row("b", "refused", "gzip"), Row("c", "timeout")]
    total = tally(found)
    assert total == Tally(ok=1, refused=1, timeout=1, before=10, after=5, gzip=4, rungs={"svgo": 1},
                          reasons={"gzip": 1, "": 1})  # fmt: skip
    assert total.files == 3


def test_a_torn_last_line_is_cut_off_and_other_files_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with Journal(path) as journal:
        for name in ("a", "b\n\udcff", "a"):
            journal.add(Row(name, "ok", before=len(name)))
        assert journal.rows == 2
    whole = path.read_bytes()
    assert [line["file"] for line in lines(path)] == ["b\n\udcff", "a"]
    for cut in range(1, len(whole.splitlines()[1])):
        path.write_bytes(whole[:-cut])
        with Journal(path) as journal:
            assert journal.get("b\n\udcff") == Row("b\n\udcff", "ok", before=3)
            assert (journal.get("a") is None) and journal.rows == 1
        path.write_bytes(whole)
    for foreign in (b"# Title\nwords\n", b'{"a": 1}', b"precious", b"[]\n", whole + b"precious"):
        path.write_bytes(foreign)
        with pytest.raises(ConfigError, match="not a report"), Journal(path):
            pass
        assert path.read_bytes() == foreign


def test_two_runs_do_not_share_a_report(tmp_path: Path) -> None:
    with Journal(tmp_path / "r.jsonl"), pytest.raises(ConfigError, match="another run"), Journal(tmp_path / "r.jsonl"):
        pass
    with Journal(tmp_path / "r.jsonl") as journal:
        assert journal.rows == 0


def test_listing_names_what_it_cannot_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.svg").write_text("")
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(files.os, "scandir", refuse)
    found = {found.name: found.problem for found in files.walk(tmp_path, tmp_path / "out")}
    assert found == {"a.svg": "", "closed": "folder: Permission denied"}


@pytest.mark.slow
def test_hostile_files_end_with_an_outcome_each(tmp_path: Path, svgo_cache: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    write_hostile(source, 500, starter_texts(), seed=1)
    folder = Folder(source, out, OptimizeOptions("web"), svgo=SvgoOptions(cache=svgo_cache))
    found = list(optimize_folder(folder, load("processes:2?timeout_s=20")))
    assert len(found) == len({row.file for row in found}) == len(lines(out / "report.jsonl")) == 500
    total = tally(found)
    assert total.failed == 0, [(row.file, row.reason) for row in found if row.outcome == "failed"]
    assert total.timeout <= 10, [row.file for row in found if row.outcome == "timeout"]
    for row in found:
        if row.outcome == "ok":
            text = files.unpack(Path(os.fsdecode(os.fsencode(out / row.file))).read_bytes()).decode()
            assert text.startswith("<svg") and "<script" not in text
