"""svg-super-glue made again: letters of fonts, pairs, tags, and a model that learns to tell classes apart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import shapes

from text2svg.errors import ConfigError, TrainError
from text2svg.evaluate.encoder_glue import PARTS, TAGS, GlueTask, Letter, letters, pairs, tagged
from text2svg.runtime import ASSETS
from text2svg.sample import Sample
from text2svg.store.starter import read_starter


@pytest.fixture(scope="module")
def starter() -> list[Sample]:
    return list(read_starter(ASSETS / "starter" / "samples.parquet"))


def groups(task: GlueTask) -> list[set[str]]:
    return [{row.group for row in task.parts[part]} for part in PARTS]


def test_letters_keep_families_apart_and_drop_what_two_share(tmp_path: Path) -> None:
    glyphs = [Letter(letter, f"{letter}{at}", f"family {at // 4}") for at in range(400) for letter in "ab"]
    shared = [
        Letter("a", "both", "family 1"),
        Letter("b", "both", "family 1"),
        Letter("a", "x", "one"),
        Letter("a", "x", "two"),
    ]
    task = letters([*glyphs, *shared, glyphs[0]])
    train, val, test = groups(task)
    assert not (train & val or train & test or val & test)
    sizes = [len(task.parts[part]) for part in PARTS]
    assert 390 < sizes[0] <= int(3000 * 800 / 5946) and sizes[2] == int(2000 * 800 / 5946)
    texts = {row.texts[0] for rows in task.parts.values() for row in rows}
    assert not texts & {"both", "x"}
    assert all(row.label == "ab".index(row.texts[0][0]) for rows in task.parts.values() for row in rows)
    assert task.majority == pytest.approx(0.5, abs=0.05)
    task.save(tmp_path / "deep" / "task.json")
    assert GlueTask.read(tmp_path / "deep" / "task.json") == task
    (tmp_path / "torn.json").write_text('{"name": "letters"')
    with pytest.raises(ConfigError, match="no task"):
        GlueTask.read(tmp_path / "torn.json")
    with pytest.raises(ConfigError, match="too few"):
        letters(glyphs[:4])


def test_half_of_the_pairs_belong_together() -> None:
    drawn = shapes.samples()
    own = {sample.raw: sample.optimized for sample in drawn}
    task = pairs(drawn, sizes=(60, 20, 40))
    rows = [row for part in PARTS for row in task.parts[part]]
    assert [len(task.parts[part]) for part in PARTS] == [60, 20, 40]
    assert all((own[row.texts[0]] == row.texts[1]) == bool(row.label) for row in rows)
    assert 0.3 < sum(row.label for row in rows) / len(rows) < 0.7
    longest = sorted(len(sample.raw) + len(sample.optimized) for sample in drawn)[49]
    with pytest.raises(ConfigError, match="too few"):
        pairs(drawn, sizes=(80, 20, 40), longest=longest)


def test_tagged_drawings_have_one_tag_of_five_and_captions_stay_together(starter: list[Sample]) -> None:
    known = {sample.optimized: sample for sample in starter}
    for apart in (False, True):
        task = tagged(starter, apart, sizes=(60, 15, 30))
        for row in (row for part in PARTS for row in task.parts[part]):
            tags = {tag.lower() for tag in known[row.texts[0]].tags}
            assert tags & set(TAGS) == {TAGS[row.label]}
        train, val, test = groups(task)
        assert not (train & test or val & test)
    many = [replace(sample, tags=("food",) if at % 4 else ("sun",)) for at, sample in enumerate(starter[:2000])]
    rows = tagged(many, False, sizes=(1400, 100, 100)).parts
    assert sum(row.label == TAGS.index("food") for part in PARTS for row in rows[part]) <= 1150
    two = [replace(sample, tags=("food", "sun")) for sample in starter[:50]]
    with pytest.raises(ConfigError, match="too few"):
        tagged(two, False)


def font(path: Path, family: str, side: int) -> None:
    """An a that is a square and a b that is a bar with a flag, in a font that is otherwise empty."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    def drawn(points: list[tuple[int, int]]) -> object:
        pen = TTGlyphPen(None)
        if points:
            pen.moveTo(points[0])
            for point in points[1:]:
                pen.lineTo(point)
            pen.closePath()
        return pen.glyph()

    flag = [(0, 0), (0, 700), (side, 700), (side, 500), (100, 500), (100, 0)]
    made = {".notdef": drawn([]), "a": drawn([(0, 0), (0, side), (side, side), (side, 0)]), "b": drawn(flag)}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(made))
    builder.setupCharacterMap({97: "a", 98: "b"})
    builder.setupGlyf(made)
    builder.setupHorizontalMetrics(dict.fromkeys(made, (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_letters_are_drawn_upright_and_broken_fonts_passed_over(tmp_path: Path) -> None:
    pytest.importorskip("fontTools")
    from text2svg import raster
    from text2svg.evaluate.encoder_glyphs import font_files, glyphs

    font(tmp_path / "one.ttf", "One", 300)
    (tmp_path / "torn.otf").write_bytes((tmp_path / "one.ttf").read_bytes()[:300])
    (tmp_path / "text.ttf").write_text("no font")
    found = list(glyphs(font_files([tmp_path])))
    assert [(one.letter, one.family) for one in found] == [("a", "One"), ("b", "One")]
    ink = raster.load("resvg").render(found[1].svg, 60)[..., 3] > 127
    rows = ink.any(1).nonzero()[0]
    assert rows[0] == 5 and rows[-1] == 54  # a twelfth of the side stays free above and below
    assert ink[8].sum() > 2 * ink[50].sum()  # the flag is at the top
    with pytest.raises(ConfigError, match="no font"):
        font_files([tmp_path / "none"])


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stage of 2 layers that has read a few shapes."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from text2svg.svg.tokenizer import load_tokenizer
    from text2svg.train.encoder_documents import Material, write_documents
    from text2svg.train.encoder_mlm import pretrain
    from text2svg.train.encoder_recipe import parse
    from text2svg.train.encoder_shape import marks_of

    stage = {"context": 96, "theta": 1e4, "rate": 3e-3, "tokens": 600, "schedule": "constant", "batch": 2, "micro": 2}
    shape = {"name": "t", "layers": 2, "hidden": 32, "intermediate": 48, "heads": 2, "local": 16, "stage": [stage]}
    tokenizer, folder = load_tokenizer(), tmp_path_factory.mktemp("stage")
    material = Material(write_documents(shapes.samples(), folder / "documents", tokenizer), marks_of(tokenizer))
    return pretrain(parse(shape), 1, material, folder)


def test_a_classifier_learns_and_repeats_itself(pretrained: Path) -> None:
    from text2svg.svg.tokenizer import load_tokenizer
    from text2svg.train.encoder_classify import Tuning, classifier, fine_tune, labelled
    from text2svg.train.encoder_shape import marks_of

    tokenizer = load_tokenizer()
    marks = marks_of(tokenizer)
    rows = [((sample.optimized,), int("circle" in sample.optimized)) for sample in shapes.samples()]
    parts = {part: labelled(rows[at::3], tokenizer, marks, 64) for at, part in enumerate(PARTS)}
    how = Tuning(rate=3e-3, epochs=3, batch=8)
    lines: list[str] = []
    made = fine_tune(classifier(pretrained, 2), parts, how, lines.append)
    assert sum(made.right) / len(made.right) > 0.9 and len(lines) == 3
    assert fine_tune(classifier(pretrained, 2), parts, how) == made
    short = tokenizer.encode(rows[0][0][0])
    pair = labelled([((rows[0][0][0] * 9, rows[0][0][0]), 1)], tokenizer, marks, 41)
    assert len(pair.ids[0]) == 41 and pair.ids[0][-len(short) - 2 :] == [marks.eos, *short, marks.eos]
    with pytest.raises(TrainError, match="no token encoder"):
        classifier(pretrained.parent, 2)


def test_the_command_fine_tunes_once_and_then_remembers(pretrained: Path, tmp_path: Path) -> None:
    pytest.importorskip("fontTools")
    from typer.testing import CliRunner

    from admin.cli import app

    for at in range(16):
        font(tmp_path / f"{at}.ttf", f"Family {at}", 150 + 20 * at)
    call = [
        "evaluate",
        "super-glue",
        "--work",
        str(tmp_path / "work"),
        "--model",
        str(pretrained),
        "--tasks",
        "letters",
    ]
    call += ["--fonts", str(tmp_path), "--epochs", "2"]
    done = CliRunner().invoke(app, [*call, "--json"])
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)["letters"]
    assert row["published"]["SVG-BERT-base"] == 0.967 and row["rows"]["train"] > row["rows"]["test"] > 0
    assert row["pretrained"]["low"] <= row["pretrained"]["value"] <= row["pretrained"]["high"] and row["random"]["n"]
    again = CliRunner().invoke(app, call)
    assert "epoch" in done.stderr and "epoch" not in again.stderr and "96.7" in again.stdout
    empty = CliRunner().invoke(app, [*call[:4], "--model", str(tmp_path), "--tasks", "letters"])
    assert empty.exit_code != 0 and "no pretrained stage" in str(empty.exception) + empty.output
    unknown = CliRunner().invoke(app, [*call[:-4], "--tasks", "numbers"])
    assert unknown.exit_code != 0 and "letters" in str(getattr(unknown.exception, "hint", unknown.output))
