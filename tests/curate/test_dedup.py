"""Duplicates are marked, never lost."""

from __future__ import annotations

from dataclasses import replace

from text2svg.curate.dedup import Deduplicator, drawing_key
from text2svg.sample import Provenance, Sample, digest_of


def sample(raw: str, collection: str, optimized: str = "") -> Sample:
    return Sample(
        digest_of(raw), raw, Provenance("package", collection), optimized=optimized, rung="integer" if optimized else ""
    )


def svg(body: str, attributes: str = 'viewBox="0 0 24 24"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'


def test_exact_duplicates_ignore_ids_size_and_spacing() -> None:
    one = svg('<g id="x9"/><use href="#x9"/><path fill="url(#x9)" d="M0 0"/>')
    two = svg('<g id="b"/><use href="#b"/>\n <path fill="url(#b)" d="M0 0"/>', 'width="9" viewBox="0 0  24 24"')
    assert drawing_key(one) == drawing_key(two.replace("\n ", ""))
    assert drawing_key(one) != drawing_key(one.replace("0 0 24 24", "0 0 16 16"))
    assert drawing_key(one) != drawing_key(one.replace('href="#x9"', 'href="#y"'))
    assert drawing_key(svg('<g id="fff"/><path fill="#fff"/>')) == drawing_key(svg('<g id="fff"/><path fill="#fff"/>'))


def test_the_first_sighting_is_the_original_and_the_others_are_kept() -> None:
    seen = Deduplicator()
    rows = [
        sample(svg("<a/>"), "one"),
        sample(svg("<b/>"), "two"),
        sample(svg("<a/>", 'width="1" viewBox="0 0 24 24"'), "three"),
    ]
    marks = list(seen.mark(rows))
    assert [mark.kind for mark in marks] == ["", "", "exact"]
    assert marks[2].original == rows[0].digest != rows[2].digest
    assert [where.collection for where in seen.sightings[rows[0].digest]] == ["one", "three"]
    assert list(seen.sightings) == [rows[0].digest]


def test_rows_that_are_equal_only_when_canonical_are_canonical_duplicates() -> None:
    seen = Deduplicator()
    rows = [
        sample(svg("<a/>"), "one", "<svg/>"),
        sample(svg("<b/>"), "two", "<svg/>"),
        sample(svg("<c/>"), "three", "<svg>x</svg>"),
    ]
    assert [mark.kind for mark in seen.mark(rows)] == ["", "canonical", ""]
    again = seen.see(replace(rows[1], provenance=Provenance("package", "four")))
    assert (again.kind, again.original) == ("exact", rows[0].digest)
    assert [where.collection for where in seen.sightings[rows[0].digest]] == ["one", "two", "four"]
    decimal = replace(sample(svg("<d/>"), "five", "<svg/>"), rung="decimal")
    assert seen.see(decimal).kind == "", "other rungs are not compared"
