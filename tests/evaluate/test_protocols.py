"""Protocols from answers to report: failures, references, baselines, weights that are absent, pages that run nothing."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from admin.cli import app
from tests.svg.drawings import LUCIDE
from text2svg.encode import load as load_encoder
from text2svg.errors import ConfigError, MissingDependency
from text2svg.evaluate import weights as weights_module
from text2svg.evaluate.baselines import Baseline, Row, rows_of
from text2svg.evaluate.measure import Bench, measure
from text2svg.evaluate.metrics import bootstrap, retrieval_ranks
from text2svg.evaluate.page import compared_page, contact_page
from text2svg.evaluate.protocols import CORE, MMSVG, PROTOCOLS, SARENA, protocol_of
from text2svg.evaluate.readings import Answer, read, stays_inside
from text2svg.evaluate.report import (
    FORMAT,
    build_report,
    drawing_lines,
    markdown,
    peers,
    read_drawings,
    read_report,
    side_by_side,
)
from text2svg.evaluate.tasks import Task, Tasks, corpus_tasks, frequent_tasks, heldout_tasks, read_tasks
from text2svg.evaluate.weights import KNOWN, Weights, find
from text2svg.raster import load
from text2svg.runtime import ASSETS
from text2svg.sample import Provenance, Sample

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
DISC = f'{HEAD}<circle cx="128" cy="128" r="90"/></svg>'
BAR = f'{HEAD}<rect x="8" y="100" width="240" height="56"/></svg>'
BLANK = f'{HEAD}<circle cx="128" cy="128" r="90" fill="none"/></svg>'
RESVG = load("resvg")


def answers(*svgs: str, real: bool = False) -> list[Answer]:
    words = ("minus circle", "disc", "bar", "blank", "broken")
    tasks = [Task(str(i), words[i], "filled", "icon", DISC if real else "") for i in range(len(svgs))]
    return [Answer(task, svg, 10 + i) for i, (task, svg) in enumerate(zip(tasks, svgs, strict=True))]


def test_core_counts_every_failure() -> None:
    found = measure(CORE, answers(LUCIDE, DISC, BAR, BLANK, "<svg"), Bench(RESVG, load_encoder("hashed"), lambda _: [DISC]))
    values = {name: figure.value for name, figure in found.figures.items()}
    assert (values["parse"], values["render"], values["not_blank"], values["safe"]) == (0.8, 0.8, 0.6, 0.8)
    assert (values["near_copy"], values["exact_copy"]) == (0.2, 0.2)
    assert values["tokens"] == np.mean([10, 11, 12, 13])  # the one that did not render has no length
    assert set(values) == {metric.name for metric in CORE.metrics} and found.skipped == {}
    assert [r.blank for r in found.readings] == [False, False, False, True, True]
    assert [r.rendered for r in found.readings] == [True, True, True, True, False]


def test_without_judge_and_corpus_their_figures_are_left_out_with_the_reason() -> None:
    found = measure(CORE, answers(DISC, BAR), Bench(RESVG))
    assert found.skipped == dict.fromkeys(("r1", "r5", "r10", "own"), "no judge was given") | dict.fromkeys(
        ("near_copy", "exact_copy"), "no corpus was given"
    )


def test_sarena_scores_failures_as_black_and_names_the_weights_it_lacks() -> None:
    found = measure(SARENA, answers(DISC, "<svg", real=True), Bench(RESVG))
    assert found.figures["success"].value == 0.5
    assert found.figures["tokens"].n == 1
    assert found.figures["ssim"].n == 2 and found.figures["ssim"].high == 1.0 and found.figures["ssim"].low < 0.5
    assert "clip-vit-large-patch14" in found.skipped["clip_t2i"] and "huggingface.co" in found.skipped["clip_t2i"]
    assert set(found.skipped) == {"fid", "fid_c", "kid_c", "clip_t2i", "clip_i2i", "dino", "lpips"}
    alone = measure(SARENA, answers(DISC, BAR), Bench(RESVG))
    assert alone.skipped["ssim"] == "these prompts have no real drawings"


def test_mmsvgbench_drops_failures_and_says_that_hps_has_no_adapter() -> None:
    found = measure(MMSVG, answers(DISC, "<svg"), Bench(RESVG))
    assert set(found.figures) == {"success", "tokens"}
    assert found.figures["tokens"].n == 1 and "hps-v2.0" in found.skipped["hps"]


def test_nothing_drawn_is_refused_and_protocols_are_named() -> None:
    with pytest.raises(ConfigError):
        measure(CORE, [], Bench(RESVG))
    with pytest.raises(ConfigError, match="unknown protocol"):
        protocol_of("fid")
    assert {p.id for p in PROTOCOLS.values()} == {"core-3", "sarena-t2s-2", "mmsvgbench-t2s-1"}
    for protocol in PROTOCOLS.values():
        assert all(name in KNOWN for metric in protocol.metrics for name in metric.weights)
        assert all(metric.better in ("higher", "lower", "") for metric in protocol.metrics)


@pytest.mark.parametrize(
    ("body", "inside"),
    [
        ('<circle cx="128" cy="128" r="120"/>', True),
        ('<rect width="256" height="256"/>', True),
        ('<circle cx="128" cy="128" r="150"/>', False),
        ('<path d="M0 128H256" stroke="#000" stroke-width="8" stroke-linecap="square"/>', False),
        ('<rect x="300" y="0" width="20" height="20"/>', False),
    ],
)
def test_ink_outside_the_viewbox(body: str, inside: bool) -> None:
    assert stays_inside(HEAD + body + "</svg>", RESVG) == inside


def test_a_wide_viewbox_has_its_own_edges() -> None:
    wide = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="20" height="10">{}</svg>'
    assert stays_inside(wide.format('<rect width="200" height="100"/>'), RESVG)
    assert not stays_inside(wide.format('<rect width="200" height="130"/>'), RESVG)
    assert stays_inside("<svg xmlns='http://www.w3.org/2000/svg'/>", RESVG)


# Tasks and baselines


def test_tasks_come_from_files_corpora_and_captions(tmp_path: Path) -> None:
    path = tmp_path / "bench.jsonl"
    path.write_text(json.dumps({"id": "a", "caption": "a bell", "svg": DISC}) + '\n{"text": "a cup"}\n')
    tasks = read_tasks(path)
    assert [(t.id, t.words, bool(t.svg)) for t in tasks.tasks] == [("a", "a bell", True), ("1", "a cup", False)]
    assert tasks.name == "bench" and not tasks.referenced
    for text in ("", "{}\n", "[1]\n", "no json\n"):
        path.write_text(text)
        with pytest.raises(ConfigError):
            read_tasks(path)
    rows = [Sample("d" * 64, "", Provenance("p"), c, style="filled", optimized=DISC) for c in ("a", "a", "b", "")]
    assert [t.words for t in corpus_tasks("c", rows).tasks] == ["a", "b"]
    assert heldout_tasks([("a", "outline")]).tasks[0].style == "outline"
    assert [t.svg for t in frequent_tasks(["a", "c"], rows, "filled").tasks] == [DISC, ""]
    assert not frequent_tasks(["a"], rows).referenced  # no row is an outline


def test_baselines_never_see_held_out_captions_and_choose_by_words() -> None:
    def sample(caption: str, svg: str, style: str = "filled") -> Sample:
        return Sample("d", "", Provenance("p"), caption, style=style, optimized=svg, rung="integer", tokens=5)

    rows = rows_of([sample("caption 53", "held"), sample("arrow left", "1"), sample("arrow left", "2", "outline"),
                    sample("bell", "3"), sample("arrow left long", "4")])  # fmt: skip
    assert [row.svg for row in rows] == ["1", "2", "3", "4"]  # caption 53 is held out
    nearest = Baseline("nearest-caption", rows)
    assert nearest(Task("0", "left arrow", "outline"), 0) == ("2", 5)
    assert nearest(Task("0", "a big bell", "filled"), 0) == ("3", 5)
    assert nearest(Task("0", "zebra", ""), 1) == nearest(Task("0", "zebra", ""), 1)
    picks = {Baseline("random-drawing", rows)(Task("0", "bell"), seed)[0] for seed in range(40)}
    assert picks == {"1", "2", "3", "4"}
    assert Baseline("reference", [])(Task("0", "x", svg=DISC), 0) == (DISC, 0)
    with pytest.raises(ConfigError):
        Baseline("best", rows)
    with pytest.raises(ConfigError):
        Baseline("random-drawing", [Row(frozenset(), "", "", 0)][:0])


def test_ranks_count_the_others_that_suit_as_well() -> None:
    texts = np.eye(6, dtype=np.float32)
    ranks, wins, size = retrieval_ranks(texts[[0, 1, 2, 3, 5, 4]], texts, 6)
    assert ranks.tolist() == [0, 0, 0, 0, 5, 5] and size == 6 and wins.tolist() == [1, 1, 1, 1, 0.8 * 0, 0]


def test_an_interval_of_a_statistic() -> None:
    data = np.arange(50.0)
    figure = bootstrap(lambda picks: float(np.median(data[picks])), 50, 3)
    assert figure.value == 24.5 and figure.low < 24.5 < figure.high and figure == bootstrap(
        lambda picks: float(np.median(data[picks])), 50, 3
    )
    with pytest.raises(ConfigError):
        bootstrap(lambda _: 0.0, 1)


# Weights


def test_weights_are_named_checked_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingDependency, match="clip-vit"):
        find("clip-vit-large-patch14", None)
    with pytest.raises(MissingDependency):
        find("clip-vit-large-patch14", tmp_path)
    file = tmp_path / "w.bin"
    file.write_bytes(b"weights")
    right = "9d2a9d52c72b8c0cf8e45a1b4a7a7fb7"
    monkeypatch.setitem(weights_module.KNOWN, "tiny", Weights("tiny", "w.bin", right, "nowhere", "numpy"))
    with pytest.raises(ConfigError, match="sha256"):
        find("tiny", tmp_path)
    monkeypatch.setitem(weights_module.KNOWN, "tiny", Weights("tiny", "w.bin", "", "nowhere", "numpy"))
    assert len(find("tiny", tmp_path).sha256) == 64
    monkeypatch.setitem(weights_module.KNOWN, "tiny", Weights("tiny", "w.bin", "", "nowhere", "no_such_package"))
    with pytest.raises(MissingDependency, match="no_such_package"):
        find("tiny", tmp_path)


# Reports


def report(name: str = "model", data: str = "bench") -> dict:
    found = measure(CORE, answers(LUCIDE, "<svg"), Bench(RESVG))
    tasks = Tasks(data, tuple(r.answer.task for r in found.readings))
    setting = {"generator": {"name": name}, "seed": 0, "renderer": {"name": "resvg", "version": "0"}, "notes": ["a note"]}
    return build_report(CORE, tasks, found, setting)


def test_a_report_says_what_it_was_made_with(tmp_path: Path) -> None:
    made = report()
    assert made["format"] == FORMAT and made["data"]["n"] == 2 and len(made["data"]["sha256"]) == 64
    assert made["failed"] == [{"id": "1", "words": "disc", "why": "not parsed"}]
    assert made["categories"] == {"icon": {"n": 2, "drawn": 0.5}}
    assert json.dumps(made) == json.dumps(report())
    text = markdown(made, {"parse": "share"}, [{"system": "Peer", "data": "D", "figures": {"fid": 8.7}, "reported_by": "Q"}])
    assert "| parse | 0.5 [" in text and "a note" in text and "reported by Q" in text and "Not computed" in text
    (tmp_path / "report.json").write_text(json.dumps(made))
    assert read_report(tmp_path) == made
    for bad in ("{}", "no"):
        (tmp_path / "report.json").write_text(bad)
        with pytest.raises(ConfigError):
            read_report(tmp_path)


def test_unlike_reports_do_not_stand_side_by_side() -> None:
    rows = side_by_side([("a", report()), ("b", report("other"))])
    assert rows[0][0] == "parse" and rows[0][1] == rows[0][2]
    with pytest.raises(ConfigError, match="differ in data"):
        side_by_side([("a", report()), ("b", report(data="elsewhere"))])


def test_a_page_shows_drawings_as_images_only() -> None:
    evil = f'{HEAD}<circle cx="9" cy="9" r="9"/><!-- "><script>alert(1)</script> --></svg>'
    found = [read(Answer(Task("0", 'a "<b>" & c'), svg, 1, "it <i>failed</i>"), RESVG, 32) for svg in (DISC, evil, "<svg")]
    page = contact_page(report(), found)
    assert page.count('<img alt="') == 2 and page.count('src="data:image/svg+xml,%3Csvg') == 2
    assert "<svg" not in page and "<script" not in page and "<b>" not in page and "<i>" not in page
    assert "default-src 'none'" in page and not re.search(r"https?://", page)


def test_several_runs_stand_in_columns_with_failures_in_their_place(tmp_path: Path) -> None:
    sets = [measure(CORE, answers(*svgs), Bench(RESVG)) for svgs in ((DISC, BAR), (BAR, "<svg"))]
    for name, found in zip("ab", sets, strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "drawings.jsonl").write_text(drawing_lines(found))
    drawn = [read_drawings(tmp_path / name) for name in "ab"]
    page = compared_page(["one <1>", "two"], [("parse", "1 [1, 1]", "0.5 [0, 1]")], drawn)
    assert page.count("<img ") == 3 and page.count('class="none"') == 1 and "one &lt;1&gt;" in page
    assert "<svg" not in page and "default-src 'none'" in page and "0.5 [0, 1]" in page
    with pytest.raises(ConfigError, match="holds no drawings"):
        read_drawings(tmp_path)


def test_drawings_are_kept_line_by_line() -> None:
    found = measure(CORE, answers(DISC, "<svg"), Bench(RESVG))
    lines = [json.loads(line) for line in drawing_lines(found).splitlines()]
    assert [line["rendered"] for line in lines] == [True, False] and lines[0]["svg"] == DISC


def test_peers_are_quoted_with_their_source() -> None:
    known = json.loads((ASSETS / "benchmark-peers.json").read_text())["figures"]
    assert len(peers(known, "sarena-t2s-2")) > 5 and peers(known, "core-3") == []
    for peer in known:
        assert peer["protocol"] in PROTOCOLS and peer["reported_by"]
        assert set(peer["figures"]) <= {metric.name for metric in PROTOCOLS[peer["protocol"]].metrics}


# The commands


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_same_command_gives_the_same_report_and_reports_compare(tmp_path: Path) -> None:
    for name, words in {"one": [], "two": [], "random": ["--baseline", "random-drawing"]}.items():
        run("generator", "--protocol", "core", "-n", "6", "--seed", "3", "--out", str(tmp_path / name), "--json", *words)
    one, two = ((tmp_path / name / "report.json").read_bytes() for name in ("one", "two"))
    assert one == two
    assert json.loads(one)["generator"]["sha256"]
    assert {p.name for p in (tmp_path / "one").iterdir()} == {
        "report.json", "report.md", "sheet.html", "drawings.jsonl", "timing.json"
    }  # fmt: skip
    table = run("compare", str(tmp_path / "one"), str(tmp_path / "random"))
    assert "random-drawing" in table and "near_copy" in table


def test_the_first_ranked_of_several_is_measured_and_the_report_says_so(tmp_path: Path) -> None:
    from text2svg.generate.events import Finished, Ranked
    from text2svg.generate.request import Request
    from text2svg.runtime import Runtime

    run("generator", "-n", "2", "--data", "frequent", "--seed", "5", "--candidates", "3", "--out", str(tmp_path))
    made = read_report(tmp_path)
    assert made["generator"]["candidates"] == 3 and made["generator"]["ranked_by"].startswith("text2svg-towers")
    assert any("learned" in note for note in made["notes"]) and any("among 2 words" in note for note in made["notes"])
    with closing(Runtime()) as runtime:
        for place, record in enumerate(read_drawings(tmp_path).values()):
            events = list(runtime.generate(Request(record["words"], record["style"], 3, 5 + place)))
            order = next(event.order for event in events if isinstance(event, Ranked))
            svgs = {event.index: event.svg for event in events if isinstance(event, Finished)}
            assert record["svg"] == svgs[order[0]]
    refused = CliRunner().invoke(app, ["evaluate", "generator", "--baseline", "reference", "--candidates", "2"])
    assert refused.exit_code == 1 and "one answer" in refused.output


def test_a_report_behind_references_says_so_and_finds_no_held_out_answer(tmp_path: Path) -> None:
    from text2svg.generate.request import Request
    from text2svg.runtime import Runtime

    run("generator", "-n", "3", "--data", "frequent", "--references", "auto", "--out", str(tmp_path / "behind"))
    run("generator", "-n", "3", "--data", "frequent", "--out", str(tmp_path / "plain"))
    behind, plain = (read_report(tmp_path / name) for name in ("behind", "plain"))
    assert behind["generator"]["references"] == "auto, starter"
    assert "references" not in plain["generator"]
    with closing(Runtime()) as runtime:
        found = runtime.references(Request("arrow left", n=8), lambda sample: sample.caption != "arrow left")
    assert found and all(one.words != "arrow left" for (one,) in found)
    drawn = [[record["svg"] for record in read_drawings(tmp_path / name).values()] for name in ("behind", "plain")]
    assert drawn[0] != drawn[1]
    for words in (["--references", "some"], ["--references", "auto", "--baseline", "random-drawing"]):
        refused = CliRunner().invoke(app, ["evaluate", "generator", "-n", "1", *words])
        assert refused.exit_code == 1 and "references" in refused.output


def test_published_figures_stand_apart(tmp_path: Path) -> None:
    run("generator", "--protocol", "sarena-t2s", "--renderer", "resvg", "--data", "starter", "--baseline", "reference",
        "-n", "3", "--out", str(tmp_path / "ceiling"))  # fmt: skip
    made = json.loads((tmp_path / "ceiling" / "report.json").read_text())
    assert made["figures"]["ssim"]["value"] == 1.0 and made["figures"]["psnr"]["value"] == 100
    assert any("not comparable" in note for note in made["notes"]) and any("resvg instead" in note for note in made["notes"])
    answer = json.loads(run("compare", str(tmp_path / "ceiling"), "--json"))
    assert "InternSVG-8B" in {peer["system"] for peer in answer["reported_by_others"]}
    assert not any("InternSVG" in str(row) for row in answer["rows"])
