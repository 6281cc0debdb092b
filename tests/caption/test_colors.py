"""Colours are named by hue, the largest area first."""

from __future__ import annotations

import pytest

from text2svg.caption.colors import color_name, color_words


@pytest.mark.parametrize(
    ("digits", "name"),
    [
        ("f00", "red"),
        ("e53935", "red"),
        ("f80", "orange"),
        ("fc0", "yellow"),
        ("0a0", "green"),
        ("2e7d32", "green"),
        ("009688", "teal"),
        ("00f", "blue"),
        ("2196f3", "blue"),
        ("808", "purple"),
        ("f4a", "pink"),
        ("fcc", "pink"),
        ("853", "brown"),
        ("fff", "white"),
        ("000", "black"),
        ("888", "gray"),
    ],
)
def test_names(digits: str, name: str) -> None:
    assert color_name(digits) == name


def svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">{body}</svg>'


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('<circle fill="#00f" cx="9" cy="9" r="9"/><path fill="#f00" d="M0 0H200V200Z"/>', ("red",)),
        ('<path fill="#f00" d="M0 0H200V200Z"/><path fill="#00f" d="M0 0L200 150"/>', ("red", "blue")),
        ('<path fill="#fff" d="M0 0H200V200Z"/><rect fill="#0a0" x="1" y="1" width="150" height="150"/>', ("green",)),
        ('<path fill="#fff" d="M0 0H200V200Z"/><path d="M0 0H9"/>', ("white",)),
        ('<g fill="#808"><circle cx="9" cy="9" r="9"/><ellipse cx="9" cy="9" rx="9" ry="5"/></g>', ("purple",)),
        (
            '<linearGradient id="a"><stop stop-color="#f80"/></linearGradient><circle fill="url(#a)" r="9"/>',
            ("orange",),
        ),
        ('<path fill="none" stroke="#00f" d="M0 0A9 9 0,0,1 200 200"/>', ("blue",)),
        ('<mask id="m"><rect fill="#f00" width="256" height="256"/></mask><circle r="9" fill="#00f"/>', ("blue",)),
        ('<path d="M0 0H9V9Z"/>', ()),
    ],
)
def test_words(body: str, names: tuple[str, ...]) -> None:
    assert color_words(svg(body)) == names
