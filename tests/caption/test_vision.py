"""Vision captions against a real server in a process of its own, which is busy, breaks off and is killed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from text2svg.caption.answers import Answers
from text2svg.caption.journal import Entry, Journal
from text2svg.caption.pace import Pace
from text2svg.caption.prompts import FOCUSES, GRID, LENGTHS, STYLES, questions
from text2svg.caption.rows import Drawing, cut, read_drawings
from text2svg.caption.served import engine_spec
from text2svg.caption.vision import CaptionOptions, Figures, Tools, caption
from text2svg.engine import load as load_engine
from text2svg.engine.wire import failure
from text2svg.errors import ConfigError, EngineUnavailable, SourceError
from text2svg.raster import load as load_raster

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
OPTIONS = CaptionOptions("tiny-vision", "tiny", resolution=32, batch=16, tries=2)


def drawings(count: int) -> list[Drawing]:
    """Each another rectangle in a colour of its own, and two that give no picture."""
    # Places alone would not do: at 32 pixels some of two thousand look alike, and what looks alike is asked once.
    found = [
        Drawing(
            f"{i:04x}",
            f'{HEAD}<rect fill="#{i // 100 * 4:02x}{i % 100:02x}60" x="{i % 120}" y="{i // 120}" '
            f'width="{60 + i % 7}" height="90"/></svg>',
        )
        for i in range(count - 2)
    ]
    return [*found, Drawing("empty", f"{HEAD}</svg>"), Drawing("broken", "<svg")]


@contextmanager
def server(log: Path, **faults: int) -> Iterator[str]:
    """The address of a running server; the process is killed at the end, if it did not die before."""
    words = [sys.executable, str(Path(__file__).with_name("vision_server.py")), "--log", str(log)]
    for name, value in faults.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Place:
    """One output with its cache, worked on by several runs."""

    def __init__(self, folder: Path, name: str = "captions.jsonl") -> None:
        self.output, self.cache = folder / name, folder / "answers.sqlite"

    def run(self, url: str, rows: list[Drawing], options: CaptionOptions = OPTIONS) -> Figures:
        engine = load_engine(engine_spec(f"openai:{url}", "tiny-vision", options.batch))
        with load_raster("resvg?timeout=5") as raster, Answers(self.cache) as answers:  # type: ignore[attr-defined]
            with Journal(self.output, options.settings()) as journal:
                figures = Figures(reused=len(journal.done))
                try:
                    for entry in caption(rows, engine, journal, Tools(raster, answers), options):
                        figures.add(entry)
                except EngineUnavailable:
                    return figures
                finally:
                    engine.close()
        return figures

    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def outcomes(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in Path(f"{self.output}.outcomes").read_text().splitlines()[1:]]


def killed_twice(tmp_path: Path, count: int) -> None:
    rows, log = drawings(count), tmp_path / "answered"
    place = Place(tmp_path)
    for _ in range(2):
        with server(log, die_after=count // 3, busy_every=29) as url:
            assert place.run(url, rows).new < count
    with server(log) as url:
        last = place.run(url, rows)
        assert last.reused + last.new == count
        found = place.outcomes()
        assert len({(o["hash"], o["turn"]) for o in found}) == len(found) == count
        answered = log.read_text().split()
        assert len(answered) == len(set(answered)) == count - 2  # no request was answered twice
        assert [o["hash"] for o in found] == [d.hash for d in rows]  # in the order of the drawings
        assert [(o["status"], o["reason"]) for o in found[-2:]] == [("dropped", "blank"), ("dropped", "not-well-formed")]
        again = Place(tmp_path, "again.jsonl").run(url, rows)
        assert (again.calls, again.cache_hits, again.hit_rate()) == (0, count - 2, 1.0)
        assert (tmp_path / "again.jsonl").read_bytes() == place.output.read_bytes()
        assert len(log.read_text().split()) == count - 2


def test_a_server_killed_twice_costs_no_answer(tmp_path: Path) -> None:
    killed_twice(tmp_path, 90)


@pytest.mark.slow
def test_two_thousand_drawings(tmp_path: Path) -> None:
    killed_twice(tmp_path, 2000)


def test_the_lines_are_those_of_the_first_text2svg(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with server(tmp_path / "log") as url:
        place.run(url, drawings(6))
    line = place.output.read_text().splitlines()[0]
    assert re.fullmatch(r'\{"hash": "0000", "caption": "[^"]+", "source": "tiny", "prompt": "[^"]+"\}', line)
    asked = json.loads(line)["prompt"]
    assert asked == questions("0000", OPTIONS.seed)[0].text


def test_identical_questions_about_identical_pictures_are_asked_once(tmp_path: Path) -> None:
    rows = [Drawing("same", drawings(3)[0].svg), *drawings(4)[:1]] * 2
    with server(tmp_path / "log") as url:
        figures = Place(tmp_path).run(url, rows)
    assert figures.new == 4
    assert len((tmp_path / "log").read_text().split()) == 2  # two hashes, so two questions


def test_several_captions_a_drawing_ask_different_questions(tmp_path: Path) -> None:
    options = CaptionOptions("tiny-vision", "tiny", resolution=32, captions=3)
    place = Place(tmp_path)
    with server(tmp_path / "log") as url:
        figures = place.run(url, drawings(4), options)
    assert figures.new == 12
    assert len({line["prompt"] for line in place.lines() if line["hash"] == "0000"}) == 3
    with Journal(place.output, options.settings()) as journal:
        tally = journal.tally
    assert tally.prompt_tokens == 6 * 290
    assert figures.report(tally, (1.0, 2.0))["cost"] == round((6 * 290 + 2 * tally.completion_tokens) / 1e6, 4)


def test_a_dead_server_ends_the_run_and_blames_no_drawing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    figures = place.run("http://127.0.0.1:9/v1", drawings(5))
    assert figures.new == 0 and place.outcomes() == []


def test_an_engine_that_sees_nothing_is_refused(tmp_path: Path) -> None:
    engine = load_engine("openai:http://127.0.0.1:9/v1")
    with Journal(tmp_path / "c.jsonl", OPTIONS.settings()) as journal, pytest.raises(ConfigError, match="images"):
        list(caption([], engine, journal, Tools(load_raster("resvg"), Answers(tmp_path / "a")), OPTIONS))


def test_the_command(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"hash": d.hash, "svg": d.svg}) + "\n" for d in drawings(8)))
    with server(tmp_path / "log") as url:
        done = subprocess.run(
            [sys.executable, "-m", "admin", "corpus", "caption", "--engine", f"openai:{url}", "--model", "tiny-vision",
             "--data-files", str(rows), "--output", str(tmp_path / "out.jsonl"), "--cache", str(tmp_path / "cache"),
             "--max-samples", "8", "--resolution", "48", "--timeout", "5", "--prices", "1,2", "--least-score", "0",
             "--json"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["outcomes"], answer["ok"], answer["dropped"], answer["requests"]) == (8, 6, 2, 6)
    assert answer["cost"] > 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 6


# The files of a run


def entry(key: str, text: str = "a caption") -> Entry:
    return Entry(key, 0, "ok", prompt="what?", caption=text)


def test_half_written_lines_are_cut_off_and_done_again(tmp_path: Path) -> None:
    output = tmp_path / "c.jsonl"
    with Journal(output, {"source": "s"}) as journal:
        journal.add(entry("a"))
        journal.add(entry("b", "naïve “quotes” and кириллица"))
    whole, told = output.read_bytes(), journal.path.read_bytes()
    output.write_bytes(whole + b'{"hash": "c", "capt')
    journal.path.write_bytes(told + b'{"hash": "c"')
    with Journal(output, {"source": "s"}) as journal:
        assert journal.done == {("a", 0), ("b", 0)}
    assert output.read_bytes() == whole and journal.path.read_bytes() == told
    output.write_bytes(whole[:-20])  # a power cut: the caption never reached the disk
    with Journal(output, {"source": "s"}) as journal:
        assert journal.done == {("a", 0)}
        assert output.read_bytes() == whole.splitlines(keepends=True)[0]


def test_captions_of_the_first_text2svg_are_gone_on_with(tmp_path: Path) -> None:
    output = tmp_path / "c.jsonl"
    old = '{"hash": "a", "caption": "A bell.", "source": "InternVL3-2B", "prompt": "Describe"}\n'
    output.write_text(old)
    for _ in range(2):
        with Journal(output, {"source": "s"}) as journal:
            assert ("a", 0) in journal.done
            if ("b", 0) not in journal.done:
                journal.add(entry("b"))
    assert output.read_text().startswith(old) and len(output.read_text().splitlines()) == 2


def test_another_run_s_output_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "c.jsonl", {"source": "s", "seed": 1}).close()
    with pytest.raises(ConfigError, match="different: seed"):
        Journal(tmp_path / "c.jsonl", {"source": "s", "seed": 2})


def test_failed_outcomes_can_be_tried_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "c.jsonl", {"source": "s"}) as journal:
        journal.add(Entry("a", 0, "failed", "no-answer"))
    with Journal(tmp_path / "c.jsonl", {"source": "s"}) as journal:
        assert journal.done == {("a", 0)}
    with Journal(tmp_path / "c.jsonl", {"source": "s"}, again=True) as journal:
        assert journal.done == set()


# Questions, rows, pace, servers


def test_the_grid_is_style_by_focus_by_length() -> None:
    assert len({q.text for q in GRID}) == len(GRID) == len(STYLES) * len(FOCUSES) * len(LENGTHS) == 80
    assert questions("h", 1, 3)[:2] == questions("h", 1, 2) != questions("h", 2, 2)
    assert len({questions(f"{i}", 12343)[0] for i in range(600)}) > 75
    with pytest.raises(ConfigError):
        questions("h", 1, 81)


def test_rows_come_from_jsonl_and_parquet_with_or_without_a_hash(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "a.jsonl").write_text('{"svg": "<svg/>", "url": null}\n\n{"hash": "h", "svg": "<svg />"}\n')
    pq.write_table(pa.table({"digest": ["d"], "optimized": ["<svg  />"], "caption": ["bell"], "tags": [["ring"]]}),
                   tmp_path / "b.parquet")  # fmt: skip
    found = list(read_drawings(str(tmp_path / "*.*")))
    assert [d.hash for d in found] == ["677433a0892aaed7b7d2628c313c9775", "h", "d"]
    assert (found[2].name, found[2].tags) == ("bell", ("ring",))
    with pytest.raises(SourceError):
        list(read_drawings(str(tmp_path / "none*")))
    (tmp_path / "c.jsonl").write_text('{"hash": "x"}\n')
    with pytest.raises(SourceError):
        list(read_drawings(str(tmp_path / "c.jsonl")))


def test_a_cut_is_part_of_a_seeded_shuffle_in_source_order() -> None:
    rows = drawings(40)
    parts = [[d.hash for d in cut(lambda: rows, 5, start, 10)] for start in (0, 10, 20, 30)]
    assert sorted(sum(parts, [])) == sorted(d.hash for d in rows)
    assert all(part == [d.hash for d in rows if d.hash in part] for part in parts)
    assert parts[0] != [d.hash for d in rows[:10]]
    assert list(cut(lambda: rows, 5)) == rows


def test_pace_spreads_and_holds() -> None:
    now = [0.0]
    pace = Pace(60, clock=lambda: now[0])
    assert pace.wait()
    now[0] = 1.0
    assert pace.wait()
    pace.hold(5)
    pace.stop()
    assert not pace.wait()


def test_parallelism_reaches_a_server_we_start_and_no_other() -> None:
    spec = engine_spec("vllm:Qwen/Qwen2-VL-2B-Instruct?python=/env/bin/python", "", 64, 2, 8192)
    assert "tensor-parallel-size%202" in spec.replace(" ", "%20") and "max-model-len" in spec
    engine = load_engine(spec)
    assert engine.reads_images
    with pytest.raises(ConfigError, match="cannot reach"):
        engine_spec("openai:http://gpu:8000/v1", "m", 64, tp=2)


def test_the_server_says_how_long_to_wait() -> None:
    error = failure(429, b"{}", "http://gpu", "7")
    assert isinstance(error, EngineUnavailable) and error.retry_after_s == 7
    assert failure(503, b"{}", "http://gpu", "Wed, 21 Oct 2026").retry_after_s == 0  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_vision_model_that_vllm_serves_is_asked_about_every_drawing(tmp_path: Path) -> None:
    """Random tiny weights: the answers are noise, the server, its picture processor and the wire are real."""
    python = os.environ.get("TEST_VLLM_PYTHON") or pytest.skip("TEST_VLLM_PYTHON names no interpreter with vLLM")
    pytest.importorskip("transformers", reason="needs the train extra")
    from tests.caption import vision_model

    vision_model.make(tmp_path / "model")
    arguments = f"--enforce-eager --dtype float32 --override-generation-config {{\"max_new_tokens\":{vision_model.LONGEST}}}"
    spec = engine_spec(f"vllm:{tmp_path / 'model'}?python={python}&arguments={quote(arguments)}", "", 4, 1, 1024)
    options = CaptionOptions("noise", least_score=0.0, batch=4)
    engine = load_engine(spec)
    try:
        with load_raster("resvg?timeout=30") as raster, Answers(tmp_path / "a.sqlite") as answers:  # type: ignore[attr-defined]
            with Journal(tmp_path / "c.jsonl", options.settings()) as journal:
                entries = list(caption(drawings(8), engine, journal, Tools(raster, answers), options))
            assert [entry.status for entry in entries].count("ok") >= 5
            assert {entry.prompt_tokens > 49 for entry in entries if entry.completion_tokens} == {True}  # the picture's own
            assert len(answers) == 6
    finally:
        engine.close()
