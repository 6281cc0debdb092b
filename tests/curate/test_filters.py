"""Each reason for leaving a row out, and rows that stay."""

from __future__ import annotations

from collections import Counter

import pytest

from text2svg.curate.filters import Filters
from text2svg.sample import Provenance, Sample, digest_of


def sample(body: str, caption: str = "bell") -> Sample:
    raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{body}</svg>'
    return Sample(digest_of(raw), raw, Provenance("package"), caption=caption)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<path fill="currentColor" d="M8 9h2"/>', ""),
        ('<path d="m8 9h2"/>', ""),
        ('<g><circle r="3"/></g>', ""),
        ("", "blank"),
        ("<g/>", "blank"),
        ('<path d=""/>', "blank"),
        ('<path id="M9"/>', "blank"),
        ('<circle r="3"><animate attributeName="r"/></circle>', "animated"),
        ('<circle r="3"><set attributeName="r"/></circle>', "animated"),
        ('<image href="a.png"/>', "raster"),
        ("<text>x</text>", "text"),
        ('<path d="M8 9' + "h1" * 12_000 + '"/>', "too-large"),
    ],
)
def test_reasons(body: str, reason: str) -> None:
    assert Filters().reason(sample(body)) == reason


def test_captions_and_skin_tones() -> None:
    body = '<circle r="3"/>'
    assert Filters().reason(sample(body, " ")) == "no-caption"
    assert Filters().reason(sample(body, "man light skin tone")) == ""
    assert Filters(skin_tones=False).reason(sample(body, "man light skin tone")) == "skin-tone"


def test_keep_counts_what_it_drops() -> None:
    dropped: Counter[str] = Counter()
    kept = list(Filters().keep([sample('<circle r="3"/>'), sample(""), sample("<g/>")], dropped))
    assert len(kept) == 1 and dropped == {"blank": 2}
