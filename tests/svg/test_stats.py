"""Counts of drawings whose content is known."""

from __future__ import annotations

import pytest

from text2svg.errors import ParseError
from text2svg.svg.stats import Stats, stats


def svg(body: str, attributes: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg"{attributes}>{body}</svg>'


def test_an_icon() -> None:
    text = svg(
        '<g fill="none" stroke="#000" stroke-width="21"><path d="M53 128H203l1 1 2 2z"/>'
        '<circle cx="128" cy="128" r="96"/></g>'
    )
    assert stats(text, count_tokens=len) == Stats(
        bytes=len(text), elements=4, depth=3, shapes=2, paths=1, segments=6, colors=1, gradients=0, tokens=len(text)
    )


def test_bytes_are_utf8() -> None:
    assert stats(svg("<title>é</title>")).bytes == len(svg("<title>e</title>")) + 1


@pytest.mark.parametrize(
    ("body", "colors"),
    [
        ("<g/>", 0),
        ("<rect/>", 1),
        ('<rect fill="none"/>', 0),
        ('<rect fill="#f00"/><rect fill="#ff0000"/><rect fill="RED"/><rect fill="rgb(255, 0, 0)"/>', 1),
        ('<rect fill="hsl(0 100% 50%)"/><rect fill="red"/>', 1),
        ('<rect fill="red"/><rect fill="#f008"/>', 2),
        ('<g fill="red"><rect/><rect fill="blue" stroke="lime"/></g>', 3),
        ('<g fill="red"><rect fill="inherit"/></g>', 1),
        ('<rect fill="currentColor"/><rect fill="currentcolor"/>', 1),
        ('<linearGradient id="a"><stop/><stop stop-color="#fff"/></linearGradient><rect fill="url(#a)"/>', 2),
        ("<style>.a{fill:red}</style><rect class='a'/><rect style='fill:lime'/>", 2),
        ('<rect fill="nonsense"/>', 1),
    ],
)
def test_colors(body: str, colors: int) -> None:
    assert stats(svg(body)).colors == colors


def test_the_rest() -> None:
    result = stats(svg('<defs><radialGradient id="a"/></defs><line/><polyline/><polygon/><ellipse/><text>x</text>'))
    assert (result.gradients, result.shapes, result.paths, result.segments) == (1, 4, 0, 4)


def test_not_a_drawing() -> None:
    with pytest.raises(ParseError):
        stats("<p/>")
