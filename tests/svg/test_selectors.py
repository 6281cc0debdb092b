"""Every selector a drawing may use finds the elements a browser finds, or is refused."""

from __future__ import annotations

import time

import pytest

from text2svg.errors import LimitError
from text2svg.svg.document import parse
from text2svg.svg.sanitize import sanitize

BODY = (
    '<g id="a" class="k"><rect id="b" class="m n"/><circle id="c" r="1"/><rect id="d" data-x="one two"/>'
    '<g id="e"><rect id="f"/></g></g><rect id="h" class="m"/>'
)


def _painted(selector: str) -> str:
    """The ids that `selector` reaches, in document order."""
    marks = "".join(f'<use href="#{each}"/>' for each in "abcdefh")  # an id nobody refers to would go
    text = f"<svg><style>{selector}{{fill:red}}</style>{BODY}{marks}</svg>"
    cleaned = sanitize(text)
    assert "css-selector" not in cleaned.removed, selector
    root = parse(cleaned.text).root
    return "".join(each.get("id", "") for each in root.iter() if each.get("fill") == "red" and each.tag != "use")


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("rect", "bdfh"), ("#c", "c"), (".m", "bh"), ("rect.m.n", "b"), ("g rect", "bdf"), ("g > rect", "bdf"),
        ("#a>rect", "bd"), ("svg>rect", "h"), ("circle + rect", "d"), ("rect ~ g", "e"), ("rect+circle,#h", "ch"),
        ("rect~rect", "d"), ("g~rect", "h"), ("#a rect:first-child", "bf"), ("rect:last-child", "f"),
        ("g>:nth-child(2)", "c"), ("g > :nth-child(odd)", "bdf"), ("g>*:nth-child(2n+2)", "ce"),
        ("g>:nth-child(-n+2)", "bcf"), ("rect:nth-of-type(2)", "d"), ("#a>:nth-last-child(1)", "e"),
        (":only-child", "f"), ("[data-x]", "d"), ("[data-x~=two]", "d"), ("[class^='m ']", "b"), ("[class$=n]", "b"),
        ("[r='1']", "c"), ("#a>:not(rect)", "ce"), ("rect:not(.m)", "df"), ("g:empty", ""), ("rect:hover", ""),
        (".k .m", "b"), (".k>g rect", "f"), (".k+rect", "h"), ("g g rect", "f"),
    ],
)  # fmt: skip
def test_reaches(selector: str, ids: str) -> None:
    assert _painted(selector) == ids


@pytest.mark.parametrize(
    "selector",
    ["rect::before", ":has(rect)", "svg|rect", "> rect", "rect >", "a + > b", ":nth-child(2 of rect)", ":is(rect)",
     "rect:lang(en)", "[x=1 i]", ":not(g rect)", "a..b", "#", "*rect"],
)  # fmt: skip
def test_what_is_not_understood_is_named(selector: str) -> None:
    removed = sanitize(f"<svg><style>{selector}{{fill:red}}</style>{BODY}</svg>").removed
    assert "css-selector" in removed or "css-error" in removed, removed


def test_more_specific_rules_win_whatever_their_order() -> None:
    sheet = "#b{fill:lime}rect:first-child{fill:red}g rect{fill:blue}.m{fill:navy}"
    cleaned = sanitize(f'<svg><style>{sheet}</style>{BODY}<use href="#b"/><use href="#f"/></svg>').text
    fills = {e.get("id"): e.get("fill") for e in parse(cleaned).root.iter() if e.get("id")}
    assert fills == {"b": "lime", "f": "red"}


@pytest.mark.parametrize(
    ("selector", "body"),
    [("rect+rect", "<rect/>" * 15_000), ("* * * * * * * rect", "<g>" * 60 + "<rect/>" * 300 + "</g>" * 60),
     ("rect~rect~rect~rect", "<rect/>" * 3000), (":nth-of-type(2n)", "<rect/>" * 15_000)],
)  # fmt: skip
def test_a_costly_selector_ends(selector: str, body: str) -> None:
    started = time.process_time()
    try:
        sanitize(f"<svg><style>{selector}{{fill:red}}</style>{body}</svg>")
    except LimitError as error:
        assert error.reason == "css-limit"
    assert time.process_time() - started < 5
