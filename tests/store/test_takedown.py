"""Takedowns: what is meant by an address, a site, a drawing."""

from __future__ import annotations

from pathlib import Path

import pytest

from text2svg.errors import ConfigError, StoreError
from text2svg.store import Store, Takedown, Takedowns
from text2svg.store.takedown import FILE, line_of

DIGEST = "ab" * 32


def blocks(kind: str, value: str, url: str = "", digest: str = "") -> str:
    return Takedowns.of([Takedown.of(kind, value)]).blocks(url, digest)


@pytest.mark.parametrize(
    "url",
    [
        "https://Example.org/a b.svg",
        "http://example.org:80/a%20b.svg#top",
        "https://example.org.:443/a b.svg",
        "example.org/a%20b.svg",
        "//user:secret@example.org/a%20b.svg",
    ],
)
def test_an_address_is_met_in_every_spelling(url: str) -> None:
    assert blocks("url", "https://example.org/a%20b.svg", url) == "takedown-url"
    assert blocks("url", url, "https://example.org/a%20b.svg") == "takedown-url"


@pytest.mark.parametrize(
    "url", ["https://example.org/a.svg", "https://example.org/a b.svg?v=2", "https://example.org:8443/a b.svg", ""]
)
def test_another_address_is_another(url: str) -> None:
    assert blocks("url", "https://example.org/a%20b.svg", url) == ""


@pytest.mark.parametrize("domain", ["example.org", "EXAMPLE.org.", "https://example.org/any/page"])
def test_a_domain_means_its_subdomains(domain: str) -> None:
    for url in ("https://example.org", "http://cdn.example.org:8080/x?y#z", "https://user@www.example.org/"):
        assert blocks("domain", domain, url) == "takedown-domain"
    for url in ("https://notexample.org/", "https://example.org.evil.test/", "https://other.test/example.org", "x.svg"):
        assert blocks("domain", domain, url) == ""


def test_names_in_other_scripts() -> None:
    assert blocks("domain", "bücher.example", "https://xn--bcher-kva.example/x") == "takedown-domain"


def test_a_drawing_by_its_digest() -> None:
    assert blocks("digest", DIGEST.upper(), "", DIGEST) == "takedown-digest"
    assert blocks("digest", DIGEST, "https://example.org", "cd" * 32) == ""


@pytest.mark.parametrize(
    ("kind", "value"),
    [("url", ""), ("url", "http://[::1"), ("domain", "org"), ("domain", "a b.org"), ("digest", "abc"), ("name", "x")],
)
def test_what_is_no_takedown(kind: str, value: str) -> None:
    with pytest.raises(ConfigError):
        Takedown.of(kind, value)


def test_nothing_taken_down_blocks_nothing(tmp_path: Path) -> None:
    with Store.create(tmp_path / "store") as store:
        assert not store.takedowns()
        assert store.takedowns().blocks("https://example.org", DIGEST) == ""


def test_the_file_is_read_and_never_passed_over(tmp_path: Path) -> None:
    with Store.create(tmp_path / "store") as store:
        lines = [line_of(Takedown.of("domain", "a.test", note="ü")), line_of(Takedown.of("digest", DIGEST))]
        (store.path / FILE).write_text("".join(lines), encoding="utf-8")
        assert store.takedowns() == Takedowns(frozenset(), frozenset({"a.test"}), frozenset({DIGEST}))
        (store.path / FILE).write_text(lines[0] + "{", encoding="utf-8")
        with pytest.raises(StoreError, match=r"takedowns\.jsonl"):
            store.takedowns()
