"""The starter corpus: frequent words first, good sets first, the same choice every time; and its attribution."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from text2svg.curate.attribution import attribution_text, credits_of
from text2svg.curate.starter import StarterPlan, choose_starter
from text2svg.errors import SourceError
from text2svg.sample import Provenance, Sample, digest_of


def row(collection: str, name: str, style: str = "outline", caption: str = "", licence: str = "MIT") -> Sample:
    raw = f'<svg viewBox="0 0 9 9"><path d="M0 0h{len(collection)}v{sum(map(ord, name))}"/></svg>'
    where = Provenance(
        "package",
        collection,
        name,
        f"https://example.org/{collection}/{name}/",
        f"{collection} team",
        licence,
        "example 1.0",
    )
    return Sample(digest_of(raw), raw, where, caption=caption or name.replace("-", " "), style=style)


PLAN = StarterPlan(
    sizes={"outline": 3, "filled": 1}, share=0.67, sets={"outline": ("best", "next"), "filled": ("best",)}
)
CORPUS = [
    row("next", "home"),
    row("best", "home"),
    row("best", "owl"),
    row("next", "star"),
    row("best", "star-bold"),
    row("other", "star"),
    row("other", "star-x", caption="star"),
    row("best", "home", "filled", "home solid"),
    row("best", "acme", caption="acme logo"),
    row("other", "zebra"),
]


def test_frequent_captions_and_good_sets_win() -> None:
    chosen = choose_starter(CORPUS, PLAN)
    names = [(sample.style, sample.provenance.collection, sample.provenance.name) for sample in chosen]
    assert names == [("outline", "next", "star"), ("outline", "best", "home"), ("outline", "best", "owl")]


def test_the_order_of_the_corpus_does_not_matter() -> None:
    assert choose_starter(reversed(CORPUS), PLAN) == choose_starter(CORPUS, PLAN)


def test_no_set_gives_more_than_its_share_and_no_drawing_comes_twice() -> None:
    corpus = [row("best", f"thing{chr(97 + at)}") for at in range(20)] + [
        row("next", f"thing{chr(97 + at)}") for at in range(20)
    ]
    chosen = choose_starter(corpus, StarterPlan(sizes={"outline": 10}, share=0.5, sets={"outline": ("best", "next")}))
    assert Counter(sample.provenance.collection for sample in chosen) == {"best": 5, "next": 5}
    assert len({sample.digest for sample in chosen}) == 10


def test_trademarks_stay_out_and_fruit_stays_in() -> None:
    corpus = [
        row("other", "acme", caption="acme logo"),
        row("other", "pear", caption="pear logo"),
        row("best", "acme"),
        replace(row("best", "pear"), tags=("fruit", "food")),
        replace(row("best", "figs"), tags=("logo",)),
    ]
    chosen = choose_starter(corpus, StarterPlan(sizes={"outline": 9}, share=1.0, sets={"outline": ("best",)}))
    assert sorted(sample.caption for sample in chosen) == ["figs", "pear"]


def test_attribution_names_author_set_licence_and_link() -> None:
    text = attribution_text(
        [row("best", "owl", licence="CC-BY-4.0"), row("best", "home", licence="CC-BY-4.0"), row("next", "star")],
        names=True,
        changes="Redrawn.",
    )
    assert "2 drawings by best team, licence [CC-BY-4.0](https://creativecommons.org/licenses/by/4.0/)" in text
    assert "from <https://example.org/best/>" in text and "home, owl" in text and "Redrawn." in text
    assert text.index("## best") < text.index("## next")


def test_attribution_that_cannot_be_given_is_an_error() -> None:
    bare = Sample("0" * 64, "<svg/>", Provenance("package", "bare", "x", licence="CC-BY-4.0"))
    with pytest.raises(SourceError, match="bare"):
        credits_of([bare])
    assert credits_of([Sample("0" * 64, "<svg/>", Provenance("package", "bare", "x", licence="MIT"))])
