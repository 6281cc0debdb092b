from __future__ import annotations

import time
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from text2svg.errors import LimitError, ParseError
from text2svg.executor.base import Outcome
from text2svg.mine.admit import admit, is_strict, tidy
from text2svg.mine.extract import decode, extract, has_trace
from text2svg.mine.links import candidates, css_urls
from text2svg.mine.reading import Where, read
from text2svg.mine.refusal import MineRefusal
from text2svg.sample import Sample, digest_of

WHERE = Where("https://example.org/dir/page.html")
SVG = '<svg viewBox="0 0 8 8"><path d="M1 1H7"/></svg>'


def rows(body: str) -> list[Sample | Outcome]:
    return read(f"<html><body>{body}</body></html>".encode(), "text/html", "", WHERE).rows


def samples(body: str) -> list[Sample]:
    found = rows(body)
    assert all(isinstance(row, Sample) for row in found), found
    for sample in found:
        ElementTree.fromstring(sample.raw)
        assert is_strict(sample.raw) and sample.digest == digest_of(sample.raw)
        assert sample.provenance.url == WHERE.url and sample.provenance.name
    return found


def links(body: str, head: str = "") -> list[str]:
    page = extract(f"<html><head>{head}</head><body>{body}</body></html>", WHERE.url)
    return [link.url.removeprefix("https://example.org/") for link in page.links]


def test_inline_keeps_case_and_gets_namespaces() -> None:
    (found,) = samples('<SVG VIEWBOX="0 0 8 8"><LINEARGRADIENT id="g"/><use xlink:href="#g"/></SVG>')
    assert found.raw.startswith('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink=')
    assert 'viewBox="0 0 8 8"' in found.raw and "<linearGradient" in found.raw


def test_nested_is_one_drawing() -> None:
    (found,) = samples('<svg><svg x="1"><g/></svg><path d="M0 0"/></svg>')
    assert found.raw.count("<svg") == 2


def test_templates_inside_templates() -> None:
    assert len(samples(f"<template>{SVG}<template><p><svg><g/></svg></template></template>")) == 2


def test_comments_scripts_and_styles_hold_no_drawing() -> None:
    with pytest.raises(MineRefusal) as caught:
        rows(f"<!-- {SVG} --><script>a = '{SVG}'</script><textarea>{SVG}</textarea>")
    assert caught.value.reason == "no-svg"
    assert not has_trace(b"<p>words</p>")


def test_what_html_allows_and_xml_does_not() -> None:
    (found,) = samples(
        '<svg @click="a" :class="{b: c < d}" v-on:x.y="z" data-a="1 &amp; 2 < 3"><title>A&nbsp;b &copy;</title>'
        "<style>a > b { c: url(x?a&b) }</style><foreignObject><p>x<br>y</p></foreignObject>"
        '<script>if (a < b) alert("&")</script><path d="M0 0" inkscape:label="x"/></svg>'
    )
    assert "@click" not in found.raw and "<p>" not in found.raw and "script" not in found.raw
    assert "<path" in found.raw


def test_use_borrows_from_the_page() -> None:
    body = (
        '<svg hidden><defs><linearGradient id="g"/></defs><symbol id="icon-home" viewBox="0 0 9 9">'
        '<path fill="url(#g)" d="M1 1"/></symbol>'
        '<symbol id="icon-left" viewBox="0 0 5 5"><g><path d="M2 2"/></g></symbol></svg>'
        '<a aria-label="Go home"><svg class="icon"><use xlink:href="#icon-home"></use></svg></a>'
    )
    used, left = samples(body)
    assert "<defs><symbol" in used.raw and 'id="g"' in used.raw
    assert (used.caption, left.caption) == ("go home", "left")
    assert left.raw == '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 5 5"><g><path d="M2 2"/></g></svg>'


def test_use_of_nothing_and_of_other_files() -> None:
    found = rows('<svg><use href="#nobody"/></svg><svg><use href="s.svg#a"/></svg><svg><use href="s.svg#b"/></svg>')
    assert [row.reason for row in found] == ["no-target", "external-use", "external-use"]
    assert links('<svg><use href="s.svg#a"/></svg>') == ["dir/s.svg"]


def test_every_kind_of_link() -> None:
    body = """
      <img src="a.svg?v=1"><img src=" /b.SVG "><img srcset="c.svg 1x, d.svg 2x,e.svg 3x">
      <picture><source srcset=f.svg></picture>
      <object data=g.svg></object><embed src="h" type="image/svg+xml"><iframe src=i.svg></iframe><a href="j.svg#x">k</a>
      <input type=image src=k.svg><video poster=l.svg></video><div style="background: url('m.svg') , url(n.svg)"></div>
      <img src="photo.png"><a href="page.html">svg</a><img src="a.svg?v=1">"""
    head = '<link rel="icon" href="o.svg"><link rel=icon type=image/svg+xml href=/p><style>a{b:url("q.svg")}</style>'
    names = [link.removeprefix("dir/") for link in links(body, head)]
    expected = ["o.svg", "p", "q.svg", "a.svg?v=1", "b.SVG", *(f"{c}.svg" for c in "cdefg"), "h"]
    expected += [f"{c}.svg" for c in "ijklmn"]
    assert names == expected
    assert links('<img src="x.svg">', '<base href="https://example.org/other/">') == ["other/x.svg"]


def test_data_uris() -> None:
    body = (
        "<img src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\" alt=Dot>"
        "<i style=\"background:url(data:image/svg+xml;charset=utf8;base64,PHN2Zz48Zy8+PC9zdmc+)\"></i>"
        "<img src='data:image/svg+xml'><img src='data:image/png;base64,AAAA'>"
    )
    found = rows(body)
    assert [getattr(row, "caption", row) for row in found[:1]] == ["dot"]
    assert [isinstance(row, Sample) for row in found] == [True, True, False]
    assert found[2].reason == "data-uri"


def test_hints_best_first() -> None:
    (found,) = samples(
        '<button title="Close window"><svg class="bi bi-x-lg" aria-label="Close"><title>Big  X</title><g/></svg>'
        " Close me</button>"
    )
    assert found.caption == "big x"
    assert found.tags[:3] == ("close", "close window", "x lg")
    (plain,) = samples(f"<p>{'word ' * 30}{SVG}</p>")
    assert (plain.caption, plain.tags) == ("", ())


def test_licences_by_evidence() -> None:
    (found,) = samples(f'{SVG}<a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">CC</a>')
    assert found.provenance.licence == "CC-BY-SA-4.0" and "rel=license" in found.provenance.licence_evidence
    rdf = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:cc="http://c" xmlns:rdf="http://r"><metadata>'
        '<cc:license rdf:resource="http://creativecommons.org/publicdomain/zero/1.0/"/></metadata><g/></svg>'
    )
    (own,) = read(rdf.encode(), "image/svg+xml", "", WHERE).rows
    assert own.provenance.licence == "CC0-1.0" and own.raw == rdf
    two = '<a rel=license href="//opensource.org/licenses/MIT"></a><a rel=license href="//unlicense.org"></a>'
    assert samples(SVG + two)[0].provenance.licence == "NOASSERTION"


def test_files() -> None:
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>\n'
    (found,) = read(text.encode(), "text/plain", "", Where("https://e.org/arrow-left.svg?x")).rows
    assert (found.raw, found.caption, found.provenance.name) == (text.strip(), "arrow left", "arrow-left.svg")
    latin = '<?xml version="1.0" encoding="iso-8859-1"?><svg xmlns="http://www.w3.org/2000/svg"><title>\xe9</title></svg>'
    (other,) = read(latin.encode("latin-1"), "image/svg+xml", "", WHERE).rows
    assert "\xe9" in other.raw and "encoding" not in other.raw
    with pytest.raises(MineRefusal, match="neither HTML"):
        read(b"\x89PNG", "image/png", "", WHERE)


def test_hostile_files() -> None:
    with pytest.raises(ParseError, match="external-entity"):
        admit('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>')
    with pytest.raises(LimitError, match="symbol-limit"):
        admit("<svg>" + "".join(f'<symbol id="s{n}"><g/></symbol>' for n in range(600)) + "</svg>")
    assert not is_strict('<!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"/>')
    assert not is_strict("<svg/>") and not is_strict("") and not is_strict("<html/>")
    assert tidy('<svg a="b" @e="f"></svg>') == '<svg a="b"></svg>'


def test_a_page_of_too_many() -> None:
    body = "".join(f'<svg><path d="M{n} 0"/></svg>' for n in range(510)) + "".join(f"<img src={n}.svg>" for n in range(70))
    reading = read(f"<html>{body}".encode(), "text/html", "", WHERE)
    reasons = Counter(getattr(row, "reason", "ok") for row in reading.rows)
    assert reasons == {"ok": 500, "svg-limit": 1, "link-limit": 1}
    assert len(reading.links) == 64
    assert "10 left out" in reading.rows[0].error


@pytest.mark.parametrize(
    "piece",
    [
        "<svg>", "<svg><g/></svg>", "<img srcset='", "<i style=\"", "url(", "url('", "<meta ", "<template>", " ",
        "<use href=#a ", "<div>", "<ul><li>", "<li><svg><use href=#a /></svg>x", "<img src=a.svg ", "<style>",
        "<svg id=a><use href=#a /></svg>", "<a rel=license href=x>", "<!--", "<symbol id=a>", "<foreignObject>",
        "<title>", "<script>", "<svg><script>", "&nbsp;",
    ],
)  # fmt: skip
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    """A megabyte of anything, or as much as may pass, is read in a few seconds of CPU, on any machine."""
    times = 1_000_000 // len(piece)
    times = min(times, 19_000 // piece.count("<")) if "<" in piece else times
    for before in ("<svg id=a><g/></svg>", "<svg><style>", "<img srcset='a.svg ", "<i style=\"x.svg url(", "<style>.svg"):
        page = before + piece * times
        began = time.process_time()
        try:
            read(page.encode(), "text/html", "", WHERE)
        except MineRefusal as refusal:
            assert refusal.reason == "no-svg"
        assert time.process_time() - began < 5


def test_a_page_that_would_overflow_the_parser() -> None:
    with pytest.raises(MineRefusal) as caught:
        read(b"<svg>" + b"<template>" * 100_000, "text/html", "", WHERE)
    assert caught.value.reason == "tag-limit"


def test_a_sheet_that_multiplies() -> None:
    uses = "".join(f'<use href="#s{k}"/>' for k in range(40))
    sheet = "".join(f'<symbol id="s{n}"><path d="M{"1 " * 5000}"/>{uses}</symbol>' for n in range(60))
    with pytest.raises(LimitError):
        admit(f"<svg>{sheet}</svg>")


def test_srcset_and_css() -> None:
    assert list(candidates("a.svg 1x,b.svg 2x , c.svg")) == ["a.svg", "b.svg", "c.svg"]
    assert list(candidates("data:image/svg+xml,<svg/> 1x, d.svg 2x")) == ["data:image/svg+xml,<svg/>", "d.svg"]
    assert list(candidates(",,, a.svg,, b.svg")) == ["a.svg", "b.svg"]
    assert list(css_urls("a{b:url( 'x y.svg' )} url(z.svg ) url(\"q\") url(open")) == ["x y.svg", "z.svg", "q"]


def test_a_repeated_drawing_is_one_row() -> None:
    assert len(samples(SVG * 40)) == 1


def test_encodings() -> None:
    assert decode("\ufeffé".encode()) == "é"
    assert decode("<meta charset=shift_jis>\u65e5".encode("shift_jis")).endswith("\u65e5")
    assert decode("é".encode("latin-1"), "iso-8859-1") == "é"
    assert decode(b"\x93", "no-such-charset") == "\u201c"
