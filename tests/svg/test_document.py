"""The bounded parse: what it understands, what it refuses, and with which reason."""

from __future__ import annotations

import time

import pytest

from text2svg.errors import LimitError, ParseError
from text2svg.svg.document import SVG_NS, Limits, parse

XLINK = "http://www.w3.org/1999/xlink"


def svg(body: str, attributes: str = f'xmlns="{SVG_NS}"') -> str:
    return f"<svg {attributes}>{body}</svg>"


def test_tags_are_local_names_and_text_round_trips() -> None:
    document = parse(svg('<g id="a"><path d="M0 0"/></g>'))
    assert [element.tag for element in document.root.iter()] == ["svg", "g", "path"]
    assert document.text == svg('<g id="a"><path d="M0 0"/></g>')
    assert parse(document.text).text == document.text
    assert document.dropped == ()


@pytest.mark.parametrize(
    "source",
    [
        '<svg><rect width="1"/></svg>',
        '<svg xmlns=""><rect width="1"/></svg>',
        f'<s:svg xmlns:s="{SVG_NS}"><s:rect width="1"/></s:svg>',
        '<svg:svg><svg:rect width="1"/></svg:svg>',
        f'\ufeff\n <?xml version="1.0" encoding="utf-16"?><svg xmlns="{SVG_NS}"><rect width="1"/></svg>',
        f'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x.test/svg11.dtd">\n<svg xmlns="{SVG_NS}">'
        '<rect width="1"/></svg>',
        f'<!DOCTYPE svg [<!ENTITY ns "{SVG_NS}">]><svg xmlns="&ns;"><rect width="1"/></svg>',
        f'<svg xmlns="{SVG_NS}" xmlns:i="urn:i"><i:pgf><rect/></i:pgf><rect i:knockout="Off" width="1"/></svg>',
        f'<svg xmlns="{SVG_NS}"><div xmlns="http://www.w3.org/1999/xhtml"><rect/></div>\n<!-- c --><rect width="1"/></svg>',
    ],
)
def test_many_spellings_of_one_drawing(source: str) -> None:
    assert parse(source).text == svg('<rect width="1"/>')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "koi8-r"])
def test_encodings(encoding: str) -> None:
    declared = '<?xml version="1.0" encoding="koi8-r"?>' if encoding == "koi8-r" else ""
    document = parse((declared + svg("<title>Мяч</title>")).encode(encoding))
    assert document.root[0].text == "Мяч"


def test_xlink_href_is_plain_and_href_wins() -> None:
    root = parse(
        svg(f'<use x:href="#a" xmlns:x="{XLINK}"/><use xlink:href="#b"/><use xlink:href="#c" href="#d"/>')
    ).root
    assert [element.attrib for element in root] == [{"href": "#a"}, {"href": "#b"}, {"href": "#d"}]


def test_scopes_end_with_their_element() -> None:
    root = parse(svg(f'<g xmlns="urn:no"><a/></g><x:g xmlns:x="{SVG_NS}"><g/></x:g><g/>')).root
    assert [element.tag for element in root.iter()] == ["svg", "g", "g", "g"]


def test_space_is_kept_in_text_only() -> None:
    document = parse(svg('\n  <text xml:space="preserve">a <tspan>b</tspan> c</text>\n  <g>\n</g>'))
    assert document.text == svg('<text xml:space="preserve">a <tspan>b</tspan> c</text><g/>')


def test_entities_are_expanded() -> None:
    source = '<!DOCTYPE svg [<!ENTITY c "r&d;"><!ENTITY d "ed">]>' + svg('<rect fill="&c;"/><text>&c; &#65;&lt;</text>')
    document = parse(source)
    assert document.root[0].get("fill") == "red"
    assert document.root[1].text == "red A<"
    assert document.text.endswith("<text>red A&lt;</text></svg>")
    assert document.dropped == ("doctype",)


def test_html_habits_are_repaired() -> None:
    root = parse(svg('<title>a&nbsp;b &copy; Q&A &amp; R</title><rect id="x&y"/>')).root
    assert root[0].text == "a\xa0b © Q&A & R"
    assert root[1].get("id") == "x&y"


def test_what_was_dropped_is_told() -> None:
    source = '<?xml-stylesheet href="a.css"?>' + svg('<x:a xmlns:x="u"/><g y:b="1" xmlns:y="u"/>')
    assert parse(source).dropped == ("foreign-attribute", "foreign-element", "processing-instruction")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not-well-formed"),
        ("plain words", "not-well-formed"),
        ("<svg><g></svg>", "not-well-formed"),
        ("<svg/><svg/>", "not-well-formed"),
        ("<svg>&unknown;</svg>", "not-well-formed"),
        ("<svg>\0</svg>", "not-well-formed"),
        ("<svg a='1' a='2'/>", "not-well-formed"),
        ("<html><svg/></html>", "not-svg"),
        ('<svg xmlns="http://www.w3.org/1999/xhtml"/>', "not-svg"),
        ("<rect/>", "not-svg"),
        ("<svg>\ud800</svg>", "encoding"),
        (b"<svg>\xff</svg>", "encoding"),
        (b"\x1f\x8b\x08\x00", "encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><svg/>', "encoding"),
        (b'<?xml version="1.0" encoding="rot13"?><svg/>', "encoding"),
        ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>', "external-entity"),
        ('<!DOCTYPE svg [<!ENTITY x PUBLIC "p" "http://x.test/x">]><svg/>', "external-entity"),
        ('<!DOCTYPE svg [<!ENTITY % x "a">]><svg/>', "parameter-entity"),
        ('<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://x.test/x"> %x;]><svg/>', "parameter-entity"),
        ('<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]><svg>&a;</svg>', "entity-cycle"),
    ],
)
def test_refused_as_unreadable(source: str | bytes, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(source)
    assert caught.value.reason == reason


def use_bomb(levels: int, width: int = 10) -> str:
    groups = ['<g id="l0"><rect width="1" height="1"/></g>']
    for level in range(1, levels + 1):
        groups.append(f'<g id="l{level}">' + f'<use href="#l{level - 1}"/>' * width + "</g>")
    return svg("<defs>" + "".join(groups) + f'</defs><use href="#l{levels}"/>')


def paint_bomb(reference: str, levels: int = 7) -> str:
    """Patterns inside patterns; `reference` says how a shape names the pattern below it."""
    parts = ['<pattern id="p0"><rect class="c0"/></pattern>']
    for level in range(1, levels + 1):
        shape = f'<rect class="c{level}" {reference.format(level - 1)}/>'
        parts.append(f'<pattern id="p{level}">{shape * 10}</pattern>')
    return svg("".join(parts) + f'<rect fill="url(#p{levels})"/>')


SHEET = "<style>" + "".join(f".x .c{n}:hover{{fill:u\\72 l(#p{n - 1})}}" for n in range(1, 8)) + "</style>"

BOMBS = {
    "bytes": ("<svg>" + " " * 1_000_000 + "</svg>", "byte-limit"),
    "bytes, not ascii": ("<svg><title>" + "я" * 500_000 + "</title></svg>", "byte-limit"),
    "elements": (svg("<g/>" * 20_000), "element-limit"),
    "foreign elements": (svg('<x:g xmlns:x="u">' + "<y/>" * 20_000 + "</x:g>"), "element-limit"),
    "depth": (svg("<g>" * 64 + "</g>" * 64), "depth-limit"),
    "very deep": (svg("<g>" * 100_000 + "</g>" * 100_000), "depth-limit"),
    "use": (use_bomb(7), "use-expansion"),
    "use, wide": (use_bomb(1, 5_000), "use-expansion"),
    "use of itself": (svg('<g id="a"><use href="#a"/></g>'), "use-cycle"),
    "use in a ring": (svg('<g id="a"><use href="#b"/></g><g id="b"><use xlink:href="#a"/></g>'), "use-cycle"),
    "chain": (svg("".join(f'<use id="u{n}" href="#u{n + 1}"/>' for n in range(5_000))), "reference-depth"),
    "patterns": (paint_bomb('fill="url(#p{})"'), "paint-expansion"),
    "patterns, escaped": (paint_bomb("style=\"fill:\\75rl( '#p{}')\""), "paint-expansion"),
    "patterns, style sheet": (paint_bomb("").replace("<pattern", SHEET + "<pattern", 1), "paint-expansion"),
    "pattern in itself": (svg('<pattern id="a"><rect fill="url(#a)"/></pattern>'), "paint-cycle"),
    "laughs": (
        '<!DOCTYPE svg [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + "]><svg>&j;</svg>",
        "entity-expansion",
    ),
    "quadratic": (f'<!DOCTYPE svg [<!ENTITY a "{"x" * 50_000}">]><svg>{"&a;" * 50_000}</svg>', "entity-expansion"),
    "quadratic in an attribute": (
        f'<!DOCTYPE svg [<!ENTITY a "{"x" * 50_000}">]><svg id="{"&a;" * 50_000}"/>',
        "entity-expansion",
    ),
    "entities": ("<!DOCTYPE svg [" + "".join(f'<!ENTITY e{n} "">' for n in range(300)) + "]><svg/>", "entity-limit"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly(name: str) -> None:
    source, reason = BOMBS[name]
    started = time.process_time()
    with pytest.raises(LimitError) as caught:
        parse(source)
    assert caught.value.reason == reason
    assert time.process_time() - started < 1.0


def test_honest_references_pass() -> None:
    sprite = svg('<symbol id="s">' + "<path/>" * 20 + "</symbol>" + '<use href="#s"/>' * 200)
    clips = svg('<clipPath id="c"><rect/></clipPath>' + '<g clip-path="url(#c)"/>' * 5_000)
    fills = svg('<linearGradient id="g">' + "<stop/>" * 50 + "</linearGradient>" + '<path fill="url(#g)"/>' * 9_000)
    illustrator = svg(
        "<style>"
        + "".join(f".k{n}{{clip-path:url(#q{n})}}" for n in range(40))
        + "</style>"
        + "".join(f'<clipPath id="q{n}"><rect/></clipPath><g class="k{n}"/>' for n in range(40))
    )
    for source in (sprite, clips, fills, illustrator, svg('<use href="#none"/>')):
        assert parse(source).dropped == ()


def test_limits_are_arguments() -> None:
    with pytest.raises(LimitError):
        parse(svg("<g/>"), Limits(max_elements=1))
    assert parse(use_bomb(2)).root.tag == "svg"
    with pytest.raises(LimitError):
        parse(use_bomb(2), Limits(max_use_expansion=500))


@pytest.mark.slow
def test_five_thousand_icons_a_second() -> None:
    icon = svg('<g fill="none" stroke="#000"><path d="' + "M1 2L3 4" * 90 + '"/><circle cx="1" cy="2" r="3"/></g>')
    started = time.process_time()
    for _ in range(5_000):
        parse(icon)
    assert time.process_time() - started < 1.0
