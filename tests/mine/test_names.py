"""Names become the words a person would type; cases are names of real sets."""

from __future__ import annotations

import pytest

from text2svg.mine.names import NameReader

FLUENT = {"24-filled": "24 Filled", "24-regular": "24 Regular", "16-regular": "16 Regular"}
MATERIAL = {"": "Regular", "rounded": "Rounded", "outline": "Outline", "outline-rounded": "Outline Rounded"}
BASELINE = {"baseline": "Baseline", "outline": "Outline"}


@pytest.mark.parametrize(
    ("prefix", "name", "caption", "mark"),
    [
        ("mdi", "account-box-outline", "account box", "outline"),
        ("tabler", "bell-filled", "bell", "filled"),
        ("lucide", "eye-off", "eye off", ""),
        ("hugeicons", "calendar-02", "calendar", ""),
        ("ri", "home-4", "home", ""),
        ("tabler", "dice-6-filled", "dice 6", "filled"),
        ("reicon", "cart-add2", "cart add", ""),
        ("tabler", "brand-github", "github logo", ""),
        ("jam", "hammer-f", "hammer", "f"),
        ("lucide", "letter-f", "letter f", ""),
        ("carbon", "chart-line", "chart line", ""),
        ("clarity", "chart-line", "chart", "line"),
        ("f7", "rectangle-fill-badge-plus", "rectangle badge plus", "fill"),
        ("icon-park", "pie-two", "pie", "two"),
        ("medical-icon", "i-ambulance", "ambulance", ""),
        ("catppuccin", "documentWithLine", "document with line", ""),
        ("any", "outline", "outline", ""),
        ("any", "2", "2", ""),
        ("any", "mp3", "mp3", ""),
    ],
)
def test_names(prefix: str, name: str, caption: str, mark: str) -> None:
    read = NameReader(prefix).read(name)
    assert read.caption == caption
    assert mark in (*read.marks, "")


@pytest.mark.parametrize(
    ("suffixes", "prefixes", "name", "caption", "mark"),
    [
        (FLUENT, {}, "access-time-24-filled", "access time", "filled"),
        (MATERIAL, {}, "home-outline-rounded", "home", "outline"),
        (MATERIAL, {}, "home", "home", "regular"),
        ({}, BASELINE, "outline-person-add", "person add", "outline"),
    ],
)
def test_a_sets_own_metadata_cuts_styles(
    suffixes: dict[str, str], prefixes: dict[str, str], name: str, caption: str, mark: str
) -> None:
    read = NameReader.of("some", [name], suffixes, prefixes).read(name)
    assert read.caption == caption and mark in read.marks


def test_a_set_that_counts_keeps_its_numbers() -> None:
    names = [f"wave-{number}" for number in range(12)] + ["bag-1", "bag-2"]
    reader = NameReader.of("some", names, {}, {})
    assert reader.read("wave-7").caption == "wave 7"
    assert reader.read("bag-2").caption == "bag"


def test_keyword_names_keep_four_words_and_pass_the_rest_on() -> None:
    read = NameReader("streamline").read("computer-chip-board-square-hardware-chip-cpu")
    assert read.words == ("computer", "chip", "board", "square") and read.extra == ("hardware", "cpu")


def test_category_first_sets_lose_the_category() -> None:
    reader = NameReader("streamline-pixel")
    assert reader.read("interface-essential-battery", ["InterfaceEssential"]).caption == "battery"
    assert NameReader("lsicon").read("file-mov", ["File"]).caption == "file mov"
