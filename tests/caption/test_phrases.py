"""Keyword captions: grammatical where the name is a thing, quoted where it is not, and never none."""

from __future__ import annotations

import pytest

from text2svg.caption.phrases import KeywordStep, phrases
from text2svg.sample import Provenance, Sample, digest_of

RED = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><path fill="#f00" d="M10 10H240V240Z"/></svg>'


def row(caption: str, tags: tuple[str, ...] = (), style: str = "outline", **more: object) -> Sample:
    return Sample(digest_of(caption + style), "<svg/>", Provenance("package"), caption, tags, style=style, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("apple", "an apple"),
        ("arrow left", "a left arrow"),
        ("file plus", "a file with a plus sign"),
        ("cloud remove", "a cloud with a minus sign"),
        ("wifi off", "wifi, crossed out"),
        ("user circle", "a user in a circle"),
        ("half circle", "a half circle"),
        ("bell check", "a bell with a check mark"),
        ("login", '"login"'),
        ("clipboard edit", '"clipboard edit"'),
        ("shield locked", '"shield locked"'),
        ("red shed", "a red shed"),
        ("share screen person overlay", '"share screen person overlay"'),
        ("satoshi v2", '"satoshi v2"'),
        ("glasses", "glasses"),
        ("golf", "golf"),
        ("left inline", '"left inline"'),
        ("right hand", "a right hand"),
        ("woman lifting weights", "a woman lifting weights"),
        ("battery charging", '"battery charging"'),
        ("gold ring", "a gold ring"),
        ("airline seat flat", '"airline seat flat"'),
        ("shield light", '"shield light"'),
        ("arrow right circle", "a right arrow in a circle"),
        ("circle arrow right", "a right arrow in a circle"),
        ("comment arrow right", "a comment with a right arrow"),
        ("monitor arrow down variant", '"monitor arrow down variant"'),
        ("keyboard double arrow right", '"keyboard double arrow right"'),
        ("angle down circle", "a down angle in a circle"),
        ("shield cross", "a shield with a cross"),
        ("madison cross", "a madison cross"),
        ("cellular data", "cellular data"),
        ("benzene", "benzene"),
        ("exactly once", '"exactly once"'),
        ("emoji angry", '"emoji angry"'),
        ("happy face", "a happy face"),
        ("settings input hdmi", '"settings input hdmi"'),
        ("mail multiple", '"mail multiple"'),
        ("hourglass", "an hourglass"),
        ("topology full", '"topology full"'),
        ("full moon", "a full moon"),
        ("thumb up", '"thumb up"'),
        ("chart down", '"chart down"'),
        ("arrow up tray", '"arrow up tray"'),
        ("lock closed circle", '"lock closed circle"'),
        ("folder heart", "a folder with a heart"),
        ("briefcase medical", '"briefcase medical"'),
        ("shield half", '"shield half"'),
        ("north east", '"north east"'),
        ("north star", "a north star"),
        ("blind", '"blind"'),
        ("shield question mark", "a shield with a question mark"),
        ("question mark", "a question mark"),
        ("to pip", '"to pip"'),
        ("silent", '"silent"'),
        ("book dismiss", '"book dismiss"'),
        ("battery charging wireless", '"battery charging wireless"'),
        ("nvme", '"nvme"'),
        ("straight razor", "a straight razor"),
        ("magnet straight", '"magnet straight"'),
        ("peace", "peace"),
    ],
)
def test_a_thing_gets_its_article_and_the_rest_is_quoted(caption: str, said: str) -> None:
    for seed in range(6):
        text = phrases(row(caption), seed)[0].text
        assert said.lower() in text.lower()
        assert text[0].isupper() and text.endswith(".")


def test_what_the_source_says_is_said() -> None:
    found = phrases(row("heart", ("love", "like", "romance"), "color", optimized=RED, rung="integer", categories=("Food",)))
    assert {phrase.template for phrase in found} == {"style", "tags", "color", "category"}
    texts = " ".join(phrase.text for phrase in found)
    assert "red heart" in texts and "food icons" in texts
    assert any(tag in texts for tag in ("love", "like", "romance"))


def test_a_brand_takes_no_article() -> None:
    found = phrases(row("foursquare", categories=("Brand",)))
    assert [p.text for p in found if p.template == "category"] == ["Foursquare, one of the brand icons."]
    assert not any("a foursquare" in p.text.lower() for p in found)


def test_no_row_is_without_a_caption() -> None:
    for style in ("outline", "filled", "duotone", "color", ""):
        assert phrases(row("", style=style))[0].text.endswith(".")
    assert any("love" in p.text for p in phrases(row("", ("love",))))
    assert phrases(row("", ("love", "like")))


def test_the_seed_decides() -> None:
    sample = row("bell", ("alarm", "ring", "sound", "notice"))
    assert phrases(sample, 1) == phrases(sample, 1)
    assert len({phrases(sample, seed) for seed in range(30)}) > 8


def test_the_step_sets_captions_alone() -> None:
    sample = row("bell")
    with KeywordStep().open() as run:
        done = run(sample)
    assert done.captions == tuple(p.text for p in phrases(sample, 12343)) and done.caption == sample.caption
