"""Relatives: a changed copy is found and flagged with its licence, another drawing is not, a plain figure never."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from text2svg.errors import SvgError
from text2svg.generate.relatives import NEAR_COPY, is_plain, likeness, relatives, silhouette
from text2svg.raster.resvg import Resvg
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.svg.affine import map_drawing
from text2svg.svg.reader import parse_canonical
from text2svg.svg.schema import HEADER

LINE = '<g fill="none" stroke="#000" stroke-width="20" stroke-linecap="round" stroke-linejoin="round">'
BELL = (
    f'{HEADER}{LINE}<path d="M48 184C80 160 60 112 80 80A56 56 0,0,1 176 80C196 112 176 160 208 184Z"/>'
    '<path d="M108 216H148"/><path d="M128 40V20M28 60L52 80M228 60L204 80"/></g></svg>'
)
CAR = (
    f'{HEADER}{LINE}<path d="M24 176V128L56 120L84 72H172L200 120L232 128V176Z"/><circle cx="80" cy="184" r="24"/>'
    '<circle cx="176" cy="184" r="24"/><path d="M72 120H184"/></g></svg>'
)
PLUS = f'{HEADER}{LINE}<path d="M128 40V216M40 128H216"/></g></svg>'


@dataclass(frozen=True)
class Hit:
    sample: Sample
    score: float

    @property
    def svg(self) -> str:
        return self.sample.optimized


class Corpus:
    """Three drawings, proposed in one order."""

    def drawing(self, svg: str, k: int) -> list[Hit]:
        rows = (("car", CAR, 0.9), ("bell", BELL, 0.8), ("plus", PLUS, 0.1))
        return [Hit(row(name, text), score) for name, text, score in rows][:k]


def row(name: str, text: str) -> Sample:
    origin = Provenance("package", "tiny", name, licence="ISC")
    return Sample(digest_of(text), "", origin, name, optimized=text, rung="integer", tokens=50)


def altered(text: str) -> str:
    """Smaller, moved, thinner and blue."""
    small = map_drawing(parse_canonical(text), (0.8, 0, 0, 0.8, 40, 10), lambda width: width * 0.9)
    return small.to_text().replace("#000", "#27e")


def test_an_altered_copy_is_flagged_and_comes_first() -> None:
    found = relatives(altered(BELL), Corpus(), Resvg())
    assert [relative.sample.caption for relative in found] == ["bell", "car", "plus"]
    assert [relative.near_copy for relative in found] == [True, False, False]
    assert found[0].licence == "ISC"
    assert found[0].likeness >= NEAR_COPY > found[1].likeness
    assert [relative.similarity for relative in found] == [0.8, 0.9, 0.1]


def test_a_plain_figure_is_nobodys() -> None:
    assert is_plain(PLUS) and not is_plain(BELL)
    found = relatives(PLUS, Corpus(), Resvg())
    assert max(relative.likeness for relative in found) == 1.0
    assert not any(relative.near_copy for relative in found)


@pytest.mark.parametrize("body", ["", '<rect width="256" height="256"/>', '<rect fill="#fff" width="256" height="256"/>'])
def test_pictures_without_a_figure_have_no_likeness_by_accident(body: str) -> None:
    drawer = Resvg()
    picture = silhouette(f"{HEADER}{body}</svg>", drawer)
    assert likeness(picture, silhouette(BELL, drawer)) < 0.5


def test_unreadable_drawings_are_refused() -> None:
    with pytest.raises(SvgError):
        relatives("<svg", Corpus(), Resvg())
