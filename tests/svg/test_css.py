"""Style attributes read at a glance say what the full parser says."""

from __future__ import annotations

import pytest
import tinycss2
from hypothesis import given
from hypothesis import strategies as st

from text2svg.svg import css


def _both(text: str) -> tuple[object, object]:
    one, other = set[str](), set[str]()
    nodes = tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True)
    return (css.declarations(text, one), one), (css._declared(nodes, other), other)


@pytest.mark.parametrize(
    "text",
    ["fill:red;;stroke : #FFF ; opacity:.5", "fill", "fill:", "fill:red stroke:blue", "a:b:c", "FILL:Red", "marker:none",
     "stroke-width:1.", "--x:1;fill:red", "fill:#12", "font-size:12px;font-family:Two Words", "stroke-dasharray:1, 2",
     "fill:url(#a);stroke:none", "fill:red!important", "fill:re\\64"],
)  # fmt: skip
def test_known_spellings(text: str) -> None:
    quick, full = _both(text)
    assert quick == full


PIECES = ["fill", "opacity", "x", ":", ";", " ", "#f00", "red", "1", ".5", "px", "%", "-", ",", "+", "e3"]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_spelling(pieces: list[str]) -> None:
    quick, full = _both("".join(pieces))
    assert quick == full
