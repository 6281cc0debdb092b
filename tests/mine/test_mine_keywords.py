"""Keyword packages in their real layouts: own tags first, then borrowed ones; emoji and flags get Unicode's words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from text2svg.curate.licences import LicencePolicy
from text2svg.errors import SourceError
from text2svg.mine.emoji import Emoji
from text2svg.mine.keywords import Keywords, clean_tags
from text2svg.mine.packages import iter_iconify
from text2svg.sample import Sample

FILL = '<path fill="currentColor" d="M3 3h18v18H3z"/>'


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module")
def keywords(tmp_path_factory: pytest.TempPathFactory) -> Keywords:
    """Every keyword source with one or two entries, as the packages lay them out."""
    home = tmp_path_factory.mktemp("keywords")
    modules = home / "node_modules"
    for name in (
        "@tabler/icons",
        "@fortawesome/fontawesome-free",
        "lucide-static",
        "@phosphor-icons/core",
        "@carbon/icons",
        "healthicons",
        "@mdi/svg",
        "feather-icons",
        "@primer/octicons",
        "@blueprintjs/icons",
        "emojibase-data",
        "emojilib",
    ):
        put(modules / name / "package.json", {"name": name, "version": "1.0.0"})
    put(
        modules / "@tabler/icons/icons.json",
        {
            "home": {"name": "home", "tags": ["House", "dwelling", "home"]},
            "bell-2": {"name": "bell-2", "tags": ["alarm", 7]},
        },
    )
    put(
        modules / "@fortawesome/fontawesome-free/metadata/icon-families.json",
        {"house": {"search": {"terms": ["abode", "house icon"]}, "aliases": {"names": ["home"]}}},
    )
    put(modules / "lucide-static/tags.json", {"arrow-left": ["previous", "back"]})
    put(
        modules / "@phosphor-icons/core/dist/index.mjs",
        'const o = [{\n name: "acorn",\n categories: [e.NATURE],\n tags: ["*new*", "nuts", "autumn"],\n codepoint: 1\n}]',
    )
    put(modules / "@carbon/icons/metadata.json", {"icons": [{"name": "arrow--left", "aliases": ["back", "return"]}]})
    put(
        modules / "healthicons/public/icons/meta-data.json",
        [{"id": "blood_bag", "title": "Blood bag", "tags": ["transfusion", "dhis2:blood_bag"]}],
    )
    put(modules / "@mdi/svg/meta.json", [{"name": "home", "aliases": ["house"]}])
    put(modules / "feather-icons/dist/feather.js", 'x\nmodule.exports = {"activity":["pulse"]};\ny')
    put(modules / "@primer/octicons/build/data.json", {"rocket": {"keywords": ["launch"]}})
    put(modules / "@blueprintjs/icons/icons.json", [{"iconName": "cube", "tags": "box, three dimensional"}])
    put(
        modules / "emojibase-data/en/data.json",
        [
            {
                "hexcode": "1F44B",
                "label": "waving hand",
                "tags": ["bye", "wave"],
                "skins": [{"hexcode": "1F44B-1F3FB", "label": "waving hand: light skin tone"}],
            },
            {"hexcode": "1F1EB-1F1F7", "label": "flag: France", "tags": ["FR"]},
            {"hexcode": "2764-FE0F", "label": "red heart", "tags": ["amour", "love"]},
        ],
    )
    put(modules / "emojilib/dist/emoji-en-US.json", {"❤️": ["red_heart", "love", "valentines"]})
    return Keywords.load(home)


def read(root: Path, prefix: str, names: dict[str, list[str]], keywords: Keywords) -> dict[str, Sample]:
    put(root / "icons.json", {"prefix": prefix, "icons": {name: {"body": FILL} for name in names}})
    put(root / "info.json", {"name": prefix, "license": {"spdx": "MIT"}})
    put(root / "metadata.json", {"chars": {code: name for name, codes in names.items() for code in codes}})
    found = iter_iconify(root, None, LicencePolicy(), keywords=keywords)
    return {row.provenance.name: row for _, some in found for row in some}


def test_own_tags_come_first_and_namesakes_lend_theirs(tmp_path: Path, keywords: Keywords) -> None:
    rows = read(tmp_path, "tabler", {"home-filled": [], "bell": [], "left-arrow": [], "zebra": []}, keywords)
    assert rows["home-filled"].tags == ("house", "dwelling", "abode")
    assert rows["bell"].tags == ("alarm",)
    assert set(rows["left-arrow"].tags) == {"back", "previous", "return"}
    assert rows["left-arrow"].tags[0] == "back", "two projects agree on it"
    assert rows["zebra"].tags == ()


def test_every_source_lends(tmp_path: Path, keywords: Keywords) -> None:
    rows = read(tmp_path, "none", {"acorn": [], "blood-bag": [], "activity": [], "rocket": [], "cube": []}, keywords)
    assert {name: row.tags[0] for name, row in rows.items()} == {
        "acorn": "nuts",
        "blood-bag": "transfusion",
        "activity": "pulse",
        "rocket": "launch",
        "cube": "box",
    }
    assert len(keywords.sources) == 12 and keywords.sources[0] == "@tabler/icons 1.0.0, MIT"


def test_emoji_take_unicode_words_by_code_or_by_spelling(tmp_path: Path, keywords: Keywords) -> None:
    rows = read(tmp_path, "noto", {"hand-wave-light": ["1f44b-1f3fb"], "heart": ["2764"]}, keywords)
    assert rows["hand-wave-light"].caption == "waving hand light skin tone"
    assert rows["heart"].caption == "red heart" and rows["heart"].tags[0] == "love", "both lists say love"
    spelled = read(tmp_path, "fluent-emoji-flat", {"waving-hand-light": [], "robot-of-mine": []}, keywords)
    assert spelled["waving-hand-light"].caption == "waving hand light skin tone"
    assert spelled["robot-of-mine"].caption == "robot of mine"
    assert read(tmp_path, "fxemoji", {"wavinghand": []}, keywords)["wavinghand"].caption == "waving hand"


def test_flags_are_named_by_their_country(tmp_path: Path, keywords: Keywords) -> None:
    rows = read(tmp_path, "circle-flags", {"fr": [], "es-ga": []}, keywords)
    assert (rows["fr"].caption, rows["es-ga"].caption) == ("flag france", "flag es ga")
    assert Emoji.of([["1F3F4-E0067-E0062-E0065-E006E-E0067-E007F", "flag: England", []]]).flag(("gb", "eng"))[0] == (
        "flag england"
    )


def test_the_saved_table_reads_back_and_answers_the_same(tmp_path: Path, keywords: Keywords) -> None:
    keywords.save(tmp_path / "one.gz")
    again = Keywords.read(tmp_path / "one.gz")
    again.save(tmp_path / "two.gz")
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    names = {"home": [], "left-arrow": [], "acorn": []}
    before, after = (read(tmp_path, "tabler", names, table) for table in (keywords, again))
    assert {name: row.tags for name, row in before.items()} == {name: row.tags for name, row in after.items()}


def test_broken_tables_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no keyword packages"):
        Keywords.load(tmp_path)
    (tmp_path / "bad.gz").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="cannot read keywords"):
        Keywords.read(tmp_path / "bad.gz")


def test_glued_names_are_cut_only_into_known_words() -> None:
    rows = [[f"{code:X}", label, []] for code, label in enumerate(["business card"] * 3 + ["new moon"] * 3, 0x1F600)]
    table = Keywords.of((), Emoji.of(rows), ())
    assert table.split("businesscard") == ["business", "card"]
    assert table.split("zurmozurmo") == ["zurmozurmo"]


def test_tags_are_plain_words_that_add_something() -> None:
    tags = ["Arrow", "ARROW-LEFT", "go_back", "back icon", "back", "*", "", "a b c d e f", "日本"]
    assert clean_tags(tags, "arrow left") == ("go back", "back")
