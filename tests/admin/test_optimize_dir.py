"""`text2svg optimize-dir` as a person runs it: flags of both spellings, exit codes, signals, going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
COUNT = 300


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "admin", *map(str, args)]


def run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*args), capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.svg").write_text(f'{HEAD}<path d="M 3 12 L 21.0 12 Q 3 3 4 4" stroke="red"/></svg>')
    (folder / "sub" / "b.svg").write_text(f'{HEAD}<circle cx="12.000" cy="12" r="9"/></svg>')
    return folder


def many(folder: Path) -> Path:
    folder.mkdir()
    for n in range(COUNT):
        (folder / f"{n}.svg").write_text(f'{HEAD}<path d="M {n}.5 12 L 21.0 {n} h 3 v 8 z" fill="#{n % 4096:03x}"/></svg>')
    return folder


def report(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_the_flags_of_the_first_text2svg_work_and_mean_its_settings(source: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    done = run("optimize-dir", "--input_dir", source, "--output_dir", old, "--cubic_only", "--normalize_points",
               "--normalize_scale", "256", "--num_threads", "1", "--svgo_config", "svgo.config.mjs", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["files"], summary["ok"], summary["report"]) == (2, 2, str(old / "report.jsonl"))
    assert "2 files, 2 ok" in done.stderr
    text = (old / "a.svg").read_text()
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">') and "128" in text
    dashed = run("optimize-dir", "--input-dir", source, "--output-dir", new, "--profile", "seed", "--cubic-only",
                 "--num-threads", "1", "--report", tmp_path / "r.jsonl")  # fmt: skip
    assert dashed.returncode == 0, dashed.stderr
    assert (new / "a.svg").read_text() == text and (new / "sub" / "b.svg").exists()
    assert not (new / "report.jsonl").exists() and len(report(tmp_path / "r.jsonl")) == 2


def test_a_refused_file_is_exit_code_1_each_time(source: Path, tmp_path: Path) -> None:
    (source / "bad.svg").write_text("<svg")
    for skipped in (0, 3):
        done = run("optimize", source, "-o", tmp_path / "out", "--json")
        assert done.returncode == 1, done.stderr
        summary = json.loads(done.stdout)
        assert (summary["ok"], summary["refused"], summary["skipped"]) == (2, 1, skipped)
        assert summary["reasons"] == {"not-well-formed": 1}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--input_dir", "nowhere", "--output_dir", "OUT"), "no folder nowhere"),
        (("--input_dir", "IN", "--output_dir", "IN"), "is or holds the input"),
        (("--input_dir", "IN", "--output_dir", "/proc/no"), "cannot use /proc/no"),
        (("--input_dir", "IN", "--output_dir", "OUT", "--profile", "best"), "unknown profile"),
        (("--input_dir", "IN", "--output_dir", "OUT", "--profile", "web", "--cubic_only"), "seed profile"),
        (("--input_dir", "IN", "--output_dir", "OUT", "--decimals", "7"), "--decimals"),
        (("--input_dir", "IN", "--output_dir", "OUT", "--svgo_config", "no.mjs"), "no.mjs"),
        (("--input_dir", "IN"), "--output-dir"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_a_sentence(args: tuple[str, ...], words: str, source: Path, tmp_path: Path) -> None:
    places = {"IN": str(source), "OUT": str(tmp_path / "out")}
    done = run("optimize-dir", *(places.get(arg, arg) for arg in args))
    assert done.returncode == 2, done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_goes_on_and_does_nothing_twice(number: int, tmp_path: Path) -> None:
    source, out = many(tmp_path / "in"), tmp_path / "out"
    args = ("optimize-dir", "--input-dir", source, "--output-dir", out, "--profile", "model", "--num-threads", "1",
            "--json")  # fmt: skip
    child = subprocess.Popen(command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (out / "report.jsonl").exists() or not (out / "report.jsonl").stat().st_size:
        time.sleep(0.01)
    os.kill(child.pid, number)
    _, talk = child.communicate(timeout=120)
    assert child.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130), talk
    whole = (out / "report.jsonl").read_bytes().splitlines(keepends=True)
    done = [json.loads(line)["file"] for line in whole if line.endswith(b"\n")]
    assert 0 < len(done) < COUNT
    for path in out.glob("*.svg"):
        assert path.read_text().endswith("</svg>")
    rest = run(*args)
    assert rest.returncode == 0, rest.stderr
    summary = json.loads(rest.stdout)
    assert (summary["files"], summary["ok"], summary["skipped"]) == (COUNT, COUNT, len(done))
    assert Counter(line["file"] for line in report(out / "report.jsonl")) == Counter(f"{n}.svg" for n in range(COUNT))
    assert {path.name for path in out.iterdir()} == {"report.jsonl", *(f"{n}.svg" for n in range(COUNT))}
