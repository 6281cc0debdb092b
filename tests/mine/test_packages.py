"""Icon packages in both npm layouts become rows, with licence, evidence, words and style."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from text2svg.curate.licences import LicencePolicy
from text2svg.errors import SourceError
from text2svg.mine.iconify import list_sets, read_set
from text2svg.mine.packages import iter_iconify

STROKE = '<path fill="none" stroke="currentColor" stroke-width="2" d="M3 12h18"/>'
FILL = '<path fill="currentColor" d="M3 3h18v18H3z"/>'


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def info(name: str, spdx: str, **more: object) -> dict[str, object]:
    return {"name": name, "author": {"name": f"{name} team"}, "license": {"title": spdx, "spdx": spdx}, **more}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder laid out like @iconify/json: collections.json and json/<prefix>.json."""
    write(tmp_path / "package.json", {"name": "@iconify/json", "version": "9.9.9"})
    write(
        tmp_path / "collections.json",
        {
            "good": info("Good", "MIT", category="UI 24px"),
            "viral": info("Viral", "CC-BY-SA-4.0"),
            "marks": info("Marks", "CC0-1.0", category="Logos"),
            "paint": info("Paint", "CC-BY-4.0", palette=True),
        },
    )
    write(
        tmp_path / "json" / "good.json",
        {
            "prefix": "good",
            "width": 24,
            "height": 24,
            "icons": {
                "arrow-left": {"body": STROKE},
                "bell-filled": {"body": FILL},
                "eye-off": {"body": STROKE, "left": -1, "top": 0.5, "width": 20},
                "linked": {"body": '<g><use xlink:href="#a"/></g>'},
                "secret": {"body": FILL, "hidden": True},
            },
            "aliases": {"arrow-right": {"parent": "arrow-left", "hFlip": True}},
            "categories": {"Arrows": ["arrow-left"], "Basic": ["arrow-left", "bell-filled"]},
        },
    )
    write(tmp_path / "json" / "viral.json", {"prefix": "viral", "icons": {"a": {"body": FILL}, "b": {"body": FILL}}})
    write(tmp_path / "json" / "marks.json", {"prefix": "marks", "icons": {"acme": {"body": FILL}}})
    write(
        tmp_path / "json" / "paint.json",
        {
            "prefix": "paint",
            "icons": {
                "apple": {"body": '<path fill="#f00" d="M0 0h9v9z"/><path fill="#0a0" d="M1 1h2v2z"/>'},
            },
        },
    )
    return tmp_path


def rows(root: Path, sets: list[str] | None = None, policy: LicencePolicy | None = None):
    skipped: Counter[str] = Counter()
    found = {name: list(some) for name, some in iter_iconify(root, sets, policy or LicencePolicy(), skipped=skipped)}
    return found, skipped


def test_permissive_sets_enter_and_every_exclusion_is_counted(package: Path) -> None:
    found, skipped = rows(package)
    assert {name: len(some) for name, some in found.items()} == {"good": 4, "paint": 1}
    assert skipped == {"hidden": 1, "alias": 1, "licence:share-alike": 2, "licence:logos": 1}


def test_rows_carry_words_style_licence_and_evidence(package: Path) -> None:
    row = rows(package, ["good"])[0]["good"][0]
    assert row.raw == f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{STROKE}</svg>'
    assert (row.caption, row.style, row.categories) == ("arrow left", "outline", ("Arrows", "Basic"))
    where = row.provenance
    assert (where.source, where.collection, where.name) == ("package", "good", "arrow-left")
    assert where.url == "https://icon-sets.iconify.design/good/arrow-left/"
    assert (where.author, where.licence) == ("Good team", "MIT")
    assert where.licence_evidence == "@iconify/json 9.9.9 collections.json"


def test_the_view_box_is_the_icons_own_and_xlink_is_declared_where_used(package: Path) -> None:
    by_name = {row.provenance.name: row for row in rows(package, ["good"])[0]["good"]}
    assert 'viewBox="-1 0.5 20 24"' in by_name["eye-off"].raw
    assert by_name["eye-off"].caption == "eye off"
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in by_name["linked"].raw
    assert "xlink" not in by_name["eye-off"].raw


def test_opting_in_lets_excluded_sets_enter(package: Path) -> None:
    found, _ = rows(package, policy=LicencePolicy(allow=frozenset({"CC-BY-SA-4.0", "logos"})))
    assert set(found) == {"good", "viral", "marks", "paint"}
    assert found["paint"][0].style == "color" and found["paint"][0].palette


def test_unknown_sets_and_foreign_folders_are_refused_with_the_known_ones(package: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nosuch") as error:
        rows(package, ["good", "nosuch"])
    assert "marks" in error.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no icon sets"):
        list_sets(tmp_path / "empty")


def test_a_broken_set_file_is_a_source_error(package: Path) -> None:
    (package / "json" / "good.json").write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="cannot read"):
        rows(package, ["good"])


def test_a_single_set_package_reads_the_same(tmp_path: Path) -> None:
    write(tmp_path / "package.json", {"name": "@iconify-json/mini", "version": "1.2.3"})
    write(
        tmp_path / "icons.json",
        {
            "prefix": "mini",
            "width": 16,
            "icons": {"sun-line": {"body": FILL}},
            "suffixes": {"line": "Line", "fill": "Fill"},
        },
    )
    write(tmp_path / "info.json", info("Mini", "ISC", prefix="mini"))
    write(tmp_path / "metadata.json", {"categories": {"Weather": ["sun-line"]}})
    found, _ = rows(tmp_path)
    row = found["mini"][0]
    assert (row.caption, row.style, row.categories) == ("sun", "outline", ("Weather",))
    assert row.provenance.licence_evidence == "@iconify-json/mini 1.2.3 info.json"
    assert 'viewBox="0 0 16 16"' in row.raw


def test_a_set_without_a_stated_licence_stays_out(tmp_path: Path) -> None:
    write(tmp_path / "icons.json", {"prefix": "bare", "icons": {"a": {"body": FILL}}})
    assert read_set(tmp_path / "icons.json").licence == "NOASSERTION"
    assert rows(tmp_path) == ({}, {"licence:unstated": 1})
