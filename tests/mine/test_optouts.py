from __future__ import annotations

import pytest

from text2svg.mine.optout import in_headers, in_metas, in_robots, reserves, robots_signals, tdm_rules
from text2svg.mine.refusal import MineRefusal
from text2svg.mine.robots import Rules, matches, read_rules

AGENT = "Text2SVGBot"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, ""),
        ({"x-robots-tag": "noai"}, "opt-out:x-robots-tag"),
        ({"x-robots-tag": "max-snippet: 10, NoML"}, "opt-out:x-robots-tag"),
        ({"x-robots-tag": "googlebot: noai"}, ""),
        ({"x-robots-tag": "googlebot: noai, noml"}, ""),
        ({"x-robots-tag": "googlebot: nofollow, text2svgbot: noimageai"}, "opt-out:x-robots-tag"),
        ({"x-robots-tag": "unavailable_after: 25 Jun 2010 15:00:00 PST, none"}, "opt-out:x-robots-tag"),
        ({"x-robots-tag": "nofollow, noarchive"}, ""),
        ({"tdm-reservation": "1"}, "opt-out:tdm"),
        ({"tdm-reservation": "0"}, ""),
        ({"content-usage": "train-ai=n"}, "opt-out:content-usage"),
        ({"content-usage": "bots=n, train-ai=y"}, ""),
        ({"content-usage": "bots=n"}, "opt-out:content-usage"),
        ({"content-signal": "search=yes, ai-train=no"}, "opt-out:content-signal"),
        ({"content-signal": "search=no, ai-train=yes"}, ""),
    ],
)
def test_headers(headers: dict[str, str], reason: str) -> None:
    found = in_headers(headers, AGENT)
    assert (found.reason if found else "") == reason


def test_meta() -> None:
    assert in_metas([("description", "x"), ("robots", "index, NOAI")], AGENT)
    assert in_metas([("tdm-reservation", "1")], AGENT)
    assert in_metas([("text2svgbot", "noml")], AGENT)
    assert in_metas([("otherbot", "noai"), ("robots", "index"), ("tdm-reservation", "0")], AGENT) is None


def test_preferences_that_say_nothing_about_training() -> None:
    assert not reserves("search=n")
    assert not reserves("")


def test_signals_bind_by_group_and_path() -> None:
    text = (
        "User-agent: otherbot\nContent-Signal: ai-train=no\n\n"
        "User-agent: a\nUser-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /free/ train-ai=y\nDisallow:\n"
    )
    signals = robots_signals(text, AGENT)
    assert in_robots(signals, "/x").reason == "opt-out:content-usage"
    assert in_robots(signals, "/free/x") is None
    own = robots_signals(text + "\nUser-agent: Text2SVGBot\nAllow: /\n", AGENT)
    assert own == ()


def test_rules() -> None:
    tdm = '[{"location": "/art/*.svg$", "tdm-reservation": 1}]'
    rules = read_rules("User-agent: *\nDisallow: /no/\nCrawl-delay: 2.5", tdm, AGENT)
    assert rules.delay_s == 2.5
    rules.check("http://e.org/yes", AGENT)
    for url, reason in (("http://e.org/no/x", "robots"), ("http://e.org/art/x.svg", "opt-out:tdm")):
        with pytest.raises(MineRefusal) as caught:
            rules.check(url, AGENT)
        assert caught.value.reason == reason
    rules.check("http://e.org/art/x.svg", AGENT, opt_outs=False)
    with pytest.raises(MineRefusal) as caught:
        Rules(unreachable=("robots-unreachable", "500")).check("http://e.org/", AGENT)
    assert caught.value.final


def test_tdm_patterns() -> None:
    assert matches("/a", "/a/b") and not matches("/a", "/b")
    assert matches("/*.svg$", "/x/y.svg") and not matches("/*.svg$", "/x/y.svg.html")
    assert matches("/", "/anything") and matches("*", "/anything")
    assert not matches("/a$", "/ab") and matches("/a$", "/a")
    assert not matches("/" + "*a" * 60 + "$", "/" + "a" * 50 + "b")
    assert tdm_rules("{") == tdm_rules("{}") == ()
